"""Section 4.1: column sets."""

import zlib

from . import coded, integers
from .errors import Broken, Unknown, require
from .limits import MAX_COLUMNS, MAX_COUNT, MAX_PAYLOAD, MAX_STRING, U64
from .notation import Cursor

STORED, ZLIB, ZLIB_AND_TAIL = range(3)
MAY_BE_SKIPPED = 0x8000


class ColumnSet:
    """The payload of the kinds 2 to 7 and 11 to 15.

    `known` are the columns that it may have. Of `passed_over` nothing is needed, whatever they are. What the reader
    does not know is found in the directory alone, before any entry is looked at: a later version of the text may
    have put an unknown column in place of one that we require.
    """

    def __init__(self, payload, known, passed_over=()):
        cursor = Cursor(payload, "F-4-1")
        (self.first, self.count, column_count, self.position,
         self.further) = cursor.fixed("QIIQQ")
        require(column_count <= MAX_COLUMNS, "F-4-1", "it has too many columns")
        require(self.count <= MAX_COUNT, "F-4-6", "it has too many entries")
        directory = [cursor.fixed("HBBIII") for _ in range(column_count)]
        stored = sum(entry[4] for entry in directory)
        require(cursor.position + stored == len(payload), "F-4-1", "its columns do not add up to its size")
        ids = [entry[0] for entry in directory]
        require(len(set(ids)) == len(ids), "F-4-2", "a column occurs twice")
        self.columns = {}
        for column, encoding, codec, raw_size, stored_size, tail_size in directory:
            stored = cursor.take(stored_size)
            if column in known:
                self.columns[column] = encoding, codec, raw_size, tail_size, stored
                if encoding > integers.CODED:
                    raise Unknown("F-4-4", "encoding %d" % encoding)
                if codec > ZLIB_AND_TAIL:
                    raise Unknown("F-4-3", "codec %d" % codec)
            elif column & MAY_BE_SKIPPED == 0 and column not in passed_over:
                raise Unknown("F-4-2", "an unknown column %d" % column)

    def has(self, *columns):
        """How many of these columns are there."""
        return sum(column in self.columns for column in columns)

    def bytes(self, column, required=False):
        """A column of bytes; none where it is not there."""
        if not self._is_there(column, required):
            return b""
        encoding, raw = self._raw(column)
        require(encoding == integers.BYTES, "F-4-4", "column %d is not of bytes" % column)
        return bytes(raw)

    def integers(self, column, limit, required=False):
        """A column of integers up to limit; all 0 where it is not there."""
        if not self._is_there(column, required):
            return [0] * self.count
        encoding, raw = self._raw(column)
        require(encoding != integers.BYTES, "F-4-4", "column %d is not of integers" % column)
        if encoding == integers.CODED:
            entries = coded.decode(raw, self.count)
        else:
            entries = integers.decode(encoding, raw, self.count)
        return self._limited(column, entries, limit)

    def list(self, column, limit):
        """A column with a number of entries of its own [F-4-7], which is required."""
        self._is_there(column, True)
        encoding, raw = self._raw(column)
        require(encoding == integers.CODED, "F-4-7", "the list %d has not encoding 5" % column)
        return self._limited(column, coded.decode(raw, None), limit)

    def _is_there(self, column, required):
        require(column in self.columns or not required, "F-4-2", "column %d is missing" % column)
        return column in self.columns

    @staticmethod
    def _limited(column, entries, limit):
        require(max(entries, default=0) <= limit, "F-4-5", "an entry of column %d is too great" % column)
        return entries

    def _raw(self, column):
        """The encoding of a column, and its bytes before they were compressed [F-4-3]."""
        encoding, codec, raw_size, tail_size, stored = self.columns[column]
        require(raw_size <= MAX_PAYLOAD, "F-4-6", "column %d is too large" % column)
        if codec == STORED:
            require(len(stored) == raw_size, "F-4-3", "the sizes of column %d differ" % column)
            return encoding, stored
        if codec == ZLIB:
            return encoding, inflate(stored, raw_size)
        require(tail_size <= raw_size and tail_size <= len(stored), "F-4-3", "column %d has too long a tail" % column)
        front = len(stored) - tail_size
        return encoding, inflate(stored[:front], raw_size - tail_size) + stored[front:]


def inflate(stored, raw_size):
    """What one zlib stream, and nothing else, inflates to; no more is made of it than it may be [F-4-3]."""
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(stored, raw_size + 1)
    except zlib.error as error:
        raise Broken("F-4-3", "a column does not inflate") from error
    require(len(raw) == raw_size and stream.eof and not stream.unused_data,
            "F-4-3", "a column does not inflate to its size")
    return raw


def value_columns(columns, first, count):
    """The columns of values, as many as the session has [F-5.1-4]."""
    return [columns.integers(first + index, U64, required=True) for index in range(count)]


def split(lengths, data, rule):
    """The strings that a column of lengths and one of bytes hold."""
    require(sum(lengths) == len(data), rule, "the lengths do not add up")
    require(max(lengths, default=0) <= MAX_STRING, "F-5.2-6", "a string is too long")
    strings, position = [], 0
    for length in lengths:
        strings.append(data[position:position + length])
        position += length
    return strings
