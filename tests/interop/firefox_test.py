#!/usr/bin/env python3
"""Holds --firefox against the reference reader, sample by sample, and against the Firefox Profiler's own importer where that is
installed: npm's @firefox-devtools/profiler-cli, on PATH or in $VMPROF_PROFILER_CLI (a .js file is run by node).

Arguments: vmprof-convert, mkprofile.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import profiles  # noqa: E402
import tool  # noqa: E402

SECONDS = 60
TRIES = 20  # its daemon waits half a second for itself to start, which a busy machine may not manage
UNITS = {"ns": "tracing-ms", "bytes": "bytes"}
MODULES = """start 1700000000123456789
meta list values cpu:ns
meta integer period_ns 2000000
thread worker 7 8 the\\sworker
thread other 7 9 -
function m m m.py 1 py 0x1000
function f f m.py 4 jit 0x2001
function n n /lib/x.so 0 native 0x2004
samples 4 10 worker 1234567 5000001 m:2;f:5;n
samples 2 10 other 20 5 m;n
samples 2 10 worker 9000000 5 m
"""
skipped = []


class Thread:
    """What a thread of the document says, each stack from its root."""

    def __init__(self, document, thread):
        shared, samples = document["shared"], thread["samples"]
        for table in list(shared.values()) + [samples]:
            if isinstance(table, dict):
                columns = [column for column in table.values() if isinstance(column, list)]
                assert all(len(column) == table["length"] for column in columns)
        self.key = (thread["pid"], thread["tid"])
        self.name = thread["name"]
        self.weight_type = samples["weightType"]
        self.times = samples["time"]
        self.weights = samples["weight"]
        self.cpu = samples.get("threadCPUDelta")
        self.stacks = [self.stack(shared, document["meta"]["categories"], index) for index in samples["stack"]]

    @staticmethod
    def stack(shared, categories, index):
        """(name, file, first line, kind, line) of each frame."""
        stacks, frames, functions, strings = [shared[key] for key in ("stackTable", "frameTable", "funcTable", "stringArray")]
        found = []
        while index is not None:
            frame = stacks["frame"][index]
            function = frames["func"][frame]
            source = functions["source"][function]
            file = "" if source is None else strings[shared["sources"]["filename"][source]]
            kind = categories[frames["category"][frame]]["name"]
            found.append((strings[functions["name"][function]], file, functions["lineNumber"][function] or 0,
                          "unknown" if kind == "Other" else kind, frames["line"][frame] or 0))
            prefix = stacks["prefix"][index]
            assert prefix is None or prefix < index
            index = prefix
        return found[::-1]


def ms_of(ns):
    """As the document has it."""
    return float("%d.%06d" % (ns // 1000000, ns % 1000000))


def wanted(profile):
    """{(session, pid, tid): [(stack, time, weight)]} in order, and the units of the sessions."""
    threads = collections.OrderedDict()
    units = []
    first = profile["sessions"][0]["start_unix_ns"]
    for number, session in enumerate(profile["sessions"]):
        offset = session["start_unix_ns"] - first if first else 0
        types = session["value_types"]
        names = [name for name, _ in types]
        column = names.index("cpu") if "cpu" in names else next((i for i, name in enumerate(names) if name != "memory"), None)
        units.append("count" if column is None else types[column][1])
        for sample in session["samples"]:
            frames = profiles.frames_of(sample) or [profiles.Frame("<hidden>", "", 0, 0, 0, "")]
            stack = [(f.name or "-", f.file, f.first_line, profiles.KINDS[f.kind], f.line) for f in frames]
            weight = 1 if column is None else sample["values"][column]
            key = (number, str(sample["thread"][0]), str(sample["thread"][1]))
            threads.setdefault(key, []).append((stack, sample["time_ns"] + max(offset, 0), weight))
    for samples in threads.values():
        samples.sort(key=lambda sample: sample[1])
    return threads, units


class Firefox(unittest.TestCase):
    """The document, and what its client shows of it."""

    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.paths = tool.names() + [tool.make(source, cls.folder / (name + ".prof"))
                                    for name, source in (("hostile", hostile.SOURCE), ("modules", MODULES))]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_samples(self):
        """Each sample of each thread: its stack with lines and kinds, its time, its weight."""
        for path in self.paths:
            made = tool.convert("--firefox", path)
            self.assertEqual(made, tool.convert("--firefox", path))
            document = json.loads(made.decode("utf-8"))
            self.assertEqual(document["meta"]["preprocessedProfileVersion"], 60)
            right, units = wanted(profiles.read(path.read_bytes()))
            threads = [Thread(document, thread) for thread in document["threads"]]
            self.assertEqual([thread.key for thread in threads], [key[1:] for key in right], path.name)
            for thread, (key, samples) in zip(threads, right.items()):
                unit = units[key[0]]
                self.assertEqual(thread.stacks, [stack for stack, _, _ in samples], path.name)
                self.assertEqual(thread.weight_type, UNITS.get(unit, "samples"))
                self.assertEqual(thread.weights, [ms_of(w) if unit == "ns" else w for _, _, w in samples])
                if any(at for _, at, _ in samples):
                    self.assertEqual(thread.times, [ms_of(at) for _, at, _ in samples])
                if thread.cpu:
                    self.assertEqual(thread.cpu, [weight for _, _, weight in samples])

    def test_losses(self):
        """What it cannot hold is said, and --lossless makes it an error."""
        done = tool.run("--firefox", "--lossless", tool.PROFILES / "labels.prof", "-o", self.folder / "lossy")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot hold: labels; nothing was written", done.stderr)
        self.assertFalse((self.folder / "lossy").exists())

    def test_client(self):
        """What the importer makes of the first thread: the samples of each function."""
        found = os.environ.get("VMPROF_PROFILER_CLI") or shutil.which("profiler-cli")
        if not found or (found.endswith(".js") and not shutil.which("node")):
            skipped.append("profiler-cli")
            self.skipTest("profiler-cli is not installed")
        command = (["node"] if found.endswith(".js") else []) + [found]
        for path in self.paths:
            if path.stem not in ("simple", "threads", "native", "recursion", "hostile", "modules"):
                continue
            out = self.folder / (path.stem + ".json")
            out.write_bytes(tool.convert("--firefox", path))
            shown = ask(command, out, self.folder)
            right, _ = wanted(profiles.read(path.read_bytes()))
            key = next(iter(right)) if shown["threadHandle"] == "t-0" else None
            totals, selfs, count = collections.Counter(), collections.Counter(), 0
            for stack, _, weight in right[key]:
                count += weight
                selfs[stack[-1][0]] += weight
                for name in {frame[0] for frame in stack}:
                    totals[name] += weight
            scale = 1e6 if shown["weightType"] == "tracing-ms" else 1
            self.assertAlmostEqual(shown["categoryBreakdown"]["totalSamples"], count / scale)
            rows = [row for row in shown["topFunctionsByTotal"] if len(row["name"]) < 40]
            self.assertTrue(rows)
            for row in rows:
                if list(totals).count(row["name"]) == 1 and path.stem != "hostile":
                    self.assertAlmostEqual(row["totalPercentage"], 100 * totals[row["name"]] / count, places=1)
                    self.assertAlmostEqual(row["selfPercentage"], 100 * selfs[row["name"]] / count, places=1)


def ask(command, path, home):
    """What profiler-cli says of the first thread; every session is stopped again."""
    environment = dict(os.environ, HOME=str(home))

    def run(*arguments):
        return subprocess.run(command + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env=environment, timeout=SECONDS)
    try:
        for _ in range(TRIES):
            loaded = run("load", str(path))
            done = run("thread", "samples", "--json", "--thread", "t-0")
            if loaded.returncode == 0 and done.returncode == 0:
                return json.loads(done.stdout.decode("utf-8"))
            time.sleep(0.5)
        raise AssertionError("%s: %r %r" % (path, loaded.stderr, done.stderr))
    finally:
        run("stop", "--all")


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    done = unittest.main(argv=sys.argv[:1], exit=False)
    if skipped and done.result.wasSuccessful():
        print("vmprof-test-skipped: not installed: " + ", ".join(sorted(set(skipped))))
    sys.exit(not done.result.wasSuccessful())
