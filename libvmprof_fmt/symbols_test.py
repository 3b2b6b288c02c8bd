#!/usr/bin/env python3
"""symbols_test.py SYMBOLS SHARED STATIC HEADER...: what the libraries export is what the headers declare, and what
symbols.txt lists. To write the list anew: symbols_test.py --list SHARED >symbols.txt"""
import re
import subprocess
import sys
import unittest

LISTED, SHARED, STATIC, HEADERS = "", "", "", []


def defined(*command):
    """NAME or NAME@VERSION of each symbol that others can use."""
    lines = subprocess.check_output(("nm", "--defined-only") + command).decode().split("\n")
    symbols = [line.split()[2] for line in lines if len(line.split()) == 3]
    return sorted(symbol.replace("@@", "@") for symbol in symbols if symbol != "VMPF_1")


def declared():
    names = []
    for path in HEADERS:
        with open(path) as header:
            code = re.sub(r"/\*.*?\*/|^#.*?$", "", header.read(), flags=re.S | re.M)
        names += re.findall(r"\bVMPF_API\b[^;(]*?(\w+)\(", code)
    return sorted(names)


class Symbols(unittest.TestCase):
    def test_list(self):
        with open(LISTED) as listed:
            self.assertEqual(defined("-D", SHARED), listed.read().split())

    def test_every_declared_function_is_exported_and_nothing_else(self):
        self.assertGreater(len(declared()), 40)
        self.assertEqual([symbol + "@VMPF_1" for symbol in declared()], defined("-D", SHARED))

    def test_static(self):
        self.assertEqual(declared(), defined("--extern-only", STATIC))


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(defined("-D", sys.argv[2])))
        sys.exit(0)
    LISTED, SHARED, STATIC = sys.argv[1:4]
    HEADERS = sys.argv[4:]
    unittest.main(argv=sys.argv[:1])
