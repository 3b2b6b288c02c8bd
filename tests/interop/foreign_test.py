#!/usr/bin/env python3
"""Profiles of other tools: what is written here by hand, and what our own exports say, read again.

What has to come out is stated beside each input; pprof's messages are put together by the encoder below, which knows
the encoding of Protocol Buffers and nothing of the tools.
"""

import gzip
import itertools
import json
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import proto  # noqa: E402
import tool  # noqa: E402

FOLDER = None


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data)
    return path


def stacks(*arguments):
    """(what is said of the profile, {((name, file, line, kind), ...): weight}, what is said on standard error)."""
    done = tool.run("--json", *arguments)
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    found = {}
    for line in lines[1:]:
        stack = tuple((f["name"], f["file"], f["line"], f["kind"]) for f in line["stack"])
        assert stack not in found
        found[stack] = line["weight"]
    return lines[0]["profile"], found, done.stderr.decode()


def without_kinds(found):
    """Stacks by what every format can hold."""
    plain = {}
    for stack, weight in found.items():
        key = tuple((proto.clean(name), proto.clean(file), line) for name, file, line, _ in stack)
        plain[key] = plain.get(key, 0) + weight
    return plain


# ---- Protocol Buffers ----------------------------------------------------------------------------


def varint(value):
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    value &= (1 << 64) - 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def integer(field, value):
    """A field of an integer."""
    return varint(field << 3) + varint(value)


def block(field, data):
    """A field of bytes, a string or a message."""
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def packed(field, values):
    """A packed field of integers."""
    return block(field, b"".join(varint(value) for value in values))


class Strings:
    """The table of strings: index by text."""

    def __init__(self):
        self.items = [""]

    def __getitem__(self, text):
        if text not in self.items:
            self.items.append(text)
        return self.items.index(text)

    def encoded(self):
        """The fields."""
        return b"".join(block(6, text) for text in self.items)


def line(function, number):
    """A Line of a Location."""
    return block(4, integer(1, function) + integer(2, number))


class Collapsed(unittest.TestCase):
    CASES = [
        (b"main;f;g 3\n", {(("main", "", 0, "unknown"), ("f", "", 0, "unknown"), ("g", "", 0, "unknown")): 3}),
        (b"a (x.py:12);b (y.py) 7", {(("a", "x.py", 12, "py"), ("b", "y.py", 0, "py")): 7}),
        (b"f [libc.so.6] 1\r\n", {(("f", "libc.so.6", 0, "native"),): 1}),
        (b"a_[j];b_[k];c_[i] 2\n", {(("a", "", 0, "jit"), ("b", "", 0, "kernel"), ("c", "", 0, "native")): 2}),
        (b"std::f(int, char (*)(long)) 5\n", {(("std::f(int, char (*)(long))", "", 0, "unknown"),): 5}),
        (b"f (C:\\x y\\z.py:3) 5\n", {(("f", "C:\\x y\\z.py", 3, "py"),): 5}),
        (b"a;;b 1\na;b 2\n\n;a;b 4\n", {(("a", "", 0, "unknown"), ("b", "", 0, "unknown")): 7}),
        (b"a 1\na;b 2\na;bc 4\na;b;c 8\na;b 16\n", {
            (("a", "", 0, "unknown"),): 1,
            (("a", "", 0, "unknown"), ("b", "", 0, "unknown")): 18,
            (("a", "", 0, "unknown"), ("bc", "", 0, "unknown")): 4,
            (("a", "", 0, "unknown"), ("b", "", 0, "unknown"), ("c", "", 0, "unknown")): 8,
        }),
        (b"a 9223372036854775807\n", {(("a", "", 0, "unknown"),): (1 << 63) - 1}),
        (b"a 000000000000000000000000000001\n", {(("a", "", 0, "unknown"),): 1}),
    ]

    def test_cases(self):
        for data, expected in self.CASES:
            profile, found, said = stacks(written("c.txt", data))
            self.assertEqual(found, expected, data)
            self.assertEqual((profile["format"], said), ("collapsed", ""))
            self.assertEqual(profile["total"], sum(expected.values()))

    def test_random_lines(self):
        """Prefixes are shared in every way; many more lines than a block has samples."""
        rng = random.Random(5)
        expected = {}
        lines = []
        for _ in range(70000):
            frames = [rng.choice("ab") * rng.randint(1, 2) for _ in range(rng.randint(1, 6))]
            weight = rng.randint(0, 9)
            lines.append("%s %d\n" % (";".join(frames), weight))
            key = tuple((name, "", 0, "unknown") for name in frames)
            expected[key] = expected.get(key, 0) + weight
        profile, found, _ = stacks(written("r.txt", "".join(lines).encode()))
        self.assertEqual(found, expected)
        self.assertEqual(profile["samples"], 70000)

    def test_what_is_no_line_is_counted(self):
        data = b"a 1\n" * 2000 + b"no weight here\n" + b"b 18446744073709551616\n" + b"c 2\n"
        profile, found, said = stacks(written("d.txt", data))
        self.assertEqual(sum(found.values()), 2002)
        self.assertTrue(profile["damaged"])
        self.assertEqual(profile["lost_samples"], 2)
        self.assertIn("offset 8000", said)

    def test_what_is_none_is_refused(self):
        for data in (b"", b"hello\n", b'{"a": 1}\n', b"import os\nprint(1)\n", b"fn=main\n16 400\n", b" 3\n", b"\0\0 3\n"):
            done = tool.run("--json", written("n.txt", data))
            self.assertEqual(done.returncode, 1, data)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_ours_comes_back(self):
        for path in tool.names():
            out = tool.convert("--collapsed", path)
            if out:
                again = tool.convert("--collapsed", written("again.txt", out))
                self.assertEqual(*(tool.weight_of_lines(each.decode("utf-8", "replace").splitlines()) for each in (out, again)))


class PerfScript(unittest.TestCase):
    TEXT = b"""# captured on: today
my comm  12/34 [001]  5.123456:     250000 cpu-clock:u: 
	    7f00aa f(int, long)+0x1f (/lib/x.so)
	  ffff00 do_it+0xa ([kernel.kallsyms])
	      10 main (/a b/m.py)

other  77  5.2: 7 cpu-clock:u:
	 0 [unknown] ([unknown])

my comm 12/34 5.3: 5 cpu-clock:u:
	 10 main (/a b/m.py)
x 1 6.0: 9 cycles:
	 10 main (/a b/m.py)
"""
    EXPECTED = {
        (("main", "/a b/m.py", 0, "py"), ("do_it", "[kernel.kallsyms]", 0, "kernel"), ("f(int, long)", "/lib/x.so", 0, "native")): 250000,
        (("[unknown]", "", 0, "unknown"),): 7,
        (("main", "/a b/m.py", 0, "py"),): 5,
    }

    def test_made_elsewhere(self):
        for data in (self.TEXT, self.TEXT.replace(b"\n", b"\r\n")):
            path = written("perf.txt", data)
            profile, found, said = stacks(path)
            self.assertEqual(found, self.EXPECTED)
            self.assertEqual((profile["format"], profile["metric"], profile["unit"]), ("perf-script", "cpu-clock:u", "ns"))
            self.assertEqual((profile["total"], profile["samples"], profile["lost_samples"]), (250012, 3, 1))
            self.assertIn("another event", said)
            self.assertEqual(list(stacks("--thread=77", path)[1].values()), [7])

    def test_ours_comes_back(self):
        """A reader of its own says what is in the text; the tools have to say the same."""
        for path in tool.names():
            text = tool.convert("--perf-script", path)
            if not text:
                continue
            expected = {}
            for sample in text.decode("utf-8", "replace").split("\n\n"):
                lines = sample.strip("\n").split("\n")
                if lines != [""]:
                    frames = tuple(each.strip().split(" ", 1)[1].rsplit(" (", 1)[0] for each in reversed(lines[1:]))
                    expected[frames] = expected.get(frames, 0) + int(lines[0].split()[-2])
            found = {}
            for stack, weight in stacks(written("perf.txt", text))[1].items():
                key = tuple(frame[0] for frame in stack)
                found[key] = found.get(key, 0) + weight
            self.assertEqual(found, expected, path)


class Packed(unittest.TestCase):
    """Text that is gzip'd."""

    def lines(self):
        rng = random.Random(7)
        return ["main;f%d;g%d %d\n" % (rng.randrange(900), rng.randrange(900), rng.randrange(1, 1000)) for _ in range(20000)]

    def test_is_read_as_what_is_in_it(self):
        for data, other in ((b"".join(line.encode() for line in self.lines()), Collapsed.CASES[0][0]),
                            (PerfScript.TEXT, PerfScript.TEXT)):
            plain = stacks(written("plain.txt", data))
            half = len(data) // 2
            for packed_data in (gzip.compress(data), gzip.compress(data[:half]) + gzip.compress(data[half:]),
                                gzip.compress(data, 0), gzip.compress(data[:1]) + gzip.compress(data[1:])):
                found = stacks(written("packed.gz", packed_data))
                self.assertEqual((found[1], found[2].partition(": ")[2].partition(": ")[2]),
                                 (plain[1], plain[2].partition(": ")[2].partition(": ")[2]))
                self.assertEqual(found[0]["format"], plain[0]["format"])
            self.assertEqual(stacks(written("other.gz", gzip.compress(other)))[1], stacks(written("other.txt", other))[1])

    def test_cut_or_damaged(self):
        """Whole lines are there, the last part of one is not, and it is said."""
        lines = self.lines()
        data = gzip.compress("".join(lines).encode())
        sums = set(itertools.accumulate(int(line.split()[-1]) for line in lines))
        for size in list(range(len(data) // 3, len(data) - 1, len(data) // 11)) + [len(data) - 1]:
            profile, found, said = stacks(written("cut.gz", data[:size]))
            self.assertTrue(profile["damaged"], size)
            self.assertIn("gzip", said)
            self.assertIn(sum(found.values()), sums)
        for at in (len(data) // 2, len(data) - 6):
            changed = bytearray(data)
            changed[at] ^= 0x55
            profile = stacks(written("changed.gz", bytes(changed)))[0]
            self.assertTrue(profile["damaged"], at)

    def test_not_a_profile(self):
        for data in (gzip.compress(b"hello\n"), gzip.compress(b""), gzip.compress(b"a 1\n")[:9]):
            done = tool.run("--json", written("n.gz", data))
            self.assertEqual(done.returncode, 1, data)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)


class Pprof(unittest.TestCase):
    def profile(self):
        """What other producers make: tables behind the samples, inlined lines, packed and not, code without names."""
        strings = Strings()
        types = [("samples", "count"), ("cpu", "microseconds"), ("space", "kilobytes")]  # cpu is what tools prefer
        head = b"".join(block(1, integer(1, strings[name]) + integer(2, strings[unit])) for name, unit in types)
        labels = block(3, integer(1, strings["thread name"]) + integer(2, strings["worker"]))
        labels += block(3, integer(1, strings["thread id"]) + integer(3, 77))
        labels += block(3, integer(1, strings["other"]) + integer(3, 5))
        samples = block(2, packed(1, [30, 10]) + packed(2, [2, 5, 1]) + labels)
        samples += block(2, integer(1, 20) + integer(1, 10) + integer(2, 1) + integer(2, 3) + integer(2, 0))
        samples += block(2, packed(1, [40, 99, 10]) + packed(2, [4, 7, 2]))
        samples += block(2, packed(1, [10]) + packed(2, [1, -3, 0]))
        tables = block(3, integer(1, 1) + integer(5, strings["/lib/x.so"]))
        tables += block(4, integer(1, 10) + line(1, 50))
        tables += block(4, integer(1, 20) + line(3, 8) + line(2, 60))
        tables += block(4, integer(1, 30) + integer(2, 1) + integer(3, 0x1234))
        tables += block(4, integer(1, 40) + line(4, 0))
        for number, (name, system, file, first) in enumerate(
            [("main", "", "m.py", 1), ("outer", "", "o.c", 7), ("inl;ined", "_Z", "o.c", 3), ("", "_sys", "", 0)], 1
        ):
            fields = integer(1, number) + integer(2, strings[name]) + integer(3, strings[system])
            tables += block(5, fields + integer(4, strings[file]) + integer(5, first))
        times = integer(9, 1700000000000000000) + integer(10, 2500000000)
        times += block(11, integer(1, strings["cpu"]) + integer(2, strings["milliseconds"])) + integer(12, 4)
        return head + samples + tables + times + strings.encoded()

    MAIN = ("main", "m.py", 1, "py")
    EXPECTED = {
        (MAIN, ("0x1234", "/lib/x.so", 0, "native")): 5000,
        (MAIN, ("outer", "o.c", 7, "unknown"), ("inl;ined", "o.c", 3, "unknown")): 3000,
        (MAIN, ("location 99", "", 0, "native"), ("_sys", "", 0, "unknown")): 7000,
    }

    def check(self, path):
        profile, found, said = stacks(path)
        self.assertEqual(found, self.EXPECTED)
        self.assertEqual(profile["format"], "pprof")
        self.assertEqual((profile["metric"], profile["unit"], profile["total"]), ("cpu", "ns", 15000))
        self.assertEqual((profile["period_ns"], profile["duration_ns"]), (4000000, 2500000000))
        self.assertEqual((profile["samples"], profile["lost_samples"]), (3, 1))
        self.assertIn("negative", said)
        space = stacks("--metric=space", path)[0]
        self.assertEqual((space["unit"], space["total"]), ("bytes", 3072))
        worker = stacks("--thread=worker", path)
        self.assertEqual(list(worker[1].values()), [5000])
        self.assertEqual(stacks("--thread=77", path)[1], worker[1])

    def test_made_elsewhere(self):
        data = self.profile()
        self.check(written("p.pb", data))
        self.check(written("p.pb.gz", gzip.compress(data)))
        half = len(data) // 2
        self.check(written("two.pb.gz", gzip.compress(data[:half]) + gzip.compress(data[half:])))

    def test_the_value_that_is_shown(self):
        def made(default):
            strings = Strings()
            types = b"".join(block(1, integer(1, strings[name]) + integer(2, strings["count"])) for name in "abc")
            sample = block(2, packed(1, [1]) + packed(2, [10, 20, 30]))
            rest = integer(14, strings[default]) if default else b""
            return written("v.pb", types + sample + rest + strings.encoded())

        for default, metric, total in ((None, "c", 30), ("a", "a", 10), ("b", "b", 20)):
            profile = stacks(made(default))[0]
            self.assertEqual((profile["metric"], profile["total"]), (metric, total))
            for name, weight in zip("abc", (10, 20, 30)):
                self.assertEqual(stacks("--metric=" + name, made(default))[0]["total"], weight)

    def test_cut_anywhere(self):
        data = gzip.compress(self.profile())
        for size in range(20, len(data), 7):
            done = tool.run("--json", written("cut.pb.gz", data[:size]))
            self.assertIn(done.returncode, (0, 1), size)
            self.assertEqual(done.stderr.count(b"\n") >= 1, True, size)
            if done.returncode == 0:
                self.assertTrue(json.loads(done.stdout.splitlines()[0])["profile"]["damaged"], size)

    def test_ours_comes_back(self):
        for path in tool.names():
            original = stacks(path)[1]
            exported = tool.convert("--pprof", path)
            _, found, _ = stacks(written("ours.pb.gz", exported))
            self.assertEqual(without_kinds(found), without_kinds(original), path)

    def test_becomes_ours(self):
        ours = FOLDER / "ours.prof"
        tool.convert(written("p.pb", self.profile()), "-o", ours)
        self.assertEqual(stacks(ours)[1], self.EXPECTED)


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
