#!/usr/bin/env python3
"""screens.py [--update] README TESTDATA TOOL...: the screens of the README are what the tools print.

A block of the README behind `<!-- screen -->` holds command lines, each behind `$ `, and below each what it prints, which
is made here: from the recordings and the source in TESTDATA, of which a fresh copy is the current folder. --update
writes the README anew.
"""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SCREEN = re.compile(r"(?<=^<!-- screen -->\n```\n).*?(?=^```$)", re.M | re.S)
# Before any recording: a source that was written to since is said to have changed.
LONG_AGO = 946684800


def run(line, folder, path):
    """Returns what a command line prints, on both outputs; it must succeed."""
    environment = {"PATH": f"{path}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(folder)}
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{line}: exits {done.returncode}: {done.stdout.decode()}")
    return done.stdout.decode("utf-8")


def made_of(screen, folder, path):
    """Returns a screen with what its commands print."""
    commands = [line for line in screen.split("\n") if line.startswith("$ ")]
    if not commands:
        raise SystemExit(f"a screen has no command:\n{screen}")
    return "".join(f"{command}\n{run(command[2:], folder, path)}" for command in commands)


def remade(text, testdata, tools):
    """Returns the text of a README with its screens made anew, and how many there are."""
    with tempfile.TemporaryDirectory(prefix="screens") as scratch:
        folder, path = pathlib.Path(scratch, "work"), pathlib.Path(scratch, "bin")
        shutil.copytree(testdata, folder)
        path.mkdir()
        for tool in tools:
            (path / tool.name).symlink_to(tool.absolute())
        for source in folder.glob("*.py"):
            os.utime(source, (LONG_AGO, LONG_AGO))
        return SCREEN.subn(lambda found: made_of(found.group(), folder, path), text)


def main(arguments):
    """Returns the exit code."""
    update = arguments[:1] == ["--update"]
    readme, testdata, *tools = (pathlib.Path(argument) for argument in arguments[update:])
    text = readme.read_text(encoding="utf-8")
    made, count = remade(text, testdata, tools)
    marks = text.count("<!-- screen -->")
    if count == 0 or count != marks:
        print(f"{readme}: {marks} marks of screens, and {count} screens")
        return 1
    if update:
        readme.write_text(made, encoding="utf-8")
        return 0
    difference = difflib.unified_diff(
        text.splitlines(True), made.splitlines(True), str(readme), "what the tools print"
    )
    print("".join(difference) or f"{count} screens are what the tools print")
    return 0 if made == text else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
