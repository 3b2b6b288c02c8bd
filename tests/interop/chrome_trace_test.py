#!/usr/bin/env python3
"""Rebuilds each sample's stack from the events of --chrome-trace that cover its time; it has to be the one that the reference
reader reads. Arguments: vmprof-convert, mkprofile.
"""

import collections
import decimal
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import profiles  # noqa: E402
import tool  # noqa: E402

# A gap, a function that goes on at another line, recursion, two threads, a stack that comes back.
STRETCHES = """meta list values cpu:ns
meta integer period_ns 1000
thread one 7 8 the\\sworker
thread two 7 9 -
function m m m.py 1 py 0x1000
function f f m.py 4 py 0x2001
function g g m.py 9 jit 0x2004
samples 3 1000 one 1000 1000 m:2;f:5;f:5
samples 2 1000 one 4000 1000 m:2;f:6
samples 2 1000 two 1500 1000 m;g
samples 2 1000 one 6000 1000 m:3;g
samples 2 1000 one 20500 1000 m:3;g
sample one 22500 1000 m:3
sample two 90000 1 -
"""
HIDDEN = ("<hidden>", "unknown", "", 0)


def by_thread(profile):
    """{(pid, tid): [(time, [(name, kind, file, first line)])]}."""
    threads = collections.defaultdict(list)
    (session,) = profile["sessions"]
    for sample in session["samples"]:
        frames = [(f.name or "-", profiles.KINDS[f.kind], f.file, f.first_line) for f in profiles.frames_of(sample)] or [HIDDEN]
        threads[tuple(sample["thread"][:2])].append((sample["time_ns"], frames))
    for samples in threads.values():
        samples.sort(key=lambda sample: sample[0])
    return threads


class Trace(unittest.TestCase):
    """Events, read as exact numbers."""

    maxDiff = 2000

    def test_stacks(self):
        """At the time of each sample, the events that are open are its stack; in a gap, and behind the last one, none is."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [tool.PROFILES / (name + ".prof") for name in
                     ("simple", "threads", "recursion", "jit", "native", "labels", "ties", "wall", "weights")]
            paths += [tool.make(source, pathlib.Path(folder, name + ".prof"))
                      for name, source in (("hostile", hostile.SOURCE), ("stretches", STRETCHES))]
            for path in paths:
                document = json.loads(tool.convert("--chrome-trace", path).decode("utf-8"), parse_float=decimal.Decimal)
                profile = profiles.read(path.read_bytes())
                events = collections.defaultdict(list)
                for number, event in enumerate(document["traceEvents"]):
                    if event["ph"] == "X":
                        start, length = int(event["ts"] * 1000), int(event["dur"] * 1000)
                        events[event["pid"], event["tid"]].append((start, -length, number, event["name"], event["cat"],
                                                                  event["args"]["file"], event["args"]["line"]))
                period = profile["sessions"][0]["metadata"].get("period_ns", 1000000)
                threads = by_thread(profile)
                self.assertEqual(set(events), set(threads), path.name)
                for key, samples in threads.items():
                    self.check_thread(sorted(events[key]), samples, period, path.name)

    def check_thread(self, events, samples, period, name):
        """One thread."""
        for (at, frames), following in zip(samples, samples[1:] + [(1 << 62, None)]):
            def opened(time):
                return [event[3:] for event in events if event[0] <= time < event[0] - event[1]]
            if following[0] == at:
                continue  # no time was spent there
            self.assertEqual(opened(at), frames, (name, at))
            covered = following[0] - at if following[0] - at <= 2 * period else period
            self.assertEqual(opened(at + covered - 1), frames, (name, at))
            if covered == period and following[0] > at + period:
                self.assertEqual(opened(at + period), [], (name, at))
        # A function that stays is one event: those of a depth begin only where a sample differs from the one before.
        starts = sum(self.fresh(before, now, period) for before, now in zip([(-1 << 62, [])] + samples, samples))
        self.assertEqual(len(events), starts, name)

    @staticmethod
    def fresh(before, now, period):
        """How many frames of a sample begin with it."""
        if now[0] - before[0] > 2 * period:
            return len(now[1])
        same = 0
        while same < min(len(before[1]), len(now[1])) and before[1][same] == now[1][same]:
            same += 1
        return len(now[1]) - same

    def test_names(self):
        """Threads have theirs."""
        document = json.loads(tool.convert("--chrome-trace", tool.PROFILES / "threads.prof").decode("utf-8"))
        names = {(e["pid"], e["tid"]): e["args"]["name"] for e in document["traceEvents"] if e["ph"] == "M"}
        profile = profiles.read((tool.PROFILES / "threads.prof").read_bytes())
        self.assertEqual(names, {tuple(s["thread"][:2]): profiles.text(s["thread"][2])
                                 for s in profile["sessions"][0]["samples"] if s["thread"][2]})
        self.assertTrue(names)

    def test_losses(self):
        """What it cannot hold is said, and --lossless makes it an error."""
        done = tool.run("--chrome-trace", "--lossless", tool.PROFILES / "labels.prof")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot hold: lines, labels, modules, weights", done.stderr)


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    unittest.main(argv=sys.argv[:1], buffer=True)
