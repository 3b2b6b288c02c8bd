#!/usr/bin/env python3
"""Holds vmprof-convert without a format against the reference reader: what is read of its output is what was read of its
input, and filters leave what they leave of an export. Arguments: vmprof-convert, mkprofile."""

import collections
import functools
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import profiles  # noqa: E402
import tool  # noqa: E402
import vmprof_generator  # noqa: E402

SCRATCH = tempfile.TemporaryDirectory()
SEEDS = range(60)
FILTERS = [
    ["--focus=^f"], ["--ignore=^g"], ["--hide=^[fg]"], ["--kind=py"], ["--kind=native,kernel"], ["--virtual-only"],
    ["--from=3ms"], ["--to=5ms"], ["--from=2ms", "--to=9ms"], ["--process=100"], ["--process=7"],
    ["--thread=MainThread"], ["--thread=worker-1"], ["--thread=101"], ["--focus=f", "--hide=m", "--ignore=h"],
]


def addresses_made_unique(stack, seen):
    """A writer gives no two functions of a session one address, so those that share theirs are compared without."""
    return [[name, file, first, kind, 0 if seen[address] > 1 else address, line]
            for name, file, first, kind, address, line in stack]


def shared_addresses(session):
    """How many functions have each address."""
    functions = {tuple(frame[:5]) + (str(module),)
                 for sample in session["samples"] for frame, module in zip(sample["stack"], sample["modules"])}
    seen = {}
    for function in functions:
        seen[function[4]] = seen.get(function[4], 0) + 1
    # One more than an address of many may be that of another then.
    return {address: 2 if count > 1 or seen.get(address - 1, 0) else 1 for address, count in seen.items()}


def comparable(session, seen):
    """What must be the same."""
    return {
        "samples": [dict(sample, stack=addresses_made_unique(sample["stack"], seen), flags=sample["flags"] & 1)
                    for sample in session["samples"]],
        "metadata": {key: value for key, value in session["metadata"].items() if key and "\0" not in key},
        "start": session["start_unix_ns"],
        "end": session["end_ns"],
        "values": session["value_types"],
    }


@functools.lru_cache(None)
def late(after):
    """A profile of two threads, of which one gets its last name after so many of its samples."""
    lines = ["block 512", "meta list values cpu:ns", "function f f x.py 1 py 0x1000"]
    lines += ["thread m 100 100 MainThread", "thread a 100 101 early"]
    for i in range(4000):
        lines += ["thread b 100 101 worker"] * (2 * i == after - after % 2)
        lines += ["sample %s %d 1 f:1" % (thread, 3 * i) for thread in "ama"]
    path = pathlib.Path(SCRATCH.name, "late-%d.prof" % after)
    return tool.make("\n".join(lines + ["end 12000", ""]), path)


def inputs(data):
    """Gives (argument, what it is run with): the same bytes as a file and as what is none."""
    path, pipe = (pathlib.Path(SCRATCH.name, name) for name in ("all.prof", "pipe"))
    path.write_bytes(data)
    yield path, {}
    with path.open("rb") as file:
        yield "-", {"stdin": file}
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        yield "-", {"stdin": cat.stdout}
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", path, pipe]):
        yield pipe, {}
    pipe.unlink()


class Import(unittest.TestCase):
    """Our own format in and out."""

    maxDiff = 2000

    def hold(self, data, arguments=("-",)):
        """Imports data and compares."""
        before = profiles.read(data)
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            made = tool.convert(*arguments, stdin=file)
        after = profiles.read(made)
        self.assertFalse(after["damaged"], after["reference"])
        self.assertEqual(len(before["sessions"]), len(after["sessions"]))
        for old, new in zip(before["sessions"], after["sessions"]):
            seen = shared_addresses(old)
            old, new = comparable(old, seen), comparable(new, {**seen, **shared_addresses(new), **seen})
            if old["end"] is None:  # it was not finished; what is made of it is
                old["end"] = new["end"]
            self.assertEqual(old, new)
        lost = sum(session["lost_samples"] for session in before["sessions"]) + before["damage"]["lost_samples"]
        self.assertEqual(sum(session["lost_samples"] for session in after["sessions"]), lost)
        return made

    def test_profiles(self):
        """Each sound profile of testdata; what it gives is deterministic."""
        for path in tool.names():
            data = path.read_bytes()
            if not profiles.read(data)["damaged"]:
                with self.subTest(path.name):
                    self.assertEqual(self.hold(data), self.hold(data))

    def test_generated(self):
        """Random profiles, with all that the format has."""
        for seed in SEEDS:
            with self.subTest(seed=seed):
                made = vmprof_generator.make(seed, False)
                self.hold(made.data)

    def test_several_files(self):
        """Each session stays one."""
        paths = [tool.PROFILES / "simple.prof", tool.PROFILES / "bytes.prof", tool.PROFILES / "empty.prof"]
        sessions = profiles.read(tool.convert(*paths))["sessions"]
        self.assertEqual([len(session["samples"]) for session in sessions],
                         [len(profiles.read(path.read_bytes())["sessions"][0]["samples"]) for path in paths])
        self.assertEqual(sessions[1]["value_types"],
                         profiles.read(paths[1].read_bytes())["sessions"][0]["value_types"])

    def test_damage_is_counted(self):
        """What damage took away is said to be lost in the profile that is made, which is itself whole."""
        done = tool.run(tool.PROFILES / "flipped.prof")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"64 samples", done.stderr)
        made = profiles.read(done.stdout)
        self.assertFalse(made["damaged"])
        self.assertEqual(made["sessions"][0]["lost_samples"], 64)
        self.assertEqual(len(made["sessions"][0]["samples"]), 64)
        self.assertEqual(tool.run("--strict", tool.PROFILES / "flipped.prof").returncode, 1)

    def test_to_a_file(self):
        """A file holds the same bytes as a pipe would but for what only a file can have; both read the same."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "out.prof")
            for path in tool.names():
                tool.convert(path, "-o", out)
                there, here = profiles.read(out.read_bytes()), profiles.read(tool.convert(path))
                self.assertEqual([session["samples"] for session in there["sessions"]],
                                 [session["samples"] for session in here["sessions"]])
                self.assertFalse(there["damaged"])

    def test_filters(self):
        """Filters of samples one by one leave what the filters of trees leave, which are another code."""
        for path in tool.names():
            for chosen in FILTERS:
                with self.subTest(path=path.name, filters=chosen):
                    made = tool.convert(*chosen, path)
                    with tempfile.NamedTemporaryFile() as file:
                        file.write(made)
                        file.flush()
                        here = tool.convert("--collapsed", file.name)
                    there = tool.convert("--collapsed", *chosen, path)
                    self.assertEqual(tool.weight_of_lines(here.decode().splitlines()),
                                         tool.weight_of_lines(there.decode().splitlines()))

    def test_kinds(self):
        """Frames of other kinds go, one by one, and no sample with them: one of which no frame is left has none."""
        bare = 0
        for path in tool.names():
            for kinds in (["py"], ["native", "kernel"], ["gc", "unknown"]):
                before = profiles.read(path.read_bytes())["sessions"]
                after = profiles.read(tool.convert("--kind=" + ",".join(kinds), path))["sessions"]
                for old, new in zip(before, after):
                    kept = [[f[0] for f in sample["stack"] if profiles.KINDS[f[3]] in kinds] for sample in old["samples"]]
                    self.assertEqual([[f[0] for f in sample["stack"]] for sample in new["samples"]] == kept, True, path)
                    bare += [] in kept
        self.assertGreater(bare, 10)

    def test_filters_choose(self):
        """And they leave something, and not all."""
        whole = len(profiles.read(tool.convert(tool.PROFILES / "threads.prof"))["sessions"][0]["samples"])
        for chosen in (["--thread=MainThread"], ["--from=3ms"], ["--to=5ms"]):
            made = profiles.read(tool.convert(*chosen, tool.PROFILES / "threads.prof"))
            self.assertTrue(0 < len(made["sessions"][0]["samples"]) < whole, chosen)

    def test_a_thread_that_is_named_late(self):
        """Its last name counts, for its first samples too: in a file, a redirection, a pipe and a pipe with a name."""
        data = b"".join(late(after).read_bytes() for after in (0, 11, 7000))
        for name, count in (("worker", 3 * 8000), ("early", 0), ("MainThread", 3 * 4000), ("nobody", 0)):
            made = [tool.convert("--thread=" + name, *each[:1], **each[1]) for each in inputs(data)]
            self.assertEqual([len(made), len(set(made))], [4, 1])
            sessions = profiles.read(made[0])["sessions"]
            threads = collections.Counter(sample["thread"][2] for each in sessions for sample in each["samples"])
            self.assertEqual(len(sessions), 3)
            self.assertEqual(threads, {name: count} if count else {})

    def test_samples_one_by_one_are_those_of_their_sums(self):
        """Formats that write samples choose what those choose that write sums."""
        path = late(11)
        for name, count in (("worker", 8000), ("early", 0)):
            rows = tool.convert("--perf-script", "--thread=" + name, path).decode().split("\n\n")
            here = sum(1 for row in rows if row.strip())
            there = tool.weight_of_lines(tool.convert("--collapsed", "--thread=" + name, path).decode().splitlines())
            self.assertEqual((here, sum(there.values())), (count, count))


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    unittest.main(argv=sys.argv[:1])
