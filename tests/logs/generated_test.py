#!/usr/bin/env python3
"""Holds the reader of logs in spec/reference, and libvmprof_fmt where its dump is given, against what the generator of random logs
says that is in them, and against each other where the logs are damaged.

generated_test.py [DUMP] [--seeds A..B]. A failure names its seed: spec/reference/generate_logs.py --seed N [--damage] writes the log.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).absolute().parent
sys.path[:0] = [str(HERE.parent / "vectors"), str(HERE.parent / "vectors_log"),
                str(pathlib.Path("spec/reference").absolute())]
sys.dont_write_bytecode = True
import vmprof_log_generator  # noqa: E402
from vmprof_log_reader import LogError, dump, read  # noqa: E402
from readers_test import comparable, differences  # noqa: E402

DUMP = None
SEEDS = ENOUGH_SEEDS = range(400)
GENERATOR = "spec/reference/generate_logs.py"
SECONDS = 120
AT_ONCE = 50
SHOWN = 20
PY, VM = 1, 3
VERSIONS, BITS = range(7), (1, 2, 4, 8, 16)
USED_BY_ENOUGH_SEEDS = {
    "version %d" % version for version in VERSIONS} | {
    "%s in version %d" % (name, version) for name in ("cpython", "pypy", "bf", "") for version in VERSIONS} | {
    "mode bit %d" % bit for bit in BITS} | {"frame kind %d" % kind for kind in (1, 2, 4, 6, 7)} | {
    "words 4, addresses 4", "words 4, addresses 8", "words 8, addresses 8", "snapshot", "first days", "gzip",
    "memory left out", "an empty stack"}
DAMAGES = {"cut", "flip", "marker", "garbage", "remove"}


def read_here(data):
    try:
        return json.loads(dump(read(data)))
    except LogError as error:
        return json.loads(dump(None, error))


def read_there(inputs):
    """What libvmprof_fmt says of each input."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / ("%d.prof" % index) for index in range(len(inputs))]
        for path, data in zip(paths, inputs):
            path.write_bytes(data)
        done = subprocess.run([DUMP, *map(str, paths)], stdout=subprocess.PIPE, timeout=SECONDS, check=False)
    lines = done.stdout.decode("ascii").splitlines()
    if done.returncode != 0 or len(lines) != len(inputs):
        raise AssertionError("dump: exit code %d at input %d" % (done.returncode, len(lines)))
    return [json.loads(line) for line in lines]


def readings(damage):
    """(seed, what was made, readings by reader) of each seed."""
    for begin in range(SEEDS.start, SEEDS.stop, AT_ONCE):
        seeds = range(begin, min(begin + AT_ONCE, SEEDS.stop))
        made = [vmprof_log_generator.make(seed, damage) for seed in seeds]
        there = read_there([log.data for log in made]) if DUMP else [None] * len(made)
        for seed, log, theirs in zip(seeds, made, there):
            documents = {"the reference reader": read_here(log.data)}
            documents["the reference reader"].pop("reference")
            if theirs is not None:
                documents["libvmprof_fmt"] = theirs
            yield seed, log, documents


def addresses(document):
    """Kinds and addresses of each sample's frames: what a cut cannot change (names stand at the end of logs)."""
    return [[(PY if frame[3] == VM else frame[3], frame[4]) for frame in sample["stack"]]
            for session in document["sessions"] for sample in session["samples"]]


def alike(ours, theirs):
    """How many of two lists are alike from their beginnings on."""
    return next((index for index, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))


def otherwise(found, expected):
    """How many samples, at the place of a damage, are not those that were there; others there may be lost."""
    begin = alike(found, expected)
    end = alike(found[begin:][::-1], expected[begin:][::-1])
    return len(found) - begin - end


def damage_faults(log, document):
    """What a damaged log must give all the same."""
    if document["error"] is not None:
        return [] if log.error_allowed else ["it is refused: %s" % document["error"]]
    found, expected = addresses(document), log.stacks
    faults = []
    if len(found) < log.at_least:
        faults.append("%d samples of %d" % (len(found), log.at_least))
    if expected is not None and found != expected[:len(found)]:
        faults.append("samples that never were")
    if log.but_one is not None and otherwise(found, log.but_one) > 1:
        faults.append("more than one sample that never was")
    if log.must_tell and not document["damaged"]:
        faults.append("nothing is said of the damage")
    return faults


class GeneratedTest(unittest.TestCase):
    """Logs from seeds."""

    maxDiff = None

    def check(self, failures):
        self.assertEqual("\n".join(failures[:SHOWN]), "")

    def test_sound(self):
        failures, used = [], set()
        for seed, log, documents in readings(False):
            used |= log.used
            expected = comparable(json.loads(json.dumps(log.expected)))
            for reader, document in documents.items():
                failures += ["seed %d: %s: %s" % (seed, reader, line)
                             for line in list(differences(expected, comparable(document)))[:5]]
        self.check(failures)
        if len(SEEDS) >= len(ENOUGH_SEEDS):
            self.assertEqual(USED_BY_ENOUGH_SEEDS - used, set())

    def test_damaged(self):
        failures, used = [], set()
        for seed, log, documents in readings(True):
            used |= log.used
            for reader, document in documents.items():
                failures += ["seed %d, damaged: %s: %s" % (seed, reader, line) for line in damage_faults(log, document)]
            first, *others = (comparable(document) for document in documents.values())
            for other in others:
                failures += ["seed %d, damaged: between the readers: %s" % (seed, line)
                             for line in list(differences(first, other))[:5]]
        self.check(failures)
        if len(SEEDS) >= len(ENOUGH_SEEDS):
            self.assertEqual(DAMAGES - used, set())

    def test_a_seed_says_all(self):
        for seed, options in ((1, []), (2, ["--damage"])):
            made = vmprof_log_generator.make(seed, bool(options))
            self.assertEqual(made.data, vmprof_log_generator.make(seed, bool(options)).data)
            command = [sys.executable, GENERATOR, "--seed", str(seed), *options]
            self.assertEqual(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, made.data)
        done = subprocess.run([sys.executable, GENERATOR, "--seed", "1", "--expected"], stdout=subprocess.PIPE, check=True)
        self.assertEqual(json.loads(done.stdout.decode()),
                         json.loads(json.dumps(vmprof_log_generator.make(1).expected)))
        self.assertNotEqual(vmprof_log_generator.make(1).data, vmprof_log_generator.make(2).data)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("--"):
        DUMP = str(pathlib.Path(sys.argv[1]).absolute())
    if "--seeds" in sys.argv:
        first_seed, end_seed = sys.argv[sys.argv.index("--seeds") + 1].split("..")
        SEEDS = range(int(first_seed), int(end_seed))
    unittest.main(argv=sys.argv[:1], verbosity=2)
