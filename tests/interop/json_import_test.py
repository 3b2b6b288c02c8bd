#!/usr/bin/env python3
"""speedscope's and the Firefox Profiler's JSON: what is written here by hand, and our own exports, read again.

What the files by hand have to say stands beside them. What our exports have to say is what the tools say of the profile that
was exported, and, sample by sample, what the reference reader reads. Arguments: vmprof-convert, mkprofile.
"""

import collections
import gzip
import json
import os
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import profiles  # noqa: E402
import proto  # noqa: E402
import tool  # noqa: E402
import vmprof_generator  # noqa: E402

FOLDER = None
SEEDS = range(40)
SCHEMA = '"$schema": "https://www.speedscope.app/file-format-schema.json"'


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def stacks(*arguments):
    """(what is said of the profile, {((name, file, first line, kind), ...): weight}, what is said on standard error)."""
    done = tool.run("--json", *arguments)
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    found = {tuple((f["name"], f["file"], f["line"], f["kind"]) for f in line["stack"]): line["weight"] for line in lines[1:]}
    return lines[0]["profile"], found, done.stderr.decode()


def names_only(found):
    """{(name, ...): weight}"""
    return {tuple(frame[0] for frame in stack): weight for stack, weight in found.items()}


def as_json_has_it(found, kinds):
    """Stacks that weigh something, by what the format can hold. Control characters and unnamed functions are shown in some way
    by every export."""
    kept = collections.Counter()
    for stack, weight in found.items():
        kept[tuple((proto.clean(name) or "-", proto.clean(file), line) + ((kind,) if kinds else ())
                   for name, file, line, kind in stack)] += weight
    return +kept



def random_profiles():
    """Paths of random profiles, with all that the format has."""
    for seed in SEEDS:
        yield written("random%d.prof" % seed, vmprof_generator.make(seed, False).data)


def real_profiles():
    """Those of others, where they are."""
    folder = os.environ.get("VMPROF_SHARED")
    return sorted(pathlib.Path(folder, "profiles").rglob("*.prof")) if folder else []


class Base(unittest.TestCase):
    maxDiff = 3000

    def same(self, found, expected):
        """Weights, as far as a double can hold them."""
        self.assertEqual(set(found), set(expected))
        for stack, weight in expected.items():
            self.assertLessEqual(abs(found[stack] - weight), weight >> 51, stack)

    def refused(self, data, says):
        """One line, of this, and no more."""
        done = tool.run("--json", written("bad.json", data))
        self.assertEqual((done.returncode, done.stdout, done.stderr.count(b"\n")), (1, b"", 1), done.stderr)
        self.assertIn(says, done.stderr.decode())

    def trips(self, option, kinds):
        """Out and back, gzip'd too: the stacks and their weights are what they were."""
        count = 0
        for path in tool.names() + list(random_profiles()) + real_profiles():
            before = tool.run("--json", path)
            if before.returncode != 0:
                continue
            with self.subTest(path=path.name):
                exported = tool.convert(option, path)
                profile, found, said = stacks(written("trip.json", exported))
                self.same(as_json_has_it(found, kinds), as_json_has_it(stacks(path)[1], kinds))
                self.assertFalse(profile["damaged"], said)
                packed = stacks(written("trip.json.gz", gzip.compress(exported)))[1]
                self.assertEqual(packed, found)
                count += bool(found)
        self.assertGreater(count, 30)

    def hostile_names(self, option, kinds):
        """They come back as they went out."""
        path = tool.make(hostile.SOURCE, FOLDER / "hostile.prof")
        exported = tool.convert(option, path)
        found = stacks(written("hostile.json", exported))[1]
        self.assertEqual(as_json_has_it(found, kinds), as_json_has_it(stacks(path)[1], kinds))
        self.assertIn("<script>alert(1)</script>", {frame[0] for stack in found for frame in stack})

    def bent(self, document):
        """Values of a document made others: it is read or refused, by a tool that does not crash, and says so in whole lines."""
        count = 0
        values = [None, -1, 1 << 62, 1e300, -0.5, "x", [], {}, [[[]]], True, "\0"]

        def walk(node):
            keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
            for key in keys:
                kept = node[key]
                yield from ((node, key, value) for value in values)
                node[key] = kept
                yield from walk(kept)

        for node, key, value in walk(document):
            kept, node[key] = node[key], value
            count += 1
            if count % 5 == 0:
                done = tool.run("--json", written("bent.json", json.dumps(document)))
                self.assertIn(done.returncode, (0, 1), (key, value))
                self.assertEqual(done.stderr.count(b"\n"), done.stderr.count(b"vmprof-convert: "), done.stderr)
            node[key] = kept
        self.assertGreater(count, 200)

    def cut(self, data, opening):
        """What is cut is refused, and said where, or that the compressed data is cut."""
        for size in range(opening, len(data.rstrip()) - 1, len(data) // 40 + 1):
            self.refused(data[:size], "line ")
        packed = gzip.compress(data)
        for size in range(len(packed) * 2 // 3, len(packed), len(packed) // 20 + 1):
            self.refused(packed[:size], "compressed data")


class Speedscope(Base):
    BY_HAND = {
        "exporter": "by hand", "$schema": "https://www.speedscope.app/file-format-schema.json", "name": "x", "activeProfileIndex": 1,
        "shared": {"frames": [
            {"name": "main", "file": "m.py", "line": 3, "col": 7}, {"name": "f"}, {"name": "g;\n\u0000\"", "file": "/a b/g.c"},
        ]},
        "profiles": [
            {"type": "sampled", "name": "one", "unit": "milliseconds", "startValue": 10, "endValue": 14.5,
             "samples": [[0, 1], [0, 1, 2], [0, 1], [0, 9], [0, 1]], "weights": [1, 2.5, 0.25, 4, -3]},
            {"type": "evented", "name": "two", "unit": "seconds", "startValue": 1, "endValue": 9, "events": [
                {"type": "O", "at": 2, "frame": 0}, {"type": "O", "at": 2.5, "frame": 2}, {"type": "O", "at": 3, "frame": 2},
                {"type": "C", "at": 4.5, "frame": 2}, {"type": "C", "at": 5, "frame": 2}, {"type": "C", "at": 6, "frame": 0},
                {"type": "O", "at": 8, "frame": 1}, {"type": "C", "at": 9, "frame": 1}]},
            {"type": "sampled", "name": "three", "unit": "bytes", "startValue": 0, "endValue": 9,
             "samples": [[1]], "weights": [4096]},
            {"type": "sampled", "name": "four", "unit": "none", "startValue": 0, "endValue": 2, "samples": [[2], [2]],
             "weights": [1, 1]},
        ],
    }
    MAIN, F, G = ("main", "m.py", 3, "py"), ("f", "", 0, "unknown"), ("g;\n\0\"", "/a b/g.c", 0, "unknown")
    TIME = {
        (MAIN, F): 1250000, (MAIN, F, G): 2500000, (F,): 1000000000,
        (MAIN,): 500000000 + 1000000000, (MAIN, G): 500000000 + 500000000, (MAIN, G, G): 1500000000,
    }

    def test_by_hand(self):
        for text in (json.dumps(self.BY_HAND), "\r\n\t " + json.dumps(self.BY_HAND, indent=2),
                     json.dumps(self.BY_HAND, sort_keys=True, separators=(",", ":"))):
            for data in (text.encode(), gzip.compress(text.encode())):
                path = written("hand.json", data)
                profile, found, said = stacks("--metric=time", path)
                self.assertEqual({stack: weight for stack, weight in found.items() if weight}, self.TIME)
                self.assertEqual((profile["format"], profile["unit"], profile["lost_samples"]), ("speedscope", "ns", 2))
                self.assertIn("sample 3 of profile 0", said)
                self.assertEqual({k: v for k, v in stacks("--metric=bytes", path)[1].items() if v}, {(self.F,): 4096})
                self.assertEqual({k: v for k, v in stacks("--metric=weight", path)[1].items() if v}, {(self.G,): 2})
                self.assertEqual(sum(stacks("--thread=two", path)[1].values()), 5000000000)
                self.assertEqual(sum(stacks("--from=8s", path)[1].values()), 1000000000)

    def test_weights_keep_their_sum(self):
        """What is less than a nanosecond is not lost a thousand times."""
        text = '{%s,"shared":{"frames":[{"name":"f"}]},"profiles":[{"type":"sampled","name":"","unit":"microseconds",' % SCHEMA
        text += '"startValue":0,"endValue":1,"samples":[%s],"weights":[%s]}]}' % (
            ",".join(["[0]"] * 10000), ",".join(["0.0004"] * 10000))
        self.assertEqual(list(stacks(written("sum.json", text))[1].values()), [4000])

    def test_large_weights_are_exact(self):
        """What a double leaves of days in milliseconds is no fraction of a nanosecond: it is not carried to the next."""
        rng = random.Random(3)
        days = [rng.randrange(1 << 50, 1 << 51) for _ in range(300)]
        text = '{%s,"shared":{"frames":[%s]},"profiles":[{"type":"sampled","unit":"milliseconds","samples":[%s],"weights":[%s]}]}' % (
            SCHEMA, ",".join('{"name":"f%d"}' % i for i in range(300)), ",".join("[%d]" % i for i in range(300)),
            ",".join("%d.%06d" % divmod(weight, 1000000) for weight in days))
        found = names_only(stacks(written("days.json", text))[1])
        self.assertEqual(found, {("f%d" % i,): weight for i, weight in enumerate(days)})

    def test_events_out_of_order_are_counted(self):
        events = [("O", 1, 0), ("C", 2, 1), ("C", 0, 0), ("O", 5, 7), ("O", "x", 0), ("X", 6, 0)]
        document = {"$schema": self.BY_HAND["$schema"], "shared": {"frames": [{"name": "a"}, {"name": "b"}]}, "profiles": [
            {"type": "evented", "unit": "none", "events": [{"type": t, "at": at, "frame": f} for t, at, f in events]}]}
        self.assertEqual(stacks(written("events.json", json.dumps(document)))[0]["lost_samples"], 5)

    def test_large_times_are_exact(self):
        """Nanoseconds since 1970 do not fit a double."""
        first = 1700000000123456789
        document = {"$schema": self.BY_HAND["$schema"], "shared": {"frames": [{"name": "a"}]}, "profiles": [
            {"type": "evented", "unit": "nanoseconds", "startValue": first, "events": [
                {"type": "O", "at": first, "frame": 0}, {"type": "C", "at": first + 3, "frame": 0}]}]}
        self.assertEqual(list(stacks(written("large.json", json.dumps(document)))[1].values()), [3])

    def test_ours_comes_back(self):
        self.trips("--speedscope", False)

    def test_hostile(self):
        self.hostile_names("--speedscope", False)

    def test_refused(self):
        self.refused('{%s}' % SCHEMA, "no profiles")
        self.refused('{%s,"profiles":[99999999999999999999]}' % SCHEMA, "line 1, column")
        self.refused('{%s,"profiles":[1e999]}' % SCHEMA, "line 1, column")
        self.refused('{%s,"profiles":%s' % (SCHEMA, "[" * 100000), "depth")
        self.refused(('{%s,\n"name":"' % SCHEMA).encode() + b'\xff"}', "line 2, column")
        self.refused('{%s,"profiles":[]}{}' % SCHEMA, "line 1, column")
        self.cut(json.dumps(self.BY_HAND).encode(), 110)

    def test_too_large_is_refused_before_it_is_read(self):
        """70 kB that would come to more than 4 GiB as a document."""
        self.refused(gzip.compress(('{%s,"profiles":[' % SCHEMA).encode() + b"0," * 70000000, 1), "4 GiB")

    def test_bent(self):
        self.bent(json.loads(json.dumps(self.BY_HAND)))


class Firefox(Base):
    TABLES = {
        "stringArray": ["main", "m.py", "f", "0x1234", "libx.so", "x.js"],
        "stackTable": {"frame": [0, 1, 2, 1], "prefix": [None, 0, 1, 1], "length": 4},
        "frameTable": {"func": [0, 1, 2], "category": [1, 0, 0], "line": [33, None, 7], "length": 3},
        "resourceTable": {"lib": [0], "name": [4], "length": 1},
    }
    OLD = {"name": [0, 2, 3], "fileName": [1, 5, None], "lineNumber": [3, None, None], "resource": [-1, -1, 0], "length": 3}
    NEW = {"name": [0, 2, 3], "source": [0, 1, None], "lineNumber": [3, None, None], "resource": [-1, -1, 0], "length": 3}
    META = {"version": 30, "interval": 2.5, "startTime": 1700000000000, "categories": [{"name": "Other"}, {"name": "Python"}],
            "sampleUnits": {"time": "ms", "threadCPUDelta": "µs"}}
    LIBS = [{"name": "libx.so", "path": "/lib/libx.so"}]
    MAIN, F, X = ("main", "m.py", 3, "py"), ("f", "x.js", 0, "unknown"), ("0x1234", "/lib/libx.so", 0, "native")
    THREAD = {"name": "T", "pid": "12.1", "tid": 34}
    TIMED = dict(THREAD, samples={"weightType": "tracing-ms", "stack": [0, 2, None, 3, 2, 7], "time": [0, 1, 2, 3, 4, 5],
                                  "weight": [1, 2.5, 9, 0.25, 3, 1], "length": 6})
    COUNTED = dict(THREAD, samples={"stack": [1, 1, 2], "timeDeltas": [5, 5, 5], "weight": None, "threadCPUDelta": [None, 7, 8]})
    TIME = {(MAIN,): 1000000, (MAIN, F, X): 5500000, (MAIN, F, F): 250000}

    def documents(self, thread):
        """A profile of this thread, with the tables of all threads and with its own."""
        sources = {"filename": [1, 5], "length": 2}
        shared = dict(self.TABLES, funcTable=self.NEW, sources=sources)
        yield {"meta": dict(self.META, preprocessedProfileVersion=60), "libs": self.LIBS, "shared": shared, "threads": [thread]}
        own = dict(thread, funcTable=self.OLD, **self.TABLES)
        yield {"meta": dict(self.META, preprocessedProfileVersion=40), "libs": self.LIBS, "threads": [own]}

    def test_by_hand(self):
        for document in self.documents(self.TIMED):
            text = json.dumps(document, ensure_ascii=False)
            for data in (text.encode(), gzip.compress(text.encode())):
                path = written("hand.json", data)
                profile, found, said = stacks(path)
                self.assertEqual(found, self.TIME)
                self.assertEqual((profile["format"], profile["metric"], profile["unit"]), ("firefox", "time", "ns"))
                self.assertEqual((profile["lost_samples"], profile["period_ns"]), (1, 2500000))
                self.assertIn("sample 5 of thread 0", said)
                self.assertEqual(stacks("--thread=34", "--process=12", path)[1], found)
                self.assertEqual(stacks("--from=4ms", path)[1], {(self.MAIN, self.F, self.X): 3000000})
                session = profiles.read(tool.convert(path))["sessions"][0]
                self.assertEqual(session["start_unix_ns"], 1700000000000000000)
                self.assertEqual(session["samples"][0]["stack"][0][5], 33)

    def test_counts_and_cpu(self):
        for document in self.documents(self.COUNTED):
            path = written("cpu.json", json.dumps(document))
            self.assertEqual(stacks("--metric=samples", path)[1], {(self.MAIN, self.F): 2, (self.MAIN, self.F, self.X): 1})
            self.assertEqual(stacks("--metric=cpu", path)[1], {(self.MAIN, self.F): 7000, (self.MAIN, self.F, self.X): 8000})
            self.assertEqual(sum(stacks("--metric=samples", "--from=15ms", path)[1].values()), 1)

    def gecko(self):
        """As a browser writes it, and perf script report gecko: rows; a child process has a profile in it."""
        thread = {
            "name": "GeckoMain", "pid": 5, "tid": 6, "processType": "default",
            "samples": {"schema": {"stack": 0, "time": 1, "threadCPUDelta": 3},
                        "data": [[2, 1.5, 0, 10], [1, 2.5], [None, 3], [2, 4, 0, None], [9, 5]]},
            "stackTable": {"schema": {"prefix": 0, "frame": 1}, "data": [[None, 0], [0, 1], [1, 2]]},
            "frameTable": {"schema": {"location": 0, "relevantForJS": 1, "line": 4, "category": 6},
                           "data": [[0], [1, False, 0, None, 12, None, 1], [2]]},
            "stringTable": ["(root)", "run (http://x/y.js:10:3)", "memcpy (in libc.so.6)"],
        }
        child = json.loads(json.dumps({"meta": self.META, "libs": [], "threads": [dict(thread, pid=7)], "processes": []}))
        child["threads"][0]["stringTable"][0] = "f (g) (a b.py:4)"
        child["meta"].pop("sampleUnits")
        return {"libs": self.LIBS, "meta": self.META, "threads": [thread], "processes": [child], "pausedRanges": []}

    def test_gecko(self):
        run, copy = ("run", "http://x/y.js", 10, "py"), ("memcpy", "libc.so.6", 0, "native")
        root, child = ("(root)", "", 0, "unknown"), ("f (g)", "a b.py", 4, "py")
        path = written("gecko.json", json.dumps(self.gecko()))
        profile, found, _ = stacks("--metric=samples", path)
        self.assertEqual(found, {(root, run, copy): 2, (root, run): 1, (child, run, copy): 2, (child, run): 1})
        self.assertEqual((profile["lost_samples"], profile["samples"]), (2, 6))
        self.assertEqual(sum(stacks("--metric=cpu", path)[1].values()), 10000)
        self.assertEqual(sum(stacks("--metric=samples", "--process=7", path)[1].values()), 3)

    def test_ours_comes_back(self):
        self.trips("--firefox", True)

    def samples(self, data):
        """What Firefox's JSON holds of each sample, by the reference reader."""
        found = []
        for session in profiles.read(data)["sessions"]:
            column = {name: index for index, (name, _) in enumerate(session["value_types"])}.get("cpu", 0)
            found += [(sample["time_ns"], sample["thread"][:2], sample["values"][column],
                       [tuple(frame[:4]) + (frame[5],) for frame in sample["stack"]]) for sample in session["samples"]]
        return sorted(found)

    def test_samples_come_back(self):
        """Times, threads, lines and kinds of all samples."""
        for name in ("simple", "threads"):
            data = (tool.PROFILES / (name + ".prof")).read_bytes()
            again = tool.convert(written("f.json", tool.convert("--firefox", tool.PROFILES / (name + ".prof"))))
            self.assertEqual(self.samples(again), self.samples(data))

    def test_hostile(self):
        self.hostile_names("--firefox", True)

    def test_refused(self):
        self.refused('{"meta":{}}', "no threads")
        self.refused('{"meta":{"startTime":99999999999999999999},"threads":[]}', "line 1, column")
        self.refused('{"libs":[],"threads":%s' % ("[" * 100000), "depth")
        self.cut(json.dumps(next(self.documents(self.TIMED))).encode(), 40)

    def test_a_caller_behind_its_callee(self):
        """Stacks that call each other have no end: they are lost, the others read."""
        for prefix in ([1, 0, 0, 1], [None, 1, 1, 2], [None, 3, 2, 1]):
            document = next(self.documents(self.TIMED))
            document["shared"] = dict(document["shared"], stackTable={"frame": [0, 1, 2, 1], "prefix": prefix, "length": 4})
            profile = stacks(written("circle.json", json.dumps(document)))[0]
            self.assertGreaterEqual(profile["lost_samples"], 3)

    def test_bent(self):
        self.bent(json.loads(json.dumps(next(self.documents(self.COUNTED)))))
        self.bent(json.loads(json.dumps(self.gecko())))


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
