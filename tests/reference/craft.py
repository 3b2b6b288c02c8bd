"""Makes profiles byte by byte, as ../../spec/vmprof-format.md has them, for inputs that no writer makes."""

import struct
import zlib

MAGIC = b"\x89VMPF\r\n\x1a"
SYNC = b"\x9eVMC"
META, STRINGS, FUNCTIONS, LOCATIONS, STACKS, THREADS, SAMPLES, JOURNAL, PAD, END = range(1, 11)
CODES = 14
UNNUMBERED = 0xFFFFFFFF
BYTES, PLAIN, DELTA, RUNS, DELTA_RUNS = range(5)
SESSION = 0x1122334455667788
U64 = (1 << 64) - 1


def superblock(session=SESSION, read_version=1, write_version=1, size=64, start=1700000000000000000):
    """Section 2."""
    fields = MAGIC + struct.pack("<HHIQQ", read_version, write_version, size, session, start) + bytes(28)
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


def chunk(kind, payload, number=UNNUMBERED, epoch=0, session=SESSION, critical=None, size=None, checksum=None):
    """Section 3. The size and the checksum may be given wrong."""
    if critical is None:
        critical = kind <= JOURNAL or kind == END
    if checksum is None:
        checksum = 0 if kind in (JOURNAL, PAD) else zlib.crc32(payload)
    header = SYNC + struct.pack("<HHQIIIIQQI", kind, int(critical), session, number, epoch,
                                len(payload) if size is None else size, checksum, 0, 0, 0)
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


def column(number, values, encoding=PLAIN, codec=0, raw_size=None):
    """A column for columns(): bytes, or integers to be encoded."""
    if isinstance(values, bytes):
        raw = values
    else:
        raw = integers(values, encoding)
    stored = zlib.compress(raw) if codec == 1 else raw
    return struct.pack("<HBBIII", number, encoding, codec, len(raw) if raw_size is None else raw_size,
                       len(stored), 0), stored


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


def end(count, lost, length_ns, *sums):
    """[F-6-2]"""
    return struct.pack("<QQQII", count, lost, length_ns, len(sums), 0) + struct.pack("<%dQ" % len(sums), *sums)


# ---- the journal -----------------------------------------------------------------------------------------

ROW_PAD, ROW_SAMPLE, ROW_CODE, ROW_THREAD = range(1, 5)


def padded(data):
    return data + bytes(-len(data) % 8)


def row_check(session, position, kind, length, payload):
    """[F-7.2-6]"""
    h = ((session ^ position) * 0x9E3779B97F4A7C15) & U64
    for word in struct.unpack("<%dQ" % (len(payload) // 8), payload) + ((kind << 24) + length - 1,):
        h ^= word
        h = (((h << 29) | (h >> 35)) * 0x9E3779B97F4A7C15) & U64
    return h >> 33


def row(position, kind, payload=b"", committed=True, session=SESSION, length=None, check=None):
    """[F-7.2-1]. A PAD row is as long as `length` says; its payload is zeros."""
    words = 1 + len(payload) // 8 if length is None else length
    if check is None:
        check = 0
        if committed:
            check = row_check(session, position, kind, 1 if kind == ROW_PAD else words,
                              b"" if kind == ROW_PAD else payload)
    header = words | kind << 24 | check << 32 | int(committed) << 63
    return struct.pack("<Q", header) + (payload or bytes(8 * (words - 1)) if kind == ROW_PAD else payload)


def sample_row(time_ns, thread_id, frames, values=(1,), flags=0):
    """[F-7.2-3]; frames leaf first."""
    return (struct.pack("<QIIII", time_ns, thread_id, len(frames), flags, len(values))
            + struct.pack("<%dQ" % len(values), *values)
            + b"".join(struct.pack("<II", *frame) for frame in frames))


def code_row(number, name, file, first_line=1, address=0, kind=1, lines=b"", line_encoding=0, name_encoding=0,
             file_encoding=0):
    """[F-7.2-4]"""
    return padded(struct.pack("<IIQBBBBIII", number, first_line, address, kind, line_encoding, name_encoding,
                              file_encoding, len(name), len(file), len(lines))) \
        + padded(name) + padded(file) + padded(lines)


def thread_row(process_id, thread_id, name):
    """[F-7.2-5]"""
    return struct.pack("<QII", process_id, thread_id, len(name)) + padded(name)


def ring(rows, capacity=65536, start=0, session=SESSION):
    """(ring, head): rows of (kind, payload) or of finished bytes, from a position on. A PAD row goes where the
    next would wrap."""
    words, position = bytearray(capacity), start
    for item in rows:
        made = None if isinstance(item, bytes) else item
        size = len(item) if made is None else 8 + len(made[1])
        left = capacity - position % capacity
        if size > left:
            words[position % capacity:position % capacity + 8] = row(
                position, ROW_PAD, session=session, length=left // 8)[:8]
            position += left
        data = item if made is None else row(position, *made, session=session)
        words[position % capacity:position % capacity + len(data)] = data
        position += len(data)
    return bytes(words), position


def journal(words, head, tail=0, lost=0, session=SESSION, layout=1):
    """The payload of JOURNAL, section 7.1."""
    fixed = struct.pack("<IIQQ", layout, 192, len(words), session)
    fixed += struct.pack("<I", zlib.crc32(fixed))
    fixed = fixed.ljust(64, b"\0") + struct.pack("<QQ", head, lost)
    return fixed.ljust(128, b"\0") + struct.pack("<Q", tail).ljust(64, b"\0") + words
