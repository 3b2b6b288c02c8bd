#!/usr/bin/env python3
"""Spoils debug information and ELF headers at random: the process that asks must live, and say what is left."""

import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DUMP = os.path.abspath(sys.argv.pop(1))
PROGRAM = pathlib.Path(__file__).resolve().parent / "programs" / "table.c"
ROUNDS = 25


class Corrupt(unittest.TestCase):
    """Each version of DWARF; the symbols are whole, so that names must be there whatever becomes of the lines."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.path = self.folder / "program"

    def tearDown(self):
        shutil.rmtree(str(self.folder))

    def dump(self, addresses):
        """Its output and its verdict. What a sanitizer says of libdwarf, in the process that dies of it, passes."""
        done = subprocess.run([DUMP, str(self.path)], input="".join("%x\n" % a for a in addresses),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                              errors="replace", timeout=250)
        # Above the library's frames stand ours; a finding whose top is ours is our own.
        tops = re.findall(r"^ +#[01] .*?(?: in )?.*?(\S*tools/symbols/\S+)", done.stderr, re.MULTILINE)
        self.assertEqual(tops, [], done.stderr[-3000:])
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return done.stdout, done.stderr

    def spoil(self, version):
        subprocess.run(["gcc", "-O2", "-g", "-gdwarf-%d" % version, "-o", str(self.path), str(PROGRAM)], check=True)
        whole = self.path.read_bytes()
        listing = subprocess.run(["readelf", "-SW", str(self.path)], stdout=subprocess.PIPE,
                                 universal_newlines=True, check=True).stdout
        symbols = subprocess.run(["nm", str(self.path)], stdout=subprocess.PIPE, universal_newlines=True,
                                 check=True).stdout
        count = int(re.search(r"^([0-9a-f]+) T count$", symbols, re.MULTILINE).group(1), 16)
        sections = re.findall(r"\.debug_(\w+) +PROGBITS +\S+ +(\S+) +(\S+)", listing)
        self.assertGreater(len(sections), 3)
        generator = random.Random(version)
        for name, offset, size in sections:
            begin, end = int(offset, 16), int(offset, 16) + int(size, 16)
            for _ in range(ROUNDS):
                spoiled = bytearray(whole)
                for _ in range(generator.choice((1, 1, 2, 8))):
                    spoiled[generator.randrange(begin, end)] = generator.choice((0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)))
                self.path.write_bytes(spoiled)
                shown, _ = self.dump([count])
                if name not in ("str", "line_str", "info", "abbrev"):
                    self.assertIn("count", shown.splitlines(), name)
        for _ in range(ROUNDS):
            spoiled = bytearray(whole)
            for _ in range(4):
                spoiled[generator.choice((generator.randrange(16, 64), generator.randrange(64, 1000),
                                          len(whole) - 1 - generator.randrange(2000)))] = generator.randrange(256)
            self.path.write_bytes(spoiled[:len(spoiled) - generator.choice((0, 0, 1, 5000))])
            self.dump([count])

    def test_dwarf_4(self):
        self.spoil(4)

    def test_dwarf_5(self):
        self.spoil(5)


if __name__ == "__main__":
    unittest.main()
