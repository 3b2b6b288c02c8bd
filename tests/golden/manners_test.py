#!/usr/bin/env python3
"""What every tool does with files, streams and options that are not as they should be: a loop over all of them.

Arguments: the folder of profiles, then the tools. A tool that is not in FORMS takes no profile; one that is in neither
list here is an error, so that a new tool cannot be forgotten.
"""

import os
import pathlib
import pty
import random
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

PROFILES = pathlib.Path(sys.argv[1]).absolute()
TOOLS = {path.name: path for path in (pathlib.Path(each).absolute() for each in sys.argv[2:])}
SECONDS = 60
MIB = 1 << 20

# How a tool is asked for what it says of files: what stands before and behind them.
FORMS = {
    "vmprof-convert": (["-o", "-"], []),
    "vmprof-diff": ([], []),
    "vmprof-func": ([], ["f"]),
    "vmprof-info": ([], []),
    "vmprof-lines": ([], []),
    "vmprof-merge": (["-o", "-"], []),
    "vmprof-symbolize": (["-o", "-"], []),
    "vmprof-top": ([], []),
    "vmprof-tree": ([], []),
}
NO_PROFILE = {"vmprof", "vmprof-record"}
FAILED = {"vmprof-record": 125}  # 1 may be what its program exits with
# These take one file each, two, or as many as there are.
ONE, TWO = {"vmprof-symbolize"}, {"vmprof-diff"}
COLOURED = {"vmprof-diff", "vmprof-func", "vmprof-lines", "vmprof-top", "vmprof-tree"}


def run(tool, *arguments, **options):
    """Runs a tool; nothing is on its standard input unless something is given."""
    environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    options = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, "env": environment, **options}
    command = [os.fsencode(each) for each in (TOOLS[tool], *arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, timeout=SECONDS, check=False, **options)


def show(tool, *files, options=(), **more):
    """Runs a tool on files; one that compares two gets the only one twice."""
    before, behind = FORMS[tool]
    files = files * 2 if tool in TWO and len(files) == 1 else files
    return run(tool, *before, *options, "--", *files, *behind, **more)


def each(tools=FORMS):
    """Makes a test of a method that tests one tool."""

    def decorate(method):
        def test(self):
            for tool in sorted(tools):
                with self.subTest(tool=tool):
                    method(self, tool)

        return test

    return decorate


class Manners(unittest.TestCase):
    """Each test goes over all tools."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def check_failed(self, done, code, *words):
        """A line on standard error, which holds the words, and nothing on standard output."""
        text = done.stderr.decode("utf-8", "replace")
        self.assertEqual(done.returncode, code, text)
        self.assertEqual(text.count("\n"), 1, text)
        self.assertEqual(done.stdout, b"")
        for word in words:
            self.assertIn(word, text)

    def check_done(self, tool, done, note=None):
        """It went well, and nothing was said but what one tool has to say of every profile without native frames."""
        said = done.stderr.decode("utf-8", "replace")
        if tool == "vmprof-symbolize":
            said = re.sub("^vmprof-symbolize: no native frame without a name; .*\n", "", said)
        self.assertEqual((done.returncode, said), (0, ""), note)

    def profile(self, name="simple.prof", copy="simple.prof"):
        """A copy of a profile, which a tool may not harm."""
        path = self.folder / copy
        shutil.copyfile(PROFILES / name, path)
        return path

    def test_no_tool_is_forgotten(self):
        self.assertEqual(set(TOOLS), set(FORMS) | NO_PROFILE)

    @each(set(TOOLS) - {"vmprof"})
    def test_options_that_are_wrong(self, tool):
        path = str(self.profile())
        shown = run(tool, "--help").stdout.decode()
        options = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)(\[?=)?", shown, re.M)
        self.assertGreater(len(options), 2)
        for option, takes_value in options:
            if takes_value == "=":
                self.check_failed(run(tool, option), 2, tool, option)
            elif not takes_value:
                self.check_failed(run(tool, option + "=1", path), 2, tool, option)
        for letter in re.findall(r"^ +-(\w), --[a-z-]+=", shown, re.M):
            self.check_failed(run(tool, "-" + letter), 2, tool)
        self.check_failed(run(tool, "-?", path), 2, tool)
        self.check_failed(run(tool, "--no-such-option"), 2, tool, "--no-such-option")

    @each()
    def test_values_that_are_wrong(self, tool):
        wrong = {
            "limit": ["x", "-1", "1x", ""], "format": ["xml", ""], "color": ["red"], "sort": ["weight"], "from": ["x", "-1s"],
            "to": ["1y", ""], "process": ["x", "-1"], "focus": ["(", "a{"], "ignore": ["["], "hide": ["*("], "kind": ["c"],
            "depth": ["x"], "min-share": ["x", "200%"], "context": ["x"], "by": ["x"],
        }
        shown = run(tool, "--help").stdout.decode()
        for name in re.findall(r"--([a-z-]+)=", shown):
            for value in wrong.get(name, []):
                done = show(tool, self.profile(), options=["--%s=%s" % (name, value)])
                self.check_failed(done, 2, tool, "--" + name)

    @each()
    def test_files_that_are_none(self, tool):
        (self.folder / "empty").touch()
        (self.folder / "text").write_text("This is no profile.\n")
        (self.folder / "folder").mkdir(exist_ok=True)
        for name in ("missing", "empty", "text", "folder", "text/below", "no\nsuch"):
            self.check_failed(show(tool, self.folder / name), 1, tool, name.split("\n")[0])
        self.check_failed(show(tool, ""), 1, tool)
        self.check_failed(show(tool, self.folder / ("n" * 300)), 1, tool)

    @each()
    def test_a_file_that_is_huge(self, tool):
        with (self.folder / "zeros").open("wb") as zeros:
            zeros.truncate(1 << 40)
        self.check_failed(show(tool, self.folder / "zeros"), 1, tool, "zeros")
        path = self.profile(copy="tail.prof")
        with path.open("r+b") as tail:
            tail.truncate(path.stat().st_size + 32 * MIB)
        whole, done = show(tool, self.profile()), show(tool, path)
        self.assertEqual((whole.returncode, done.returncode), (0, 0), done.stderr)
        self.assertIn(b"tail.prof", done.stderr)

    @each()
    def test_a_file_that_is_damaged(self, tool):
        done = show(tool, PROFILES / "flipped.prof")
        # What remains of it does not have every function.
        self.assertIn(done.returncode, (0, 1) if tool == "vmprof-func" else (0,))
        self.assertIn(b"flipped.prof", done.stderr)
        strict = show(tool, PROFILES / "flipped.prof", options=["--strict"])
        self.assertEqual(strict.returncode, 1)

    @each()
    def test_files_that_are_hostile(self, tool):
        rng = random.Random("hostile")
        names = ["simple.prof", "threads.prof", "native.prof", "labels.prof", "names.prof"]
        for turn in range(25):
            data = bytearray((PROFILES / rng.choice(names)).read_bytes())
            for _ in range(rng.choice([0, 1, 4, 64])):
                data[rng.randrange(len(data))] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
            if rng.random() < 0.5:
                del data[rng.randrange(len(data)) :]
            if rng.random() < 0.3:
                data += data[rng.randrange(len(data) or 1) :]
            path = self.folder / "hostile.prof"
            path.write_bytes(data)
            done = show(tool, path)
            self.assertIn(done.returncode, (0, 1), (turn, done.stderr))
            said = done.stderr.decode("utf-8", "replace").splitlines()
            self.assertTrue(said or done.returncode == 0)
            self.assertTrue(all(line.startswith(tool + ": ") for line in said), said)

    @each()
    def test_names_of_files(self, tool):
        expected = show(tool, self.profile(), cwd=self.folder)
        self.assertEqual(expected.returncode, 0, expected.stderr)
        for name in ("-x", "--help", "-", "two\nlines.prof", "spa ce", "\udcff.prof", "日本.prof"):
            self.profile(copy=name)
            asked = os.path.join(".", name) if name == "-" else name
            done = show(tool, asked, cwd=self.folder)
            self.check_done(tool, done, name)
            # The name itself is told by those that tell of files.
            told = done.stdout.replace(os.fsencode(asked), b"simple.prof")
            if tool != "vmprof-info":
                self.assertEqual(told, expected.stdout, name)

    @each(set(FORMS) - ONE - TWO)
    def test_a_thousand_files(self, tool):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))  # noqa: E731
        done = show(tool, *["simple.prof"] * 1000, cwd=self.profile().parent, preexec_fn=limit)
        self.check_done(tool, done)
        if tool == "vmprof-merge":
            self.assertEqual(done.stdout, self.profile().read_bytes() * 1000)
        elif tool == "vmprof-convert":
            shown = show("vmprof-top", "-", stdin=None, input=done.stdout).stdout
            self.assertIn(b"100000 samples", shown)
        elif tool in ("vmprof-top", "vmprof-tree", "vmprof-func", "vmprof-lines"):
            self.assertIn(b"100000 samples", done.stdout)

    @each(ONE | TWO)
    def test_too_many_or_too_few_files(self, tool):
        path = self.profile()
        for count in {1, 2, 3} - ({1} if tool in ONE else {2}):
            before, behind = FORMS[tool]
            self.check_failed(run(tool, *before, *[path] * count, *behind), 2, tool)

    @each(TOOLS)
    def test_a_reader_that_goes_away(self, tool):
        asked = [lambda stdout: run(tool, "--help", stdout=stdout)]
        if tool in FORMS:
            asked.append(lambda stdout: show(tool, self.profile(), stdout=stdout))
        for ask in asked:
            reader, writer = os.pipe()
            os.close(reader)
            with os.fdopen(writer, "wb") as stdout:
                done = ask(stdout)
            self.check_done(tool, done)

    @each(TOOLS)
    def test_an_output_that_cannot_be_written(self, tool):
        asked = [["--help"]]
        if tool in FORMS:
            before, behind = FORMS[tool]
            asked.append([*before, *[self.profile()] * (2 if tool in TWO else 1), *behind])
        for arguments in asked:
            done = run(tool, *arguments, preexec_fn=lambda: os.close(1), stdout=None)
            self.assertEqual(done.returncode, FAILED.get(tool, 1), (arguments, done.stderr))
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            if not stat.S_ISCHR(os.stat("/dev/full").st_mode):
                continue  # not of this machine
            with open("/dev/full", "wb") as full:
                done = run(tool, *arguments, stdout=full)
            self.assertEqual(done.returncode, FAILED.get(tool, 1), (arguments, done.stderr))
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    @each(set(FORMS) - TWO)
    def test_standard_input(self, tool):
        data = self.profile().read_bytes()
        expected = show(tool, self.profile()).stdout
        with self.profile().open("rb") as file:
            inputs = [{"stdin": file}, {"input": data, "stdin": None}]
            for given in inputs:
                done = show(tool, "-", **given)
                self.check_done(tool, done)
                if tool != "vmprof-info":
                    self.assertEqual(done.stdout, expected)
        if tool not in ONE:
            with self.profile().open("rb") as file:
                done = show(tool, "-", "-", stdin=file)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1), done.stderr)
        self.check_failed(show(tool, "-", preexec_fn=lambda: os.close(0), stdin=None), 1, tool)

    @each(COLOURED)
    def test_terminals(self, tool):
        path = self.profile()
        self.assertNotIn(b"\033", show(tool, path, PROFILES / "other.prof").stdout)
        asked = [path, PROFILES / "other.prof"]
        for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            controller, terminal = pty.openpty()
            environment = {"TERM": "xterm", "LC_ALL": "C.UTF-8", "COLUMNS": "100", **environment}
            show(tool, *asked, stdin=terminal, stdout=terminal, env=environment)
            os.close(terminal)
            shown = b""
            try:
                for piece in iter(lambda: os.read(controller, 65536), b""):
                    shown += piece
            except OSError:  # the other end is gone
                pass
            os.close(controller)
            self.assertEqual(b"\033[" in shown, coloured, environment)
            self.assertIn(b"samples", shown)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
