"""Section 7.4: line tables."""

from .limits import U32

MAX_VARINT_BYTES = 6  # [F-7.4-2]


class _Damaged(Exception):
    """A table has what no table may have."""


def line_of(encoding, table, first_line, offset):
    """The line of the instruction at an offset."""
    if encoding in (1, 2):
        line = _line_of_pairs(table, first_line, offset, encoding == 2)
    elif encoding == 3:
        line = _line_of_ranges(table, first_line, offset)
    elif encoding == 4:
        line = _line_of_locations(table, first_line, offset)
    else:
        line = first_line
    return line if 0 <= line <= U32 else first_line


def _signed(byte):
    return byte - 256 if byte >= 128 else byte


def _line_of_pairs(table, line, offset, signed):
    reached = 0
    for index in range(0, len(table) - 1, 2):
        reached += table[index]
        if reached > offset:
            break
        line += _signed(table[index + 1]) if signed else table[index + 1]
    return line


def _line_of_ranges(table, line, offset):
    reached, found = 0, line
    for index in range(0, len(table) - 1, 2):
        reached += table[index]
        step = _signed(table[index + 1])
        if step != -128:
            line += step
            found = line
        if offset < reached:
            break
    return found


def _line_of_locations(table, line, offset):
    position, reached = 0, 0

    def varint():
        nonlocal position
        value = 0
        for index in range(MAX_VARINT_BYTES):
            byte = table[position]  # IndexError: the table ends here
            position += 1
            value |= (byte & 0x3F) << 6 * index
            if byte & 0x40 == 0:
                return value
        raise _Damaged

    try:
        while reached <= offset and table[position] & 0x80:
            first = table[position]
            position += 1
            code = first >> 3 & 0xF
            step = 0
            if code <= 9:
                position += 1
            elif code <= 12:
                step = code - 10
                position += 2
            elif code <= 14:
                step = varint()
                step = -(step >> 1) if step & 1 else step >> 1
                for _ in range(3 if code == 14 else 0):
                    varint()
            if position > len(table):
                break
            line += step  # the entry is whole: it counts
            reached += 2 * ((first & 7) + 1)
    except (IndexError, _Damaged):
        pass  # the lines before it stand [F-7.4-1]
    return line
