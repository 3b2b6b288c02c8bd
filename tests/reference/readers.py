"""Reads inputs with both readers, and says where they disagree on what the rules of the format fix."""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path("spec/reference").absolute()))
sys.dont_write_bytecode = True
import vmprof_reader  # noqa: E402

SECONDS = 120
KNOWN_FLAGS = 3
LOST_MODULE = ["<lost>", "", 0, 0, 0]


def read_here(data):
    """What the reference reader says, as it prints it."""
    try:
        printed = vmprof_reader.dump(vmprof_reader.read(data))
    except vmprof_reader.FormatError as error:
        printed = vmprof_reader.dump(vmprof_reader.Profile(), error)
    return json.loads(printed)


def read_there(dump, inputs):
    """What libvmprof_fmt says of each input."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for index, data in enumerate(inputs):
            path = pathlib.Path(folder) / ("%d.prof" % index)
            path.write_bytes(data)
            paths.append(str(path))
        done = subprocess.run([dump, *paths], stdout=subprocess.PIPE, timeout=SECONDS, check=False)
    lines = done.stdout.decode("ascii").splitlines()
    if done.returncode != 0 or len(lines) != len(inputs):
        raise AssertionError("dump: exit code %d at input %d" % (done.returncode, len(lines)))
    return [json.loads(line) for line in lines]


def samples_of(session):
    """The samples; of the flags only those that the format knows [F-5.6-3]."""
    return [dict(sample, flags=sample["flags"] & KNOWN_FLAGS) for sample in session["samples"]]


def modules_of(session):
    """The modules that are there: whether a reader lists one for each that is lost the text leaves open."""
    return [module for module in session["modules"] if module != LOST_MODULE]


def differences(here, there):
    """Where two dumps differ in what the rules fix, as lines.

    How many bytes and chunks a damage has cost the format does not fix: one reader counts a chunk that is missing,
    the other one that is there and bad. Whether there is damage it does.
    """
    found = []

    def compare(what, ours, theirs):
        if ours != theirs:
            found.append("%s: %.300r is not %.300r" % (what, ours, theirs))

    for key in ("error", "damaged"):
        compare(key, here[key], there[key])
    compare("count of sessions", len(here["sessions"]), len(there["sessions"]))
    for index, (ours, theirs) in enumerate(zip(here["sessions"], there["sessions"])):
        found += ["session %d: %s" % (index, line) for line in session_differences(ours, theirs)]
    compare("lost samples", here["damage"]["lost_samples"], there["damage"]["lost_samples"])
    if not here["damaged"]:
        compare("damage", here["damage"], there["damage"])
        compare("threads", here["threads"], there["threads"])
    return found


def session_differences(ours, theirs):
    """Where two dumps of a session differ."""
    keys = ("end_ns", "finished", "lost_samples", "metadata", "start_unix_ns", "value_types")
    found = ["%s: %.300r is not %.300r" % (key, ours[key], theirs[key]) for key in keys if ours[key] != theirs[key]]
    if len(ours["samples"]) != len(theirs["samples"]):
        found.append("count of samples: %d is not %d" % (len(ours["samples"]), len(theirs["samples"])))
    if modules_of(ours) != modules_of(theirs):
        found.append("modules: %.300r is not %.300r" % (modules_of(ours), modules_of(theirs)))
    pairs = zip(samples_of(ours), samples_of(theirs))
    unlike = next(((number, *pair) for number, pair in enumerate(pairs) if pair[0] != pair[1]), None)
    if unlike:
        found.append("sample %d: %.300r is not %.300r" % unlike)
    return found


def spoiled(name, data, seed, cuts, flips, spare=range(0)):
    """(name, input) of an input that was cut and that had bits flipped, but for the bytes to spare; the same ones
    for the same seed."""
    rng = random.Random("%s %s" % (seed, name))
    for _ in range(cuts):
        size = rng.randrange(len(data))
        yield "%s cut to %d bytes" % (name, size), data[:size]
    for index in range(flips):
        damaged = bytearray(data)
        # Every fourth has several.
        bits = [rng.randrange(8 * len(data)) for _ in range(1 if index % 4 else 3)]
        for bit in (bit for bit in bits if bit // 8 not in spare):
            damaged[bit // 8] ^= 1 << bit % 8
        if damaged != data:
            yield "%s with flipped bits %s" % (name, bits), bytes(damaged)


class Comparison:
    """Holds the readers against each other on many inputs."""

    def __init__(self, dump):
        self.dump = dump

    def failures(self, named, must_be_damaged=False):
        """What is wrong on inputs of (name, bytes), as one text, and how many inputs there were."""
        named = list(named)
        there = read_there(self.dump, [data for _, data in named])
        lines = []
        for (name, data), theirs in zip(named, there):
            ours = read_here(data)
            found = differences(ours, theirs)
            if must_be_damaged:
                for reader, document in (("the reference reader", ours), ("libvmprof_fmt", theirs)):
                    if not document["damaged"] and document["error"] is None:
                        found.append("%s says that it is whole" % reader)
            lines += ["%s: %s" % (name, line) for line in found]
        return "\n".join(lines[:40]), len(named)
