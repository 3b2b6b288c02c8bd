#!/usr/bin/env python3
"""Logs of upstream vmprof whose native frames have no names: vmprof-symbolize fills in those of the files that the log says were
mapped, where they are still there and the same (spec/vmprof-log.md, section 7).

The program is compiled here, and the log is written here, from the layout alone; what its addresses are called say addr2line
and nm.
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

TOOL, CONVERT, READER = (os.path.abspath(path) for path in sys.argv[1:4])
del sys.argv[1:4]

SOURCE = """\
volatile int sum;
static __attribute__((noinline)) void hidden(int x)
{
    sum += x;
}
__attribute__((noinline)) void middle(int x)
{
    hidden(x);
    sum += 2;
}
int main(void)
{
    middle(3);
    return sum == 0;
}
"""
BASE = 0x7F0000000000
CODE = 0x7000000000001000  # a virtual id of version 0
NATIVE = 4
OLD = 1000000000  # seconds since 1970: before anything here was made


def run(*command, **options):
    """A finished command."""
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, **options
    )


def stack(words):
    return struct.pack("<BQQ%dQ" % len(words), 1, 1, len(words), *words)


def log_0(stacks, maps):
    """Version 0: program counters, leaf first, and the text of maps."""
    name = b"py:work:1:prog.py"
    return (struct.pack("<5Q", 0, 3, 0, 1000, 0) + b"\x04\x07cpython" + b"".join(map(stack, stacks))
            + struct.pack("<BQQ", 2, CODE, len(name)) + name + b"\x03" + maps.encode())


def log_1_of_august(stacks, maps):
    """The same as version 1 was at first: the thread is the last of the words."""
    name = b"py:work:1:prog.py"
    return (struct.pack("<5Q", 0, 3, 0, 1000, 0) + b"\x05\x00\x01\x07cpython"
            + b"".join(stack(list(words) + [0x77]) for words in stacks)
            + struct.pack("<BQQ", 2, CODE, len(name)) + name + b"\x03" + maps.encode())


def log_6(stacks, symbols):
    """Version 6 with native frames: the addresses of functions, odd, and names."""
    return (struct.pack("<5Q", 0, 3, 0, 1000, 0) + b"\x05\x00\x06\x04\x07cpython" + struct.pack("<Bqq8x", 6, OLD, 0)
            + b"".join(stack(words) + struct.pack("<Q", 0x77) for words in stacks)
            + b"".join(struct.pack("<BQQ", 8, ident, len(name)) + name for ident, name in symbols)
            + struct.pack("<Bqq8x", 3, OLD + 1, 0))


class LogNames(unittest.TestCase):
    """Each test has a folder with the program, of which a log is made."""

    flags = ("-g",)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.program = self.folder / "program"
        (self.folder / "program.c").write_text(SOURCE)
        self.compile(self.program)
        self.find_code()

    def tearDown(self):
        shutil.rmtree(str(self.folder))

    def compile(self, target):
        run("gcc", "-O1", "-fno-optimize-sibling-calls", "-Wl,--build-id=none", *self.flags, "-o", str(target), "program.c",
            cwd=str(self.folder), check=True)

    def find_code(self):
        """The segment of code, and the addresses in it: of instructions in hidden, and behind the calls of it and middle."""
        headers = run("readelf", "-lW", str(self.program)).stdout
        found = re.search(r"LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) 0x\w+ R E", headers)
        offset, address, size = (int(found.group(index), 16) for index in (1, 2, 3))
        self.assertEqual(offset % 4096, address % 4096)
        self.bias = BASE - (address & -4096) if "DYN" in run("readelf", "-h", str(self.program)).stdout else 0
        self.begin, self.offset = self.bias + (address & -4096), offset & -4096
        self.end = self.begin + (offset - self.offset + size + 4095 & -4096)
        self.inside, self.returns = [], {}
        function = None
        lines = run("objdump", "-d", "--no-show-raw-insn", str(self.program)).stdout.splitlines()
        for line, following in zip(lines, lines[1:] + [""]):
            head = re.match(r"[0-9a-f]+ <(\w+)>:", line)
            function = head.group(1) if head else function
            at = re.match(r" +([0-9a-f]+):", line)
            if at and function == "hidden":
                self.inside.append(int(at.group(1), 16))
            call = re.search(r"call +[0-9a-f]+ <(hidden|middle)>", line)
            if call:
                self.returns[call.group(1)] = int(following.split(":")[0], 16)
        self.assertGreater(len(self.inside), 2)
        self.assertEqual(set(self.returns), {"hidden", "middle"})

    def maps(self, path=None, device=None, inode=None):
        """As /proc/PID/maps shows it: two lines are of the program, one of which is code."""
        status = os.stat(str(self.program))
        what = "%s %s %26s" % (device or "%02x:%02x" % (os.major(status.st_dev), os.minor(status.st_dev)),
                               status.st_ino if inode is None else inode, path or self.program)
        return ("%x-%x r-xp %08x %s\n%x-%x rw-p %08x %s\n7fff00000000-7fff00002000 r-xp 00000000 00:00 0 %26s\n" % (
            self.begin, self.end, self.offset, what, self.end, self.end + 4096, self.offset + 0x2000, what, "[vdso]"))

    def stacks(self):
        """Leaf first: each instruction of hidden, called by middle, called by main, called by code."""
        callers = [self.bias + self.returns["hidden"], self.bias + self.returns["middle"], CODE]
        return [[self.bias + address] + callers for address in self.inside]

    def write(self, data, name="in.log"):
        (self.folder / name).write_bytes(data)
        return str(self.folder / name)

    def symbolize(self, *arguments):
        done = run(TOOL, "--no-system", *arguments, cwd=str(self.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def frames(self):
        """(name, file, first line, kind, line) by frame, root first, of each sample of what was written."""
        done = run(sys.executable, READER, str(self.folder / "symbolized.prof"))
        session = json.loads(done.stdout)["sessions"][0]
        return [[tuple(frame[:4]) + (frame[5],) for frame in sample["stack"]] for sample in session["samples"]]

    def expected(self):
        """What addr2line says: of the leaf itself, and of the last byte of each call."""
        stacks = [[address, self.returns["hidden"] - 1, self.returns["middle"] - 1] for address in self.inside]
        flat = sorted({address for words in stacks for address in words})
        lines = run("addr2line", "-f", "-e", str(self.program), *map(hex, flat), check=True).stdout.splitlines()
        said = {address: (lines[2 * i], lines[2 * i + 1].split(" ")[0]) for i, address in enumerate(flat)}
        return [[said[address] for address in reversed(words)] for words in stacks]

    def check_names(self):
        found = self.frames()
        said = [[(name, "%s:%s" % (file, line or "?") if file else "??:?") for name, file, _, kind, line in sample
                 if kind == NATIVE] for sample in found]
        self.assertEqual(said, self.expected())
        self.assertEqual({sample[0][:4] for sample in found}, {("work", "prog.py", 1, 1)})

    def test_version_0(self):
        said = self.symbolize(self.write(log_0(self.stacks(), self.maps())))
        self.check_names()
        count = len(self.inside) + 2
        self.assertIn("%d of %d native addresses named; 0 have no symbol, 0 are in files that do not match, 0" % (
            count, count), said)

    def test_version_1_of_august_2015(self):
        self.symbolize(self.write(log_1_of_august(self.stacks(), self.maps())))
        self.check_names()

    def test_a_log_that_was_converted_first(self):
        run(CONVERT, self.write(log_0(self.stacks(), self.maps())), "-o", "new.prof", cwd=str(self.folder), check=True)
        self.symbolize("new.prof")
        self.check_names()

    def check_refused(self, log, why):
        """No name, and one line that says why; --trust-paths takes the file all the same."""
        said = self.symbolize(log)
        self.assertEqual({frame[0][:2] for sample in self.frames() for frame in sample if frame[3] == NATIVE}, {"0x"})
        self.assertEqual(len([line for line in said.splitlines() if why in line and str(self.program) in line]), 1, said)
        self.assertIn("0 of %d native addresses named" % (len(self.inside) + 2), said)
        self.symbolize("--trust-paths", log)
        self.check_names()

    def test_another_file_has_the_path_now(self):
        log = self.write(log_0(self.stacks(), self.maps()))
        self.compile(self.folder / "again")
        os.replace(str(self.folder / "again"), str(self.program))  # the same bytes, but who can tell?
        self.check_refused(log, "has not the recorded inode")

    def test_another_device_has_the_path_now(self):
        self.check_refused(self.write(log_0(self.stacks(), self.maps(device="fe:fe01"))), "has not the recorded inode")

    def test_a_file_that_changed_after_the_recording(self):
        """The inode of a file that was removed is given to the next one."""
        log = self.write(log_0(self.stacks(), self.maps()))
        os.utime(log, (OLD, OLD))
        self.check_refused(log, "changed after the recording")

    def test_a_path_that_two_files_had(self):
        """One was put in the other's place while the program ran: nobody can say which of them an address is of."""
        two = self.maps() + self.maps(inode=1).replace("%x-" % self.begin, "%x-" % (self.end + 0x100000), 1).replace(
            "%x r-xp" % self.end, "%x r-xp" % (self.end + 0x200000))
        self.check_refused(self.write(log_0(self.stacks(), two)), "no build id")

    def test_a_line_that_says_no_inode(self):
        for device, inode in (("8", 5), ("08:", 5), (":01", 5), ("08:0g", 5), ("08:01", "5x"), ("08:01", "-5"),
                              ("08:01", "99999999999999999999"), ("08:100000000", 5)):
            with self.subTest("%s %s" % (device, inode)):
                self.check_refused(self.write(log_0(self.stacks(), self.maps(device=device, inode=inode))), "no build id")

    def test_a_file_that_is_gone(self):
        self.symbolize(self.write(log_0(self.stacks(), self.maps(path="/no/such/program"))))
        self.assertEqual({frame[0][:2] for sample in self.frames() for frame in sample if frame[3] == NATIVE}, {"0x"})

    def test_version_6_names_no_files(self):
        """Its names stay, and so do the addresses that have none; that nothing can be done is said."""
        hidden, other = BASE + 0x1001, BASE + 0x2001
        said = self.symbolize(self.write(log_6([[hidden, other, CODE]], [
            (other, b"n:other:0:-"), (hidden, b"n:<native symbol 0x%x>:0:-" % hidden)])))
        names = [frame[0] for sample in self.frames() for frame in sample]
        self.assertEqual(names, ["0x%x" % CODE, "other", "<native symbol 0x%x>" % hidden])
        self.assertIn("1 are in no file that the profile names", said)


class LogNamesWithoutDebugInformation(LogNames):
    """Symbols only: the names are those of nm; no line is known, and the file is the binary."""

    flags = ("-g0",)

    def expected(self):
        symbols = sorted((int(words[0], 16), words[2]) for words in map(str.split, run("nm", str(self.program)).stdout.splitlines())
                         if len(words) == 3 and words[1] in "tT")
        stacks = [[self.returns["middle"] - 1, self.returns["hidden"] - 1, address] for address in self.inside]
        return [[(max(symbol for symbol in symbols if symbol[0] <= address)[1], "%s:?" % self.program) for address in words]
                for words in stacks]


class LogNamesOfAFixedAddress(LogNames):
    """Not position independent, as programs of that time were."""

    flags = ("-g", "-no-pie", "-fno-pie")


if __name__ == "__main__":
    unittest.main(verbosity=2)
