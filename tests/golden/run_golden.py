#!/usr/bin/env python3
"""Runs golden cases: commands whose output is kept beside them.

A case is NAME.cmd, one shell line, and what it must print and return:

    NAME.stdout   required, byte for byte
    NAME.stderr   byte for byte; without the file, standard error must be empty
    NAME.exit     the exit code; without the file, 0

The line runs in a fresh copy of the test data, with the tool's folder first in PATH, no terminal,
nothing on standard input, and an environment that is the same everywhere. --update (or
VMPROF_UPDATE_GOLDENS=1) writes the files from what the tool prints now.
"""

import argparse
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CASE_SECONDS = 60


def run_case(line, tool_folder, testdata):
    """Returns (stdout, stderr, exit code) of one command line."""
    with tempfile.TemporaryDirectory(prefix="golden") as scratch:
        folder = pathlib.Path(scratch, "testdata")
        if testdata.is_dir():
            # Copies, not links: a case may write there, and Bazel's own files are links.
            shutil.copytree(testdata, folder, symlinks=False)
        else:
            folder.mkdir()
        environment = {
            "PATH": f"{tool_folder}:/usr/bin:/bin",
            "HOME": scratch,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                environment[name] = value
        result = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", line],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CASE_SECONDS,
            check=False,
        )
        return result.stdout, result.stderr, result.returncode


def expected_of(case):
    """Returns what NAME.stdout, .stderr and .exit say."""

    def content(suffix, default):
        path = case.with_suffix(suffix)
        return path.read_bytes() if path.exists() else default

    return content(".stdout", None), content(".stderr", b""), int(content(".exit", b"0"))


def write_optional(path, content, default):
    """Writes a file of a case, or removes it where it would only say the default."""
    if content == default:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)


def update(case, stdout, stderr, code):
    """Makes what was printed what is expected."""
    case.with_suffix(".stdout").write_bytes(stdout)
    write_optional(case.with_suffix(".stderr"), stderr, b"")
    write_optional(case.with_suffix(".exit"), b"%d\n" % code, b"0\n")


def show_difference(name, stream, expected, actual):
    """Prints a unified diff, of text as far as it is text."""
    lines = [
        content.decode("utf-8", "backslashreplace").splitlines(keepends=True)
        for content in (expected, actual)
    ]
    for line in difflib.unified_diff(*lines, f"{name}.{stream}", f"{name}.{stream} (now)"):
        print(line if line.endswith("\n") else line + "\n\\ No newline at end\n", end="")


def check(case, stdout, stderr, code):
    """Compares, says what differs, and returns whether the case passed."""
    expected_stdout, expected_stderr, expected_code = expected_of(case)
    if expected_stdout is None:
        print(f"{case.with_suffix('.stdout')} is missing: run ./dev golden --update")
        return False
    if stdout != expected_stdout:
        show_difference(case.stem, "stdout", expected_stdout, stdout)
    if stderr != expected_stderr:
        show_difference(case.stem, "stderr", expected_stderr, stderr)
    if code != expected_code:
        print(f"{case.stem}: exit {code}, expected {expected_code}")
    return (stdout, stderr, code) == (expected_stdout, expected_stderr, expected_code)


def main():
    """Runs every case of a folder; returns the exit code."""
    parser = argparse.ArgumentParser(description="Run golden cases.")
    parser.add_argument("--tool", required=True, type=pathlib.Path, help="the executable")
    parser.add_argument("--goldens", required=True, type=pathlib.Path, help="the folder of cases")
    parser.add_argument("--testdata", default="testdata", type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="write what is printed now")
    options = parser.parse_args()
    updating = options.update or os.environ.get("VMPROF_UPDATE_GOLDENS") == "1"

    cases = sorted(options.goldens.glob("*.cmd"))
    if not cases:
        print(f"{options.goldens}: no cases")
        return 1
    stems = {case.stem for case in cases}
    strays = [path for path in sorted(options.goldens.iterdir()) if path.stem not in stems]
    for path in strays:
        print(f"{path}: no such case")
    failed = len(strays)
    for case in cases:
        outcome = run_case(case.read_text(), options.tool.absolute().parent, options.testdata)
        if updating:
            update(case, *outcome)
        passed = updating or check(case, *outcome)
        failed += not passed
        print(f"{'ok' if passed else 'FAILED'}  {case.stem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
