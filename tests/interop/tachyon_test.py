#!/usr/bin/env python3
"""The binary format of CPython 3.15's profiling.sampling: a file that CPython wrote, with what CPython reads of it; random files by
a writer of its own made from the format's document; damage. Where $VMPROF_PYTHON_3_15 names such an interpreter, what it writes
now. Arguments: vmprof-convert, mkprofile."""

import collections
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import imported  # noqa: E402
import tool  # noqa: E402
from imported import GC, NATIVE, PY, UNKNOWN  # noqa: E402

FOLDER = None
SECONDS = 60
REAL = pathlib.Path("testdata/foreign/tachyon-3.15.2")
WRITES = """
import sys, _remote_debugging as r
frame = lambda file, line, name: r.FrameInfo((file, r.LocationInfo((line, line, 0, 1)), name, None))
thread = lambda number, frames: r.ThreadInfo((number, 1, frames))
out = r.BinaryWriter(sys.argv[1], 1000, 5000, compression=int(sys.argv[2]))
for i in range(500):
    frames = [frame("m.py", 5, "f")] * (i % 7) + [frame("m.py", 1 + i // 100, "main")]
    out.write_sample([r.InterpreterInfo((i % 2, [thread(77 + i % 2, frames)]))], 5000 + 100 * i)
out.finalize()
"""


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data)
    return path


def varint(value):
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def zigzag(value):
    """Its sign in the lowest bit."""
    return varint(2 * value if value >= 0 else -2 * value - 1)


class Writer:
    """A file, record by record."""

    def __init__(self, order="<"):
        self.order, self.samples, self.count = order, b"", 0
        self.strings, self.frames = [], []

    def string(self, text):
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def frame(self, file, name, line):
        key = (self.string(file), self.string(name), line)
        if key not in self.frames:
            self.frames.append(key)
        return self.frames.index(key)

    def record(self, thread, interpreter, encoding, data, count=1):
        self.samples += struct.pack(self.order + "QIB", thread, interpreter, encoding) + data
        self.count += count

    def full(self, thread, delta, frames, interpreter=0):
        self.record(thread, interpreter, 1, varint(delta) + b"\3" + varint(len(frames)) + b"".join(map(varint, frames)))

    def suffix(self, thread, delta, shared, frames, interpreter=0):
        self.record(thread, interpreter, 2, varint(delta) + b"\1" + varint(shared) + varint(len(frames)) + b"".join(map(varint, frames)))

    def pop_push(self, thread, delta, popped, frames, interpreter=0):
        self.record(thread, interpreter, 3, varint(delta) + b"\0" + varint(popped) + varint(len(frames)) + b"".join(map(varint, frames)))

    def repeat(self, thread, deltas, interpreter=0):
        self.record(thread, interpreter, 0, varint(len(deltas)) + b"".join(varint(delta) + b"\x1f" for delta in deltas), len(deltas))

    def data(self, samples=None, compression=0, version=1, count=None, extra=b""):
        samples = self.samples if samples is None else samples
        strings = b"".join(varint(len(text.encode())) + text.encode() for text in self.strings)
        frames = b"".join(varint(f) + varint(n) + zigzag(line) + zigzag(0) + zigzag(4) + zigzag(9) + b"\xff" for f, n, line in self.frames)
        at = 64 + len(samples)
        head = struct.pack(self.order + "II4BQQQIQQII", 0x54414348, version, 3, 15, 0, 0, 1000000, 250, self.count if count is None else count,
                           2, at, at + len(strings), compression, 1)
        body = head + samples + strings + frames + extra
        return body + struct.pack(self.order + "IIQ16x", len(self.strings), len(self.frames), len(body) + 32)


def made(order="<"):
    """Each kind of record."""
    out = Writer(order)
    main, f, g = (out.frame("m.py", name, line) for name, line in (("main", 1), ("f", 20), ("g", 300)))
    gc, native, odd = (out.frame("~", name, -1) for name in ("<GC>", "<native>", "<odd>"))
    out.full(70, 1000, [f, main])
    out.suffix(70, 10, 2, [gc, g])
    out.repeat(70, [5, 6, 7])
    out.full(71, 3, [native, odd], interpreter=1)
    out.pop_push(70, 2, 3, [g])
    out.full(70, 1, [])
    return out


SECOND = (("main", "m.py", PY, 1), ("f", "m.py", PY, 20), ("g", "m.py", PY, 300), ("<GC>", "", GC, 0))
EXPECTED = [(70, "", 1000000, SECOND[:2]), (70, "", 1010000, SECOND), (70, "", 1015000, SECOND), (70, "", 1021000, SECOND),
            (70, "", 1028000, SECOND), (71, "interpreter 1", 3000, (("<odd>", "", UNKNOWN, 0), ("<native>", "", NATIVE, 0))),
            (70, "", 1030000, (SECOND[0], SECOND[2])), (70, "", 1031000, ())]


def seen(profile):
    """Without what is the same in all."""
    assert all(sample.values == (1,) and sample.thread[0] == 0 for sample in profile.samples)
    return [(sample.thread[1], sample.thread[2], sample.time_ns, sample.stack) for sample in profile.samples]


class Tachyon(unittest.TestCase):
    def check_real(self, path, expected):
        profile = imported.read(path)
        self.assertEqual((profile.period_ns, profile.values, profile.lost), (1000 * expected["interval_us"], ["samples:count"], 0))
        self.assertEqual([sample.time_ns for sample in profile.samples], [1000 * each for each in expected["times_us"]])
        stacks = collections.Counter(sample.stack for sample in profile.samples)
        found = [{"count": n, "frames": ["%s %s:%d" % (name, file, line) for name, file, _, line in stack]} for stack, n in stacks.items()]
        key = lambda each: each["frames"]  # noqa: E731
        self.assertEqual(sorted(found, key=key), sorted(expected["stacks"], key=key))
        self.assertEqual({sample.thread[1] for sample in profile.samples}, {expected["thread"]})

    def test_of_cpython(self):
        """Which is compressed; without that it is the same."""
        expected = json.loads(REAL.with_suffix(".2.json").read_text())
        self.check_real(REAL.with_suffix(".2.bin"), expected)

    def test_records(self):
        for order in "<>":
            profile = imported.read(written("t.bin", made(order).data()))
            self.assertEqual(seen(profile), EXPECTED)
            self.assertEqual((profile.period_ns, profile.end_ns, profile.lost), (250000, 1031000, 0))

    def test_random(self):
        rng = random.Random(15)
        for order in "<>":
            out, expected, stacks, times = Writer(order), [], {}, {}
            frames = [out.frame("file%d.py" % (i % 5), "f%d" % i, rng.randint(1, 1 << 30)) for i in range(300)]
            plain = [("f%d" % i, "file%d.py" % (i % 5), PY, out.frames[i][2]) for i in range(300)]
            for _ in range(30000):
                thread = rng.choice([1, 1 << 40, 5])
                old = stacks.get(thread, [])
                fresh = [rng.randrange(300) for _ in range(rng.randint(0, 4))]
                deltas = [rng.randint(0, 1 << rng.randint(0, 20))]
                kind = rng.randrange(4) if thread in stacks and len(old) < 200 else 1
                if kind == 0:
                    deltas = [rng.randint(0, 300) for _ in range(rng.randint(0, 5))]
                    out.repeat(thread, deltas)
                elif kind == 1:
                    old = fresh
                    out.full(thread, deltas[0], [frames[i] for i in fresh])
                else:
                    kept = rng.randint(0, len(old))
                    write = out.suffix if kind == 2 else out.pop_push
                    write(thread, deltas[0], kept if kind == 2 else len(old) - kept, [frames[i] for i in fresh])
                    old = fresh + old[len(old) - kept:]
                stacks[thread] = old
                for delta in deltas:
                    times[thread] = times.get(thread, 0) + delta
                    expected.append((thread, "", 1000 * times[thread], tuple(plain[i] for i in reversed(old))))
            self.assertIsNone(imported.differ(seen(imported.read(written("r.bin", out.data()))), expected))

    @unittest.skipUnless(shutil.which("zstd"), "zstd is not installed")
    def test_compressed(self):
        """Several frames of zstd, one behind the other, and cut ones."""
        out = made()
        half = len(out.samples) // 2
        packed = b"".join(subprocess.run(["zstd", "-qc"], input=part, stdout=subprocess.PIPE, check=True, timeout=SECONDS).stdout
                          for part in (out.samples[:half], out.samples[half:]))
        self.assertEqual(seen(imported.read(written("z.bin", out.data(packed, 1)))), EXPECTED)
        for size in range(len(packed)):
            profile = imported.read(written("z.bin", out.data(packed[:size], 1)))
            self.assertEqual(len(profile.samples) + profile.lost, len(EXPECTED), size)
        profile = imported.read(written("z.bin", out.data(b"no zstd" + packed, 1)))
        self.assertEqual((profile.samples, profile.lost), ([], len(EXPECTED)))

    def test_newer_statistics_are_passed_over(self):
        self.assertEqual(seen(imported.read(written("s.bin", made().data(extra=b"x" * 24 + b"TACHSTAT" + b"y" * 24)))), EXPECTED)

    def test_wrong_frames(self):
        """A sample with one is lost, and those that build upon it, up to the next whole stack."""
        out = made()
        out.full(70, 1, [0, 99])
        out.suffix(70, 1, 1, [0])
        out.repeat(70, [1, 1])
        out.suffix(71, 1, 9, [0], interpreter=1)
        out.full(70, 5, [0])
        profile = imported.read(written("w.bin", out.data()))
        self.assertEqual(seen(profile), EXPECTED + [(70, "", 1040000, (SECOND[0],))])
        self.assertEqual(profile.lost, 5)
        self.assertIn("a frame that is not there", profile.said)

    def test_broken_records(self):
        for bad in (struct.pack("<QIB", 70, 0, 4), struct.pack("<QIB", 70, 0, 1) + b"\xff" * 11, b"\0" * 5,
                    struct.pack("<QIB", 70, 0, 1) + b"\x80" * 9 + b"\2\0\0", struct.pack("<QIB", 70, 0, 0) + varint(1 << 62),
                    struct.pack("<QIB", 70, 0, 1) + varint((1 << 63) // 1000) + b"\0\0"):
            out = made()
            out.samples += bad
            profile = imported.read(written("b.bin", out.data(count=out.count + 3)))
            self.assertEqual((seen(profile), profile.lost), (EXPECTED, 3))
            self.assertIn("a record is broken", profile.said)
        profile = imported.read(written("b.bin", made().data(count=100)))
        self.assertEqual((seen(profile), profile.lost), (EXPECTED, 92))
        self.assertIn("not as many samples as it says", profile.said)

    def test_refused(self):
        sound = made().data()
        self.assertIn("version 2", imported.refusal(written("v.bin", made().data(version=2))))
        self.assertIn("compression 7", imported.refusal(written("c.bin", made().data(compression=7))))
        self.assertIn("table of strings", imported.refusal(written("s.bin", sound[:-32] + struct.pack("<I", 1 << 31) + sound[-28:])))
        self.assertIn("table of frames", imported.refusal(written("f.bin", sound[:-28] + struct.pack("<I", 1 << 31) + sound[-24:])))
        for place in (40, 48):
            for value in (0, 63, 1 << 63, (1 << 64) - 1):
                imported.refusal(written("o.bin", sound[:place] + struct.pack("<Q", value) + sound[place + 8:]))
        out = made()
        out.frames.append((0, 55, 3))
        self.assertIn("table of frames", imported.refusal(written("i.bin", out.data())))
        for size in range(8, len(sound)):
            self.assertIn("tables come last", imported.refusal(written("cut.bin", sound[:size])))

    def test_any_byte_may_be_wrong(self):
        rng = random.Random(3)
        for _ in range(300):
            data = bytearray(made().data())
            data[rng.randrange(8, len(data))] = rng.randrange(256)
            imported.survives(written("x.bin", bytes(data)))

    def test_what_cpython_writes(self):
        python = os.environ.get("VMPROF_PYTHON_3_15")
        if not python:
            self.skipTest("$VMPROF_PYTHON_3_15 names no CPython 3.15")
        expected = []
        for i in range(500):
            stack = (("main", "m.py", PY, 1 + i // 100),) + (("f", "m.py", PY, 5),) * (i % 7)
            expected.append((77 + i % 2, "interpreter 1" if i % 2 else "", 100000 * i, stack))
        for compression in ("0", "1"):
            path = FOLDER / "cpython.bin"
            subprocess.run([python, "-c", WRITES, str(path), compression], check=True, timeout=SECONDS)
            found = seen(imported.read(path))
            self.assertEqual(sorted(found, key=lambda each: each[2]), expected)  # equal ones are kept back, and written late


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
