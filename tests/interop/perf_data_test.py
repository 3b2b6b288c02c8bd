#!/usr/bin/env python3
"""perf.data, read through `perf script`: by a perf that is played here, which prints what it is told and remembers how it was
called, and by the real one where that is installed and may record. And what of the text is kept: times, where functions begin,
samples in one line. Arguments: vmprof-convert, mkprofile."""

import os
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
import profiles  # noqa: E402
import tool  # noqa: E402
from imported import KERNEL, NATIVE, UNKNOWN  # noqa: E402

FOLDER = None
SECONDS = 60
DATA = b"PERFILE2" + bytes(range(200)) * 30
PLAYED = """#!%s
import pathlib, sys
here = pathlib.Path(__file__).parent
(here / "arguments").write_text("\\n".join(sys.argv[1:-1]))
(here / "given").write_bytes(open(sys.argv[-1], "rb").read())
sys.stdout.buffer.write((here / "says").read_bytes())
sys.stdout.flush()
sys.stderr.write((here / "complains").read_text())
sys.exit(int((here / "exits").read_text()))
"""
TEXT = """my: comm  12/34 [001]  5.123456789:     250 cpu-clock:u: \n\t 1010 f+0x10 (/lib/x.so)\n\t ffff00 do_it+0xa ([kernel.kallsyms])\n
x 1/2 5.2: 7 cpu-clock:u:           1f00 [unknown] ([unknown])
x 1/2 4.0: 8 cpu-clock:u:           2030 g+0x30 (/lib/x.so)
"""
STACKS = [(0, (("do_it", "[kernel.kallsyms]", KERNEL, 0), ("f", "/lib/x.so", NATIVE, 0)), (250,)),
          (76543211, (("[unknown]", "", UNKNOWN, 0),), (7,)), (0, (("g", "/lib/x.so", NATIVE, 0),), (8,))]


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def seen(profile):
    """[(time, stack, values)]"""
    return [(sample.time_ns, sample.stack, sample.values) for sample in profile.samples]


class Text(unittest.TestCase):
    def test_by_hand(self):
        profile = imported.read(written("perf.txt", TEXT))
        self.assertEqual((profile.values, profile.lost, profile.said), (["cpu-clock:u:ns"], 0, ""))
        self.assertEqual(seen(profile), STACKS)
        self.assertEqual([sample.thread for sample in profile.samples], [(12, 34, "my: comm"), (1, 2, "x"), (1, 2, "x")])
        self.assertEqual(profile.end_ns, 76543211)

    def test_addresses(self):
        """Where a function begins; its lowest, where one name is that of several."""
        dump = profiles.read(tool.convert(written("perf.txt", TEXT + TEXT.replace("1010 f+0x10", "1008 f+0x28"))))
        addresses = {frame[0]: frame[4] for sample in dump["sessions"][0]["samples"] for frame in sample["stack"]}
        self.assertEqual(addresses, {"f": 0xFE0, "do_it": 0xFFFEF6, "[unknown]": 0, "g": 0x2000})

    def test_one_line_comes_first(self):
        self.assertEqual(len(imported.read(written("perf.txt", TEXT.split("\n\n")[1])).samples), 2)

    def test_no_period(self):
        """Then each sample counts one, whatever the event."""
        profile = imported.read(written("perf.txt", "x 2 5.5: cpu-clock:\n\t10 f (/x)\n\nx 2 6.75: cpu-clock: \n\t10 f (/x)\n"))
        self.assertEqual((profile.values, [sample[::2] for sample in seen(profile)]), (["cpu-clock:count"], [(0, (1,)), (1250000000, (1,))]))

    def test_random_times(self):
        rng, stamp, lines, expected = random.Random(4), 10 ** 9 * 77, [], []
        for _ in range(5000):
            stamp += rng.randrange(10 ** rng.randint(1, 10))
            digits = rng.choice([6, 9])
            shown = stamp // 10 ** (9 - digits) * 10 ** (9 - digits)
            part = ("%09d" % (shown % 10 ** 9))[:digits]
            lines.append("c 1/2 %d.%s: 3 cycles: \n\t10 f (/x)\n\n" % (shown // 10 ** 9, part))
            expected.append(shown)
        found = [sample.time_ns for sample in imported.read(written("perf.txt", "".join(lines))).samples]
        self.assertIsNone(imported.differ(found, [max(each - expected[0], 0) for each in expected]))


class Played(unittest.TestCase):
    def perf(self, says=TEXT, complains="", exits=0, path=None, data=DATA):
        """Reads data with a perf that behaves so; gives the arguments of imported's functions."""
        there = FOLDER / "bin"
        there.mkdir(exist_ok=True)
        for name, text in (("perf", PLAYED % sys.executable), ("says", says), ("complains", complains), ("exits", str(exits))):
            (there / name).write_text(text)
        (there / "perf").chmod(0o755)
        path = path or written("perf.data", data)
        return [path], {"env": {"PATH": str(there)}}

    def test_read(self):
        for name in ("perf.data", "-odd; name $(touch x).data"):
            arguments, options = self.perf(path=written(name, DATA))
            options["cwd"] = str(FOLDER)
            profile = imported.read("--", arguments[0].name, **options)
            self.assertEqual(seen(profile), STACKS)
            self.assertEqual((FOLDER / "bin/arguments").read_text().split("\n"), ["script", "--ns", "-F", "+pid", "-i"])
            self.assertEqual((FOLDER / "bin/given").read_bytes(), DATA)
        self.assertFalse((FOLDER / "x").exists())

    def test_pipe(self):
        _, options = self.perf()
        with subprocess.Popen(["cat", str(FOLDER / "perf.data")], stdout=subprocess.PIPE) as cat:
            self.assertEqual(seen(imported.read("-", stdin=cat.stdout, **options)), STACKS)

    def test_perf_fails(self):
        arguments, options = self.perf("", "\n\x1b[31mno luck\nmore\n", 129)
        self.assertIn("perf cannot read it: [31mno luck\n", imported.refusal(*arguments, **options))
        arguments, options = self.perf(TEXT, "died late\n", 1)
        profile = imported.read(*arguments, **options)
        self.assertEqual(seen(profile), STACKS)
        self.assertIn("perf failed before the end of it: died late", profile.said)
        self.assertEqual(tool.run("--json", "--strict", *arguments, **options).returncode, 1)
        arguments, options = self.perf("", "only a warning\n", 0)
        self.assertIn("no sample of perf script", imported.refusal(*arguments, **options))

    def test_much_is_said(self):
        """More than a pipe holds on both; nobody waits for the other."""
        sample = "c 1/2 %d.000000000: 3 cycles: \n\t10 f (/x)\n\n"
        arguments, options = self.perf("".join(sample % i for i in range(1, 70001)), "warning\n" * 50000, 0)
        self.assertEqual(len(imported.read(*arguments, **options).samples), 70000)

    def test_no_perf(self):
        said = imported.refusal(written("perf.data", DATA), env={"PATH": str(FOLDER / "nowhere")})
        self.assertIn("linux-perf", said)
        self.assertIn("perf script", said)


class Real(unittest.TestCase):
    @unittest.skipUnless(shutil.which("perf"), "perf is not installed (Debian: linux-perf)")
    def test_real(self):
        work = "x = 0\nfor i in range(3000000):\n    x += i"
        for options in (["-g"], [], ["-c", "5000000"]):
            path = FOLDER / "real.data"
            done = subprocess.run(["perf", "record", "-e", "cpu-clock:u", *options, "-o", str(path), sys.executable, "-c", work],
                                  check=False, timeout=SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if done.returncode != 0:
                self.skipTest("perf may not record here: " + done.stderr.decode().strip().split("\n")[0])
            fields = subprocess.run(["perf", "script", "--ns", "-F", "time", "-i", str(path)], check=True, timeout=SECONDS,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
            stamps = [each.strip().rstrip(":").split(".") for each in fields.split("\n") if each.strip().endswith(":")]
            times = [int(seconds) * 10 ** 9 + int(part.ljust(9, "0")) for seconds, part in stamps]
            profile = imported.read(path)
            self.assertGreater(len(times), 5)
            self.assertEqual([sample.time_ns for sample in profile.samples], [each - times[0] for each in times], options)
            self.assertEqual(profile.lost, 0)
        cut = written("cut.data", path.read_bytes()[:150])
        self.assertIn("perf cannot read it: ", imported.refusal(cut, env=dict(os.environ)))


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
