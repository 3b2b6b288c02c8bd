#!/usr/bin/env python3
"""Compares tools/symbols with `addr2line -a -i -f`: names, files, lines and chains of inlined calls.

The programs are compiled here, by each compiler there is, in each version of DWARF, whole, stripped with a debug file
beside them, and stripped with one that their build id names. libc and python3 come as the machine has them.

binutils shows the nearest symbol before an address that nothing covers; ours shows nothing. Such addresses, mostly the
padding between functions, are left out where a reading of the symbol table by readelf says that no symbol covers them.
"""

import bisect
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
PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
UNKNOWN = "??"


def output(*command, text=None):
    """What a command prints."""
    return subprocess.run(
        command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
        errors="surrogateescape", check=True,
    ).stdout


def quiet(*command):
    """Whether a command succeeds."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode == 0


def parse(text):
    """{address: [(name, file, line), ...]} of what both programs print."""
    found = {}
    lines = text.splitlines()
    chain = None
    i = 0
    while i < len(lines):
        if re.fullmatch("0x[0-9a-f]+", lines[i]):
            chain = found.setdefault(int(lines[i], 16), [])
            i += 1
            continue
        path, _, line = lines[i + 1].split(" (discriminator")[0].rpartition(":")
        path = os.path.normpath(path) if path else path
        chain.append((lines[i].split("@")[0], path, int(line.replace("?", "0"))))
        i += 2
    return found


def text_of(path):
    """(begin, end) of the code."""
    for line in output("readelf", "-SW", path).splitlines():
        match = re.search(r"\] \.text +\S+ +(\S+) +\S+ +(\S+)", line)
        if match:
            begin = int(match.group(1), 16)
            return begin, begin + int(match.group(2), 16)
    raise AssertionError("no .text in " + str(path))


def symbols_of(paths):
    """{address: names} and the sorted (begin, end) of functions, by readelf."""
    names, spans = {}, []
    for path in paths:
        for line in output("readelf", "-sW", path).splitlines():
            words = line.split()
            if len(words) >= 8 and words[3] in ("FUNC", "IFUNC", "NOTYPE") and words[6].isdigit():
                begin, size = int(words[1], 16), int(words[2], 0)
                names.setdefault(begin, set()).add(words[7].split("@")[0])
                spans.append((begin, begin + size))
    return names, sorted(set(spans))


class Covered:
    """Whether functions cover an address; and whether two names are aliases."""

    def __init__(self, paths):
        self.names, spans = symbols_of(paths)
        self.begins = [begin for begin, _ in spans]
        self.reach, most = [], 0
        for _, end in spans:
            most = max(most, end)
            self.reach.append(most)

    def __contains__(self, address):
        at = bisect.bisect_right(self.begins, address)
        return at > 0 and self.reach[at - 1] > address

    def same(self, one, other):
        return one == other or any(one in names and other in names for names in self.names.values())


def same_function(mine, other, covered):
    """One of both may be without its scope, where debug information has no linkage name: C++ before DWARF 4."""
    mine, other = (re.sub(r"\.cold(\.\d+)?$", "", name) for name in (mine, other))
    plain, scoped = sorted((mine, other), key=lambda name: name.startswith("_Z"))
    in_scope = scoped.startswith("_Z") and "%d%s" % (len(plain), plain) in scoped
    return in_scope or covered.same(mine, other)


def agree(ours, theirs, covered):
    """Whether two chains say the same."""
    if len(ours) != len(theirs):
        return False
    for mine, other in zip(ours, theirs):
        # Of an address without a line, binutils makes a file from the symbol table's, which is of the whole object.
        places = mine[1:] == other[1:] or (mine[2] == 0 and other[2] == 0)
        if not places or not same_function(mine[0], other[0], covered):
            return False
    return True


class Oracle(unittest.TestCase):
    """One comparison for each way in which debug information can lie in files."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(str(cls.folder))

    def compare(self, path, symbol_files=None, options=(), theirs=None, step=1, expect_inlined=True,
                witness=False):
        """Every step-th address of the code, where a symbol covers it. Returns the number of addresses."""
        begin, end = text_of(path)
        addresses = range(begin, end, step)
        text = "".join("%x\n" % address for address in addresses)
        ours = parse(output(DUMP, *(tuple(options) + (str(path),)), text=text))
        other = parse(output("addr2line", "-a", "-i", "-f", "-e", str(theirs or path), text=text))
        covered = Covered(symbol_files or [theirs or path])
        checked, wrong, inlined, named = 0, [], 0, 0
        for address in addresses:
            if address not in covered:
                continue
            checked += 1
            inlined += len(other[address]) > 1
            named += ours[address][-1][0] != UNKNOWN
            if not agree(ours[address], other[address], covered):
                wrong.append((address, ours[address], other[address]))
        if wrong and witness:
            second = parse(output("llvm-symbolizer", "-a", "-i", "-f", "--no-demangle", "--output-style=GNU",
                                  "-e", str(path), text="".join("0x%x\n" % entry[0] for entry in wrong)))
            wrong = [entry for entry in wrong if not agree(entry[1], second[entry[0]], covered)]
        print("%s: %d addresses, %d in inlined code, %d named, %d differ"
              % (path.name, checked, inlined, named, len(wrong)))
        self.assertEqual(wrong[:5], [])
        self.assertEqual(named, checked)
        self.assertGreater(checked, 20)
        if expect_inlined:
            self.assertGreater(inlined, 20)
        return checked

    def compile(self, compiler, source, name, *flags):
        """The program, or None where the compiler cannot."""
        path = self.folder / name
        done = quiet(compiler, "-O2", "-g", *(flags + ("-o", str(path), str(PROGRAMS / source))))
        return path if done else None

    def test_compilers_and_versions(self):
        """gcc is always there: a machine without it could not have built this."""
        compared = 0
        for compiler, source in (("gcc", "table.c"), ("clang", "table.c"), ("g++", "shapes.cc"),
                                 ("clang++", "shapes.cc")):
            if not shutil.which(compiler):
                print("vmprof-test-partly-skipped: no " + compiler)
                continue
            for version in "2", "3", "4", "5":
                path = self.compile(compiler, source, "%s-%s" % (compiler, version),
                                    "-gdwarf-" + version)
                # binutils 2.40 does not see the inlined functions that clang places by an index (DWARF 5), and gives an
                # inlined function of C++ that has no linkage name that of the symbol around it: there another is asked.
                doubtful = (compiler, version) == ("clang", "5") or source == "shapes.cc"
                if doubtful and not shutil.which("llvm-symbolizer"):
                    print("vmprof-test-partly-skipped: no llvm-symbolizer")
                elif path:
                    self.compare(path, witness=doubtful)
                    compared += 1
        self.assertGreaterEqual(compared, 4)

    def test_functions_in_sections_of_their_own(self):
        """Code that the linker throws away leaves its debug information behind, at address 0."""
        path = self.compile("gcc", "table.c", "sections", "-ffunction-sections", "-Wl,--gc-sections")
        self.compare(path)

    def test_not_position_independent(self):
        path = self.compile("gcc", "table.c", "fixed", "-no-pie", "-fno-pie")
        self.compare(path)

    def test_compressed(self):
        path = self.compile("gcc", "table.c", "compressed", "-gz=zlib")
        self.compare(path)

    def split(self, name, link):
        """A whole program, a stripped one, and its debug file."""
        whole = self.compile("gcc", "table.c", name, "-Wl,--build-id=sha1")
        stripped, debug = whole.with_suffix(".stripped"), whole.with_suffix(".debug")
        self.assertTrue(quiet("objcopy", "--only-keep-debug", str(whole), str(debug)))
        self.assertTrue(quiet("objcopy", "--strip-all", str(whole), str(stripped)))
        if link:
            self.assertTrue(quiet("objcopy", "--add-gnu-debuglink=" + str(debug), str(stripped)))
        return whole, stripped, debug

    def test_debug_file_by_link(self):
        whole, stripped, _ = self.split("linked", True)
        self.compare(stripped, [whole], ["--no-system"], theirs=whole)

    def test_debug_file_by_link_of_another_build_is_refused(self):
        """A byte more at its end: the CRC is another."""
        _, stripped, debug = self.split("spoiled", True)
        with debug.open("ab") as file:
            file.write(b"x")
        begin, end = text_of(stripped)
        text = "".join("%x\n" % address for address in range(begin, end, 7))
        ours = parse(output(DUMP, "--no-system", str(stripped), text=text))
        self.assertEqual({chain[0][2] for chain in ours.values()}, {0})

    def test_debug_file_by_build_id(self):
        whole, stripped, debug = self.split("identified", False)
        identity = re.search("Build ID: ([0-9a-f]+)", output("readelf", "-n", str(whole))).group(1)
        root = self.folder / "debug-root"
        place = root / ".build-id" / identity[:2] / (identity[2:] + ".debug")
        place.parent.mkdir(parents=True)
        shutil.move(str(debug), str(place))
        self.compare(stripped, [whole], ["--no-system", "--debug-dir=" + str(root)], theirs=whole)
        cache = self.folder / "cache"
        (cache / identity).mkdir(parents=True)
        shutil.move(str(place), str(cache / identity / "debuginfo"))
        os.environ["DEBUGINFOD_CACHE_PATH"] = str(cache)
        try:
            self.compare(stripped, [whole], theirs=whole)
        finally:
            del os.environ["DEBUGINFOD_CACHE_PATH"]

    def test_libc(self):
        """With the lines of libc6-dbg where that is installed, else by its symbols."""
        path = next((pathlib.Path(p) for p in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6")
                     if os.path.exists(p)), None)
        identity = re.search("Build ID: ([0-9a-f]+)", output("readelf", "-n", str(path or ""))) if path else None
        debug = identity and "/usr/lib/debug/.build-id/%s/%s.debug" % (identity.group(1)[:2], identity.group(1)[2:])
        if not debug or not os.path.exists(debug):
            print("vmprof-test-skipped: no debug information of libc (Debian: libc6-dbg)")
            return
        begin, end = text_of(path)
        step = max(1, (end - begin) // 20000) | 1
        self.assertGreater(self.compare(path, [debug, path], step=step), 10000)

    def test_rust(self):
        if not shutil.which("rustc"):
            print("vmprof-test-skipped: no rustc; names of Rust are checked by demangle_test")
            return
        path = self.folder / "words"
        if not quiet("rustc", "-O", "-g", "-o", str(path), str(PROGRAMS / "words.rs")):
            print("vmprof-test-skipped: rustc cannot compile here")
            return
        begin, end = text_of(path)
        self.compare(path, step=max(1, (end - begin) // 6000) | 1)

    def test_python(self):
        """Whatever symbols it has: mostly those that it exports."""
        path = pathlib.Path(os.path.realpath(sys.executable))
        begin, end = text_of(path)
        self.compare(path, step=max(1, (end - begin) // 8000) | 1, expect_inlined=False)


if __name__ == "__main__":
    unittest.main()
