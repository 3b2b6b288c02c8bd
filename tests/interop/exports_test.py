#!/usr/bin/env python3
"""Holds each export against what the reference reader reads of the same profile. Arguments: vmprof-convert, mkprofile."""

import collections
import csv
import gzip
import io
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import log_reader  # noqa: E402
import profiles  # noqa: E402
import proto  # noqa: E402
import tool  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def inputs(folder):
    """(path, what the reference reader reads of it): those of testdata, and one of hostile names."""
    paths = tool.names() + [tool.make(source, pathlib.Path(folder, name + ".prof"))
                            for name, source in (("hostile", hostile.SOURCE), ("memory", MEMORY), ("mixed", MIXED))]
    return [(path, profiles.read(path.read_bytes())) for path in paths]


def plain(frame):
    """A frame by what all formats have of it."""
    return (frame.name or "-", frame.file or frame.module, frame.first_line)


# With the memory of each sample; one kind of frame only, and lines.
MEMORY = """meta list values cpu:ns memory:bytes
meta string os linux
thread main 7 9223372036854775807 m
function m m m.py 1 py 0x1000
function f f m.py 4 py 0x2001
samples 3 10 main 10 5,1048576 m:2;f:5
samples 2 10 main 40 7,4194304 m:3
"""
# Functions whose addresses nobody can keep: none, odd, equal, of machine code, of a JIT; and a session behind another.
MIXED = """meta string interpreter pypy
meta list values cpu:ns memory:bytes
thread main 7 8 m
thread other 7 9 o
function m m m.py 1 py 0
function f f m.py 4 py 0x2001
function g g m.py 9 jit 0x2004
function g2 g m.py 9 py 0x3004
function n n lib.so 0 native 0x2004
function k k - 0 kernel 0xffffffff81000000
function l loop - 0 jit-internal 0x5000
function v v v.vm 3 vm 0x6000
function c collect - 0 gc 0
samples 3 10 main 10 5,1048576 m:2;f:5;g:6;l;n
samples 2 10 other 20 5,1048577 m;g2;n;k
samples 2 10 other 50 5,2097152 v;c
sample main 70 3,0 -
"""
csv.field_size_limit(1 << 30)


class Exports(unittest.TestCase):
    """The numbers and the names of each format."""

    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.inputs = inputs(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def each(self, option):
        """(profile, output) of each input."""
        for path, profile in self.inputs:
            print(path.name, option)  # shown where it fails
            yield path, profile, tool.convert(option, path)

    def test_collapsed(self):
        """Each stack, as design has it, with its weight."""
        for path, profile, made in self.each("--collapsed"):
            lines = made.decode("utf-8").split("\n")
            self.assertEqual(lines.pop(), "")
            self.assertEqual(tool.weight_of_lines(lines), dict(profiles.stacks_of(profile)))
            names = tool.weight_of_lines(tool.convert("--collapsed", "--names-only", path).decode().split("\n")[:-1])
            self.assertEqual(names, dict(profiles.stacks_of(
                profile, lambda frame: profiles.collapsed_frame(frame._replace(file="", module="")))))

    def test_json(self):
        """Lines that can be read alone."""
        for _, profile, made in self.each("--json"):
            head, *lines = [json.loads(line) for line in made.decode("utf-8").splitlines()]
            self.assertEqual(head["schema"], "vmprof/stacks/1")
            stacks = collections.Counter()
            for line in lines:
                frames = tuple((f["name"], f["file"], f["line"], f["kind"]) for f in line["stack"])
                stacks[frames] += line["weight"]
            self.assertEqual(+stacks, profiles.stacks_of(
                profile, lambda f: (*plain(f), profiles.KINDS[f.kind])))
            self.assertEqual(sum(line["samples"] for line in lines), head["profile"]["samples"])

    def test_csv(self):
        """Rows with the stacks of collapsed."""
        for path, profile, made in self.each("--csv"):
            rows = list(csv.DictReader(io.StringIO(made.decode("utf-8"), newline="")))
            stacks = collections.Counter()
            for row in rows:
                stacks[tuple(row["stack"].split(";"))] += int(row["weight"])
            self.assertEqual(+stacks, profiles.stacks_of(profile))
            self.assertEqual(sum(int(row["samples"]) for row in rows),
                             sum(len(session["samples"]) for session in profile["sessions"]))

    def test_speedscope(self):
        """As many weights as samples; each thread's stacks in the order of time, those that follow each other put together."""
        for path, profile, made in self.each("--speedscope"):
            document = json.loads(made.decode("utf-8"))
            frames = [(f["name"], f.get("file", ""), f.get("line", 0)) for f in document["shared"]["frames"]]
            shown = []
            for one in document["profiles"]:
                self.assertEqual(len(one["samples"]), len(one["weights"]))
                self.assertEqual((one["startValue"], one["endValue"]), (0, sum(one["weights"])))
                shown.append([(tuple(frames[frame] for frame in sample), weight)
                              for sample, weight in zip(one["samples"], one["weights"])])
            wanted = list(runs_of(profile).values())
            self.assertEqual(shown, wanted or [[]], path.name)
            sums = [sum(weight for _, weight in runs) for runs in shown]
            self.assertEqual(sums[document["activeProfileIndex"]], max(sums))

    def test_metric(self):
        """Samples can be weighed by another value, or counted; a level has no sum."""
        path = pathlib.Path(self.folder.name, "mixed.prof")
        document = json.loads(tool.convert("--speedscope", "--metric=samples", path).decode("utf-8"))
        self.assertEqual([sum(one["weights"]) for one in document["profiles"]], [4, 4])
        for metric, words in (("memory", b"is a level"), ("wall", b"there is no metric 'wall'")):
            done = tool.run("--speedscope", "--metric", metric, path)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1))
            self.assertIn(words, done.stderr)

    def test_pprof(self):
        """Decoded by a reader of protocol buffers that knows nothing of how they are written."""
        for _, profile, made in self.each("--pprof"):
            decoded = proto.Profile(gzip.decompress(made))

            def label(frame):
                name, file, first = plain(frame)
                return (proto.clean(name), proto.clean(file), first, frame.line)

            self.assertEqual(decoded.stacks(), profiles.stacks_of(profile, label))
            session = profile["sessions"][0]
            self.assertEqual(decoded.time_ns, session["start_unix_ns"])
            self.assertEqual(decoded.period, session["metadata"].get("period_ns", 0))
            ends = [max(each["start_unix_ns"] - session["start_unix_ns"], 0) + each["end_ns"]
                    for each in profile["sessions"] if each["end_ns"]]
            if len(ends) == len(profile["sessions"]):
                self.assertEqual(decoded.duration_ns, max(ends))

    def test_pprof_labels(self):
        """Samples by stack, thread and labels: how many, and each value that can be added up."""
        for path, profile, made in self.each("--pprof"):
            decoded = proto.Profile(gzip.decompress(made))
            wanted = collections.defaultdict(collections.Counter)
            for session in profile["sessions"]:
                for sample in session["samples"]:
                    process, thread, name = sample["thread"]
                    labels = dict({"thread": proto.clean(profiles.text(name))} if name else {})
                    labels.update({key: value for key, value in (("thread_id", thread), ("process_id", process)) if value})
                    labels = list(labels.items())
                    for key, value in sample["labels"].items():
                        value = proto.clean(profiles.text(value)) if isinstance(value, str) else value
                        labels.append((proto.clean(profiles.text(key)), value))
                    depth = max(len(sample["stack"]), 1)
                    sums = wanted[(depth, frozenset(labels))]
                    sums["samples"] += 1
                    for (metric, _), value in zip(session["value_types"], sample["values"]):
                        sums[metric] += value if metric not in ("samples", "memory") else 0
            found = collections.defaultdict(collections.Counter)
            names = [name for name, _ in decoded.types]
            self.assertEqual(len(set(names)), len(names))
            for (locations, values), labels in zip(decoded.samples, decoded.labels):
                for name, value in zip(names, values):
                    found[(len(locations), labels)][name] += value
            self.assertEqual({key: +sums for key, sums in found.items()}, {key: +sums for key, sums in wanted.items()}, path.name)
            self.assertEqual(decoded.default, names[-1])

    def test_pprof_mappings(self):
        """The modules that machine code came from, with their build ids."""
        decoded = proto.Profile(gzip.decompress(tool.convert("--pprof", tool.PROFILES / "labels.prof")))
        self.assertEqual(list(decoded.mappings.values()), [
            ("server.py", "", 0, 0, 0), ("/usr/lib/libc.so.6", "8f0031ab", 0x7f0000001000, 0x7f0000196000, 0x26000),
            ("/srv/ext.so", "", 0x7f0000400000, 0x7f0000408000, 0)])
        self.assertEqual({decoded.locations[at][0]: decoded.mapping_of[at][0] for at in decoded.locations},
                         {"<module>": "server.py", "handle": "server.py", "send": "/usr/lib/libc.so.6", "encode": "/srv/ext.so"})

    def test_log(self):
        """What a reader of logs makes of it: stacks, names, threads, lines and memory of every sample, in order."""
        for path, profile, made in self.each("--vmprof-log"):
            log = log_reader.read(made)
            samples = [sample for session in profile["sessions"] for sample in session["samples"]]
            self.assertEqual(len(log.samples), len(samples))
            names = profile["sessions"][0]["value_types"]
            memory = next((i for i, (name, _) in enumerate(names) if name == "memory"), None)
            self.assertEqual(log.period_us, profile["sessions"][0]["metadata"].get("period_ns", 0) // 1000)
            for (frames, thread, kilobytes), sample in zip(log.samples, samples):
                self.assertEqual(thread, sample["thread"][1])
                self.assertEqual(kilobytes, None if memory is None else sample["values"][memory] // 1024)
                self.assertEqual([log.names[number] for _, number in frames],
                                 [log_name(frame) for frame in profiles.frames_of(sample)])
                self.assertEqual([extra for extra, _ in frames],
                                 [log_extra(frame, log.mode) for frame in profiles.frames_of(sample)])
            has_jit = any(frame[3] == 2 for sample in samples for frame in sample["stack"])
            self.assertEqual(bool(log.mode & log_reader.RPYTHON), has_jit, path.name)

    def test_callgrind(self):
        """Self and total of each function, read as callgrind's format says."""
        for _, profile, made in self.each("--callgrind"):
            selfs, totals, summary = read_callgrind(made.decode("utf-8").split("\n"))
            wanted = profiles.sums_of(profile)
            self.assertEqual(summary, sum(own for own, _ in wanted.values()))
            self.assertEqual(sum(selfs.values()), summary)
            self.assertEqual(sorted((+selfs).values()), sorted(own for own, _ in wanted.values() if own))
            # What comes into a function is its total: of all of them where the roots are called too, else of those that
            # are the root of no stack.
            roots = {profiles.function_of(frames[0]) for frames, _ in profiles.samples_of(profile)}
            if b"<all>" in made:
                self.assertEqual(sorted(totals.values()), sorted(total for _, total in wanted.values()))
            else:
                inner = [total for function, (_, total) in wanted.items() if function not in roots]
                self.assertEqual(sorted(totals.values()), sorted(inner))

    def test_flamegraph(self):
        """Each node that is a pixel wide, at its place, with its weight; nothing from elsewhere."""
        for path, profile, made in self.each("--flamegraph"):
            root = xml.etree.ElementTree.fromstring(made)
            groups = root.findall("%sg" % SVG)
            total = int(root.get("data-total"))
            shown = collections.Counter()
            for group in groups[1:]:
                shown[int(group.get("data-depth"))] += 1
                self.assertGreaterEqual(int(group.get("data-size")) * 1180, total)
            nodes = collections.Counter()
            for stack, weight in profiles.stacks_of(
                    profile, lambda f: (*profiles.function_of(f), f.kind)).items():
                for depth in range(1, len(stack) + 1):
                    nodes[stack[:depth]] += weight
            self.assertEqual(total, sum(profiles.stacks_of(profile).values()))
            wide = [len(stack) for stack, weight in nodes.items() if weight * 1180 > total]
            self.assertEqual(shown, collections.Counter(wide), path.name)
            self.assertEqual(sorted(int(group.get("data-size")) for group in groups[1:]),
                             sorted(weight for weight in nodes.values() if weight * 1180 > total))
            hold_nesting(self, groups)
            self.assertNotIn(b"http", made.replace(b"http://www.w3.org/", b""))

    def test_deterministic(self):
        """The same input gives the same bytes."""
        for path, _ in self.inputs:
            for option in ("--flamegraph", "--pprof", "--callgrind", "--speedscope", "--json", "--vmprof-log"):
                self.assertEqual(tool.convert(option, path), tool.convert(option, path))

    def test_diff(self):
        """A frame is as wide as the mean of its shares; one that is gone is there."""
        simple, other = tool.PROFILES / "simple.prof", tool.PROFILES / "other.prof"
        root = xml.etree.ElementTree.fromstring(tool.convert("--flamegraph", "--diff", simple, other))
        sizes = {group.get("data-name"): int(group.get("data-size")) for group in root.findall("%sg" % SVG)}
        shares = []
        for path in (simple, other):
            profile = profiles.read(path.read_bytes())
            sums = profiles.sums_of(profile)
            total = sum(own for own, _ in sums.values())
            shares.append({function[0]: part / total for function, (_, part) in sums.items()})
        for name in set(shares[0]) | set(shares[1]):
            mean = (shares[0].get(name, 0) + shares[1].get(name, 0)) / 2
            self.assertAlmostEqual(sizes[name] / 1e12, mean, places=6, msg=name)
        self.assertIn("h", sizes)  # only before
        self.assertIn("k", sizes)  # only after

    def test_several_files_add_up(self):
        """Two files are one profile."""
        simple, other = tool.PROFILES / "simple.prof", tool.PROFILES / "other.prof"
        both = collections.Counter()
        for path in (simple, other):
            both.update(profiles.stacks_of(profiles.read(path.read_bytes())))
        lines = tool.convert("--collapsed", simple, other).decode().splitlines()
        self.assertEqual(tool.weight_of_lines(lines), dict(both))

    def test_losses(self):
        """What a format cannot hold is said in one line; --lossless makes it an error, and nothing is written."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "out")
            for option, words in (("--collapsed", b"times, threads, lines, kinds of frames, labels, modules"),
                                  ("--callgrind", b"times, threads, kinds of frames, labels, modules"),
                                  ("--vmprof-log", b"times, lines, labels, modules, weights")):
                done = tool.run(option, tool.PROFILES / "labels.prof", "-o", out)
                self.assertEqual((done.returncode, done.stderr.count(b"\n")), (0, 1), done.stderr)
                self.assertIn(b"cannot hold: " + words + b"; left out", done.stderr)
                out.unlink()
                done = tool.run("--lossless", option, tool.PROFILES / "labels.prof", "-o", out)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"--lossless", done.stderr)
                self.assertEqual(list(pathlib.Path(folder).iterdir()), [])
            self.assertEqual(tool.run("--lossless", tool.PROFILES / "labels.prof").returncode, 0)


def runs_of(profile):
    """{thread of a session: [(stack, weight)]}: what follows each other in one stack, lines and all, is one, and what weighs nothing is none."""
    threads = collections.OrderedDict()
    for number, session in enumerate(profile["sessions"]):
        part = {"sessions": [session]}
        for sample, (frames, weight) in zip(session["samples"], profiles.samples_of(part)):
            threads.setdefault((number, *sample["thread"][:2]), []).append(
                (sample["time_ns"], tuple(frames), weight))
    for key, samples in threads.items():
        runs = []
        for _, stack, weight in sorted(samples, key=lambda sample: sample[0]):
            if runs and runs[-1][0] == stack:
                runs[-1] = (stack, runs[-1][1] + weight)
            else:
                runs.append((stack, weight))
        threads[key] = [(tuple(plain(frame) for frame in stack), weight) for stack, weight in runs if weight]
    return threads


def log_name(frame):
    """A function as logs name it."""
    def part(value):
        raw = proto.clean(value or "-").encode()[:480]
        return raw.decode("utf-8", "ignore").replace(":", ";")
    kind = "n" if frame.kind in (4, 5, 6) else "py"
    return "%s:%s:%d:%s" % (kind, part(frame.name), frame.first_line, part(frame.file or frame.module))


def log_extra(frame, mode):
    """What stands beside a frame's number."""
    if mode & log_reader.RPYTHON:
        return {2: 3, 7: 6, 4: 7, 5: 7, 6: 7}.get(frame.kind, 1)
    if mode & log_reader.LINES:
        return 0 if frame.kind in (4, 5, 6) else frame.line
    return None


def read_callgrind(lines):
    """{function: self}, {function: what comes in}, summary; functions by their numbers."""
    selfs, totals = collections.Counter(), collections.Counter()
    function = callee = summary = None
    for line in lines:
        if line.startswith("fn="):
            function = line[3:].split(")")[0]
            selfs[function] += 0
        elif line.startswith("cfn="):
            callee = line[4:].split(")")[0]
        elif line.startswith("calls="):
            assert int(line[6:].split()[0]) >= 1
        elif line.startswith("summary:"):
            summary = int(line.split()[1])
        elif line[:1].isdigit():
            cost = int(line.split()[1])
            if callee is None:
                selfs[function] += cost
            else:
                totals[callee] += cost
                callee = None
    return selfs, totals, summary


def hold_nesting(test, groups):
    """A frame lies within one that is a level nearer to the root, and beside its siblings."""
    places = [(int(g.get("data-depth")), int(g.get("data-start")), int(g.get("data-size"))) for g in groups]
    for depth, start, size in places[1:]:
        test.assertTrue(any(d == depth - 1 and s <= start and start + size <= s + z for d, s, z in places))
    for depth in {depth for depth, _, _ in places}:
        row = sorted((start, size) for d, start, size in places if d == depth)
        test.assertTrue(all(a + b <= c for (a, b), (c, _) in zip(row, row[1:])))


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    unittest.main(argv=sys.argv[:1], buffer=True)
