#!/usr/bin/env python3
"""Each log vector's source compiles to the bytes that are committed, and what its comments say of its reading is what the
expected reading says.

sources_test.py FOLDER [--write]: with --write the bytes are made anew, and the readings put in their form.
"""

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent.parent / "vectors"))
sys.dont_write_bytecode = True
import log_source  # noqa: E402
import reading  # noqa: E402
import source  # noqa: E402
import vectors  # noqa: E402

KINDS = ("unknown", "py", "jit", "vm", "native", "kernel", "gc", "internal")


def said(text, word):
    """What the comment lines `# WORD ...` have behind the word."""
    return [line.split(None, 2)[2] if len(line.split(None, 2)) > 2 else ""
            for line in text.splitlines() if line.startswith("# %s " % word) or line == "# " + word]


def said_samples(text):
    """The stacks of the lines `# sample COUNT KIND NAME > KIND NAME`, outermost frame first; None where there is no line."""
    found = []
    for line in said(text, "sample"):
        count, _, stack = line.partition(" ")
        frames = [frame.strip() for frame in stack.split(" > ")] if stack else []
        found += [[frame.encode().decode("unicode_escape") for frame in frames]] * int(count)
    return found


def read_samples(document):
    """The same of a reading."""
    samples = itertools.chain.from_iterable(session["samples"] for session in document["sessions"])
    return [[("%s %s" % (KINDS[frame[3]], frame[0])).strip() for frame in sample["stack"]] for sample in samples]


def said_faults(vector):
    """Where the comments and the reading disagree."""
    expected, document = said_samples(vector.source), vector.reading
    if (expected or not said(vector.source, "deep")) and expected != read_samples(document):
        yield "its samples are %r, not %r" % (read_samples(document), expected)
    errors = said(vector.source, "error")
    if (errors[0] if errors else None) != document["error"]:
        yield "its error is %r" % document["error"]
    lost = [int(word) for line in said(vector.source, "lost") for word in line.split()] or [0, 0]
    if lost != [document["damage"]["lost_samples"], document["damage"]["lost_bytes"]]:
        yield "its losses are %r" % document["damage"]


def faults(vector):
    """What is wrong with a vector, as lines."""
    lines = vector.source.splitlines()
    if not (lines and lines[0].startswith("# ") and not lines[0].startswith("# rule ")):
        yield "its first line does not say what it shows"
    rules = source.rules(vector.source)
    if not rules:
        yield "it names no rule"
    if vector.reading["rules"] != ([] if vector.kind == "good" else rules):
        yield "its reading and its source name different rules"
    if vector.reading_text != reading.printed(vector.reading):
        yield "its reading is not in the form that reading.py prints"
    if vector.profile_path.read_bytes() != log_source.compile_text(vector.source):
        yield "its bytes are not those of its source"
    yield from said_faults(vector)


def strays(folder):
    """Files that belong to no vector."""
    for path in sorted(folder.glob("*/*")):
        if not all(path.with_suffix(suffix).exists() for suffix in (".vec", ".prof", ".json")):
            yield "%s: a vector is a .vec, a .prof and a .json" % path


def write(vector):
    """Brings the bytes and the reading's form up to date."""
    vector.profile_path.write_bytes(log_source.compile_text(vector.source))
    path = vector.path.with_suffix(".json")
    if path.exists():
        path.write_text(reading.printed(vector.reading), encoding="utf-8")


def main(arguments):
    folder = pathlib.Path(arguments[0])
    all_vectors = vectors.all_vectors(folder)
    if "--write" in arguments:
        for vector in all_vectors:
            write(vector)
    found = list(strays(folder))
    for vector in all_vectors:
        found += ["%s: %s" % (vector.name, fault) for fault in faults(vector)]
    print("\n".join(found) if found else "%d vectors" % len(all_vectors))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
