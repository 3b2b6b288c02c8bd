"""Section 4.1: column sets."""

import zlib

from .errors import Broken, Unknown, require
from .limits import MAX_COLUMNS, MAX_COUNT, MAX_PAYLOAD, MAX_STRING, U64
from .notation import Cursor

ENCODING_BYTES, ENCODING_PLAIN, ENCODING_DELTA, ENCODING_RUNS, ENCODING_DELTA_RUNS = range(5)
CODEC_STORED, CODEC_ZLIB = range(2)
MAY_BE_SKIPPED = 0x8000


class ColumnSet:
    """The payload of the kinds 2 to 7, and of 14."""

    def __init__(self, payload, known):
        cursor = Cursor(payload, "F-4-1")
        (self.first, self.count, column_count, self.journal_position,
         self.lost_samples) = cursor.fixed("QIIQQ")
        require(column_count <= MAX_COLUMNS, "4", "it has too many columns")
        require(self.count <= MAX_COUNT, "F-4-6", "it has too many entries")
        directory = [cursor.fixed("HBBIII") for _ in range(column_count)]
        stored = sum(entry[4] for entry in directory)
        require(cursor.position + stored == len(payload), "F-4-1", "its columns do not add up to its size")
        ids = [entry[0] for entry in directory]
        require(len(set(ids)) == len(ids), "F-4-2", "a column occurs twice")
        self.columns = {}
        for column, encoding, codec, raw_size, stored_size, _ in directory:
            raw = cursor.take(stored_size)
            if column in known:
                self.columns[column] = (encoding, codec, raw_size, raw)
            elif column & MAY_BE_SKIPPED == 0:
                raise Unknown("F-4-2", "an unknown column %d" % column)

    def _raw(self, column):
        """The bytes of a column before they were compressed, and their encoding [F-4-3], [F-4-6]."""
        encoding, codec, raw_size, stored = self.columns[column]
        require(raw_size <= MAX_PAYLOAD, "F-4-6", "column %d is too large" % column)
        if encoding > ENCODING_DELTA_RUNS:
            raise Unknown("F-4-4", "encoding %d" % encoding)
        if codec == CODEC_STORED:
            require(len(stored) == raw_size, "F-4-3", "the sizes of column %d differ" % column)
            return encoding, stored
        if codec != CODEC_ZLIB:
            raise Unknown("F-4-3", "codec %d" % codec)
        stream = zlib.decompressobj()
        try:
            raw = stream.decompress(stored, raw_size + 1)
        except zlib.error as error:
            raise Broken("F-4-3", "column %d does not inflate" % column) from error
        require(len(raw) == raw_size and stream.eof and not stream.unused_data,
                 "F-4-3", "column %d does not inflate to its size" % column)
        return encoding, raw

    def _required(self, column, required):
        require(column in self.columns or not required, "F-4-2", "column %d is missing" % column)
        return column in self.columns

    def bytes(self, column, required=False):
        """A column of bytes."""
        if not self._required(column, required):
            return b""
        encoding, raw = self._raw(column)
        require(encoding == ENCODING_BYTES, "F-4-4", "column %d is not of bytes" % column)
        return bytes(raw)

    def integers(self, column, limit, required=False):
        """A column of integers up to limit; all 0 where it is not there [F-4-4], [F-4-5]."""
        if not self._required(column, required):
            return [0] * self.count
        encoding, raw = self._raw(column)
        require(encoding != ENCODING_BYTES, "F-4-4", "column %d is not of integers" % column)
        cursor = Cursor(raw, "F-4-5")
        entries = []
        previous = 0
        while len(entries) < self.count:
            if encoding == ENCODING_PLAIN:
                entries.append(cursor.varint())
            elif encoding == ENCODING_DELTA:
                previous = (previous + cursor.zigzag()) & U64
                entries.append(previous)
            else:
                if encoding == ENCODING_RUNS:
                    previous, step = cursor.varint(), 0
                    first = previous
                else:
                    step = cursor.zigzag()
                    first = previous + step
                further = cursor.varint()
                require(further < self.count - len(entries), "F-4-5", "column %d has too many" % column)
                entries += [(first + step * index) & U64 for index in range(further + 1)]
                previous = entries[-1]
        require(cursor.at_end(), "F-4-5", "column %d has more than its entries" % column)
        require(max(entries, default=0) <= limit, "F-4-5", "an entry of column %d is too great" % column)
        return entries


def split(lengths, data, rule):
    """The strings that a column of lengths and one of bytes hold."""
    require(sum(lengths) == len(data), rule, "the lengths do not add up")
    require(max(lengths, default=0) <= MAX_STRING, "8", "a string is too long")
    strings, position = [], 0
    for length in lengths:
        strings.append(data[position:position + length])
        position += length
    return strings
