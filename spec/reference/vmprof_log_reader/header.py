"""Section 3.1: the first record."""

from .errors import LogError
from .times import time_ns

NEWEST_VERSION = 6
MARKER_INTERP_NAME, MARKER_HEADER = 4, 5
MEMORY, LINES, RPYTHON, REAL_TIME = 1, 2, 8, 16
KNOWN_BITS = 0x1F
MODE_SINCE, PAIRS_SINCE, ZONES_SINCE = 4, 2, 5
MEMORY_VERSION = 3
EARLY_ZONE_SIZE = 5


class Header:
    """What the first record says; of a log without one: version 0."""

    def __init__(self, preamble):
        self.word, self.address, self.period_us = preamble.word, preamble.address, preamble.period_us
        self.version = self.mode = 0
        self.interpreter = b""
        self.early_5 = False          # the layout of the first days of version 5 [L-3.1-6]
        self.start_ns = None          # of that layout's HEADER
        self.thread_is_word = False   # the layout of August 2015 [L-4-6]

    @property
    def memory(self):
        return bool(self.mode & MEMORY) if self.version >= MODE_SINCE else self.version == MEMORY_VERSION

    @property
    def pairs(self):
        """[L-4-4]"""
        return self.version >= PAIRS_SINCE and (self.interpreter == b"pypy" or bool(self.mode & RPYTHON))

    @property
    def lines(self):
        """[L-4-3]"""
        return bool(self.mode & LINES) and not self.pairs

    @property
    def counters(self):
        """Whether stacks are of program counters [L-5-3]."""
        return self.version == 0 or self.thread_is_word


def _is_letters(data):
    return bool(data) and all(0x61 <= byte <= 0x7A for byte in data)


def _take(data, offset, size):
    """[L-3.1-2]"""
    if size > len(data) - offset:
        raise LogError("damaged", "L-3.1-2", offset, "it ends within the first record")
    return data[offset:offset + size]


def _early_5(header, data, offset, length):
    """Where the name begins, in the layout that the log has [L-3.1-6]."""
    skipped = 2 * header.word + EARLY_ZONE_SIZE
    name, later = data[offset:offset + length], data[offset + skipped:offset + skipped + length]
    if header.version != 5 or _is_letters(name) or len(later) < length or not _is_letters(later):
        return offset
    header.early_5 = True
    seconds, microseconds = (int.from_bytes(data[at:at + header.word], "little", signed=True)
                             for at in (offset, offset + header.word))
    header.start_ns = time_ns(seconds, microseconds)
    return offset + skipped


def read_header(data, preamble):
    """The header, and where the records behind it begin."""
    header = Header(preamble)
    offset = start = preamble.size
    marker = data[offset] if offset < len(data) else None
    if marker not in (MARKER_INTERP_NAME, MARKER_HEADER):
        return header, offset  # [L-3.1-1]
    offset += 1
    if marker == MARKER_HEADER:
        header.version = int.from_bytes(_take(data, offset, 2), "big")
        if header.version > NEWEST_VERSION:
            raise LogError("newer", "L-3.1-3", start, "it is of version %d" % header.version)
        offset += 2
        if header.version >= MODE_SINCE:
            header.mode = _take(data, offset, 1)[0]
            if header.mode & ~KNOWN_BITS:
                raise LogError("unsupported", "L-3.1-4", offset, "its mode is 0x%x" % header.mode)
            offset += 1
    length = _take(data, offset, 1)[0]
    offset = _early_5(header, data, offset + 1, length)
    header.interpreter = _take(data, offset, length)
    return header, offset + length
