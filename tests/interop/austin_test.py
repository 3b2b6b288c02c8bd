#!/usr/bin/env python3
"""Austin's text and its binary format, MOJO: files that are written by hand, with what has to be read of them; random ones, by
writers of their own made from the formats' documents; and what Debian's austin writes, where it is installed. Arguments:
vmprof-convert, mkprofile."""

import gzip
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import imported  # noqa: E402
import tool  # noqa: E402
from imported import GC, KERNEL, NATIVE, PY, UNKNOWN  # noqa: E402

FOLDER = None
SECONDS = 60
PROGRAM = """
import time
end = time.time() + 1
def leaf():
    return sum(range(9999))
while time.time() < end:
    leaf()
"""


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def seen(path):
    """[(thread, stack, values)]"""
    return [(sample.thread, sample.stack, sample.values) for sample in imported.read(path).samples]


# ---- text --------------------------------------------------------------------------------------------------------------------------


class Text(unittest.TestCase):
    WALL = """# austin: 3.4.1
# interval: 1000
# mode: wall

P7;T8;/a b/m.py:<module>:12;C:\\x.py:f:3 1500
P7;T1:9;m.py:g:4;:GC: 20
P7;T0:deadbeef;:INVALID:;kernel:do_it:0;native@7f00:x:5 7
P7;T8 3
# duration: 2500000
"""

    def test_wall(self):
        profile = imported.read(written("w.austin", self.WALL))
        self.assertEqual((profile.values, profile.period_ns, profile.lost), (["wall:ns"], 1000000, 0))
        self.assertEqual(profile.end_ns, 2500000000)
        self.assertEqual([sample[0] + sample[2:] for sample in map(tuple, profile.samples)], [
            (7, 8, "", (("<module>", "/a b/m.py", PY, 12), ("f", "C:\\x.py", PY, 3)), (1500000,)),
            (7, 9, "interpreter 1", (("g", "m.py", PY, 4), ("GC", "", GC, 0)), (20000,)),
            (7, 0, "deadbeef", (("INVALID", "", UNKNOWN, 0), ("do_it", "kernel", KERNEL, 0), ("x", "native@7f00", NATIVE, 5)), (7000,)),
            (7, 8, "", (), (3000,)),
        ])

    def test_compressed(self):
        whole = imported.read(written("w.austin", self.WALL)).samples
        packed = gzip.compress(self.WALL.encode())
        self.assertEqual(imported.read(written("w.gz", packed)).samples, whole)
        self.assertIn("lost", imported.read(written("w.gz", packed[:-9])).said)

    def one(self, mode, metric):
        text = ("# austin: 3.4.1\n# mode: %s\n" % mode if mode else "") + "P1;T2;a.py:f:1 %s\n" % metric
        profile = imported.read(written("o.austin", text))
        return profile.values, profile.samples[0].values

    def test_modes(self):
        full = ["wall:ns", "cpu:ns", "allocated:bytes", "freed:bytes"]
        self.assertEqual(self.one("cpu", "5"), (["cpu:ns"], (5000,)))
        self.assertEqual(self.one("memory", "5"), (["allocated:bytes", "freed:bytes"], (5, 0)))
        self.assertEqual(self.one("memory", "-5"), (["allocated:bytes", "freed:bytes"], (0, 5)))
        self.assertEqual(self.one("full", "5,0,-7"), (full, (5000, 5000, 0, 7)))
        self.assertEqual(self.one("full", "5,1,7"), (full, (5000, 0, 7, 0)))
        self.assertEqual(self.one(None, "5,1,7"), (full, (5000, 0, 7, 0)))
        self.assertEqual(self.one(None, "5"), (["weight:count"], (5,)))

    def test_version_1(self):
        lines = ["Thread 7f9c941b1b80;main (m.py);L12;f (<string>);L3 50", "Process 9;Thread 55ec69411e20;f (/x y/m.py:4) 7",
                 "Thread 7f9c941b1b80 1"]
        self.assertEqual(seen(written("1.austin", "\n".join(lines))), [
            ((0, 0x7F9C941B1B80, ""), (("main", "m.py", PY, 12), ("f", "<string>", PY, 3)), (50,)),
            ((9, 0x55EC69411E20, ""), (("f", "/x y/m.py", PY, 4),), (7,)),
            ((0, 0x7F9C941B1B80, ""), (), (1,)),
        ])
        profile = imported.read(written("f.austin", "Thread 7f9c941b1b80;main (m.py);L12 50 4 0\nThread 7f9c941b1b80 2 0 -8\n"))
        self.assertEqual(profile.values, ["wall:ns", "allocated:bytes", "freed:bytes"])
        self.assertEqual([sample.values for sample in profile.samples], [(50000, 4096, 0), (2000, 0, 8192)])

    def test_what_is_none_is_counted(self):
        bad = ["nothing", "P1;T2;a.py:f:1 5,0,7", "P1;T2;a.py:f:1 -5", "P1;T2;a.py:f:1 9223372036854775807", "P1;T2;a:f:1 99999999999999999999"]
        profile = imported.read(written("b.austin", "# austin: 3.4.1\n# mode: wall\nP1;T2;a.py:f:1 5\n%s\n" % "\n".join(bad)))
        self.assertEqual([sample.values for sample in profile.samples], [(5000,)])
        self.assertEqual(profile.lost, len(bad))
        self.assertIn("offset 46", profile.said)

    def test_what_is_not_austins(self):
        """Collapsed stacks of others stay that."""
        for text in ("Thread 1;main;f 3\n", "Thread 12345678;main 5\n", "P1;main 3\n", "main (m.py);P1;T2 3\n", "PX;T2;f 3\n"):
            done = tool.run("--json", written("n.txt", text))
            self.assertIn(b'"format":"collapsed"', done.stdout, text)
        self.assertIn("no sample of Austin", imported.refusal(written("e.austin", "# austin: 3.4.1\n# mode: wall\n")))

    def test_random(self):
        rng = random.Random(8)
        for mode, metric in (("wall", "%d"), ("full", "%d,%d,%d")):
            lines, expected = ["# austin: 3.3.0", "# mode: " + mode], []
            for _ in range(70000 if mode == "wall" else 500):
                frames = [(rng.choice("fgh"), rng.choice(["a.py", "<b>", "/c:d"]), rng.randint(0, 99)) for _ in range(rng.randint(0, 4))]
                process, thread = rng.randint(1, 3), rng.randint(1, 9)
                numbers = (rng.randint(0, 1 << 30), rng.randint(0, 1), rng.randint(-9999, 9999))
                text = "".join(";%s:%s:%d" % (file, name, line) for name, file, line in frames)
                lines.append("P%d;T%d%s %s" % (process, thread, text, metric % numbers[:metric.count("%")]))
                time_ns = 1000 * numbers[0]
                values = (time_ns, 0 if numbers[1] else time_ns, max(numbers[2], 0), max(-numbers[2], 0))
                expected.append(((process, thread, ""), tuple((name, file, PY, line) for name, file, line in frames),
                                 values[:1] if mode == "wall" else values))
            self.assertIsNone(imported.differ(seen(written("r.austin", "\n".join(lines) + "\n")), expected))

    @unittest.skipUnless(shutil.which("austin"), "austin is not installed (Debian: austin)")
    def test_real(self):
        pythons = [str(path) for path in pathlib.Path.home().glob(".pyenv/versions/3.8*/bin/python3")]
        pythons += [path for path in ["/usr/bin/python3.8"] if pathlib.Path(path).exists()]
        if not pythons:
            self.skipTest("there is no Python 3.8, which is the newest that austin 1.0.1 knows")
        source = written("program.py", PROGRAM)
        for options, count in (([], 1), (["-a"], 1), (["-f"], 3)):
            out = FOLDER / "real.austin"
            subprocess.run(["austin", *options, "-i", "5000", "-o", str(out), pythons[0], str(source)], check=False, timeout=SECONDS,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            lines = out.read_text().splitlines()
            if not lines:
                self.skipTest("austin wrote nothing: it may not look into processes here")
            profile = imported.read(out)
            self.assertEqual((len(profile.samples), profile.lost), (len(lines), 0))
            unit = 1000 if count == 3 else 1
            self.assertEqual([sample.values[0] for sample in profile.samples], [unit * int(line.split(" ")[-count]) for line in lines])
            self.assertTrue(any(frame[:2] == ("leaf", str(source)) for sample in profile.samples for frame in sample.stack))


# ---- MOJO --------------------------------------------------------------------------------------------------------------------------


def varint(value):
    """Six bits and the sign, then seven a byte."""
    sign, value = (0x40, -value) if value < 0 else (0, value)
    out = bytearray([sign | value & 0x3F])
    value >>= 6
    while value:
        out[-1] |= 0x80
        out.append(value & 0x7F)
        value >>= 7
    return bytes(out)


def text(value):
    """Bytes up to a NUL."""
    return value.encode() + b"\0"


class Writer:
    """Events of a version."""

    def __init__(self, version, mode=None):
        self.version = version
        self.data = b"MOJ" + varint(version)
        if mode:
            self.metadata("mode", mode)

    def metadata(self, key, value):
        self.data += b"\1" + text(key) + text(value)

    def stack(self, process, thread, interpreter=0):
        self.data += b"\2" + varint(process) + (varint(interpreter) if self.version >= 3 else b"") + text(thread)

    def string(self, key, value):
        self.data += b"\13" + varint(key) + text(value)

    def frame(self, key, file, name, line):
        self.data += b"\3" + b"".join(map(varint, [key, file, name, line] + ([line + 1, 5, -1] if self.version >= 2 else [])))

    def refer(self, *keys):
        self.data += b"".join(b"\5" + varint(key) for key in keys)

    def time(self, value):
        self.data += b"\11" + varint(value)

    def memory(self, value):
        self.data += b"\12" + varint(value)

    def save(self, name="m.mojo"):
        return written(name, self.data)


class Mojo(unittest.TestCase):
    def test_varint_of_the_specification(self):
        self.assertEqual(varint(-131), b"\xC3\x02")

    def test_by_hand(self):
        """Bytes, as the specification has them: version 1, one stack of one frame, -131 bytes of memory."""
        data = (b"MOJ\x01" b"\x01mode\0memory\0" b"\x02\x07" b"1f\0" b"\x0B\x02m.py\0" b"\x0B\x03f\0" b"\x03\x09\x02\x03\x05" b"\x05\x09" b"\x0A\xC3\x02")
        self.assertEqual(seen(written("h.mojo", data)), [((7, 0x1F, ""), (("f", "m.py", PY, 5),), (0, 131))])

    def test_events(self):
        out = Writer(3, "full")
        out.metadata("interval", "200")
        out.stack(7, "20", 2)
        out.string(10, "m.py")
        out.string(11, "main")
        out.frame(100, 10, 11, 3)
        out.frame(101, 10, 1, 4)
        out.refer(100, 101)
        out.data += b"\4" + b"\6" + text("do_it") + b"\7" + b"\14" + varint(10)
        out.time(5)
        out.data += b"\10"
        out.memory(-9)
        out.stack(8, "MainThread")  # keys are of a process
        out.string(10, "n.py")
        out.string(11, "f")
        out.frame(100, 10, 11, 3)
        out.refer(100)
        out.time(6)
        out.memory(4)
        out.stack(7, "1f")  # and may be given anew
        out.string(11, "other")
        out.frame(100, 10, 11, 8)
        out.refer(100, 101)
        out.time(7)
        out.memory(0)
        profile = imported.read(out.save())
        self.assertEqual((profile.values[0], profile.period_ns, profile.lost), ("wall:ns", 200000, 0))
        self.assertEqual([(sample.thread, sample.stack, sample.values) for sample in profile.samples], [
            ((7, 32, "interpreter 2"), (("main", "m.py", PY, 3), ("<unknown>", "m.py", PY, 4), ("INVALID", "", UNKNOWN, 0),
                                        ("do_it", "kernel", KERNEL, 0), ("GC", "", GC, 0)), (5000, 0, 0, 9)),
            ((8, 0, "MainThread"), (("f", "n.py", PY, 3),), (6000, 6000, 4, 0)),
            ((7, 31, ""), (("other", "m.py", PY, 8), ("<unknown>", "m.py", PY, 4)), (7000, 7000, 0, 0)),
        ])

    def test_version_4(self):
        """The stack of the thread's sample before, without machine code at its end, and more frames; tasks are no samples."""
        out = Writer(4, "wall")
        out.stack(7, "a")
        for key, name in enumerate(["m.py", "libc.so", "f", "g"]):
            out.string(10 + key, name)
        out.frame(1, 10, 12, 1)
        out.frame(2, 11, 13, 2)
        out.refer(1, 2)
        out.time(1)
        out.stack(7, "b")
        out.refer(1)
        out.time(2)
        out.stack(7, "a")
        out.data += b"\15"
        out.refer(1)
        out.time(3)
        out.data += b"\16" + varint(55) + varint(10)
        out.refer(2, 2)
        out.time(99)
        out.data += b"\17" + varint(55) + varint(56)
        first = ("f", "m.py", PY, 1)
        self.assertEqual([(sample[1], sample[2]) for sample in seen(out.save())],
                         [((first, ("g", "libc.so", PY, 2)), (1000,)), ((first,), (2000,)), ((first, first), (3000,))])

    def test_random(self):
        rng = random.Random(9)
        for version in (1, 2, 3, 4):
            out, expected, known = Writer(version, "wall"), [], set()
            for _ in range(3000):
                process, thread = rng.randint(1, 3), rng.randint(1, 9)
                interpreter = thread % 2
                out.stack(process, "%x" % thread, interpreter)
                stack = []
                for _ in range(rng.randint(0, 5)):
                    name, line = rng.randint(2, 40), rng.randint(0, 1000000)
                    if (process, name) not in known:
                        known.add((process, name))
                        out.string(name, "p%d n%d.py" % (process, name))
                    key = name << 24 | line
                    if (process, key) not in known:
                        known.add((process, key))
                        out.frame(key, name, name, line)
                    out.refer(key)
                    full = "p%d n%d.py" % (process, name)
                    stack.append((full, full, PY, line))
                value = rng.randint(0, 1 << rng.randint(1, 40))
                out.time(value)
                named = "interpreter 1" if interpreter and version >= 3 else ""
                expected.append(((process, thread, named), tuple(stack), (1000 * value,)))
            self.assertIsNone(imported.differ(seen(out.save()), expected))

    def sound(self):
        out = Writer(3, "wall")
        for value in range(20):
            out.stack(7, "1f")
            out.string(10, "m.py")
            out.frame(100, 10, 10, value)
            out.refer(100)
            out.time(value)
        return out

    def test_wrong_references(self):
        out = self.sound()
        out.stack(7, "1f")
        out.refer(5555)
        out.time(3)
        out.stack(7, "1f")
        out.time(1 << 62)
        out.stack(7, "1f")
        out.stack(7, "1f")
        out.time(4)
        profile = imported.read(out.save())
        self.assertEqual((len(profile.samples), profile.lost), (21, 3))
        self.assertIn("a frame that is not there", profile.said)
        out.frame(1, 777, 10, 3)
        out.data += b"rest"
        profile = imported.read(out.save())
        self.assertEqual(len(profile.samples), 20)
        self.assertIn("a frame that is not there", profile.said)

    def test_numbers_too_long(self):
        profile = imported.read(written("l.mojo", self.sound().data + b"\11" + b"\xFF" * 12 + b"\1"))
        self.assertEqual((len(profile.samples), profile.lost), (19, 1))
        self.assertIn("an event is none", profile.said)

    def test_cut_anywhere(self):
        data, kept = self.sound().data, 0
        for size in range(4, len(data)):
            path = written("cut.mojo", data[:size])
            if imported.survives(path):
                kept += 1
                self.assertLessEqual(len(imported.read(path).samples), 20)
        self.assertGreater(kept, 100)

    def test_refused(self):
        self.assertIn("MOJO version 9, and 1 to 4 are read", imported.refusal(written("9.mojo", b"MOJ\x09\x01a\0b\0")))
        self.assertIn("no sample of Austin", imported.refusal(written("e.mojo", b"MOJ\x03\x01mode\0wall\0")))
        self.assertIn("not a profile", imported.refusal(written("n.mojo", b"MOJITO, and more of it\n")))


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
