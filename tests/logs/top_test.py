#!/usr/bin/env python3
"""What vmprof-top says of logs that are made here, from the layout alone: top_test.py VMPROF-TOP.

Every version, machine and mode, with what can stand in such a log and how it can end; and logs of more stacks than are kept in
memory, whose functions are counted here, too.
"""

import gzip
import itertools
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(sys.argv.pop(1))
SIZES = {"64-bit": (8, 8), "32-bit": (4, 4), "Windows": (4, 8)}  # of a word, of an address
MEMORY, LINES, RPYTHON = 1, 2, 8
FIRST_WITH_MODE, FIRST_WITH_TIMES = 4, 5


class Maker:
    """A log of ten samples: six of main > foo, three of main, one of main > foo > cfun, which is native."""

    def __init__(self, machine, version, mode, interpreter, high):
        self.word_size, self.address_size = SIZES[machine]
        self.version = version
        mode = mode if version >= FIRST_WITH_MODE else MEMORY if version == 3 else 0
        self.mode, self.pypy = mode, interpreter == "pypy"
        self.pairs = version >= 2 and (self.pypy or mode & RPYTHON)
        tag = (0x77 if self.pypy else 0x70) << 56 if version == 0 and self.address_size == 8 else 0
        base = 0xF0000000 if high else 0x10000
        self.main, self.foo, self.cfun = tag + base + 0x1000, tag + base + 0x2000, base + 0x3001
        self.out = self.words(0, 3, 0, 1000, machine == "Windows") + self.header(interpreter.encode())

    def words(self, *numbers):
        return b"".join(int(number).to_bytes(self.word_size, "little") for number in numbers)

    def address(self, number):
        return number.to_bytes(self.address_size, "little")

    def text(self, data):
        return self.words(len(data)) + data

    def header(self, name):
        name = bytes([len(name)]) + name
        if self.version == 0:
            return b"\x04" + name
        mode = bytes([self.mode]) if self.version >= FIRST_WITH_MODE else b""
        times = b"\x06" + struct.pack("<qq8x", 1500000000, 250000) if self.version >= FIRST_WITH_TIMES else b""
        return b"\x05" + struct.pack(">H", self.version) + mode + name + times

    def words_of(self, frames):
        """Of (id, line), leaf first; the native one is odd."""
        for index, (ident, line) in enumerate(frames):
            native = ident == self.cfun
            if self.version == 0:
                yield from [ident] * (1 + (native and index == 0)) if native or not self.pypy else [ident | 1]
            elif self.pairs:
                yield from (7 if native else 1, ident)
            elif self.mode & LINES:
                yield from (0 if native else line, ident)
            else:
                yield ident

    def stack(self, *frames):
        words = list(self.words_of(frames))
        thread = self.address(0x77) if self.version >= 1 else b""
        memory = self.address(1234) if self.mode & MEMORY else b""
        return b"\x01" + self.words(1, len(words)) + b"".join(map(self.address, words)) + thread + memory

    def name(self, marker, ident, text):
        return bytes([marker]) + self.address(ident) + self.text(text)

    def names(self, twice):
        found = b""
        if self.version >= 1:
            for ident in (self.main, self.foo) * twice:
                found += self.name(8, ident, b"n:<native symbol 0x%x>:0:-" % ident)
            found += self.name(8, self.cfun, b"n:cfun:0:-")
        for _ in range(1 + twice):
            found += self.name(2, self.main, b"py:main:1:a.py") + self.name(2, self.foo, b"py:foo:5:a.py")
        return found

    def log(self, finished, late, twice):
        main, foo = (self.main, 3), (self.foo, 6)
        out = self.out + 6 * self.stack(foo, main) + 3 * self.stack(main) + self.stack((self.cfun, 0), foo, main)
        times = struct.pack("<qq8x", 1500000010, 750000) if self.version >= FIRST_WITH_TIMES else b""
        trailer = b"\x03" + times if finished else b""
        out += trailer + self.names(twice) if late else self.names(twice) + trailer
        return out + (b"00400000-0040b000 r-xp 00000000 08:01 1 /bin/cat\n" if self.version == 0 and finished else b"")

    def expected(self):
        return {"main": [3, 10], "foo": [6, 7], "cfun" if self.version else "0x%x" % self.cfun: [1, 1]}


def cases():
    """(machine, version, mode, interpreter, high, compressed, finished, late, twice)"""
    for machine, version, interpreter in itertools.product(SIZES, range(7), ("cpython", "pypy")):
        for mode in range(32) if version >= FIRST_WITH_MODE else (0,):
            yield machine, version, mode, interpreter, False, False, True, False, 0
        for high, compressed, finished, twice in itertools.product((False, True), (False, True), (False, True), (0, 1)):
            yield machine, version, 0, interpreter, high, compressed, finished, finished and version > 0, twice


class Top(unittest.TestCase):

    maxDiff = 2000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "x.log"

    def top(self, *arguments):
        done = subprocess.run([TOP, "--format=json", "-n", "0", *arguments, str(self.path)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=True)
        document = json.loads(done.stdout.decode())
        return document["profile"], {row["name"]: [row["self"], row["total"]] for row in document["functions"]}

    def test_every_kind_of_log(self):
        count = 0
        for machine, version, mode, interpreter, high, compressed, finished, late, twice in cases():
            maker = Maker(machine, version, mode, interpreter, high)
            data = maker.log(finished, late, twice)
            self.path.write_bytes(gzip.compress(data) if compressed else data)
            with self.subTest((machine, version, mode, interpreter, high, compressed, finished, late, twice)):
                profile, functions = self.top("--native")
                self.assertEqual(functions, maker.expected())
                self.assertEqual([profile[key] for key in ("samples", "damaged", "interpreter", "period_ns", "format")],
                                 [10, not finished, interpreter, 1000000, "vmprof-log-%d" % version])
            count += 1
        self.assertGreater(count, 1000)

    # ---- more stacks than are kept

    SAMPLES, DEPTH, FUNCTIONS = 80000, 24, 300  # 1.7 million nodes; one million is what is kept

    @staticmethod
    def ident(number, native):
        return 0x10000 + 16 * number + native

    def write(self, samples, native):
        """native: the numbers of functions that are."""
        with open(str(self.path), "wb") as out:
            out.write(struct.pack("<5Q", 0, 3, 0, 1000, 0) + b"\x05\x00\x06\x04\x07cpython" + struct.pack("<Bqq8x", 6, 1, 0))
            for sample in samples:
                words = [self.ident(number, number in native) for number in reversed(sample)]
                out.write(struct.pack("<BQQ%dQQ" % len(words), 1, 1, len(words), *words + [7]))
            for number in range(self.FUNCTIONS):
                name = (b"n:f%d:0:-" if number in native else b"py:f%d:1:x.py") % number
                out.write(struct.pack("<BQQ", 8 if number in native else 2, self.ident(number, number in native), len(name)) + name)
            out.write(struct.pack("<Bqq8x", 3, 2, 0))

    @staticmethod
    def counted(samples, shown, chosen=lambda sample: True):
        """Self and total by name; the self of what is not shown is its caller's."""
        counts = {}
        for sample in filter(chosen, samples):
            left = ["f%d" % number for number in sample if shown(number)] or ["<hidden>"]
            for name in set(left):
                counts.setdefault(name, [0, 0])[1] += 1
            counts[left[-1]][0] += 1
        return counts

    def many(self):
        rng = random.Random(11)
        return [[rng.randrange(self.FUNCTIONS) for _ in range(self.DEPTH)] for _ in range(self.SAMPLES)]

    def test_more_stacks_than_are_kept(self):
        native = set(range(0, self.FUNCTIONS, 3))
        samples = [[3, 6]] * 5 + self.many()  # of the first ones nothing is shown but where native frames are
        self.write(samples, native)
        self.assertEqual(self.top()[1], self.counted(samples, lambda number: number not in native))
        self.assertEqual(self.top("--native")[1], self.counted(samples, lambda number: True))
        hidden = re.compile("f1")
        self.assertEqual(self.top("--native", "--hide=^f1")[1],
                         self.counted(samples, lambda number: not hidden.match("f%d" % number)))
        self.assertEqual(self.top("--native", "--focus=^f7$", "--ignore=^f9$")[1],
                         self.counted(samples, lambda number: True, lambda sample: 7 in sample and 9 not in sample))

    def test_more_stacks_than_are_kept_of_two_logs(self):
        """Equal stacks are one then, and the tables of a log do not begin anew when the stacks are let go."""
        samples = self.many()
        first = samples[-20000:]
        self.write(first, ())
        os.rename(str(self.path), str(self.path) + ".first")
        self.write(samples, ())
        self.assertEqual(self.top(str(self.path) + ".first")[1], self.counted(first + samples, lambda number: True))

    def test_more_stacks_than_are_kept_and_all_native(self):
        """Of a profile without virtual frames the native ones are shown; until one comes nobody knows that there is one."""
        samples, native = self.many(), set(range(1, self.FUNCTIONS))
        alone = [[number or 1 for number in sample] for sample in samples]
        self.write(alone, native)
        self.assertEqual(self.top()[1], self.counted(alone, lambda number: True))
        late = alone + [[0, 1]]
        self.write(late, native)
        self.assertEqual(self.top()[1], self.counted(late, lambda number: number == 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
