#!/usr/bin/env python3
"""Where vmprof-convert writes, and where it does not. Arguments: vmprof-convert, mkprofile."""

import os
import pathlib
import pty
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import tool  # noqa: E402

FORMATS = [[], ["--callgrind"], ["--collapsed"], ["--csv"], ["--flamegraph"], ["--json"], ["--pprof"], ["--speedscope"],
           ["--vmprof-log"]]


class Target(unittest.TestCase):
    """Files, pipes, terminals."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.input = self.folder / "in.prof"
        self.bytes = (tool.PROFILES / "simple.prof").read_bytes()
        self.input.write_bytes(self.bytes)

    def names(self):
        """What is in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def test_file_is_what_a_pipe_gets(self):
        """-o OUT, - and standard output give the same."""
        for chosen in FORMATS[1:]:
            out = self.folder / "out"
            tool.convert(*chosen, self.input, "-o", out)
            self.assertEqual(out.read_bytes(), tool.convert(*chosen, self.input))
            self.assertEqual(out.read_bytes(), tool.convert(*chosen, self.input, "-o", "-"))
            self.assertEqual(self.names(), ["in.prof", "out"])

    def test_mode_of_the_file(self):
        """A new file has the mode that the mask leaves, an old one keeps its own."""
        out = self.folder / "out"
        old = os.umask(0o027)
        try:
            tool.convert("--collapsed", self.input, "-o", out)
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o640)
        out.chmod(0o604)
        out.write_text("old")
        tool.convert("--collapsed", self.input, "-o", out)
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o604)
        self.assertNotEqual(out.read_text(), "old")

    def test_symbolic_link(self):
        """What a link names is replaced, and not the link."""
        (self.folder / "link").symlink_to("out")
        (self.folder / "out").write_text("old")
        tool.convert("--collapsed", self.input, "-o", self.folder / "link")
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertNotEqual((self.folder / "out").read_text(), "old")

    def test_never_over_an_input(self):
        """By another name, by a link, by a redirection, as the profile before: it is refused, and untouched."""
        os.link(self.input, self.folder / "hard")
        (self.folder / "soft").symlink_to("in.prof")
        for name in ("in.prof", "hard", "soft", "../%s/in.prof" % self.folder.name):
            for chosen in FORMATS:
                done = tool.run(*chosen, self.input, "-o", name, cwd=self.folder)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"is an input", done.stderr)
        other = self.folder / "other.prof"
        other.write_bytes((tool.PROFILES / "other.prof").read_bytes())
        done = tool.run("--flamegraph", "--diff", self.input, other, "-o", self.input)
        self.assertEqual((done.returncode, b"is an input" in done.stderr), (1, True))
        done = tool.run(other, self.input, "-o", self.input)
        self.assertEqual((done.returncode, b"is an input" in done.stderr), (1, True))
        with self.input.open("ab") as file:
            self.assertEqual(tool.run("--collapsed", self.input, stdout=file).returncode, 1)
        with self.input.open("rb") as file:
            self.assertEqual(tool.run("--collapsed", "-", "-o", self.input, stdin=file).returncode, 1)
        self.assertEqual(self.input.read_bytes(), self.bytes)

    def test_failure_leaves_nothing(self):
        """An input that fails, at once or in the middle, leaves no file, and an old one as it was."""
        out = self.folder / "out"
        for chosen in FORMATS:
            for arguments in ([self.folder / "nowhere"], [self.input, self.folder / "nowhere"], [tool.PROFILES / "newer.prof"]):
                self.assertEqual(tool.run(*chosen, *arguments, "-o", out).returncode, 1)
                self.assertEqual(self.names(), ["in.prof"])
        out.write_text("old")
        for chosen in FORMATS:
            self.assertEqual(tool.run(*chosen, self.input, self.folder / "nowhere", "-o", out).returncode, 1)
            self.assertEqual((self.names(), out.read_text()), (["in.prof", "out"], "old"))

    def test_kill_leaves_nothing(self):
        """Killed while it waits for more input, it leaves no file."""
        for chosen in FORMATS:
            for signal_number in (signal.SIGKILL, signal.SIGINT):
                command = [str(tool.TOOL), *chosen, "-o", str(self.folder / "out")]
                with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                    process.stdin.write(self.bytes[:-200])
                    process.stdin.flush()
                    descriptors = pathlib.Path("/proc/%d/fd" % process.pid)
                    deadline = time.monotonic() + 20
                    while time.monotonic() < deadline and not waits(process.pid, descriptors, chosen):
                        time.sleep(0.01)
                    process.send_signal(signal_number)
                    process.stdin.close()
                    process.wait(timeout=20)
                self.assertEqual(self.names(), ["in.prof"], (chosen, signal_number))

    def test_full_disk(self):
        """It is said, once, and nothing has the name."""
        for chosen in FORMATS:
            with open("/dev/full", "wb") as full:
                done = tool.run(*chosen, self.input, stdout=full)
            self.assertEqual(done.returncode, 1, chosen)
            self.assertIn(b"No space left", done.stderr)

    def test_closed_pipe(self):
        """A reader that goes away ends it quietly."""
        long = tool.make("meta list values cpu:ns\nthread m 1 1 m\n" + "".join(
            "function f%d f%d x.py %d py %d\nsample m %d 1 f%d\n" % (i, i, i, 16 * i + 16, i, i) for i in range(4000)),
            self.folder / "long.prof")
        for chosen in FORMATS:
            read, write = os.pipe()
            os.close(read)
            done = tool.run(*chosen, long, stdout=write)
            os.close(write)
            lines = [line for line in done.stderr.splitlines() if b"cannot hold" not in line]
            self.assertEqual((done.returncode, lines), (0, []), chosen)

    def test_devices_and_bad_places(self):
        """A device and a named pipe are written as they are; a folder, and a place that is none, are refused."""
        for chosen in FORMATS:
            self.assertEqual(tool.run(*chosen, self.input, "-o", "/dev/null").returncode, 0)
            self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
            done = tool.run(*chosen, self.input, "-o", self.folder)
            self.assertEqual((done.returncode, b"Is a directory" in done.stderr), (1, True))
            done = tool.run(*chosen, self.input, "-o", self.folder / "no" / "where")
            self.assertEqual((done.returncode, b"No such file" in done.stderr), (1, True))

    def test_named_pipe(self):
        """What comes out of it is whole."""
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        with subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE) as reader:
            tool.convert("--collapsed", self.input, "-o", fifo)
            self.assertEqual(reader.communicate(timeout=20)[0], tool.convert("--collapsed", self.input))

    def test_on_a_terminal(self):
        """FILE's stem gets the extension; the profile itself is never written over."""
        for chosen, name in ((["--flamegraph"], "in.svg"), (["--pprof"], "in.pb.gz"), (["--vmprof-log"], "in.log")):
            master, slave = pty.openpty()
            done = tool.run(*chosen, "in.prof", cwd=self.folder, stdout=slave)
            os.close(slave)
            os.close(master)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"wrote " + name.encode(), done.stderr)
            self.assertEqual((self.folder / name).read_bytes(), tool.convert(*chosen, "in.prof", cwd=self.folder))
        master, slave = pty.openpty()
        done = tool.run("in.prof", cwd=self.folder, stdout=slave)
        os.close(slave)
        os.close(master)
        self.assertEqual((done.returncode, b"is an input" in done.stderr), (1, True))

    def test_usage(self):
        """What cannot be is exit 2, and nothing is written."""
        for arguments in (["--collapsed", "--csv"], ["--icicle"], ["--collapsed", "--title=x"], ["--names-only"],
                          ["--metric=cpu"], ["--vmprof-log", "--metric=cpu"], ["--no-such"], ["--csv", "--diff=x"]):
            done = tool.run(*arguments, self.input, cwd=self.folder)
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)


def waits(process_id, descriptors, chosen):
    """Whether it has read what there is: it sleeps, and where samples are written as they come, its output is open."""
    try:
        state = pathlib.Path("/proc/%d/stat" % process_id).read_text().rsplit(")", 1)[1].split()[0]
        streams = chosen in ([], ["--vmprof-log"])
        files = [os.readlink(str(path)) for path in descriptors.iterdir()]
    except OSError:
        return False
    return state == "S" and (not streams or any("(deleted)" in name or "out." in name for name in files))


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    unittest.main(argv=sys.argv[:1])
