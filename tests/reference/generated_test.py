#!/usr/bin/env python3
"""Holds both readers against what the generator of random profiles says that is in them, and against each other where
the profiles are damaged.

Arguments: dump [--seeds A..B]. Without seeds, a few hundred are tried. A failure names its seed:
spec/reference/generate.py --seed N [--damage] writes the profile.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import readers  # noqa: E402
import vmprof_generator  # noqa: E402

DUMP = None
SOUND_SEEDS = ENOUGH_SEEDS = range(150)
DAMAGED_SEEDS = range(200)
GENERATOR = "spec/reference/generate.py"
AT_ONCE = 50
SHOWN = 20
USED_BY_ENOUGH_SEEDS = (
    ["kind %d" % kind for kind in (*range(1, 17), 40, 0xFFFF)]
    + ["encoding %d, codec %d" % (encoding, codec) for encoding in range(6) for codec in range(3)]
    + ["transform %d" % transform for transform in range(16)]
    + ["run of kind %d" % kind for kind in range(3)]
    + ["row %d" % kind for kind in range(1, 6)] + ["row %d, not committed" % kind for kind in (2, 3, 4)]
    + ["a damaged row", "a column set without entries", "edges", "new locations", "outer locations", "offsets in END"])


def made_of(seeds, damage):
    """(name, profile) of each seed, some at once."""
    made = []
    for seed in seeds:
        name = "seed %d%s" % (seed, ", damaged" if damage else "")
        made.append((name, vmprof_generator.make(seed, damage)))
        if len(made) == AT_ONCE:
            yield made
            made = []
    yield made


def readings(seeds, damage):
    """(name, profile, what the reference reader says, what libvmprof_fmt says) of each seed."""
    for made in made_of(seeds, damage):
        documents = readers.read_there(DUMP, [profile.data for _, profile in made])
        for (name, profile), there in zip(made, documents):
            yield name, profile, readers.read_here(profile.data), there


def unexpected(document, expected):
    """Where a reading of a sound profile is not what the profile was made of."""
    found = []

    def compare(what, theirs, ours):
        if theirs != ours:
            found.append("%s: %.300r is not %.300r" % (what, theirs, ours))

    for key in ("error", "damaged"):
        compare(key, document[key], expected[key])
    compare("lost samples", document["damage"]["lost_samples"], expected["lost_samples"])
    # In which order the threads of a journal are given the text leaves open.
    compare("threads", sorted(document["threads"]), sorted(expected["threads"]))
    compare("count of sessions", len(document["sessions"]), len(expected["sessions"]))
    for index, (theirs, ours) in enumerate(zip(document["sessions"], expected["sessions"])):
        for key in sorted(theirs.keys() - {"samples"}):
            compare("session %d: %s" % (index, key), theirs[key], ours[key])
        compare("session %d: count of samples" % index, len(theirs["samples"]), len(ours["samples"]))
        for number, (sample, made) in enumerate(zip(theirs["samples"], ours["samples"])):
            for key in sample:
                known = sample[key] & readers.KNOWN_FLAGS if key == "flags" else sample[key]
                compare("session %d: sample %d: %s" % (index, number, key), known, made[key])
    return found[:5]


def times(document):
    """How often each time is that of a sample."""
    return collections.Counter(sample["time_ns"] for session in document["sessions"] for sample in session["samples"])


def frames(document):
    """All frames, but for the line: that of a damaged journal's row is under a check, too."""
    return {tuple(frame) for session in document["sessions"] for sample in session["samples"]
            for frame in sample["stack"]}


def invented(document, expected):
    """Samples, or names in them, that the profile never had. Damage may lose samples and names, no more."""
    found = []
    more = times(document) - times(expected)
    if more:
        found.append("samples that never were, at %.200r" % dict(more))
    names = {name for frame in frames(expected) for name in frame[:2]} | {"<lost>", ""}
    others = {name for frame in frames(document) for name in frame[:2]} - names
    if others:
        found.append("names that never were: %.200r" % others)
    return found


class GeneratedTest(unittest.TestCase):
    """Both readers, on profiles from seeds."""

    maxDiff = None

    def check(self, failures):
        self.assertEqual("\n".join(failures[:SHOWN]), "")

    def test_sound(self):
        failures, used = [], set()
        for name, profile, here, there in readings(SOUND_SEEDS, False):
            used |= profile.used
            expected = json.loads(json.dumps(profile.expected))
            failures += ["%s: the reference reader: %s" % (name, line) for line in unexpected(here, expected)]
            failures += ["%s: libvmprof_fmt: %s" % (name, line) for line in unexpected(there, expected)]
            failures += ["%s: between the readers: %s" % (name, line) for line in readers.differences(here, there)]
            for session in here["reference"]["sessions"]:
                if not expected["damaged"]:
                    failures += ["%s: %s" % (name, note) for note in session["notes"]]
                failures += ["%s: %s" % (name, note) for note in session["wrong_offers"]]
        self.check(failures)
        if len(SOUND_SEEDS) >= len(ENOUGH_SEEDS):
            self.assertEqual(set(USED_BY_ENOUGH_SEEDS) - used, set())

    def test_damaged(self):
        failures = []
        for name, profile, here, there in readings(DAMAGED_SEEDS, True):
            failures += ["%s: %s" % (name, line) for line in readers.differences(here, there)]
            if not profile.repaired:
                failures += ["%s: the reference reader: %s" % (name, line)
                             for line in invented(here, profile.expected)]
                failures += ["%s: libvmprof_fmt: %s" % (name, line) for line in invented(there, profile.expected)]
        self.check(failures)

    def test_a_seed_says_all(self):
        for seed, options in ((1, []), (2, ["--damage"])):
            made = vmprof_generator.make(seed, bool(options))
            self.assertEqual(made.data, vmprof_generator.make(seed, bool(options)).data)
            command = [sys.executable, GENERATOR, "--seed", str(seed), *options]
            with tempfile.NamedTemporaryFile() as output:
                subprocess.run([*command, "-o", output.name], check=True)
                self.assertEqual(output.read(), made.data)
            self.assertEqual(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, made.data)
            done = subprocess.run([*command, "--expected"], stdout=subprocess.PIPE, check=True)
            self.assertEqual(json.loads(done.stdout.decode()), json.loads(json.dumps(made.expected)))
        self.assertNotEqual(vmprof_generator.make(1).data, vmprof_generator.make(2).data)


if __name__ == "__main__":
    DUMP = str(pathlib.Path(sys.argv[1]).absolute())
    if "--seeds" in sys.argv:
        begin, end = sys.argv[sys.argv.index("--seeds") + 1].split("..")
        SOUND_SEEDS = DAMAGED_SEEDS = range(int(begin), int(end))
    unittest.main(argv=sys.argv[:1], verbosity=2)
