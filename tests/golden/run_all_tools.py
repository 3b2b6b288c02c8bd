#!/usr/bin/env python3
"""Checks what every tool promises: --help, --version, exit codes, and a page for each option.

Its arguments are the tools and their pages, in any order.
"""

import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


def run(*command):
    """Runs a command with nothing on standard input."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
    )


def page_text(path):
    """Reads a page without the escapes that troff wants before a dash, and those of fonts."""
    return re.sub(r"\\f[BIR]", "", path.read_text(encoding="utf-8").replace("\\-", "-"))


def problems_of(tool, page):
    """Returns what the tool at this path gets wrong, as lines."""
    found = []

    def must(condition, what):
        if not condition:
            found.append(f"{tool.name}: {what}")

    shown = run(tool, "--help")
    must(shown.returncode == 0, f"--help exits {shown.returncode}")
    must(shown.stdout.strip(), "--help prints nothing on standard output")
    must(not shown.stderr, f"--help prints on standard error: {shown.stderr!r}")
    must(tool.name in shown.stdout, "--help does not name the tool")

    version = run(tool, "--version")
    must(version.returncode == 0, f"--version exits {version.returncode}")
    must(
        re.fullmatch(re.escape(tool.name) + r" .*\d+\.\d+.*\n", version.stdout),
        f"--version prints {version.stdout!r}, not one line: {tool.name} N.N",
    )

    unknown = run(tool, "--no-such-option-at-all")
    must(unknown.returncode == 2, f"an unknown option exits {unknown.returncode}, not 2")
    must(unknown.stderr.strip(), "an unknown option says nothing on standard error")
    must(not unknown.stdout, "an unknown option prints on standard output")

    if page is None:
        must(False, f"no page {tool.name}.1")
        return found
    described = set(OPTION.findall(page_text(page)))
    for option in sorted(set(OPTION.findall(shown.stdout)) - described):
        must(False, f"{page.name} does not mention {option}, --help does")
    return found


def main(arguments):
    """Checks each tool against its page; returns the exit code."""
    paths = [pathlib.Path(argument).absolute() for argument in arguments]
    pages = {path.stem: path for path in paths if path.suffix == ".1"}
    tools = [path for path in paths if path.suffix != ".1"]
    problems = [line for tool in tools for line in problems_of(tool, pages.get(tool.name))]
    if not tools:
        problems.append("no tools to check")
    print("\n".join(problems) or f"{len(tools)} tools keep their promises")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
