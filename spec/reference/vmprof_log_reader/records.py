"""Section 3.3: which records stand, and section 4: what is in a STACKTRACE."""

import re

from .header import ZONES_SINCE
from .times import time_ns

STACKTRACE, VIRTUAL_IP, TRAILER, TIME_N_ZONE, META, NATIVE_SYMBOLS = 1, 2, 3, 6, 7, 8
MARKERS_OF_0 = {STACKTRACE, VIRTUAL_IP, TRAILER}
MARKERS = MARKERS_OF_0 | {TIME_N_ZONE, META, NATIVE_SYMBOLS}
MAX_DEPTH = MAX_NAME = 65536
MAX_META = 1048576
ZONE_SIZE = 8
FOUND_AGAIN = re.compile(b"[\x01\x02\x03\x08]")
PREFIX = re.compile(rb"[a-z]{1,8}:")
MAPS = re.compile(rb"[0-9a-f]")
MAPS_AGAIN = re.compile(rb"[0-9a-f]+-")
KINDS = range(1, 8)
NO_MARKERS = range(0x09, 0x20)


class Record:
    """A record that stands: `fields` are (words, thread, memory) of a STACKTRACE, (id, name) of a name, (key, value) of
    META, a time or None of TIME_N_ZONE and TRAILER."""

    def __init__(self, marker, offset, end, fields):
        self.marker, self.offset, self.end, self.fields = marker, offset, end, fields


class Short(Exception):
    """The input ends within a record, or a field is over its limit: the record does not stand."""


class Records:
    """The records of a log of one layout."""

    def __init__(self, data, header, start_ns=None):
        self.data, self.header = data, header
        self.markers = MARKERS_OF_0 if header.version == 0 else MARKERS
        self.start_ns = start_ns  # once it is known

    # ---- fields

    def _bytes(self, offset, size):
        if size > len(self.data) - offset:
            raise Short
        return self.data[offset:offset + size]

    def _number(self, offset, size):
        """[L-1-1]"""
        return int.from_bytes(self._bytes(offset, size), "little")

    def _string(self, offset, limit):
        """A `str`, and where it ends."""
        length = self._number(offset, self.header.word)
        if length > limit:
            raise Short
        offset += self.header.word
        return self._bytes(offset, length), offset + length

    # ---- beginnings

    def _holds(self, offset, size, condition):
        """Of a number that may be beyond the end of the input."""
        return size > len(self.data) - offset or condition(self._number(offset, size))

    def is_beginning(self, offset):
        """[L-3.3-2], and the end of the input."""
        if offset == len(self.data):
            return True
        marker, word = self.data[offset], self.header.word
        if marker == STACKTRACE:
            return (self._holds(offset + 1, word, lambda count: count == 1)
                    or self._holds(offset + 1 + word, word, lambda depth: depth <= MAX_DEPTH))
        if marker in (VIRTUAL_IP, NATIVE_SYMBOLS) and marker in self.markers:
            return self._holds(offset + 1 + self.header.address, word, lambda length: length <= MAX_NAME)
        if marker == META and marker in self.markers:
            return self._holds(offset + 1, word, lambda length: length <= MAX_META)
        return marker in self.markers

    def may_go_on(self, offset):
        """The input's end or a beginning, or one byte before them that no record has for a marker [L-3.3-1]."""
        return self.is_beginning(offset) or self.data[offset] in NO_MARKERS and self.is_beginning(offset + 1)

    # ---- records

    def _stack(self, offset):
        """A STACKTRACE that keeps section 4, or None."""
        word, address, header = self.header.word, self.header.address, self.header
        at = offset + 1
        count, depth = self._number(at, word), self._number(at + word, word)
        if count != 1 or depth > MAX_DEPTH:  # [L-4-1]
            return None
        at += 2 * word
        raw = self._bytes(at, depth * address)
        words = [int.from_bytes(raw[i:i + address], "little") for i in range(0, len(raw), address)]
        at += len(raw)
        if (header.pairs or header.lines) and depth % 2 != 0:  # [L-4-3] [L-4-4]
            return None
        if header.pairs and not all(kind in KINDS for kind in words[::2]):
            return None
        thread = 0
        if header.thread_is_word:  # [L-4-6]
            if not words:
                return None
            thread = words.pop()
        elif header.version >= 1:
            thread = self._number(at, address)
            at += address
        if header.memory:
            record = self._with_memory(offset, at, words, thread)
            if record is not None:
                return record
        return Record(STACKTRACE, offset, at, (words, thread, None))

    def _with_memory(self, offset, at, words, thread):
        """[L-4-5]"""
        try:
            memory = self._number(at, self.header.address)
        except Short:
            return None
        at += self.header.address
        return Record(STACKTRACE, offset, at, (words, thread, memory)) if self.may_go_on(at) else None

    def _time(self, offset, size):
        """Two signed numbers as a time."""
        return time_ns(*(int.from_bytes(self._bytes(at, size), "little", signed=True)
                         for at in (offset, offset + size)))

    def _zoned(self, marker, offset):
        time = self._time(offset + 1, 8)
        self._bytes(offset + 17, ZONE_SIZE)
        return Record(marker, offset, offset + 17 + ZONE_SIZE, time)

    def _trailer(self, offset):
        """Section 3.2."""
        if self.header.early_5:
            return Record(TRAILER, offset, offset + 1 + 2 * self.header.word,
                          self._time(offset + 1, self.header.word))
        if self.header.version >= ZONES_SINCE:
            return self._zoned(TRAILER, offset)
        return Record(TRAILER, offset, offset + 1, None)

    def _fields(self, offset):
        """The record here, or None; what follows it is not looked at (but for L-4-5)."""
        marker = self.data[offset]
        if marker not in self.markers:
            return None
        if marker == STACKTRACE:
            return self._stack(offset)
        if marker in (VIRTUAL_IP, NATIVE_SYMBOLS):
            name, end = self._string(offset + 1 + self.header.address, MAX_NAME)
            return Record(marker, offset, end, (self._number(offset + 1, self.header.address), name))
        if marker == META:
            key, end = self._string(offset + 1, MAX_META)
            value, end = self._string(end, MAX_META)
            return Record(marker, offset, end, (key, value))
        return self._trailer(offset) if marker == TRAILER else self._zoned(marker, offset)

    def maps_begin(self, offset):
        """[L-3.2-3]"""
        return self.header.version <= 1 and MAPS.match(self.data, offset) is not None

    def standing(self, offset):
        """The record that stands here, or None [L-3.3-1]."""
        try:
            record = self._fields(offset)
        except Short:
            return None
        if record is None or self.may_go_on(record.end):
            return record
        if record.marker == TRAILER:
            if self.maps_begin(record.end):
                return record
            if None not in (record.fields, self.start_ns) and record.fields >= self.start_ns:
                return record
        return None

    def found_again(self, offset):
        """The next place where a record surely stands, or the end [L-3.3-3]."""
        for match in FOUND_AGAIN.finditer(self.data, offset):
            record = self.standing(match.start())
            if record is not None and self._is_sure(record):
                return match.start()
        return len(self.data)

    def _is_sure(self, record):
        if record.marker == TRAILER:
            return record.end == len(self.data) or (
                self.header.version <= 1 and MAPS_AGAIN.match(self.data, record.end) is not None)
        return record.marker == STACKTRACE or PREFIX.match(record.fields[1]) is not None
