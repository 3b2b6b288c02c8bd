"""A reader of version 6 logs of the upstream vmprof, as far as their description goes: 64-bit words, little-endian.

It stands in for upstream's own reader: what that one refuses, this one refuses.
"""

import collections
import struct

MEMORY, LINES, NATIVE, RPYTHON = 1, 2, 4, 8
Log = collections.namedtuple("Log", "period_us mode interpreter start meta names samples end")


class Bad(Exception):
    """The log is none."""


class Cursor:
    """Bytes, read one after the other."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        """The next size bytes, all of them."""
        if size < 0 or self.at + size > len(self.data):
            raise Bad("cut at %d" % self.at)
        self.at += size
        return self.data[self.at - size:self.at]

    def word(self):
        """A signed word."""
        return struct.unpack("<q", self.take(8))[0]

    def string(self):
        """Text with its length."""
        return self.take(self.word()).decode("utf-8")

    def time(self):
        """Seconds and microseconds; the zone is nothing."""
        seconds, micros, _ = self.word(), self.word(), self.take(8)
        if not 0 <= micros < 1000000:
            raise Bad("microseconds")
        return seconds, micros


def pairs_of(words):
    """The words of a stack two by two."""
    if len(words) % 2:
        raise Bad("an odd number of words")
    return list(zip(words[::2], words[1::2]))


def read_sample(cursor, mode):
    """(frames root first, thread, kB or None); a frame is (what the mode has with it, id)."""
    if cursor.word() != 1:
        raise Bad("a count that is not 1")
    depth = cursor.word()
    if not 0 <= depth <= 65536:
        raise Bad("depth %d" % depth)
    words = [cursor.word() for _ in range(depth)]
    if mode & RPYTHON:
        frames = pairs_of(words)
        if any(tag not in (1, 3, 6, 7) for tag, _ in frames):
            raise Bad("a kind that no log has")
    elif mode & LINES:
        frames = pairs_of(words)
    else:
        frames = [(None, word) for word in words]
    thread = cursor.word()
    return frames[::-1], thread, cursor.word() if mode & MEMORY else None


def read_header(cursor):
    """What stands before the records."""
    words = [cursor.word() for _ in range(5)]
    if words[:3] != [0, 3, 0] or words[4] != 0:
        raise Bad("no log")
    if cursor.take(1) != b"\x05":
        raise Bad("no header")
    version, mode, size = struct.unpack(">HBB", cursor.take(4))
    if version != 6:
        raise Bad("version %d" % version)
    return words[3], mode, cursor.take(size).decode("ascii")


def read(data):
    """The whole log; Bad where upstream would refuse it."""
    cursor = Cursor(data)
    period_us, mode, interpreter = read_header(cursor)
    start, meta, names, samples = None, {}, {}, []
    while True:
        marker = cursor.take(1)[0]
        if marker == 1:
            samples.append(read_sample(cursor, mode))
        elif marker in (2, 8):
            number, name = cursor.word(), cursor.string()
            if number in names or len(name.split(":")) != 4 or len(name.encode()) > 1023:
                raise Bad("name %r" % name)
            if (marker == 8) != name.startswith("n:") or (marker == 8) != (number % 2 == 1) or number <= 0:
                raise Bad("name %r of %#x" % (name, number))
            names[number] = name
        elif marker == 3:
            end = cursor.time()
            if cursor.at != len(data):
                raise Bad("bytes behind the trailer")
            return Log(period_us, mode, interpreter, start, meta, names, samples, end)
        elif marker == 6:
            start = cursor.time()
        elif marker == 7:
            key = cursor.string()
            if key in meta:
                raise Bad("key %r is there twice" % key)
            meta[key] = cursor.string()
        else:
            raise Bad("marker %d" % marker)
