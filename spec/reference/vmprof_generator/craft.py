"""Sections 1 to 6: makes profiles byte by byte, as ../../vmprof-format.md has them, also such as no writer makes."""

import struct
import zlib

MAGIC = b"\x89VMPF\r\n\x1a"
SYNC = b"\x9eVMC"
META, STRINGS, FUNCTIONS, LOCATIONS, STACKS, THREADS, SAMPLES, JOURNAL, PAD, END = range(1, 11)
TOTALS, INDEX, MODULES, CODES, LABELS = range(11, 16)
UNNUMBERED = 0xFFFFFFFF
BYTES, PLAIN, DELTA, RUNS, DELTA_RUNS, CODED = range(6)
STORED, ZLIB, ZLIB_AND_TAIL = range(3)
SESSION = 0x1122334455667788
U64 = (1 << 64) - 1
U32_MAX = (1 << 32) - 1


def superblock(session=SESSION, read_version=1, write_version=1, size=64, start=1700000000000000000,
               reserved=bytes(28)):
    """Section 2."""
    fields = MAGIC + struct.pack("<HHIQQ", read_version, write_version, size, session, start) + reserved
    return fields + struct.pack("<I", zlib.crc32(fields)) + bytes(size - 64 if size > 64 else 0)


def varint(value):
    """[F-1-2]"""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    """[F-1-2]"""
    return varint(2 * value if value >= 0 else -2 * value - 1)


def string(data):
    """A varint length and bytes."""
    return varint(len(data)) + data


def is_critical(kind):
    """The table of section 3."""
    return kind <= JOURNAL or kind == END


def chunk(kind, payload, number=UNNUMBERED, epoch=0, session=SESSION, critical=None, size=None, checksum=None,
          flags=0, span=(0, 0), reserved=0):
    """Section 3. The size and the checksum may be given wrong."""
    if critical is None:
        critical = is_critical(kind)
    if checksum is None:
        checksum = 0 if kind in (JOURNAL, PAD) else zlib.crc32(payload)
    header = SYNC + struct.pack("<HHQIIIIQQI", kind, flags & ~1 | int(critical), session, number, epoch,
                                len(payload) if size is None else size, checksum, *span, reserved)
    return header + struct.pack("<I", zlib.crc32(header)) + payload


def meta(**entries):
    """The payload of META; a list is of "NAME:UNIT" and so on."""
    out = struct.pack("<I", len(entries))
    for key, value in entries.items():
        out += string(key.encode())
        if isinstance(value, int):
            out += b"\x02" + varint(value)
        elif isinstance(value, bytes):
            out += b"\x01" + string(value)
        else:
            out += b"\x03" + varint(len(value)) + b"".join(string(item.encode()) for item in value)
    return out


def integers(values, encoding=PLAIN):
    """A column's raw bytes [F-4-4]."""
    if encoding == PLAIN:
        return b"".join(varint(value) for value in values)
    steps = [value - before for value, before in zip(values, [0] + list(values))]
    if encoding == DELTA:
        return b"".join(zigzag(step) for step in steps)
    out, items, to_bytes = b"", list(values), varint
    if encoding == DELTA_RUNS:
        items, to_bytes = steps, zigzag
    while items:
        same = next((i for i, item in enumerate(items) if item != items[0]), len(items))
        out += to_bytes(items[0]) + varint(same - 1)
        items = items[same:]
    return out


def column(number, values, encoding=PLAIN, codec=STORED, raw_size=None, tail_size=0, level=-1):
    """A column for columns(): bytes, or integers to be encoded."""
    if isinstance(values, bytes):
        raw = values
    else:
        raw = integers(values, encoding)
    stored = raw
    if codec == ZLIB:
        stored = zlib.compress(raw, level)
    elif codec == ZLIB_AND_TAIL:
        front = len(raw) - tail_size
        stored = zlib.compress(raw[:front], level) + raw[front:]
    return struct.pack("<HBBIII", number, encoding, codec, len(raw) if raw_size is None else raw_size,
                       len(stored), tail_size), stored


def text(number, data, codec=0):
    """A column of bytes."""
    return column(number, data, BYTES, codec)


def columns(first, count, *parts, position=0, lost=0):
    """Section 4."""
    return (struct.pack("<QIIQQ", first, count, len(parts), position, lost)
            + b"".join(part[0] for part in parts) + b"".join(part[1] for part in parts))


def strings(first, *items):
    return columns(first, len(items), column(1, [len(item) for item in items]), text(2, b"".join(items)))


def functions(first, *rows):
    """Rows of name, file, first line, kind, address."""
    return columns(first, len(rows), *(column(1 + i, [row[i] for row in rows]) for i in range(5)))


def pairs(first, *rows):
    """LOCATIONS and STACKS have two columns."""
    return columns(first, len(rows), column(1, [row[0] for row in rows]), column(2, [row[1] for row in rows]))


def threads(first, *rows):
    """Rows of thread id, process id, name."""
    return columns(first, len(rows), column(1, [row[0] for row in rows]), column(2, [row[1] for row in rows]),
                   column(3, [len(row[2]) for row in rows]), text(4, b"".join(row[2] for row in rows)))


def samples(first, *rows, position=0, lost=0, values=1):
    """Rows of stack, thread, time, flags, values..."""
    parts = [column(1 + i, [row[i] for row in rows]) for i in range(4)]
    parts += [column(16 + i, [row[4 + i] for row in rows]) for i in range(values)]
    return columns(first, len(rows), *parts, position=position, lost=lost)


def end(count, lost, length_ns, *sums, offsets=()):
    """[F-6-2]; offsets of END and of the last INDEX chunk, or none."""
    return struct.pack("<QQQII%dQ" % (len(sums) + len(offsets)), count, lost, length_ns, len(sums), 0, *sums, *offsets)
