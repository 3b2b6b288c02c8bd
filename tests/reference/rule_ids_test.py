#!/usr/bin/env python3
"""Inputs that break one rule of ../../spec/vmprof-format.md each: the reference reader names it, and both readers give
the same of what is left. Sections 4 and 5; rules_test has what single rules demand.

Arguments: dump.
"""

import pathlib
import struct
import sys
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import readers  # noqa: E402
from vmprof_generator import craft as C, craft_coded as K  # noqa: E402

DUMP = None
UNSUPPORTED = "unsupported"
META = (C.META, C.meta(program=b"x.py", values=["cpu:ns"]))
TABLES = [
    (C.STRINGS, C.strings(1, b"x.py", b"f", b"g")),
    (C.FUNCTIONS, C.functions(1, (2, 1, 1, 1, 0x1000), (3, 1, 5, 1, 0x2000))),
    (C.LOCATIONS, C.pairs(1, (1, 2), (2, 6))),
    (C.STACKS, C.pairs(1, (1, 1), (1, 2))),
]
THREADS = (C.THREADS, C.threads(0, (100, 100, b"Main"), (101, 100, b"other")))
SAMPLES = (C.SAMPLES, C.samples(0, (1, 0, 1000, 0, 10), (2, 0, 2000, 0, 20)))
CHUNKS = [META, *TABLES, THREADS, SAMPLES]


def profile(*chunks):
    """A session of CHUNKS and others, without an end."""
    return C.superblock() + b"".join(
        C.chunk(kind, payload, number=number) for number, (kind, payload) in enumerate(CHUNKS + list(chunks)))


def of_bytes(number, raw, encoding, codec=0, raw_size=None, tail=0):
    """A column as its stored bytes."""
    return struct.pack("<HBBIII", number, encoding, codec, len(raw) if raw_size is None else raw_size, len(raw),
                       tail), raw


def coded(number, *values):
    return C.column(number, K.coded([(value, 1) for value in values]), C.CODED)


def samples(stacks=None, threads=(0, 0), runs=None, more=()):
    """A SAMPLES chunk behind SAMPLES, for its stacks: a column, or runs of lengths, kinds, ages and nodes."""
    parts = [stacks] if stacks else []
    parts += [coded(number, *column) for number, column in enumerate(runs or (), 5)]
    parts += [C.column(2, list(threads)), C.column(3, [5] * len(threads)), C.column(16, [1] * len(threads)), *more]
    return C.SAMPLES, C.columns(2, len(threads), *parts)


def stacks(distances, *parts):
    """A STACKS chunk behind that of TABLES."""
    return C.STACKS, C.columns(3, len(distances), C.column(1, list(distances)), *parts)


def edges(distances, *lists):
    """The same with call edges, new and outer locations."""
    return stacks(distances, C.column(3, lists[0]), coded(4, *lists[1]), coded(5, *lists[2]))


def times(raw, encoding=C.CODED, **options):
    """A SAMPLES chunk of two samples with a column of times as it is stored."""
    return C.SAMPLES, C.columns(2, 2, C.column(1, [1, 2]), C.column(2, [0, 0]), C.column(16, [1, 1]),
                                of_bytes(3, raw, encoding, **options))


def totals(first, *rows):
    return C.TOTALS, C.columns(first, len(rows), *(
        C.column(number, [row[index] for row in rows]) for index, number in enumerate((1, 2, 16))))


def labels(first, *rows):
    return C.LABELS, C.columns(first, len(rows), *(
        C.column(1 + index, [row[index] for row in rows]) for index in range(4)))


SOUND_TIMES = bytes((0, 4, 2, 0, 1)) + bytes((5, 6))


def sound_cases():
    """What looks like the broken ones, and is none."""
    yield times(SOUND_TIMES)
    yield times(zlib.compress(SOUND_TIMES[:3]) + SOUND_TIMES[3:], codec=2, raw_size=7, tail=4)
    yield times(zlib.compress(b"") + SOUND_TIMES, codec=2, raw_size=7, tail=7)
    yield times(bytes((0, 2, 2, 0, 1, 8, 7)) + b"\x01")
    yield edges((2, 1, 5, 5), [0, 0, 0, 1], [1, 2, 2], [1])
    yield samples(runs=([1], [1], [], [2]))
    yield samples(threads=(1, 0), runs=([0, 0], [1, 0], [1], [2]))
    yield samples(runs=([0, 0], [1, 2], [], [1]))
    yield samples(coded(1, 1, 2), more=[C.column(17, [3, 4]), C.column(23, [5, 6])])
    yield labels(1, (1, 2, 0, 7), (1, 2, 3, 0))
    yield C.MODULES, C.columns(1, 1, C.column(1, [1]))
    yield totals(0, (1, 1, 10), (2, 1, 20))
    yield totals(0)


def broken_cases():
    """(rule, chunk)"""
    yield "F-4-1", (C.STRINGS, C.columns(4, 0, *(of_bytes(0x8000 + index, b"", 0) for index in range(65))))
    yield "F-4-2", times(SOUND_TIMES)[:1] + (times(SOUND_TIMES)[1].replace(struct.pack("<HBB", 3, 5, 0),
                                                                         struct.pack("<HBB", 0x8003, 5, 0)),)
    yield "F-4-3", times(zlib.compress(SOUND_TIMES[:3]) + SOUND_TIMES[3:], codec=2, raw_size=7, tail=8)
    yield "F-4-3", times(zlib.compress(SOUND_TIMES[:3]) + SOUND_TIMES[3:], codec=2, raw_size=7, tail=3)
    yield "F-4-3", times(zlib.compress(SOUND_TIMES[:3]) + SOUND_TIMES[3:], codec=2, raw_size=7, tail=5)
    yield "F-4-3", times(SOUND_TIMES, codec=2, tail=7)
    yield "F-4-3", times(zlib.compress(SOUND_TIMES) + b"\0", codec=1, raw_size=7)
    yield "F-4-4", times(SOUND_TIMES, encoding=C.BYTES)
    yield "F-4-4", (C.STRINGS, C.columns(4, 1, C.column(1, [1]), C.column(2, b"s", C.PLAIN)))
    yield "F-4-5", samples(coded(1, 1, 1 << 32))
    yield "F-4-5", times(b"")
    yield "F-4-7", stacks((1,), C.column(3, [0]), C.column(4, [1]), coded(5, 1))
    yield UNSUPPORTED, times(bytes((16,)) + SOUND_TIMES[1:])
    for precisions in (0, 1, 5, 0x14, 0x24):
        yield "F-4.2-2", times(bytes((0, precisions)) + SOUND_TIMES[2:])
    yield "F-4.2-2", times(bytes((4, 4)) + SOUND_TIMES[2:])
    yield "F-4.2-2", times(bytes((0, 2, 2, 0, 1, 252, 0)) + bytes(8))
    yield "F-4.2-3", times(bytes((0, 4, 3, 0, 1, 5, 6, 7)))
    yield "F-4.2-3", times(bytes((0, 4, 2, 0, 0, 5, 6)))
    yield "F-4.2-3", times(bytes((4, 0x44, 2, 0, 1, 3, 5, 6, 7, 0, 0, 0)))
    yield "F-4.2-3", times(bytes((4, 0x44, 2, 0, 1, 2, 5, 6, 0, 1)))
    yield "F-4.2-4", times(SOUND_TIMES + b"\0")
    yield "F-4.2-4", times(bytes((0, 2, 2, 0, 1, 8, 7)) + b"\x02")
    yield "F-4.2-4", times(bytes((0, 2, 2, 0, 1, 8, 7)))
    yield "F-5.4-2", stacks((4,), C.column(2, [1]))
    yield "F-5.4-2", stacks((0,), C.column(2, [1]))
    yield "F-5.4-4", stacks((1,))
    yield "F-5.4-4", stacks((1,), C.column(3, [0]), coded(4, 1))
    yield "F-5.4-4", stacks((1,), C.column(2, [1]), C.column(3, [0]), coded(4, 1), coded(5, 2))
    yield "F-5.4-4", stacks((1,), C.column(2, [1]), coded(5, 2))
    yield "F-5.4-5", edges((1, 2), [0, 2], [1], [2])
    yield "F-5.4-5", edges((3,), [1], [], [])
    yield "F-5.4-6", edges((1,), [0], [1], [1])
    yield "F-5.4-7", edges((1,), [0], [1, 1], [2])
    yield "F-5.4-7", edges((1,), [0], [], [2])
    yield "F-5.4-7", edges((1,), [0], [1], [2, 2])
    yield "F-5.4-7", edges((1,), [0], [1], [])
    yield "F-5.4-7", edges((3,), [0], [1], [2])
    yield "F-5.6-5", samples()
    yield "F-5.6-5", samples(coded(1, 1, 2), runs=([1], [1], [], [2]))
    yield "F-5.6-5", samples(coded(1, 1, 2), more=[coded(7)])
    yield "F-5.6-5", samples(runs=([1], [1], [1]))
    yield "F-5.6-6", samples(runs=([0], [1], [], [2]))
    yield "F-5.6-6", samples(runs=([2], [1], [], [2]))
    yield "F-5.6-6", samples(threads=(0, 1), runs=([1], [1], [], [2]))
    yield "F-5.6-7", samples(runs=([1], [0], [1], []))
    yield "F-5.6-7", samples(runs=([0, 0], [1, 0], [0], [2]))
    yield "F-5.6-7", samples(runs=([0, 0], [1, 0], [2], [2]))
    yield "F-5.6-7", samples(runs=([1], [2], [], []))
    yield "F-5.6-7", samples(threads=(0, 1), runs=([0, 0], [1, 2], [], [1]))
    yield "F-5.6-7", samples(runs=([0, 0], [1, 2], [], [0xFFFFFFFF]))
    yield "F-5.6-8", samples(runs=([1], [1, 1], [], [2, 2]))
    yield "F-5.6-8", samples(runs=([1], [1], [1], [2]))
    yield "F-5.6-8", samples(runs=([1], [1], [], [2, 2]))
    yield "F-5.6-8", samples(runs=([1], [1], [], []))
    yield "F-5.6-8", samples(runs=([0, 0], [1, 0], [], [2]))
    yield "F-5.2-1", labels(0, (1, 2, 0, 7))
    yield "F-5.4-2", labels(1, (2, 2, 0, 7))
    yield "F-5.4-2", labels(1, (0, 2, 0, 7))
    yield "F-5.7-1", labels(1, (1, 4, 0, 7))
    yield "F-5.7-1", labels(1, (1, 2, 4, 7))
    yield "F-4-2", (C.LABELS, C.columns(1, 1, C.column(1, [1])))
    yield "F-5.2-1", (C.MODULES, C.columns(0, 1, C.column(1, [1])))
    yield "F-5.8-1", (C.MODULES, C.columns(1, 1, C.column(1, [4])))
    yield "F-5.8-1", (C.MODULES, C.columns(1, 1, C.column(1, [1]), C.column(2, [4])))
    yield "F-5.9-1", totals(0, (1, 1, 10))
    yield "F-5.9-1", totals(1, (2, 1, 20))
    yield "F-5.9-1", totals(0, (1, 1, 10), (2, 2, 20))
    yield "F-5.9-2", totals(0, (2, 1, 20), (1, 1, 10))
    yield "F-5.9-2", totals(0, (1, 1, 10), (1, 1, 20))
    yield "F-5.9-2", totals(0, (1, 1, 10), (2, 0, 20))
    yield "F-5.9-2", totals(0, (1, 1, 1 << 62), (2, 1, 1 << 62))
    yield "F-5.9-3", totals(0, (1, 1, 10), (2, 1, 21))
    yield "F-5.9-3", totals(0, (1, 2, 30))
    yield "F-6-2", (C.END, C.end(2, 0, 9, 30) + bytes(8))
    yield "F-6-2", (C.END, C.end(2, 0, 9, 30, offsets=(1, 2)) + b"\0")


class RuleIdsTest(unittest.TestCase):
    """One input after the other."""

    def test_sound_ones(self):
        for kind, payload in sound_cases():
            document = readers.read_here(profile((kind, payload)))
            self.assertEqual(document["reference"]["sessions"][0]["notes"], [], (kind, payload))

    def test_the_rule_is_named(self):
        for number, (rule, chunk) in enumerate(broken_cases()):
            document = readers.read_here(profile(chunk))
            if rule == UNSUPPORTED:
                self.assertEqual(document["error"], rule)
                continue
            notes = document["reference"]["sessions"][0]["notes"]
            self.assertEqual([note[0] for note in notes], [rule], (number, notes, chunk))

    def test_a_second_chunk_of_totals(self):
        once = totals(0, (1, 1, 10), (2, 1, 20))
        notes = readers.read_here(profile(once, once))["reference"]["sessions"][0]["notes"]
        self.assertEqual([note[0] for note in notes], ["F-5.9-4"])

    def test_the_readers_agree(self):
        inputs = [profile(chunk) for chunk in sound_cases()] + [profile(chunk) for _, chunk in broken_cases()]
        for data, there in zip(inputs, readers.read_there(DUMP, inputs)):
            self.assertEqual(readers.differences(readers.read_here(data), there), [])


if __name__ == "__main__":
    DUMP = str(pathlib.Path(sys.argv[1]).absolute())
    unittest.main(argv=sys.argv[:1], verbosity=2)
