#!/usr/bin/env python3
"""vmprof-symbolize from end to end, over profiles that are made from texts and read back by the reader in Python.

The program that is recorded is compiled here by gcc, which whoever builds this has. Its names and lines are known from
its source; nothing here asks a symbolizer.
"""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL, MAKE, READER, TOP = (os.path.abspath(path) for path in sys.argv[1:5])
del sys.argv[1:5]

SOURCE = """\
extern void sink(int);
static inline __attribute__((always_inline)) int inner(int x)
{
    sink(x);            /* line 4 */
    return x + 1;
}
static inline __attribute__((always_inline)) int middle(int x)
{
    return inner(x) * 2; /* line 9 */
}
__attribute__((noinline)) int outer(int x)
{
    return middle(x) + 7; /* line 13 */
}
__attribute__((noinline)) void sink(int x)
{
    __asm__ volatile("" : : "r"(x));
}
int main(void)
{
    return outer(3) == 0;
}
"""
BASE = 0x7F0000000000


def run(*command, **options):
    """A finished command."""
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, **options
    )


def escaped(data):
    """Bytes as a word of a profile's source."""
    return "".join("\\x%02x" % byte for byte in data)


class Symbolize(unittest.TestCase):
    """Each test has a folder with the program in it, and a profile of it without names."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.program = self.folder / "program"
        (self.folder / "program.c").write_text(SOURCE)
        run("gcc", "-O2", "-g", "-Wl,--build-id=sha1", "-o", str(self.program), "program.c",
            cwd=str(self.folder), check=True)
        notes = run("readelf", "-n", str(self.program)).stdout
        self.build_id = bytes.fromhex(re.search("Build ID: ([0-9a-f]+)", notes).group(1))
        self.addresses = self.read_addresses()

    def tearDown(self):
        shutil.rmtree(str(self.folder))

    def read_addresses(self):
        """{function: address in the process}, and where the call of sink in outer returns to."""
        found = {}
        for line in run("nm", str(self.program)).stdout.splitlines():
            words = line.split()
            if len(words) == 3 and words[1] in "tT":
                found[words[2]] = BASE + int(words[0], 16)
        lines = run("objdump", "-d", "--no-show-raw-insn", str(self.program)).stdout.splitlines()
        inside = False
        for number, line in enumerate(lines):
            inside = "<outer>:" in line or (inside and bool(line.strip()))
            if inside and re.search(r"call.*<sink>", line):
                found["after call"] = BASE + int(lines[number + 1].split(":")[0], 16)
        return found

    def profile(self, functions, samples, build_id=None, path=None, extra="", name="in.prof"):
        """A profile whose module is the program at BASE."""
        identity = escaped(self.build_id if build_id is None else build_id) or "-"
        lines = ["start 1700000000000000000", "meta list values cpu:ns samples:count",
                 "meta string program program", "meta integer process_id 77", extra,
                 "module program %s %s %#x 0x100000 0" % (path or self.program, identity, BASE),
                 "function main main prog.py 3 py 0x5000"]
        lines += functions + ["label busy - state text waiting", "thread t 10 11 worker",
                              "thread idle 10 12 idle"] + samples + ["lost 3", "end 99000"]
        source = self.folder / "in.txt"
        source.write_text("\n".join(lines) + "\n")
        out = self.folder / name
        # It frees nothing: what it makes is at its end.
        run(MAKE, str(source), str(out), check=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        return out

    def usual(self, **options):
        """One sample in sink, called by outer (inlined: middle, inner), and one in nothing that is known."""
        functions = ["function s - - 0 native %#x program" % self.addresses["sink"],
                     "function o - - 0 native %#x program" % self.addresses["after call"],
                     "function named already x.c 9 native 0x10 program",
                     "function nowhere - - 0 native %#x program" % (BASE + 0x50000)]
        samples = ["sample t 1000 5,1 main:4;o;s busy", "sample t 2000 6,1 main:5;named;nowhere"]
        return self.profile(functions, samples, **options)

    def symbolize(self, *arguments, **options):
        """The tool's run; it looks at nothing of this machine but the files of the test."""
        return run(TOOL, "--no-system", *arguments, cwd=str(self.folder), **options)

    def read(self, path):
        done = run(sys.executable, READER, str(path))
        return json.loads(done.stdout)["sessions"][0]

    def frames(self, path, sample=0):
        return [frame[:4] + [frame[5]] for frame in self.read(path)["samples"][sample]["stack"]]

    def test_names_lines_and_inlined_frames(self):
        done = self.symbolize(str(self.usual()))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.frames(self.folder / "symbolized.prof"), self.expected())
        self.assertIn("2 of 3 native addresses named; 1 have no symbol", done.stderr)

    def expected(self):
        """As gcc sees paths: the folder of the compilation comes first. The line in sink is that of its first bytes."""
        source = str(self.folder / "program.c")
        found = self.frames(self.folder / "symbolized.prof")
        line = found[-1][4] if found else 0
        self.assertIn(line, (16, 17, 18))
        return [["main", "prog.py", 3, 1, 4], ["outer", source, 11, 4, 13], ["middle", source, 7, 4, 9],
                ["inner", source, 2, 4, 4], ["sink", source, 15, 4, line]]

    def test_all_else_is_kept(self):
        """Everything but the stacks is as it was, to the last label and thread."""
        before = self.usual()
        self.symbolize(str(before), check=True)
        one, other = self.read(before), self.read(self.folder / "symbolized.prof")
        for key in "end_ns", "finished", "lost_samples", "metadata", "modules", "start_unix_ns", "value_types":
            self.assertEqual(one[key], other[key], key)
        self.assertEqual(one["lost_samples"], 3)
        for old, new in zip(one["samples"], other["samples"]):
            for key in "flags", "labels", "thread", "time_ns", "values":
                self.assertEqual(old[key], new[key], key)
        self.assertEqual(len(one["samples"]), len(other["samples"]))
        names = [json.loads(run(sys.executable, READER, str(path)).stdout)["threads"]
                 for path in (before, self.folder / "symbolized.prof")]
        self.assertEqual(names[0], names[1])
        # What had a name; and what none was found for, which is said to be of its file.
        *kept, unnamed = one["samples"][1]["stack"]
        self.assertEqual(unnamed[:2], ["", ""])
        unnamed[1] = str(self.program)
        self.assertEqual(kept + [unnamed], other["samples"][1]["stack"])

    def test_twice_changes_nothing(self):
        self.symbolize(str(self.usual()), check=True)
        self.symbolize("symbolized.prof", "-o", "again.prof", check=True)
        self.assertEqual((self.folder / "symbolized.prof").read_bytes(),
                         (self.folder / "again.prof").read_bytes())

    def test_another_build_is_refused(self):
        done = self.symbolize(str(self.usual(build_id=b"\1" * 20)))
        self.assertEqual(done.returncode, 0)
        self.assertIn("of another build", done.stderr)
        self.assertEqual(done.stderr.count(str(self.program)), 1)
        self.assertEqual(self.frames(self.folder / "symbolized.prof")[-1][0], "")

    def test_without_a_build_id_paths_must_be_trusted(self):
        path = self.usual(build_id=b"")
        done = self.symbolize(str(path))
        self.assertIn("--trust-paths", done.stderr)
        self.assertEqual(self.frames(self.folder / "symbolized.prof")[-1][0], "")
        self.symbolize("--trust-paths", str(path), check=True)
        self.assertEqual(self.frames(self.folder / "symbolized.prof")[-1][0], "sink")

    def test_the_binary_is_found_elsewhere(self):
        """By name in a folder, by path below it, and by build id."""
        path = self.usual(path="/no/such/place/program")
        done = self.symbolize(str(path))
        self.assertIn("no such file here", done.stderr)
        for place in ("here/program", "root/no/such/place/program",
                      "ids/.build-id/%s/%s" % (self.build_id.hex()[:2], self.build_id.hex()[2:])):
            target = self.folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(self.program), str(target))
            self.symbolize("--debug-dir", str(self.folder / place.split("/")[0]), str(path), check=True)
            self.assertEqual(self.frames(self.folder / "symbolized.prof")[-1][0], "sink", place)

    def test_a_function_without_a_module_is_in_the_one_mapped_there(self):
        """Logs of older versions say so: addresses among code, and a table of what was mapped."""
        path = self.profile(["function s <native\\ssymbol\\s%#x> - 0 native 0" % self.addresses["sink"],
                             "function other there other.c 3 native 0x99 program"],
                            ["sample t 1 5,1 other;s"])
        self.symbolize(str(path), check=True)
        self.assertEqual(self.frames(self.folder / "symbolized.prof")[-1][0], "sink")

    def test_never_over_an_input(self):
        path = self.usual()
        before = path.read_bytes()
        done = self.symbolize(str(path), "-o", str(path))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(path.read_bytes(), before)
        os.link(str(path), str(self.folder / "link.prof"))
        self.assertEqual(self.symbolize(str(path), "-o", "link.prof").returncode, 1)
        os.unlink(str(self.folder / "link.prof"))
        self.symbolize("--in-place", str(path), check=True)
        self.assertEqual(self.frames(path)[-1][0], "sink")
        self.assertEqual(sorted(name for name in os.listdir(str(self.folder)) if ".prof" in name),
                         ["in.prof"])

    def test_through_pipes(self):
        done = subprocess.run([TOOL, "--no-system", "-o", "-"], input=self.usual().read_bytes(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        (self.folder / "piped.prof").write_bytes(done.stdout)
        self.assertEqual(self.frames(self.folder / "piped.prof")[-1][0], "sink")

    def test_sessions_stay_apart(self):
        first, second = self.usual(name="a.prof"), self.usual(name="b.prof")
        (self.folder / "in.prof").write_bytes(first.read_bytes() + second.read_bytes())
        self.symbolize("in.prof", check=True)
        sessions = json.loads(run(sys.executable, READER, str(self.folder / "symbolized.prof")).stdout)["sessions"]
        self.assertEqual([len(session["samples"]) for session in sessions], [2, 2])
        self.assertEqual([session["samples"][0]["stack"][-1][0] for session in sessions], ["sink", "sink"])

    def test_kernel_and_vdso_are_marked(self):
        path = self.profile(["function k - - 0 native 0xffffffff81000100"], ["sample t 1 5,1 k"])
        self.symbolize(str(path), check=True)
        self.assertEqual(self.frames(self.folder / "symbolized.prof")[-1][3], 5)

    def jit_profile(self):
        return self.profile(["function j - - 0 native 0x1234", "function twice - - 0 native 0x2010"],
                            ["sample t 1 5,1 j", "sample t 2 5,1 twice"],
                            extra="meta string host elsewhere")

    def test_perf_map(self):
        """Memory that was used twice has two names, and so none."""
        (self.folder / "map").write_text("1200 100 py::hot\n2000 20 one\n2010 10 other\nbad line\n1300 10 cut")
        self.symbolize("--jit-map", "map", str(self.jit_profile()), check=True)
        out = self.folder / "symbolized.prof"
        self.assertEqual(self.frames(out)[-1][:4], ["py::hot", "", 0, 2])
        self.assertEqual(self.frames(out, 1)[-1][0], "")

    def test_jitdump(self):
        name = b"compiled code\0"
        code = b"\x90" * 0x80
        body = struct.pack("<IIQQQQ", 77, 77, 0x1200, 0x1200, len(code), 1) + name + code
        dump = struct.pack("<IIIIIIQQ", 0x4A695444, 1, 40, 62, 0, 77, 0, 0)
        dump += struct.pack("<IIQ", 0, 16 + len(body), 5) + body
        dump += struct.pack("<IIQ", 3, 16, 6)
        (self.folder / "jit-77.dump").write_bytes(dump)
        self.symbolize("--jit-map", "jit-77.dump", str(self.jit_profile()), check=True)
        self.assertEqual(self.frames(self.folder / "symbolized.prof")[-1][:4], ["compiled code", "", 0, 2])

    def test_corrupt_debug_information(self):
        """Whatever stands in it, the tool ends well, and the file is whole."""
        path = self.usual()
        whole = self.program.read_bytes()
        sections = run("readelf", "-SW", str(self.program)).stdout
        for seed, (name, offset, size) in enumerate(re.findall(
                r"(\.debug_\w+) +PROGBITS +\S+ +(\S+) +(\S+)", sections)):
            spoiled = bytearray(whole)
            begin, end = int(offset, 16), int(offset, 16) + int(size, 16)
            for at in range(begin, end, 3 + seed):
                spoiled[at] = (spoiled[at] * 31 + seed + at) & 0xFF
            self.program.write_bytes(spoiled)
            done = self.symbolize(str(path))
            self.assertEqual(done.returncode, 0, name + done.stderr)
            found = self.frames(self.folder / "symbolized.prof")[-1][0]
            if not name.endswith("str"):  # where names themselves stand, what is spoiled is shown
                self.assertEqual(found, "sink", name)

    def test_a_table_shows_the_names(self):
        self.symbolize(str(self.usual()), check=True)
        shown = run(TOP, "--native", str(self.folder / "symbolized.prof"), check=True).stdout
        self.assertIn("inner", shown)


if __name__ == "__main__":
    unittest.main()
