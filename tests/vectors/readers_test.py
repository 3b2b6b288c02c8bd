#!/usr/bin/env python3
"""Every vector is read as its .json says, by libvmprof_fmt and by the reader in spec/reference, and the library names
the rule that a bad one breaks.

readers_test.py DUMP VERDICT FOLDER GAPS [--write-gaps]

GAPS lists what is known to be otherwise, `CHECK KIND/NAME` a line: a line that is no longer true is a fault too.
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.path.insert(0, str(pathlib.Path("spec/reference").absolute()))
sys.dont_write_bytecode = True
import vectors  # noqa: E402
import vmprof_reader  # noqa: E402

SECONDS = 120
LOST_THREAD = [0, 0, "<lost>"]
LOST_MODULE = ["<lost>", "", 0, 0, 0]


# ---- the readers ---------------------------------------------------------------------------------------

def of_library(program, paths):
    """What a program that links the library prints of each profile."""
    done = subprocess.run([program, *paths], stdout=subprocess.PIPE, timeout=SECONDS, check=False)
    lines = done.stdout.decode("ascii").splitlines()
    if done.returncode != 0 or len(lines) != len(paths):
        raise AssertionError("%s: exit code %d at %s" % (program, done.returncode, paths[len(lines):][:1]))
    return [json.loads(line) for line in lines]


def of_reference(path):
    """What the reader in spec/reference prints of a profile."""
    try:
        printed = vmprof_reader.dump(vmprof_reader.read(pathlib.Path(path).read_bytes()))
    except vmprof_reader.FormatError as error:
        printed = vmprof_reader.dump(vmprof_reader.Profile(), error)
    return json.loads(printed)


# ---- what the format fixes of a reading ----------------------------------------------------------------

def comparable_sample(sample):
    """A sample without what is nothing."""
    return {key: value for key, value in sample.items()
            if key not in ("labels", "modules") or (any(value) if key == "modules" else value)}


def comparable_session(session):
    """A session without totals, which are no reading of their own, and without what is nothing, or lost."""
    kept = {key: value for key, value in session.items() if key != "totals"}
    kept["modules"] = [module for module in session.get("modules", []) if module != LOST_MODULE]
    kept["samples"] = [comparable_sample(sample) for sample in session["samples"]]
    # Of a damaged superblock nothing is believed [F-2-2]; a reader may say 0 or nothing.
    kept["start_unix_ns"] = session["start_unix_ns"] or 0
    return kept


def comparable(document):
    """A reading without what the format leaves to the reader: bytes and chunks that are lost, and where it puts a
    thread that is."""
    return {
        "damage": {key: document["damage"][key] for key in ("lost_samples", "unfinished")},
        "damaged": document["damaged"],
        "error": document["error"],
        "sessions": [comparable_session(session) for session in document["sessions"]],
        "threads": [thread for thread in document["threads"] if thread != LOST_THREAD],
    }


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
    """Where a reading is not as expected."""
    expected, found = comparable(vector.reading), comparable(document)
    if vector.reading.get("verify"):  # what a verifying reader counts beside damage is told by its rule: verdict_faults()
        expected["damaged"] = found["damaged"] = None
    return list(differences(expected, found))


def verdict_faults(vector, verdict):
    """Whether the library names a rule that the vector breaks, with a status of its kind."""
    first = verdict["error"] if verdict["error"]["status"] != "ok" else verdict["damage"]
    rules = vector.reading["rules"]
    if not rules:
        return [] if first["rule"] == "" else ["a sound one breaks %s" % first["rule"]]
    if first["rule"] not in rules:
        return ["the rule is %r, not one of %s" % (first["rule"], " ".join(rules))]
    wants_refusal = vector.kind == "unsupported"
    if wants_refusal != (first["status"] in ("unsupported", "newer version")):
        return ["the status is %s" % first["status"]]
    return []


# ---- known gaps ----------------------------------------------------------------------------------------

def read_gaps(path):
    """{(check, name)} of a list."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {tuple(line.split()) for line in lines if line and not line.startswith("#")}


def write_gaps(path, faulty):
    """Keeps the comment at the top, and lists what is otherwise now."""
    comment = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    path.write_text("\n".join(comment + [" ".join(gap) for gap in sorted(faulty)]) + "\n", encoding="utf-8")


def check(dump, verdict, all_vectors):
    """{(check, name): faults} of all that is not as expected."""
    paths = [str(vector.profile_path) for vector in all_vectors]
    found = {}
    for vector, read, judged in zip(all_vectors, of_library(dump, paths), of_library(verdict, paths)):
        found["library", vector.name] = reading_faults(vector, read)
        found["rule", vector.name] = verdict_faults(vector, judged)
        found["reference", vector.name] = reading_faults(vector, of_reference(vector.profile_path))
    return {key: faults for key, faults in found.items() if faults}


def main(arguments):
    dump, verdict, folder, gaps_path = arguments[:4]
    all_vectors = vectors.all_vectors(pathlib.Path(folder))
    faulty = check(dump, verdict, all_vectors)
    if "--write-gaps" in arguments:
        write_gaps(pathlib.Path(gaps_path), faulty)
    gaps = read_gaps(pathlib.Path(gaps_path))
    lines = ["%s %s: %s" % (*key, fault) for key, faults in sorted(faulty.items()) if key not in gaps
             for fault in faults[:3]]
    lines += ["%s: as expected now, take it out of the list" % " ".join(gap) for gap in sorted(gaps - set(faulty))]
    print("\n".join(lines) if lines else "%d vectors, %d known gaps" % (len(all_vectors), len(gaps)))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
