#!/usr/bin/env python3
"""Every log vector is read as its .json says by the reader in spec/reference, which names a rule that a bad one breaks; and by
libvmprof_fmt, where its programs are given.

readers_test.py FOLDER [DUMP VERDICT]
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent.parent / "vectors"))
sys.path.insert(0, str(pathlib.Path("spec/reference").absolute()))
sys.dont_write_bytecode = True
import vectors  # noqa: E402
import vmprof_log_reader  # noqa: E402

SECONDS = 120
REFUSALS = ("unsupported", "newer version")


def of_reference(path):
    """What the reader in spec/reference prints of a log."""
    try:
        printed = vmprof_log_reader.dump(vmprof_log_reader.read(pathlib.Path(path).read_bytes()))
    except vmprof_log_reader.LogError as error:
        printed = vmprof_log_reader.dump(None, error)
    return json.loads(printed)


def of_library(program, paths):
    """What a program that links the library prints of each log."""
    done = subprocess.run([program, *paths], stdout=subprocess.PIPE, timeout=SECONDS, check=False)
    lines = done.stdout.decode("ascii").splitlines()
    if done.returncode != 0 or len(lines) != len(paths):
        raise AssertionError("%s: exit code %d at %s" % (program, done.returncode, paths[len(lines):][:1]))
    return [json.loads(line) for line in lines]


def comparable_sample(sample):
    """A sample without what is nothing."""
    return {key: value for key, value in sample.items()
            if key not in ("labels", "modules") or (any(value) if key == "modules" else value)}


def comparable(document):
    """A reading without what the text leaves to the reader: how many chunks were bad [L-8-7]."""
    sessions = [dict(session, modules=session.get("modules", []),
                     samples=[comparable_sample(sample) for sample in session["samples"]])
                for session in document["sessions"]]
    for session in sessions:
        session.pop("totals", None)
    damage = {key: value for key, value in document["damage"].items() if key != "bad_chunks"}
    return {"damage": damage, "damaged": document["damaged"], "error": document["error"], "sessions": sessions,
            "threads": document["threads"]}


def differences(expected, found, where=""):
    """Where two readings differ, as lines."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(set(expected) | set(found)):
            yield from differences(expected.get(key), found.get(key), "%s.%s" % (where, key))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found)):
            yield from differences(*pair, where="%s[%d]" % (where, index))
    elif expected != found:
        yield "%s is %.150r, not %.150r" % (where.lstrip("."), found, expected)


def reading_faults(vector, document):
    """Where a reading is not as expected. What inflates before the damage of a gzip file a reader need not give [L-1-3]."""
    if vector.reading.get("may") and document["error"] == vector.reading["may"]:
        return []
    return list(differences(comparable(vector.reading), comparable(document)))


def rule_faults(vector, named):
    """Whether the rules that a reader names are those of the vector: `named`, the first one first."""
    rules = vector.reading["rules"]
    if vector.reading["error"] == "not ours":
        rules = rules + ["F-2-1"]  # no profile either [L-2-1]
    if not rules:
        return ["a sound one breaks %s" % named[0]] if named else []
    return [] if named and named[0] in rules else ["it names %s, not one of %s" % (named, " ".join(rules))]


def reference_faults(vector):
    """The reader in spec/reference."""
    document = of_reference(vector.profile_path)
    details = document.pop("reference")
    named = ([details["error"]["rule"]] if details["error"] else []) + [note[0] for note in details["notes"]]
    return reading_faults(vector, document) + rule_faults(vector, named)


def library_faults(all_vectors, dump, verdict):
    """(vector, fault) of libvmprof_fmt."""
    paths = [str(vector.profile_path) for vector in all_vectors]
    for vector, document, said in zip(all_vectors, of_library(dump, paths), of_library(verdict, paths)):
        first = said["error"] if said["error"]["status"] != "ok" else said["damage"]
        named = [first["rule"]] if first["rule"] else []
        found = reading_faults(vector, document) + rule_faults(vector, named)
        if (vector.kind == "unsupported") != (first["status"] in REFUSALS):
            found.append("the status is %s" % first["status"])
        for fault in found:
            yield vector, "libvmprof_fmt: " + fault


def main(arguments):
    all_vectors = vectors.all_vectors(pathlib.Path(arguments[0]))
    found = [(vector, fault) for vector in all_vectors for fault in reference_faults(vector)]
    if len(arguments) > 1:
        found += list(library_faults(all_vectors, *arguments[1:3]))
    print("\n".join("%s: %s" % (vector.name, fault) for vector, fault in found) or "%d vectors" % len(all_vectors))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
