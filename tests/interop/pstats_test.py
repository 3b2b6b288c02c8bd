#!/usr/bin/env python3
"""Loads --pstats by the pstats of every Python that is found; what it holds has to be what the reference reader reads.

Arguments: vmprof-convert, mkprofile. Pythons: $VMPROF_PYTHONS, $VMPROF_PYPY, those on PATH.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import profiles  # noqa: E402
import proto  # noqa: E402
import tool  # noqa: E402

SECONDS = 60
# Small enough for Python 2.
LOADER = r"""
import io, json, pstats, sys
found = pstats.Stats(sys.argv[1])
rows = []
for key, (cc, nc, tt, ct, callers) in found.stats.items():
    rows.append([list(key), cc, nc, tt, ct, [[list(caller), list(numbers)] for caller, numbers in callers.items()]])
print(json.dumps([rows, found.total_calls, found.total_tt]))
"""
PRINTER = "import pstats, sys; pstats.Stats(sys.argv[1]).strip_dirs().sort_stats('cumulative').print_stats().print_callers()"
# More samples and weight than 31 bits hold, and functions that a dict cannot tell apart.
LARGE = """meta list values cpu:ns
thread main 7 7 m
function m m m.py 1 py 0x1000
function f f m.py 4 py 0x2000
function g f m.py 4 native 0x3000
function h bad\\xff - 0 gc 0
function i bad\\xfe - 0 gc 0
samples 9 10 main 10 4000000000000 m:2;f:5;g:5;f:5
samples 3 10 main 1000 7 m:2;h;i
sample main 5000 1 g
"""


def pythons():
    """One path each, in order."""
    named = os.environ.get("VMPROF_PYTHONS", "").split(":") + [os.environ.get("VMPROF_PYPY", ""), sys.executable]
    named += [shutil.which(name) or "" for name in ("python2", "python3", "pypy", "pypy3")]
    found = collections.OrderedDict()
    for path in named:
        if path and os.access(path, os.X_OK):
            # A launcher that has nothing to launch is no Python.
            done = subprocess.run([path, "-c", "import sys; print(sys.executable)"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=False, timeout=SECONDS)
            if done.returncode == 0:
                found.setdefault(os.path.realpath(done.stdout.decode().strip()), path)
    return list(found.values())


def load(python, path):
    """(rows by key, calls, seconds) as that Python has them."""
    done = subprocess.run([python, "-c", LOADER, str(path)], stdout=subprocess.PIPE, check=True, timeout=SECONDS)
    rows, calls, seconds = json.loads(done.stdout.decode("utf-8"))
    stats = {tuple(key): (cc, nc, tt, ct, {tuple(caller): tuple(numbers) for caller, numbers in callers})
             for key, cc, nc, tt, ct, callers in rows}
    assert len(stats) == len(rows)
    return stats, calls, seconds


def key_of(frame):
    """A function as pstats names it."""
    file = proto.clean(frame.file or frame.module)
    return (file or "~", frame.first_line if file else 0, proto.clean(frame.name or "-"))


def wanted(profile):
    """{key: (samples, samples, self, total, {caller: (samples, samples, self, total)})}."""
    scale = 1e9 if metric_unit(profile) == "ns" else 1
    costs = collections.defaultdict(lambda: [0, 0, 0])
    for frames, weight in profiles.samples_of(profile):
        keys = [key_of(frame) for frame in frames]
        for at, key in enumerate(keys):
            first = keys.index(key) == at
            for call in [(key, None)] + ([(key, keys[at - 1])] if at else []):
                costs[call][0] += first
                costs[call][1] += weight if at == len(keys) - 1 else 0
                costs[call][2] += weight if first else 0
    found = {}
    for (key, caller), (samples, own, total) in costs.items():
        if caller is None:
            callers = {call[1]: (n, n, a / scale, b / scale) for call, (n, a, b) in costs.items()
                       if call[0] == key and call[1] is not None}
            found[key] = (samples, samples, own / scale, total / scale, callers)
    return found


def metric_unit(profile):
    """The unit of the metric that is written."""
    types = dict(profile["sessions"][0]["value_types"])
    return types.get("cpu", list(types.values())[0])


class Pstats(unittest.TestCase):
    """The same bytes in each Python."""

    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        cls.pythons = pythons()

    def test_every_python(self):
        """Keys, numbers and callers."""
        found = self.pythons
        self.assertTrue(found)
        with tempfile.TemporaryDirectory() as folder:
            paths = [path for path in tool.names() if path.stem in
                     ("empty", "simple", "recursion", "threads", "jit", "native", "labels", "ties", "text", "many")]
            paths += [tool.make(source, pathlib.Path(folder, name + ".prof"))
                      for name, source in (("hostile", hostile.SOURCE), ("large", LARGE))]
            for path in paths:
                out = pathlib.Path(folder, "out.pstats")
                out.write_bytes(tool.convert("--pstats", path))
                profile = profiles.read(path.read_bytes())
                if not any(session["samples"] for session in profile["sessions"]):
                    continue  # pstats takes no empty dict for statistics
                right = wanted(profile)
                for python in found:
                    stats, calls, seconds = load(python, out)
                    self.assertEqual(stats, right, (path.name, python))
                    self.assertEqual(calls, sum(row[1] for row in right.values()))
                    self.assertAlmostEqual(seconds, sum(row[2] for row in right.values()))

    def test_printed(self):
        """What people do with it: sorted, printed, with callers."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "out.pstats")
            tool.convert("--pstats", tool.PROFILES / "recursion.prof", "-o", out)
            for python in self.pythons:
                done = subprocess.run([python, "-c", PRINTER, str(out)], stdout=subprocess.PIPE, check=True, timeout=SECONDS)
                self.assertIn(b"was called by", done.stdout)

    def test_losses(self):
        """What it cannot hold is said, and --lossless makes it an error."""
        done = tool.run("--pstats", "--lossless", tool.PROFILES / "labels.prof")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot hold: times, threads, lines, kinds of frames, labels, modules", done.stderr)


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    unittest.main(argv=sys.argv[:1])
