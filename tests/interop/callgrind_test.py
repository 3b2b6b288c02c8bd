#!/usr/bin/env python3
"""Callgrind's format: the examples of its specification, each kind of line, and damage. Arguments: vmprof-convert, mkprofile."""

import gzip
import pathlib
import random
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import imported  # noqa: E402
import profiles  # noqa: E402
import tool  # noqa: E402
from costs import Seen  # noqa: E402
from imported import NATIVE, PY, UNKNOWN  # noqa: E402

FOLDER = None
REAL = pathlib.Path("testdata/foreign/callgrind-3.19.0.out")
CAUTION = "callgrind keeps no stacks"


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


EXAMPLE = """# callgrind format
events: Instructions

fl=file1.c
fn=main
16 20
cfn=func1
calls=1 50
16 400
cfi=file2.c
cfn=func2
calls=3 20
16 400

fn=func1
51 100
cfi=file2.c
cfn=func2
calls=2 20
51 300

fl=file2.c
fn=func2
20 700
"""
COMPRESSED = """version: 1
creator: by hand
events: Instructions
# define file ID mapping
fl=(1) file1.c
fl=(2) file2.c
fn=(1) main
fn=(2) func1
fn=(3) func2
fl=(1)
fn=(1)
0x10 20
cfn=(2)
calls=1 50
* 400
cfl=(2)
cfn=(3)
calls=3 20
* 400
fn=(2)
+35 100
cfi=(2)
cfn=(3)
calls=2 20
+0 300
fl=(2)
fn=(3)
-31 700
totals: 820
"""
MAIN, FUNC1, FUNC2 = ("main", "file1.c"), ("func1", "file1.c"), ("func2", "file2.c")


class Format(unittest.TestCase):
    def test_example(self):
        for text in (EXAMPLE, COMPRESSED, EXAMPLE.replace("\n", "\r\n"), EXAMPLE[:-1]):
            seen = Seen(written("e.out", text))
            self.assertEqual(seen.itself, {MAIN: 20, FUNC1: 100, FUNC2: 700})
            self.assertEqual(seen.total, {MAIN: 820, FUNC1: 400, FUNC2: 700})
            self.assertEqual(seen.calls, {(MAIN, FUNC1): 400, (MAIN, FUNC2): 400, (FUNC1, FUNC2): 300})
            self.assertEqual(seen.lines, {MAIN + (16,): 20, FUNC1 + (51,): 100, FUNC2 + (20,): 700})
            self.assertEqual((seen.profile.values, seen.profile.lost), (["Instructions:count"], 0))
            self.assertIn(CAUTION, seen.profile.said)
            self.assertEqual(seen.profile.said.count("\n"), 1)
        done = tool.run("--json", written("e.gz", gzip.compress(EXAMPLE.encode())))
        self.assertIn(b'"format":"callgrind"', done.stdout)

    def test_instructions(self):
        text = "positions: instr line\nevents: ticks\nfn=func\n0x80001234 90 1\n+3 * 5\n+1 +1 6\n-1 7 8\n"
        for positions, first in (("instr line", ""), ("instr bb line", "0x5 ")):
            seen = Seen(written("i.out", re.sub(r"(?m)^([-+0]\S*) ", r"\1 " + first, text.replace("instr line", positions))))
            self.assertEqual(seen.lines, {("func", "", 90): 6, ("func", "", 91): 6, ("func", "", 7): 8})
        seen = Seen(written("i.out", "positions: instr\nevents: ticks\nfn=func\n0x80001234 1\n+3 5\n"))
        self.assertEqual(seen.lines, {("func", "", 0): 6})

    def test_events(self):
        """Each is a value; those that are missing are 0, and more than a profile holds are left out."""
        text = "events: Cycles Instructions Flops\nfl=file.f\nfn=main\n15 90 14 2\n16 20 12\n17 0 0 3\n18\n"
        seen = imported.read(written("v.out", text))
        self.assertEqual(seen.values, ["Cycles:count", "Instructions:count", "Flops:count"])
        self.assertEqual(sorted((sample.stack[-1][3], sample.values) for sample in seen.samples), [(15, (90, 14, 2)), (16, (20, 12, 0)), (17, (0, 0, 3))])
        many = " ".join("e%d" % i for i in range(13))
        seen = imported.read(written("v.out", "events: %s\nfn=f\n1 %s\n" % (many, " ".join(map(str, range(5, 18))))))
        self.assertEqual((seen.values, seen.samples[0].values), (["e%d:count" % i for i in range(8)], tuple(range(5, 13))))
        seen = imported.read(written("v.out", "events: cpu_ns mem_bytes x_count\nfn=f\n1 2 3 4\n"))
        self.assertEqual(seen.values, ["cpu:ns", "mem:bytes", "x:count"])

    def test_events_are_spread_as_the_first(self):
        """A function's line, which two callers share, is exact for each event."""
        text = "events: a b\nfn=one\ncfn=f\ncalls=1 1\n1 1\nfn=two\ncfn=f\ncalls=1 1\n1 2\nfn=f\n7 3 100\n"
        profile = imported.read(written("s.out", text))
        self.assertEqual(sorted((sample.stack[0][0], sample.values[0]) for sample in profile.samples), [("one", 1), ("two", 2)])
        self.assertEqual(sum(sample.values[1] for sample in profile.samples), 100)
        self.assertEqual({sample.values[1] for sample in profile.samples} & {33, 34}, {sample.values[1] for sample in profile.samples if sample.values[0] == 1})

    def test_inlined(self):
        """Code of another file is a frame of its own, below the function whose it is; calls from there as well."""
        text = """events: Ir
ob=/bin/x
fl=a.c
fn=f
5 1
fi=b.h
6 2
cfi=a.c
cfn=g
calls=1 9
7 4
fe=a.c
8 8
fn=g
9 4
"""
        seen = Seen(written("i.out", text))
        f, inner, g = ("f", "a.c"), ("f", "b.h"), ("g", "a.c")
        self.assertEqual(seen.stacks, {(f,): 9, (f, inner): 2, (f, inner, g): 4})
        self.assertEqual(seen.lines, {f + (5,): 1, f + (8,): 8, inner + (6,): 2, g + (9,): 4})
        self.assertEqual({sample.stack[1][3] for sample in seen.profile.samples if len(sample.stack) == 3}, {7})

    def test_unknown_files(self):
        """Are told by their objects; a callee's is its caller's where none is said."""
        text = """events: Ir
ob=(1) /lib/a.so
fl=(1) ???
fn=(1) f
0 1
cob=(2) /lib/b.so
cfn=(1)
calls=1 0
0 2
cfn=(2) g
calls=1 0
0 4
fn=(2)
0 4
ob=(2)
fn=(1)
0 2
ob=(3) ???
fn=(3) x.py
0 8
fl=(2) a.py
fn=(4) y
0 16
"""
        seen = Seen(written("u.out", text))
        f = ("f", "/lib/a.so")
        self.assertEqual(seen.stacks, {(f,): 1, (f, ("f", "/lib/b.so")): 2, (f, ("g", "/lib/a.so")): 4, (("x.py", ""),): 8, (("y", "a.py"),): 16})
        kinds = {frame[0]: frame[2] for sample in seen.profile.samples for frame in sample.stack}
        self.assertEqual(kinds, {"f": NATIVE, "g": NATIVE, "x.py": UNKNOWN, "y": PY})

    def test_parts(self):
        """Add up; jumps cost nothing, and are told what names stand for; the rest is passed over."""
        part = """
part: %d
thread: 3
desc: Trigger: Program termination
event: Ir : Instruction Fetches
event: Sum = Ir + Dr
positions: line
events: %s
summary: 9 9
fl=(1) a.c
fn=(1) f
3 %s
jump=5 +2
*
jcnd=3/5 +3
jfi=(7) b.h
jfn=(8) other
jump=1 9
+1
fi=(7)
+1 7 7
totals: 9 9
"""
        text = "version: 1\ncreator: callgrind-3\npid: 77\ncmd:  ./x --y\n" + part % (1, "Ir Dr", "1 2") + part % (2, "Dr Ir", "20 10") + part % (3, "Dr", "100")
        path = written("p.out", text)
        session, = profiles.read(tool.convert(path))["sessions"]
        self.assertEqual((session["metadata"]["program"], session["samples"][0]["thread"]), ("./x --y", [77, 0, ""]))
        self.assertIn(CAUTION, session["metadata"]["note"])
        self.assertEqual([Seen(path, value).lines for value in (0, 1)], [
            {("f", "a.c", 3): 11, ("f", "b.h", 5): 14}, {("f", "a.c", 3): 122, ("f", "b.h", 5): 21}])
        profile = imported.read(written("p.out", text + part % (4, "Other", "3")))
        self.assertIn("a part has an event that the first part has not", profile.said)

    def test_what_is_not_callgrinds(self):
        for text in ("events: 3\n", "main;f 3\n", "fn=main\n1 2\n", "version: 1\nmain;events: 5\n"):
            self.assertNotIn(b'"format":"callgrind"', tool.run("--json", written("n.txt", text)).stdout, text)
        for text in ("# callgrind format\n", "# callgrind format\nversion: 1\n"):
            self.assertIn("it says no events", imported.refusal(written("n.out", text)))


class Damage(unittest.TestCase):
    def test_cut_anywhere(self):
        """What is left of it is read, and its own costs are."""
        data = REAL.read_bytes()
        begin = data.index(b"events:")
        for size in list(range(20, begin + 60)) + list(range(begin + 60, len(data), 7)):
            self.assertEqual(imported.survives(written("cut.out", data[:size])), size > begin + 8, size)
        whole = Seen(written("w.out", EXAMPLE))
        for size in range(len(EXAMPLE)):
            path = written("cut.out", EXAMPLE[:size])
            if imported.survives(path):
                self.assertTrue(all(whole.itself[key] >= cost for key, cost in Seen(path).itself.items()), size)

    def test_wrong_lines(self):
        sound = "events: Ir\nfn=f\n1 5\n"
        for bad, why in (("what\n", "a line is none"), ("1 x\n", "a number is none"), ("+ 3\n", "a number is none"), ("0x 3\n", "a number is none"),
                         ("*3 3\n", "a number is none"), ("1 9223372036854775808\n", "too large"), ("1 0xffffffffffffffff\n", "too large"),
                         ("1 9223372036854775807\n", "add up to more"), ("fn=(5)\n", "a name that was never said"), ("calls=x 3\n4 0\n", "number of calls"),
                         ("=\n", "a line is none"), ("1 0x11111111111111111\n", "too large")):
            seen = Seen(written("b.out", sound + bad + "fn=f\n2 3\n"))
            self.assertIn(why, seen.profile.said, bad)
            self.assertEqual(seen.lines, {("f", "", 1): 5, ("f", "", 2): 3}, bad)
        seen = Seen(written("b.out", "# callgrind format\n1 2\n" + sound))
        self.assertIn("before it is said of which events", seen.profile.said)
        self.assertEqual(seen.itself, {("f", ""): 5})

    def test_hostile_numbers(self):
        text = "events: Ir\nfn=f\n%s 5\n"
        for line, shown in (("4294967296", 0), ("2147483647", 2147483647), ("2147483648", 0), ("-1", 0), ("0xffffffffffffffff", 0), ("+9223372036854775807", 0)):
            self.assertEqual(Seen(written("h.out", text % line)).lines, {("f", "", shown): 5}, line)
        seen = Seen(written("h.out", "events: Ir\nfl=(9223372036854775807) a.c\nfn=(99999999999999999999) f\n1 2\nfn=(9223372036854775807) g\n1 3\n"))
        self.assertEqual(seen.itself, {("(99999999999999999999) f", "a.c"): 2, ("g", "a.c"): 3})
        large = 2**63 - 1
        calls = "events: Ir\nfn=a\n1 %d\n" % large + "cfn=b\ncalls=1 1\n1 %d\n" % large * 5 + "fn=b\ncfn=c\ncalls=1 1\n1 %d\n" % large
        self.assertEqual(Seen(written("h.out", calls)).itself, {("a", ""): large})

    def test_any_byte_may_be_wrong(self):
        rng = random.Random(6)
        for _ in range(100):
            data = bytearray(REAL.read_bytes())
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] = rng.choice(b"+-*=()x0159 \n\xff") if rng.random() < 0.7 else rng.randrange(256)
            imported.survives(written("x.out", bytes(data)))


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
