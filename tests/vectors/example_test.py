#!/usr/bin/env python3
"""The examples of the text are true: the file of appendix A is joined from its hexadecimal and read by both readers, and
the columns in sections 5.4 and 5.6 are those of vectors that both readers read.

example_test.py SPEC EXAMPLE DUMP FOLDER
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path("spec/reference").absolute()))
sys.dont_write_bytecode = True
import vmprof_reader  # noqa: E402

_ROW = re.compile(r"^([0-9A-F]{3})  ((?:[0-9A-F]{2} ?)+)")
_COLUMN = re.compile(r"`((?:[0-9A-F]{2} )+[0-9A-F]{2})`")
SAMPLE = {"time_ns": 1000, "values": [250], "stack": [["f", "x.py", 0, 1, 0, 3]], "thread": [100, 101, "T"]}


def joined(text):
    """The bytes of appendix A; each row stands at the offset that it says."""
    data = b""
    for match in filter(None, map(_ROW.match, text.splitlines())):
        assert int(match.group(1), 16) == len(data), match.group(0)
        data += bytes.fromhex(match.group(2))
    assert len(data) > 1000, "the example was not found"
    return data


def readings(dump, data):
    """What both readers say of a profile."""
    with tempfile.NamedTemporaryFile(suffix=".prof") as file:
        file.write(data)
        file.flush()
        printed = subprocess.run([dump, file.name], stdout=subprocess.PIPE, timeout=60, check=True).stdout
    yield json.loads(printed.decode("ascii"))
    yield json.loads(vmprof_reader.dump(vmprof_reader.read(data)))


def reading_faults(document):
    """Where a reading of appendix A is not what its words say."""
    if document["error"] is not None or document["damaged"]:
        yield "it is not whole: %r" % document["damage"]
    for session in document["sessions"]:
        if not session["finished"] or session["end_ns"] != 2000 or session["value_types"] != [["cpu", "ns"]]:
            yield "the session is %r" % session
        for sample in session["samples"]:
            for key, value in SAMPLE.items():
                if sample[key] != value:
                    yield "%s is %r" % (key, sample[key])
    if [len(session["samples"]) for session in document["sessions"]] != [1]:
        yield "it has not one session of one sample"


def column_faults(text, section, profile):
    """The columns of a section's example stand in a vector, one behind the other as they are named."""
    part = text[text.index("### %s " % section):]
    columns = _COLUMN.findall(part[part.index("\nExample: "):part.index("\n### ")])
    if len(columns) != 4:
        yield "section %s: %d columns in hexadecimal" % (section, len(columns))
    if bytes.fromhex("".join(columns)) not in profile.read_bytes():
        yield "section %s: its columns are not those of %s" % (section, profile.name)


def main(arguments):
    spec, example, dump, folder = arguments
    text = pathlib.Path(spec).read_text(encoding="utf-8")
    good = pathlib.Path(folder) / "good"
    data = joined(pathlib.Path(example).read_text(encoding="utf-8"))
    found = [] if data == (good / "smallest.prof").read_bytes() else ["appendix A is not good/smallest.prof"]
    for document in readings(dump, data):
        found += reading_faults(document)
    found += column_faults(text, "5.4", good / "edges.prof")
    found += column_faults(text, "5.6", good / "runs.prof")
    print("\n".join(found) if found else "%d bytes" % len(data))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
