"""Section 7: makes journals and their rows."""

import struct
import zlib

from .craft import SESSION, U64

ROW_PAD, ROW_SAMPLE, ROW_CODE, ROW_THREAD = range(1, 5)


def padded(data):
    return data + bytes(-len(data) % 8)


def row_check(session, position, kind, length, payload):
    """[F-7.2-6]"""
    def mix(h, words):
        for word in words:
            h ^= word
            h = (((h << 29) | (h >> 35)) * 0x9E3779B97F4A7C15) & U64
        return h

    words = struct.unpack("<%dQ" % (len(payload) // 8), payload)
    begin = ((session ^ position) * 0x9E3779B97F4A7C15) & U64
    first, *others = (mix(begin, words[lane::4]) for lane in range(4))
    return mix(first, (*others, (kind << 24) + length - 1)) >> 33


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
