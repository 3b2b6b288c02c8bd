#!/usr/bin/env python3
"""Makes a document of a command from its description: make_documents.py {man,bash,zsh,fish} DESCRIPTION
[--page PAGE.md --shared SHARED.md] [--tools NAME...]; titles PAGE.md... makes a C table of what the tools do."""

import argparse
import sys

import completion_bash
import completion_fish
import completion_zsh
import man
from command import Command

COMPLETIONS = {
    "bash": completion_bash.completion,
    "zsh": completion_zsh.completion,
    "fish": completion_fish.completion,
}


def titles(paths):
    """Rows {"top", "show the functions ..."},"""
    rows = []
    for path in paths:
        prose = man.Prose(path)
        title = prose.title.replace("\\", "\\\\").replace('"', '\\"')
        rows.append('{"%s", "%s"},\n' % (prose.name.partition("-")[2], title))
    return "".join(sorted(rows))


def main():
    """Prints the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("form", choices=["man", "titles"] + sorted(COMPLETIONS))
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--page")
    parser.add_argument("--shared")
    parser.add_argument("--tools", nargs="+", default=[])
    options = parser.parse_args()
    if options.form == "titles":
        document = titles(options.inputs)
    else:
        command = Command(options.inputs[0], options.tools)
        if options.form == "man":
            document = man.manual(command, man.Prose(options.page), man.Prose(options.shared))
        else:
            document = COMPLETIONS[options.form](command)
    sys.stdout.buffer.write(document.encode("utf-8"))


if __name__ == "__main__":
    main()
