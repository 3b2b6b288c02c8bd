#!/usr/bin/env python3
"""The bytes that the text of logs shows in its examples are those of vectors that say how they read.

example_test.py SPEC FOLDER
"""

import pathlib
import re
import sys

_HEX = re.compile(r"`((?:[0-9A-F]{2} ?)+)`")
WHOLE = "smallest"
RECORDS = ("example-32", "example-windows", "example-pypy")


def main(arguments):
    spec, folder = (pathlib.Path(argument) for argument in arguments)
    section = spec.read_text(encoding="utf-8").split("\n## 9. Examples\n")[1].split("\n## ")[0]
    lines = [b"".join(bytes.fromhex(group) for group in _HEX.findall(line)) for line in section.splitlines()]
    table = [data for line, data in zip(section.splitlines(), lines) if line.startswith("| `")]
    records = [data for line, data in zip(section.splitlines(), lines) if line.startswith("`")]
    found = []
    if b"".join(table) != (folder / "good" / (WHOLE + ".prof")).read_bytes():
        found.append("the first example is not %s.prof" % WHOLE)
    if len(records) != len(RECORDS):
        found.append("there are %d other examples" % len(records))
    for name, record in zip(RECORDS, records):
        if (folder / "good" / (name + ".prof")).read_bytes().count(record) != 1:
            found.append("the record of %s is not in its vector" % name)
    print("\n".join(found) or "%d examples" % (1 + len(RECORDS)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
