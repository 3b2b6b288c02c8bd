"""Encodes columns in any way that section 4 allows."""

import math

from . import craft as C
from . import craft_coded
from .craft import U64


class Encoder:
    """Chooses an encoding and a codec for each column."""

    def __init__(self, rng):
        self.rng = rng
        self.used = set()  # what of the text was used: names of features

    def varint(self, value):
        """Now and then longer than need be: [F-1-2] forbids only more than 10 bytes."""
        data = C.varint(value)
        if len(data) < 10 and self.rng.random() < 0.02:
            more = self.rng.randrange(10 - len(data))
            data = data[:-1] + bytes([data[-1] | 0x80]) + b"\x80" * more + b"\x00"
        return data

    def zigzag(self, step):
        """A step modulo 2^64."""
        step = craft_coded.signed(step)
        return self.varint(2 * step if step >= 0 else -2 * step - 1)

    def groups(self, items):
        """(item, count) of runs; not always as long as they could be."""
        groups = []
        for item in items:
            if groups and groups[-1][0] == item and self.rng.random() < 0.95:
                groups[-1][1] += 1
            else:
                groups.append([item, 1])
        return groups

    def raw(self, values, encoding):
        """A column's raw bytes [F-4-4]."""
        steps = [value - before for value, before in zip(values, [0] + list(values))]
        if encoding == C.PLAIN:
            return b"".join(map(self.varint, values))
        if encoding == C.DELTA:
            return b"".join(map(self.zigzag, steps))
        if encoding == C.RUNS:
            return b"".join(self.varint(value) + self.varint(count - 1) for value, count in self.groups(values))
        if encoding == C.DELTA_RUNS:
            return b"".join(self.zigzag(step) + self.varint(count - 1) for step, count in self.groups(steps))
        return self.coded(values)

    def coded(self, values):
        """Section 4.2, with any transform."""
        rng = self.rng
        transform = rng.randrange(16)
        self.used.add("transform %d" % transform)
        groups = self.groups(values) if transform & craft_coded.RUNS else [(value, 1) for value in values]
        firsts = [value for value, _ in groups]
        base = rng.choice((0, min(firsts, default=0), firsts[0] if firsts else 7, rng.randrange(1 << 64)))
        steps = craft_coded.steps_of(firsts, transform, base)
        unit = rng.choice((1, 1, max(1, self.common_factor(steps, transform)), rng.randrange(1 << 64) | 1))
        numbers = craft_coded.numbers_of(steps, transform, unit)
        precision = rng.choice(craft_coded.fitting(numbers))
        run_precision = rng.choice(craft_coded.fitting([count - 1 for _, count in groups]))
        return craft_coded.coded(groups, transform, base, unit, precision, run_precision)

    @staticmethod
    def common_factor(steps, transform):
        """What divides each number before it is divided by the unit."""
        factor = 0
        for step in steps:
            step = -step & U64 if transform & craft_coded.DOWN else step
            factor = math.gcd(factor, craft_coded.signed(step) if transform & craft_coded.ZIGZAG else step)
        return factor

    def stored(self, number, raw, encoding):
        """A column under any codec [F-4-3]."""
        rng = self.rng
        codec = rng.choice((C.STORED, C.ZLIB, C.ZLIB_AND_TAIL))
        self.used.add("encoding %d, codec %d" % (encoding, codec))
        tail = rng.choice((0, len(raw), rng.randrange(len(raw) + 1))) if codec == C.ZLIB_AND_TAIL else 0
        entry, data = C.column(number, raw, encoding, codec, tail_size=tail, level=rng.randrange(10))
        if codec != C.ZLIB_AND_TAIL and rng.random() < 0.1:
            entry = entry[:-4] + C.U32_MAX.to_bytes(4, "little")  # ignored
        return entry, data

    def column(self, number, values):
        """A column of integers."""
        encoding = self.rng.randrange(C.PLAIN, C.CODED + 1)
        return self.stored(number, self.raw(values, encoding), encoding)

    def list(self, number, values):
        """[F-4-7]"""
        return self.stored(number, self.coded(values), C.CODED)

    def bytes(self, number, data):
        return self.stored(number, data, C.BYTES)

    def optional(self, number, values):
        """A column that need not be there where it is all 0."""
        if not any(values) and self.rng.random() < 0.5:
            return []
        return [self.column(number, values)]

    def columns(self, first, count, parts, position=None, further=None):
        """A column set, its columns in any order, with some that a reader does not know."""
        rng, parts = self.rng, list(parts)
        if count == 0:
            self.used.add("a column set without entries")
        if rng.random() < 0.2:
            number = rng.randrange(0x8100, 0x10000)
            parts.append(rng.choice((self.bytes(number, b"not known"), self.column(number, [1, 2, U64]))))
        rng.shuffle(parts)
        ignored = rng.choice((0, 0, 0, rng.randrange(1 << 64)))
        return C.columns(first, count, *parts, position=ignored if position is None else position,
                         lost=ignored if further is None else further)
