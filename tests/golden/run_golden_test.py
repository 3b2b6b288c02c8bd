#!/usr/bin/env python3
"""The golden runner passes what is as expected, fails what is not, and updates on request."""

import os
import pathlib
import subprocess
import tempfile
import unittest

RUNNER = pathlib.Path("tests/golden/run_golden.py").absolute()
TOOL = "#!/bin/sh\necho \"$1\"\necho warning >&2\nls\nexit 3\n"


class RunGolden(unittest.TestCase):
    """One case over a shell script as the tool."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        for folder in ("goldens", "testdata", "bin"):
            (self.root / folder).mkdir()
        (self.root / "testdata" / "a.prof").write_text("a")
        tool = self.root / "bin" / "tool"
        tool.write_text(TOOL)
        tool.chmod(0o755)
        self.write("case.cmd", "tool x\n")

    def write(self, name, content):
        """Writes a file of the case."""
        (self.root / "goldens" / name).write_text(content)

    def read(self, name):
        """Reads a file of the case."""
        return (self.root / "goldens" / name).read_text()

    def run_it(self, *options):
        """Runs the runner and returns its exit code."""
        environment = {k: v for k, v in os.environ.items() if k != "VMPROF_UPDATE_GOLDENS"}
        return subprocess.run(
            [RUNNER, "--tool", "bin/tool", "--goldens", "goldens", *options],
            cwd=self.root,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=False,
        ).returncode

    def expect(self, stdout="x\na.prof\n", stderr="warning\n", code="3\n"):
        """Writes what the case must print."""
        self.write("case.stdout", stdout)
        self.write("case.stderr", stderr)
        self.write("case.exit", code)

    def test_passes(self):
        self.expect()
        self.assertEqual(self.run_it(), 0)

    def test_fails_on_each_difference(self):
        for difference in ({"stdout": "y\n"}, {"stderr": ""}, {"code": "0\n"}):
            self.expect(**difference)
            self.assertEqual(self.run_it(), 1, difference)

    def test_fails_without_stdout_or_cases_and_on_strays(self):
        self.assertEqual(self.run_it(), 1)
        self.expect()
        self.write("other.stdout", "")
        self.assertEqual(self.run_it(), 1)
        (self.root / "goldens" / "other.stdout").unlink()
        (self.root / "goldens" / "case.cmd").unlink()
        self.assertEqual(self.run_it(), 1)

    def test_updates(self):
        self.assertEqual(self.run_it("--update"), 0)
        self.assertEqual(self.read("case.stdout"), "x\na.prof\n")
        self.assertEqual(self.read("case.stderr"), "warning\n")
        self.assertEqual(self.read("case.exit"), "3\n")
        self.assertEqual(self.run_it(), 0)

    def test_case_writes_into_a_copy(self):
        self.write("case.cmd", "touch b && ls\n")
        self.write("case.stdout", "a.prof\nb\n")
        self.assertEqual(self.run_it(), 0)
        self.assertEqual(os.listdir(self.root / "testdata"), ["a.prof"])


if __name__ == "__main__":
    unittest.main()
