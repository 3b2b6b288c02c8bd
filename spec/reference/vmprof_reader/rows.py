"""Section 7.2: the rows of a journal; and CODES, which holds such rows [F-7.5-4]."""

import struct

from .columns import ColumnSet
from .errors import Broken, require
from .functions import known_kind
from .limits import U64
from .line_tables import line_of
from .model import Function
from .notation import Cursor


ROW_PAD, ROW_SAMPLE, ROW_CODE, ROW_THREAD = range(1, 5)
COMMITTED = 1 << 63
CHECK_FACTOR = 0x9E3779B97F4A7C15
NO_OFFSET = 0xFFFFFFFF


def mix(h, word):
    """[F-7.2-6]"""
    h ^= word
    return (((h << 29) | (h >> 35)) * CHECK_FACTOR) & U64


def row_check(session_id, position, kind, length, payload_words):
    """[F-7.2-6]"""
    lanes = [((session_id ^ position) * CHECK_FACTOR) & U64] * 4
    for i, word in enumerate(payload_words):
        lanes[i % 4] = mix(lanes[i % 4], word)
    h = lanes[0]
    for word in (lanes[1], lanes[2], lanes[3], (kind << 24) + length - 1):
        h = mix(h, word)
    return h >> 33


class Row:
    """A header word and where its row lies."""

    def __init__(self, journal, position):
        self.journal, self.position = journal, position
        self.index = position % journal.capacity // 8
        word = journal.words[self.index]
        self.length = word & 0xFFFFFF
        self.kind = word >> 24 & 0xFF
        self.check = word >> 32 & 0x7FFFFFFF
        self.committed = word & COMMITTED != 0

    def fits(self, head):
        """It ends before head and the ring's end [F-7.5-3]."""
        return (self.length > 0 and self.position + 8 * self.length <= head
                and self.index + self.length <= len(self.journal.words))

    def payload(self):
        return self.journal.words[self.index + 1:self.index + self.length]

    def holds(self, session_id):
        """Its check is right."""
        if not self.committed:
            return self.check == 0
        if self.kind == ROW_PAD:
            return self.check == row_check(session_id, self.position, self.kind, 1, ())
        return self.check == row_check(session_id, self.position, self.kind, self.length, self.payload())

    def cursor(self):
        payload = self.payload()
        return Cursor(struct.pack("<%dQ" % len(payload), *payload), "F-7.2-7")


def padded(cursor, size):
    """Bytes, and the zeros up to the next multiple of 8."""
    data = cursor.take(size)
    cursor.take(-size % 8)
    return bytes(data)


class Code:
    """A CODE row: a function and its line table."""

    def __init__(self, cursor):
        """[F-7.2-4]"""
        (self.number, first_line, address, kind, self.line_encoding, name_encoding, file_encoding,
         name_size, file_size, lines_size) = cursor.fixed("IIQBBBBIII")
        name = decode_text(padded(cursor, name_size), name_encoding)
        file = decode_text(padded(cursor, file_size), file_encoding)
        self.lines = padded(cursor, lines_size)
        self.function = Function(name, file, first_line, known_kind(kind), address)

    def line(self, offset):
        """The line of an instruction."""
        if offset == NO_OFFSET:
            return self.function.first_line
        return line_of(self.line_encoding, self.lines, self.function.first_line, offset)


def decode_text(data, encoding):
    """UTF-8 for the text of a CODE row [F-7.2-4]."""
    if encoding == 0:
        return data
    if encoding not in (1, 2, 4):
        raise Broken("F-7.2-4", "a text has encoding %d" % encoding)
    require(len(data) % encoding == 0, "F-7.2-7", "a text ends within a character")
    numbers = [int.from_bytes(data[i:i + encoding], "little") for i in range(0, len(data), encoding)]
    text = bytearray()
    for number in numbers:
        if 0xDC80 <= number <= 0xDCFF:
            text.append(number - 0xDC00)
        elif number <= 0x10FFFF:
            text += chr(number).encode("utf-8", "surrogatepass")
        else:
            text += "\ufffd".encode()
    return bytes(text)


def read_codes(reader, header, payload):
    """[F-7.5-4]"""
    del header
    columns = ColumnSet(payload, (1,))
    cursor = Cursor(columns.bytes(1, required=True), "F-7.2-7")
    codes = []
    while not cursor.at_end():
        codes.append(Code(cursor))
    for code in codes:
        reader.codes.setdefault(code.number, code)
