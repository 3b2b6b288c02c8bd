"""The journal's bytes: section 7.1 and 7.2 of ../../spec/vmprof-format.md."""

import struct
import zlib

MASK = (1 << 64) - 1
FACTOR = 0x9E3779B97F4A7C15
PART_SIZE = 192
KINDS = {"PAD": 1, "SAMPLE": 2, "CODE": 3, "THREAD": 4}
NO_OFFSET = 0xFFFFFFFF


def padded(data):
    """Zeros up to a whole number of words."""
    return data + bytes((8 - len(data) % 8) % 8)


def check(session_id, position, kind, length, payload):
    """[F-7.2-6]"""
    def mixed(state, word):
        state ^= word
        state = (state << 29 | state >> 35) & MASK
        return state * FACTOR & MASK

    begin = (session_id ^ position) * FACTOR & MASK
    states = [begin, begin, begin, begin]
    for at in range(0, len(payload), 8):
        lane = at // 8 % 4
        states[lane] = mixed(states[lane], int.from_bytes(payload[at:at + 8], "little"))
    state = mixed(mixed(mixed(states[0], states[1]), states[2]), states[3])
    return mixed(state, kind * 2 ** 24 + length - 1) >> 33


def header(length, kind, check_field, committed):
    """[F-7.2-1]"""
    return struct.pack("<Q", length | kind << 24 | check_field << 32 | committed << 63)


def _frame(item):
    number, _, offset = item.partition(":")
    return struct.pack("<II", int(number, 0), NO_OFFSET if offset == "none" else int(offset, 0))


def _several(value):
    return () if value == "" else value if isinstance(value, tuple) else (value,)


def sample(statement):
    """[F-7.2-3]"""
    take = statement.take
    frames, values = _several(take("frames", "")), _several(take("values", 1))
    return (struct.pack("<QIIII", take("time", 0), take("thread", 101), take("frame_count", len(frames)),
                        take("flags", 0), take("value_count", len(values)))
            + struct.pack("<%dQ" % len(values), *values) + b"".join(_frame(frame) for frame in frames))


def code(statement):
    """[F-7.2-4]"""
    take = statement.take
    texts = [take(name, b"") for name in ("name", "file", "lines")]
    sizes = [take(name, len(text)) for name, text in zip(("name_size", "file_size", "lines_size"), texts)]
    return (struct.pack("<IIQBBBBIII", take("number", 1), take("line", 0), take("address", 0), take("kind", 1),
                        take("line_encoding", 0), take("name_encoding", 0), take("file_encoding", 0), *sizes)
            + b"".join(padded(text) for text in texts))


def thread(statement):
    """[F-7.2-5]"""
    take = statement.take
    name = take("name", b"")
    return struct.pack("<QII", take("process", 0), take("thread", 101), take("size", len(name))) + padded(name)


PAYLOADS = {"SAMPLE": sample, "CODE": code, "THREAD": thread}
