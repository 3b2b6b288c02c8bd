#!/usr/bin/env python3
"""Each vector's source compiles to the bytes that are committed, and says the same as its expected reading.

sources_test.py FOLDER [--write]: with --write the bytes are made anew, and the readings put in their form.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import compile as compiler  # noqa: E402
import reading  # noqa: E402
import source  # noqa: E402
import vectors  # noqa: E402


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
    if vector.profile_path.read_bytes() != compiler.compile_text(vector.source):
        yield "its bytes are not those of its source"


def strays(folder):
    """Files that belong to no vector."""
    for path in sorted(folder.glob("*/*")):
        if not all(path.with_suffix(suffix).exists() for suffix in (".vec", ".prof", ".json")):
            yield "%s: a vector is a .vec, a .prof and a .json" % path


def write(vector):
    """Brings the bytes and the reading's form up to date."""
    vector.profile_path.write_bytes(compiler.compile_text(vector.source))
    vector.path.with_suffix(".json").write_text(reading.printed(vector.reading), encoding="utf-8")


def main(arguments):
    folder = pathlib.Path(arguments[0])
    if "--write" in arguments:
        for vector in vectors.all_vectors(folder):
            write(vector)
    found = list(strays(folder))
    all_vectors = vectors.all_vectors(folder)
    for vector in all_vectors:
        found += ["%s: %s" % (vector.name, fault) for fault in faults(vector)]
    print("\n".join(found) if found else "%d vectors" % len(all_vectors))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
