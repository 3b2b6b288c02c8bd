#!/usr/bin/env python3
"""The CPU profiles of gperftools: words put together here from the format's document; a profile that libprofiler wrote, beside
what google-pprof makes of it; what is written here by libprofiler now, where it is installed; damage. Arguments: vmprof-convert,
mkprofile."""

import collections
import ctypes.util
import gzip
import json
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
import profiles  # noqa: E402
import tool  # noqa: E402
from imported import NATIVE, PY  # noqa: E402

FOLDER = None
SECONDS = 60
REAL = pathlib.Path("testdata/foreign/gperftools-2.10.prof")
LOGS = pathlib.Path("testdata/vectors_log/good")
SYMBOLIZE = pathlib.Path("tools/symbolize/vmprof-symbolize")
KINDS = [(size, order) for size in "IQ" for order in "<>"]
PROGRAM = """
#include <stdio.h>
__attribute__((noinline)) long leaf(long n) { volatile long sum = 0; for (long i = 0; i < n; i++) sum += i; return sum; }
__attribute__((noinline)) long middle(long n) { long first = leaf(n); return first + leaf(n / 2); }
int main(void) { long sum = 0; for (int i = 0; i < 200; i++) sum += middle(1000000); printf("%ld", sum); return 0; }
"""
MAPS = """build=/srv/wrong
  build=/srv/app
00010000-00020000 r--p 00000000 08:01 7   /bin/x
00020000-00030000 r-xp 00001000 08:01 7   /bin/x y
00030000-00031000 r-xp 00000000 00:00 0
00040000-00050000 r-xp 00002000 08:01 9   $build/lib.so
00048000-00060000 r-xp 00000000 08:01 9   /inside/the/last
00060000-00070000 r-xp 00000000 08:01 9   $builder
nothing
"""


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data)
    return path


def words(numbers, size="Q", order="<"):
    """Slots of the format."""
    return struct.pack("%s%d%s" % (order, len(numbers), size), *numbers)


def numbers_of(records, period_us=4000, end=(0, 1, 0)):
    """A header, records of (count, addresses), the innermost first, and a trailer."""
    body = [number for count, stack in records for number in (count, len(stack), *stack)]
    return [0, 3, 0, period_us, 0] + body + list(end)


def profile_of(records, size="Q", order="<", maps=MAPS, **more):
    """All of a file."""
    return words(numbers_of(records, **more), size, order) + maps.encode()


def raw(address, file=""):
    """A frame without a name."""
    return ("0x%x" % address, file, NATIVE, 0)


def seen(path):
    """[(stack, values)]"""
    profile = imported.read(path)
    assert {(sample.thread, sample.time_ns) for sample in profile.samples} <= {((0, 0, ""), 0)}
    assert not profile.lost, profile.said
    return [(sample.stack, sample.values) for sample in profile.samples]


RECORDS = [(3, [0x20010, 0x2FFFF, 0x4FFFF]), (1, [0x1FFFF]), (2, [0x60000, 0x30000])]
EXPECTED = [((raw(0x4FFFF, "/srv/app/lib.so"), raw(0x2FFFF, "/bin/x y"), raw(0x20010, "/bin/x y")), (3, 12000000)),
            ((raw(0x1FFFF),), (1, 4000000)), ((raw(0x30000), raw(0x60000, "$builder")), (2, 8000000))]


class Words(unittest.TestCase):
    def test_records(self):
        """Of each size and order."""
        for size, order in KINDS:
            path = written("w.prof", profile_of(RECORDS, size, order))
            self.assertEqual(seen(path), EXPECTED, (size, order))
            profile = imported.read(path)
            self.assertEqual((profile.values, profile.period_ns), (["samples:count", "cpu:ns"], 4000000))
            self.assertIn(b'"format":"gperftools"', tool.run("--json", path).stdout)

    def test_modules_are_kept(self):
        session, = profiles.read(tool.convert(written("m.prof", profile_of(RECORDS))))["sessions"]
        modules = {tuple(module) for sample in session["samples"] for module in sample["modules"] if module}
        self.assertEqual({module[0] for module in modules}, {"/bin/x y", "/srv/app/lib.so", "$builder"})
        self.assertIn(("/bin/x y", "", 0x20000, 0x10000, 0x1000), modules)

    def test_longer_headers(self):
        data = words([0, 5, 0, 4000, 0, 11, 12] + numbers_of(RECORDS)[5:]) + MAPS.encode()
        self.assertEqual(seen(written("h.prof", data)), EXPECTED)

    def test_gzip(self):
        data = gzip.compress(profile_of(RECORDS))
        self.assertEqual(seen(written("w.gz", data)), EXPECTED)
        self.assertIn("cut", imported.read(written("c.gz", data[:-8])).said)

    def test_beside_logs(self):
        """The logs of older vmprofs begin with the same words."""
        for size, order in KINDS:
            for count in list(range(1, 9)) + [0x101, 1 << 20]:
                depth = 1 + count % 7
                path = written("l.prof", profile_of([(count, [0x20010] * depth)], size, order))
                self.assertEqual(seen(path), [((raw(0x20010, "/bin/x y"),) * depth, (count, 4000000 * count))])
        logs = sorted(LOGS.glob("*.prof"))
        self.assertGreater(len(logs), 20)
        for path in logs:
            self.assertNotIn(b'"format":"gperftools"', tool.run("--json", path).stdout, path)

    def test_nothing_in_it(self):
        profile = imported.read(written("n.prof", profile_of([])))
        self.assertEqual((profile.samples, profile.lost, profile.said), ([], 0, ""))

    def test_random(self):
        rng = random.Random(1)
        for size, order in KINDS:
            addresses = [rng.randrange(0x80000, 1 << 32) for _ in range(500)]
            records = [(rng.randint(1, 1 << 30), rng.choices(addresses, k=rng.randint(1, 40))) for _ in range(2000)]
            expected = [(tuple(map(raw, reversed(stack))), (count, 4000000 * count)) for count, stack in records]
            self.assertIsNone(imported.differ(seen(written("r.prof", profile_of(records, size, order))), expected))


class Symbols(unittest.TestCase):
    TEXT = """--- symbol
binary=/srv/app
0x0000000000020010 leaf<0000000000001139>
0x2ffff std::map<int, long>::find(int const&) const--inlined--in that
0x0x not an address
0x4ffff [module] /srv/a b/m.py:12
0x51 f [string]:3
0x51 not again
0x52 main /srv/a.c:7
0x53 operator new(unsigned long)
0x54 a::b:12
unknown=value
---
--- profile
"""

    def test_names(self):
        records = [(3, [0x20010, 0x2FFFF, 0x4FFFF]), (1, [0x54, 0x53, 0x52, 0x51]), (5, [0x55])]
        expected = [
            ((("[module]", "/srv/a b/m.py", PY, 0), ("std::map<int, long>::find(int const&) const", "", NATIVE, 0), ("inlined", "", NATIVE, 0),
              ("in that", "", NATIVE, 0), ("leaf", "", NATIVE, 0)), (3, 12000000)),
            ((("f", "[string]", PY, 0), ("main", "/srv/a.c", NATIVE, 0), ("operator new(unsigned long)", "", NATIVE, 0),
              ("a::b:12", "", NATIVE, 0)), (1, 4000000)), ((raw(0x55),), (5, 20000000))]
        for text in (self.TEXT, self.TEXT.replace("\n", "\r\n"), self.TEXT.replace("--- ", "---").replace("---symbol", "--- symbol")):
            path = written("s.prof", text.encode() + profile_of(records))
            self.assertEqual(seen(path), expected)
        session, = profiles.read(tool.convert(path))["sessions"]
        self.assertEqual(session["metadata"]["program"], "/srv/app")
        lines = {frame[0]: frame[2] for sample in session["samples"] for frame in sample["stack"]}
        self.assertEqual((lines["[module]"], lines["f"], lines["main"], lines["leaf"]), (12, 3, 7, 0))

    def test_what_google_pprof_writes(self):
        """Without a trailer, and with a period of 1 that is none."""
        data = self.TEXT.encode() + words(numbers_of([(3, [0x53]), (4, [0x52, 0x53])], period_us=1, end=()))
        profile = imported.read(written("g.prof", data))
        self.assertEqual((profile.values, profile.period_ns, profile.said), (["samples:count"], None, ""))
        self.assertEqual([sample.values for sample in profile.samples], [(3,), (4,)])
        self.assertEqual([len(sample.stack) for sample in profile.samples], [1, 2])

    def test_more_inlined_than_can_be(self):
        text = "--- symbol\n0x52 %s\n---\n--- profile\n" % "--".join("f%d" % i for i in range(1000))
        (stack, _), = seen(written("i.prof", text.encode() + profile_of([(1, [0x52])])))
        self.assertEqual([frame[0] for frame in stack[:3]] + [len(stack)], ["f0", "f1", "f2", 255])

    def test_refused(self):
        self.assertIn("CPU profiles are read", imported.refusal(written("h.prof", b"--- symbol\n0x1 f\n---\n--- heap\nheap profile: 1")))
        self.assertIn("ends before its records", imported.refusal(written("e.prof", b"--- symbol\n0x1 f\n---\n--- profile")))
        self.assertIn("no CPU profile of gperftools", imported.refusal(written("w.prof", b"--- profile\n" + words([0, 3, 1, 5, 0]))))

    def test_out_and_back(self):
        """What our own export holds: how many samples each function has, itself and below it."""
        for path in tool.names():
            out = written("o.prof", tool.convert("--gperftools", path))
            session, = profiles.read(tool.convert(out))["sessions"]
            back = collections.Counter()
            for sample in session["samples"]:
                back[tuple((frame[0], frame[1], frame[2]) for frame in sample["stack"])] += sample["values"][0]
            out = tool.convert("--gperftools", "--metric=samples", written("p.prof", tool.convert(out)))
            session, = profiles.read(tool.convert(written("q.prof", out)))["sessions"]
            again = collections.Counter()
            for sample in session["samples"]:
                again[tuple((frame[0], frame[1], frame[2]) for frame in sample["stack"])] += sample["values"][0]
            self.assertEqual(back, again, path)
            lines = tool.convert("--json", path).decode().splitlines()
            count = sum(json.loads(line)["weight" if json.loads(lines[0])["profile"]["unit"] == "count" else "samples"] for line in lines[1:])
            self.assertEqual(sum(back.values()), count, path)


class Damage(unittest.TestCase):
    SOUND = [(n + 1, [0x20010, 0x52, 0x53][:1 + n % 3]) for n in range(3)]

    def test_cut_anywhere(self):
        for word, data in ((8, profile_of(self.SOUND)), (4, profile_of(self.SOUND, "I", ">")), (8, Symbols.TEXT.encode() + profile_of(self.SOUND))):
            whole = [values for _, values in seen(written("s.prof", data))]
            end = data.index(MAPS.encode())
            ends = {data.index(b"--- profile") + 12 if data.startswith(b"---") else 0: 0}  # where a record ends: how many there are
            start, = ends
            at = start + 5 * word
            ends[at] = 0
            for i, (_, stack) in enumerate(self.SOUND):
                at += word * (2 + len(stack))
                ends[at] = i + 1
            for size in list(range(0, start, 9)) + list(range(start, end + 1)) + list(range(end + 1, len(data), 9)):
                path = written("cut.prof", data[:size])
                if size < start + 8 * word:  # where it may be a log as well
                    if not imported.survives(path) or b'"format":"vmprof' in tool.run("--json", path).stdout:
                        continue
                profile = imported.read(path)
                count = max(i for at, i in ends.items() if at <= size)
                self.assertEqual([sample.values for sample in profile.samples], whole[:count], size)
                has_end = size >= end or (start and size in ends and size > start)
                self.assertEqual(bool(profile.said), not has_end, size)

    def test_hostile_numbers(self):
        for size, order in KINDS:
            most = (1 << (64 if size == "Q" else 32)) - 1
            for record in ([1, 0], [1, most], [1, most // 8], [1, (most + 1) // 8 - 2], [2, 1 << 20]):
                data = words(numbers_of(self.SOUND, end=record + [0x52, 0, 1, 0]), size, order)
                profile = imported.read(written("n.prof", data))
                self.assertEqual((len(profile.samples), profile.lost), (3, 0))
                self.assertIn("no end is behind it", profile.said)
        for count in (1 << 63, (1 << 64) - 1, (1 << 63) // 4000000 + 1, 0):
            profile = imported.read(written("c.prof", profile_of(self.SOUND + [(count, [0x52])])))
            self.assertEqual((len(profile.samples), profile.lost), (3, 1))
            self.assertIn("counts nothing, or too much", profile.said)
        for header in ([0, 2, 0, 4000, 0], [0, 1 << 40, 0, 4000, 0], [0, 1000, 0, 4000, 0], [1, 3, 0, 4000, 0], [0, 3, 0, 1 << 32, 0]):
            imported.refusal(written("h.prof", b"--- profile\n" + words(header + numbers_of(self.SOUND)[5:])))

    def test_deep_stacks(self):
        """Those that google-pprof would refuse, and those that no profile may have."""
        deep = [(1, [0x52] * 200000), (1, [0x52] * ((1 << 20) + 1)), (1, [0x52])]
        profile = imported.read(written("d.prof", profile_of(self.SOUND + deep)))
        self.assertEqual([len(sample.stack) for sample in profile.samples[3:]], [200000, 1])
        self.assertEqual(profile.lost, 1)
        self.assertIn("too many frames", profile.said)

    def test_any_byte_may_be_wrong(self):
        rng = random.Random(5)
        for text in (b"", Symbols.TEXT.encode()):
            for _ in range(100):
                data = bytearray(text + profile_of(self.SOUND))
                data[rng.randrange(len(data))] = rng.randrange(256)
                imported.survives(written("x.prof", bytes(data)))


class Real(unittest.TestCase):
    def check(self, path, pprofs, period_us):
        """Each stack has the samples that google-pprof's own reading of it has: callers' addresses less 1."""
        text, _, data = pprofs.partition(b"--- profile\n")
        slots = collections.deque(struct.unpack("<%dQ" % (len(data) // 8), data)[5:])
        expected = collections.Counter()
        while slots:
            count, depth = slots.popleft(), slots.popleft()
            expected[tuple(slots.popleft() for _ in range(depth))] += count
        profile = imported.read(path)
        found = collections.Counter()
        for sample in profile.samples:
            stack = [int(frame[0], 16) for frame in reversed(sample.stack)]
            found[tuple(stack[:1] + [address - 1 for address in stack[1:]])] += sample.values[0]
            self.assertEqual(sample.values[1], 1000 * period_us * sample.values[0])
        self.assertTrue(expected)
        self.assertEqual((found, profile.lost, profile.period_ns), (expected, 0, 1000 * period_us))
        names = dict(line.split(b" ", 1) for line in text.splitlines() if line.startswith(b"0x"))
        back = imported.read(written("raw.prof", pprofs))
        named = collections.Counter()
        for sample in back.samples:
            named[tuple(frame[0] for frame in sample.stack)] += sample.values[0]
        wanted = collections.Counter()
        for stack, count in expected.items():
            wanted[tuple(names[b"0x%016x" % address].decode().partition("<")[0] for address in reversed(stack))] += count
        self.assertEqual((named, back.said), (wanted, ""))
        return profile

    def test_of_libprofiler(self):
        profile = self.check(REAL, REAL.with_suffix(".raw").read_bytes(), 4000)
        files = {frame[1] for sample in profile.samples for frame in sample.stack}
        self.assertEqual(files, {"/tmp/spin/spin", "/usr/lib/x86_64-linux-gnu/libc.so.6"})

    def test_what_libprofiler_writes(self):
        """And vmprof-symbolize names it."""
        library = ctypes.util.find_library("profiler")
        if not library or not shutil.which("google-pprof") or not shutil.which("cc"):
            self.skipTest("libprofiler (Debian: libgoogle-perftools4), google-pprof (google-perftools) or a compiler is not installed")
        source, program, out = written("spin.c", PROGRAM.encode()), FOLDER / "spin", FOLDER / "spin.prof"
        subprocess.run(["cc", "-g", "-O1", "-fno-omit-frame-pointer", "-o", str(program), str(source)], check=True, timeout=SECONDS)
        subprocess.run([str(program)], check=True, timeout=SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={"LD_PRELOAD": library, "CPUPROFILE": str(out), "CPUPROFILE_FREQUENCY": "250"})
        done = subprocess.run(["google-pprof", "--raw", str(program), str(out)], check=True, timeout=SECONDS, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        profile = self.check(out, done.stdout, 4000)
        named = FOLDER / "named.prof"
        subprocess.run([str(SYMBOLIZE.absolute()), "--trust-paths", str(written("ours.prof", tool.convert(out))), "-o", str(named)],
                       check=True, timeout=SECONDS, stderr=subprocess.DEVNULL)
        leaves = collections.Counter()
        for frames, weight in profiles.samples_of(profiles.read(named.read_bytes())):
            leaves[frames[-1].name] += weight
            self.assertIn("middle", [frame.name for frame in frames])
        self.assertEqual(leaves, {"leaf": sum(sample.values[1] for sample in profile.samples)})


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
