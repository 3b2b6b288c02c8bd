"""Bytes of the format's smaller parts: section 1, 4.1 and 4.2 of ../../spec/vmprof-format.md.

It shares no code with libvmprof_fmt nor with spec/reference.
"""

import struct
import zlib

MASK = (1 << 64) - 1
ENCODINGS = {"bytes": 0, "plain": 1, "delta": 2, "runs": 3, "delta_runs": 4, "coded": 5}
CODECS = {"none": 0, "zlib": 1, "tail": 2}
_STORED_BLOCK = 65535
_TRANSFORM = {"delta": 1, "zigzag": 2, "runs": 4, "down": 8}


def varint(value):
    """[F-1-2]"""
    groups = []
    while True:
        groups.append(value % 128)
        value //= 128
        if not value:
            return bytes(group + 128 for group in groups[:-1]) + bytes(groups[-1:])


def zigzag_number(step):
    """[F-1-2], of a step modulo 2^64."""
    step &= MASK
    return 2 * step if step < 1 << 63 else 2 * (MASK - step) + 1


def zlib_stream(data):
    """RFC 1950 with stored blocks only: the same bytes whatever the version of zlib."""
    pieces = [data[at:at + _STORED_BLOCK] for at in range(0, len(data), _STORED_BLOCK)] or [b""]
    stream = b"\x78\x01"
    for index, piece in enumerate(pieces):
        stream += struct.pack("<BHH", index == len(pieces) - 1, len(piece), len(piece) ^ 0xFFFF) + piece
    return stream + struct.pack(">I", zlib.adler32(data))


def _runs(items):
    """[item, how many follow that are the same] of each run."""
    runs = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1][1] += 1
        else:
            runs.append([item, 0])
    return runs


def _steps(values):
    return [(value - before) & MASK for value, before in zip(values, [0] + values[:-1])]


def integers(values, encoding):
    """The raw bytes of a column [F-4-4], but for encoding 5."""
    if encoding == "plain":
        return b"".join(varint(value) for value in values)
    if encoding == "delta":
        return b"".join(varint(zigzag_number(step)) for step in _steps(values))
    if encoding == "runs":
        return b"".join(varint(value) + varint(more) for value, more in _runs(values))
    if encoding == "delta_runs":
        return b"".join(varint(zigzag_number(step)) + varint(more) for step, more in _runs(_steps(values)))
    raise ValueError("integers cannot be of encoding %s" % encoding)


class _Bits:
    """Low bits, lowest first."""

    def __init__(self):
        self.value = self.count = 0

    def add(self, bits, count):
        self.value |= bits << self.count
        self.count += count

    def code(self, value, precision):
        """The code of a number; its low bits are added."""
        if value < 2 << precision:
            return value
        low = value.bit_length() - 1 - precision
        self.add(value & (1 << low) - 1, low)
        code = (low + 1 << precision) + (value >> low) - (1 << precision)
        if code > 255:
            raise ValueError("%d has no code of a byte with a precision of %d" % (value, precision))
        return code

    def bytes(self):
        return self.value.to_bytes((self.count + 7) // 8, "little")


def _coded_number(value, before, transform, unit):
    """The number of a group (section 4.2)."""
    step = value - before
    if "down" in transform:
        step = -step
    step &= MASK
    if "zigzag" in transform:
        signed = step - (1 << 64) if step >> 63 else step
        if signed % unit:
            raise ValueError("%d is no multiple of the unit" % signed)
        return zigzag_number(signed // unit)
    if step % unit:
        raise ValueError("%d is no multiple of the unit" % step)
    return step // unit


def coded(values, transform, precision, run_precision, base, unit):
    """The raw bytes of encoding 5."""
    groups = _runs(values) if "runs" in transform else [[value, 0] for value in values]
    befores = [base] + [value for value, _ in groups] if "delta" in transform else [base] * len(groups)
    bits = _Bits()
    codes = bytes(bits.code(_coded_number(group[0], before, transform, unit), precision)
                  for group, before in zip(groups, befores))
    out = bytes([sum(_TRANSFORM[name] for name in transform), precision | run_precision << 4])
    out += varint(len(values)) + varint(base) + varint(unit)
    if "runs" in transform:
        out += varint(len(groups))
        codes += bytes(bits.code(more, run_precision) for _, more in groups)
    return out + codes + bits.bytes()


def column_set(first, count, columns, position=0, lost=0, column_count=None):
    """Section 4.1; columns: (id, encoding, codec, raw size, stored bytes, stored size, tail size)."""
    out = struct.pack("<QIIQQ", first, count, len(columns) if column_count is None else column_count, position, lost)
    for number, encoding, codec, raw_size, _, stored_size, tail in columns:
        out += struct.pack("<HBBIII", number, encoding, codec, raw_size, stored_size, tail)
    return out + b"".join(column[4] for column in columns)
