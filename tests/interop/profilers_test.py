#!/usr/bin/env python3
"""Holds the exports for other profilers, --gperftools, --otlp and --perf-script, against the reference reader, by readers of
their own written from the formats' documents, and with google-pprof, protoc and profiler-cli where these are installed; and says
of every format what it cannot hold. Arguments: vmprof-convert, mkprofile.
"""

import collections
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import firefox_test  # noqa: E402
import hostile  # noqa: E402
import profiles  # noqa: E402
import proto  # noqa: E402
import tool  # noqa: E402

SECONDS = 100
ZERO_TIMES = """meta list values cpu:ns
meta integer period_ns 2000000
thread main 7 8 m
function m m m.py 1 py 0
samples 3 0 main 0 5 m
"""
ALL = """meta list values cpu:ns wall:ns memory:bytes
thread main 7 8 m
thread other 7 9 o
module libc /lib/c.so \\x01\\x02 0x1000 0x1000 0
function m m m.py 1 py 0x100
function n n - 0 native 0x1010 libc
label one - state text running
samples 2 10 main 10 5,6,4096 m:2;n one
sample other 20 5,7,8192 m:3
"""
PLAIN = """meta list values samples:count
thread main 7 8 m
function m m m.py 1 py 0x100
function f f m.py 9 py 0x200
samples 3 0 main 0 1 m;f
"""
# A thousand stacks that differ by their callers only.
DEEP = """meta list values cpu:ns
thread main 7 8 m
function f f m.py 1 py 0x100
sample main 10 5 %s
sample main 20 7 %s
""" % (";".join(["f"] * 1000), ";".join(["f"] * 900))
HELD = {"times", "threads", "lines", "kinds of frames", "values", "labels", "modules", "weights"}
# What each format is said to hold, and that the documents of it have a place for.
HOLDS = {
    "callgrind": {"lines", "weights"},
    "chrome-trace": {"times", "threads", "kinds of frames"},
    "collapsed": {"weights"},
    "csv": {"weights"},
    "firefox": {"times", "threads", "lines", "kinds of frames", "modules", "weights"},
    "flamegraph": {"kinds of frames", "modules", "weights"},
    "gperftools": set(),
    "json": {"kinds of frames", "weights"},
    "otlp": {"threads", "lines", "labels", "modules", "weights"},
    "perf-script": {"times", "threads", "weights"},
    "pprof": {"threads", "lines", "labels", "modules", "weights"},
    "pstats": {"weights"},
    "speedscope": {"threads", "weights"},
    "vmprof-log": {"threads", "lines", "kinds of frames"},  # it has lines where it has no frames of a JIT
}
# What protoc has to say of labels.prof, whose text states these.
LABELS_DECODED = [
    "memory_start: %d" % 0x7F0000001000, "memory_limit: %d" % 0x7F0000196000, "file_offset: %d" % 0x26000,
    'string_value: "8f0031ab"', "time_unix_nano: 1700000000000000000", "duration_nano: 15000000", "period: 1000000",
    "start_line: 10", "line: 12",
]
skipped = []


def client(name):
    """Skips a test where a client is not installed."""
    found = shutil.which(name)
    if not found:
        skipped.append(name)
        raise unittest.SkipTest("%s is not installed" % name)
    return found


def inputs(folder):
    """(path, what the reference reader reads of it)."""
    paths = tool.names() + [tool.make(source, pathlib.Path(folder, name + ".prof"))
                            for name, source in (("hostile", hostile.SOURCE), ("zero", ZERO_TIMES), ("all", ALL), ("deep", DEEP))]
    return [(path, profiles.read(path.read_bytes())) for path in paths]


# ---- gperftools -----------------------------------------------------------------------------------


def read_gperftools(data):
    """(period in us, {stack of symbols, root first: count}); the profile stands behind its symbols, in words of 8 bytes."""
    head, _, body = data.partition(b"\n---\n--- profile\n")
    first, binary, *lines = head.decode("utf-8").split("\n")
    assert first == "--- symbol" and binary.startswith("binary=")
    symbols = {}
    for line in lines:
        address, _, name = line.partition(" ")
        assert re.match("0x[0-9a-f]{16}$", address) and "--" not in name and not set("<>()") & set(name), line[:80]
        symbols[int(address, 16)] = name
    assert len(symbols) == len(lines)
    slots = struct.unpack("<%dQ" % (len(body) // 8), body)
    assert slots[:3] == (0, 3, 0) and slots[4] == 0
    stacks, at = collections.Counter(), 5
    while True:
        count, depth = slots[at:at + 2]
        if count == 0 and slots[at + 2] == 0:
            break
        stacks[tuple(symbols[pc] for pc in reversed(slots[at + 2:at + 2 + depth]))] += count
        at += 2 + depth
    assert (depth, at + 3) == (1, len(slots))
    return slots[3], stacks


def symbol(frame):
    """A function as --gperftools names it."""
    def part(value):
        return re.sub("-(?=-)", "- ", proto.clean(value).translate(str.maketrans("<>()", "[][]")))
    place = frame.file or frame.module
    return part(frame.name or "-") + (" %s:%d" % (part(place), frame.first_line) if place else "")


def counts_of(profile, label):
    """How many samples each stack has; a profile that counts something else has that."""
    stacks = collections.Counter()
    for session in profile["sessions"]:
        types = session["value_types"]
        names = [name for name, _ in types]
        column = names.index("cpu") if "cpu" in names else 0
        for sample in session["samples"]:
            frames = profiles.frames_of(sample) or [profiles.Frame("<hidden>", "", 0, 0, 0, "")]
            weighs = types and types[column][1] == "count"
            stacks[tuple(label(frame) for frame in frames)] += sample["values"][column] if weighs else 1
    return +stacks


# ---- OTLP -----------------------------------------------------------------------------------------


class Otlp:
    """ProfilesData, by the numbers that profiles.proto gives its fields."""

    def __init__(self, data):
        top = proto.fields(data)
        assert set(top) == {1, 2}
        (dictionary,) = [proto.fields(raw) for raw in top[2]]
        assert all(dictionary[table][0] == b"" for table in range(1, 8)), "number 0 is what is not set"
        self.strings = [raw.decode("utf-8") for raw in dictionary[5]]
        self.attributes = [None] + [self.attribute(proto.fields(raw)) for raw in dictionary[6][1:]]
        self.mappings = [None] + [self.mapping(proto.fields(raw)) for raw in dictionary[1][1:]]
        functions = [None]
        for raw in dictionary[3][1:]:
            function = proto.fields(raw)
            assert set(function) <= {1, 3, 4}
            functions.append((self.string(function, 1), self.string(function, 3), function.get(4, [0])[0]))
        self.locations, self.mapping_of = [None], [None]
        for raw in dictionary[2][1:]:
            location = proto.fields(raw)
            (line,) = [proto.fields(each) for each in location[3]]
            self.locations.append((*functions[line[1][0]], line.get(2, [0])[0]))
            self.mapping_of.append(self.mappings[location.get(1, [0])[0]])
        self.stacks = [()] + [tuple(self.locations[at] for at in reversed(proto.packed(proto.fields(raw)[1][0])))
                              for raw in dictionary[7][1:]]
        (scope,) = [proto.fields(each) for raw in top[1] for each in proto.fields(raw)[2]]
        assert proto.fields(scope[1][0])[1] == [b"vmprof"]
        self.profiles = [self.profile(proto.fields(raw)) for raw in scope[2]]

    def string(self, message, field):
        """One of the table."""
        return self.strings[message.get(field, [0])[0]]

    def attribute(self, message):
        """(key, text or number)."""
        value = proto.fields(message[2][0])
        assert set(message) == {1, 2} and len(value) == 1
        return (self.strings[message[1][0]], value[1][0].decode("utf-8") if 1 in value else value[3][0])

    def mapping(self, message):
        """(file, attributes, start, limit, offset)."""
        attributes = [self.attributes[at] for raw in message.get(5, []) for at in proto.packed(raw)]
        return (self.string(message, 4), attributes, *(message.get(field, [0])[0] for field in (1, 2, 3)))

    def profile(self, message):
        """(type, unit, time, duration, period, {(stack, attributes): value})."""
        kind = proto.fields(message[1][0])
        sums = collections.Counter()
        for raw in message[2]:
            sample = proto.fields(raw)
            attributes = frozenset(self.attributes[at] for each in sample.get(2, []) for at in proto.packed(each))
            (value,) = proto.packed(sample[4][0])
            assert value and sample[1][0]
            sums[self.stacks[sample[1][0]], attributes] += value
        return (self.string(kind, 1), self.string(kind, 2), message.get(3, [0])[0], message.get(4, [0])[0],
                message.get(6, [0])[0], sums)


def labelled(profile, column):
    """{(stack, attributes): sum of a value, or of samples for None}."""
    sums = collections.Counter()
    for session in profile["sessions"]:
        names = [name for name, _ in session["value_types"]]
        for sample in session["samples"]:
            process, thread, name = sample["thread"]
            labels = {("thread.name", proto.clean(profiles.text(name)))} if name else set()
            labels |= {(key, value) for key, value in (("thread.id", thread), ("process.pid", process)) if value}
            for key, value in sample["labels"].items():
                value = proto.clean(profiles.text(value)) if isinstance(value, str) else value
                labels.add((proto.clean(profiles.text(key)), value))
            frames = profiles.frames_of(sample) or [profiles.Frame("<hidden>", "", 0, 0, 0, "")]
            stack = tuple((proto.clean(f.name or "-"), proto.clean(f.file or f.module), f.first_line, f.line) for f in frames)
            if column is None or column in names:
                sums[stack, frozenset(labels)] += 1 if column is None else sample["values"][names.index(column)]
    return +sums


# ---- perf script ----------------------------------------------------------------------------------

EVENT = re.compile(r"(\S.+?)\s+(\d+)/(\d+)\s+\[(\d+)\]\s+(\d+)\.(\d{9}):\s+(\d+)\s+(\S+):$")
FRAME = re.compile(r"\s*([0-9a-f]+)\s*(.+) \((\S*)\)$")


def read_perf_script(text):
    """[(command, process, thread, ns, period, event, [(address, name, file)] root first)]."""
    assert text == "" or text.endswith("\n\n")
    samples = []
    for block in text.split("\n\n")[:-1]:
        event, *lines = block.split("\n")
        found = EVENT.match(event)
        assert found and not event.startswith("#") and lines, event[:200]
        frames = [FRAME.match(line) for line in lines]
        assert all(frames), block[:500]
        command, process, thread, _, seconds, fraction, period, name = found.groups()
        samples.append((command, int(process), int(thread), int(seconds) * 10**9 + int(fraction), int(period), name,
                        [(int(frame.group(1), 16), frame.group(2), frame.group(3)) for frame in reversed(frames)]))
    return samples


def word(value):
    """Text as --perf-script has it where there may be no space."""
    return re.sub("[ ()]", "_", proto.clean(value))


def spoken(name):
    """A function as --perf-script names it."""
    name = proto.clean(name or "-")
    name = re.sub("^[ (]", "_", name)
    return re.sub(" $", "_", name)


def perf_samples(profile):
    """What read_perf_script() has to read."""
    first = profile["sessions"][0]["start_unix_ns"]
    period = profile["sessions"][0]["metadata"].get("period_ns", 1000000)
    program = profiles.text(profile["sessions"][0]["metadata"].get("program", "")).split("/")[-1]
    for session in profile["sessions"]:
        names = [name for name, _ in session["value_types"]]
        column = names.index("cpu") if "cpu" in names else 0
        seen = collections.Counter()
        for sample in session["samples"]:
            process, thread, name = sample["thread"]
            command = word(profiles.text(name)) if name else word(program) or "vmprof"
            command = re.sub("^#", "_", command + "_" * (len(command.encode()) == 1))
            offset = max(session["start_unix_ns"] - first, 0) if first else 0
            at = sample["time_ns"] + offset if sample["time_ns"] else seen[process, thread] * period
            seen[process, thread] += 1
            frames = profiles.frames_of(sample) or [profiles.Frame("<hidden>", "", 0, 0, 0, "")]
            yield (command, process, thread, at, sample["values"][column] if names else 1, names[column] if names else "samples",
                   [(spoken(f.name), word(f.module or f.file) or "[unknown]") for f in frames])


class Profilers(unittest.TestCase):
    """The numbers and the names of each format."""

    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.inputs = inputs(cls.temporary.name)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def each(self, option):
        """(path, profile, output) of each input; the same twice."""
        for path, profile in self.inputs:
            print(path.name, option)  # shown where it fails
            made = tool.convert(option, path)
            self.assertEqual(made, tool.convert(option, path))
            yield path, profile, made

    def test_gperftools(self):
        """Each stack, with how often it was seen."""
        for _, profile, made in self.each("--gperftools"):
            period_us, stacks = read_gperftools(made)
            self.assertEqual(stacks, counts_of(profile, symbol))
            self.assertEqual(period_us, profile["sessions"][0]["metadata"].get("period_ns", 1000000) // 1000)

    def test_google_pprof(self):
        """flat and cum of google-pprof --text."""
        google_pprof = client("google-pprof")
        for path, profile in self.inputs:
            out = self.folder / (path.stem + ".gperf")
            out.write_bytes(tool.convert("--gperftools", path))
            wanted = collections.defaultdict(lambda: [0, 0])
            for stack, count in counts_of(profile, symbol).items():
                wanted[stack[-1]][0] += count
                for name in set(stack):
                    wanted[name][1] += count
            total = sum(own for own, _ in wanted.values())
            if not total:
                continue
            # A second frame that all stacks share it takes for that of a signal handler, unless it is told not to.
            done = subprocess.run([google_pprof, "--text", "--no-auto-signal-frm", "--nodecount=10000", "--nodefraction=0", str(out)], check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, cwd=str(self.folder))
            text = done.stdout.decode("utf-8")
            self.assertIn("Total: %d samples\n" % total, text, path.name)
            rows = re.findall(r"(?m)^ *(\d+) +[\d.]+% +[\d.]+% +(\d+) +[\d.]+% (.*)$", text)
            self.assertEqual(sorted((int(own), int(whole)) for own, whole, _ in rows),
                             sorted(tuple(each) for each in wanted.values()), path.name)
            if path.stem != "hostile":  # it cuts what it takes for types, and spaces before a name
                self.assertEqual({name: [int(own), int(whole)] for own, whole, name in rows},
                                 {name.lstrip(): each for name, each in wanted.items()}, path.name)

    def test_otlp(self):
        """A profile for each value that can be added up, and of samples, by stack, thread and labels."""
        for path, profile, made in self.each("--otlp"):
            read = Otlp(made)
            session = profile["sessions"][0]
            names = [name for each in profile["sessions"] for name, _ in each["value_types"] if name not in ("samples", "memory")]
            self.assertEqual({one[0] for one in read.profiles}, set(names) | {"samples"}, path.name)
            for kind, unit, start, _, period, sums in read.profiles:
                self.assertEqual(sums, labelled(profile, None if kind == "samples" else kind), (path.name, kind))
                self.assertEqual((start, period), (session["start_unix_ns"], session["metadata"].get("period_ns", 0)))
                self.assertIn(unit, ("nanoseconds", "bytes", "count"))
            weighs = "cpu" if "cpu" in names else names[0] if names else "samples"
            self.assertEqual(read.profiles[0][0], weighs, path.name)

    def test_otlp_mappings(self):
        """The modules that machine code came from, with their build ids."""
        read = Otlp(tool.convert("--otlp", tool.PROFILES / "labels.prof"))
        libc = ("/usr/lib/libc.so.6", [("process.executable.build_id.gnu", "8f0031ab")], 0x7f0000001000, 0x7f0000196000, 0x26000)
        ext = ("/srv/ext.so", [], 0x7f0000400000, 0x7f0000408000, 0)
        self.assertEqual(read.mappings[1:], [libc, ext])
        self.assertEqual({location[0]: mapping for location, mapping in list(zip(read.locations, read.mapping_of))[1:]},
                         {"<module>": None, "handle": None, "send": libc, "encode": ext})
        self.assertEqual({one[3] for one in read.profiles}, {15000000})

    def test_protoc(self):
        """protoc decodes every byte, and by the names of the released schema: no field of another number, no other type."""
        protoc = client("protoc")
        schema = pathlib.Path(__file__).absolute().parent / "otlp.proto"
        command = [protoc, "--proto_path=%s" % schema.parent, "--decode=otlp.ProfilesData", str(schema)]
        for path, _, made in self.each("--otlp"):
            done = subprocess.run(command, input=made, check=True, stdout=subprocess.PIPE, timeout=SECONDS)
            text = done.stdout.decode("utf-8")
            self.assertEqual(re.findall(r"(?m)^ *\d+(?:: .*| \{)$", text), [], path.name)
            if path.stem == "labels":
                for line in LABELS_DECODED:
                    self.assertRegex(text, r"(?m)^ *%s$" % re.escape(line))

    def test_perf_script(self):
        """Each sample, in the order of the file: thread, time, weight, frames."""
        for path, profile, made in self.each("--perf-script"):
            read = read_perf_script(made.decode("utf-8"))
            self.assertEqual([(*sample[:6], [frame[1:] for frame in sample[6]]) for sample in read],
                             list(perf_samples(profile)), path.name)

    def test_perf_script_client(self):
        """What the Firefox Profiler's importer makes of it: the samples of each function."""
        found = os.environ.get("VMPROF_PROFILER_CLI") or shutil.which("profiler-cli")
        if not found or (found.endswith(".js") and not shutil.which("node")):
            skipped.append("profiler-cli")
            self.skipTest("profiler-cli is not installed")
        command = (["node"] if found.endswith(".js") else []) + [found]
        for name in ("simple", "recursion", "native"):
            path = tool.PROFILES / (name + ".prof")
            out = self.folder / (name + ".perf.txt")
            out.write_bytes(tool.convert("--perf-script", path))
            shown = firefox_test.ask(command, out, self.folder)
            totals, count = collections.Counter(), 0
            for frames, _ in profiles.samples_of(profiles.read(path.read_bytes())):
                count += 1
                totals.update({frame.name for frame in frames})
            # It puts the file before a name.
            rows = {row["name"].split("!")[-1]: row["totalPercentage"] for row in shown["topFunctionsByTotal"]}
            for function, total in totals.items():
                self.assertAlmostEqual(rows[function], 100 * total / count, places=1, msg=(name, function))


class Losses(unittest.TestCase):
    """What each format cannot hold."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        formats = tool.convert("--help").decode().split("Formats:\n")[1].split("\n\n")[0]
        self.formats = re.findall(r"(?m)^ +--([a-z-]+) ", formats)

    def test_all_are_told(self):
        """A format that is new has to say here what it holds."""
        self.assertEqual(set(self.formats), set(HOLDS))

    def test_said_once(self):
        """In one line; with --lossless it is an error, and nothing is written."""
        path = tool.make(ALL, self.folder / "all.prof")
        for name in self.formats:
            out = self.folder / "out"
            done = tool.run("--" + name, path, "-o", out)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (0, 1), (name, done.stderr))
            (said,) = re.findall("cannot hold: (.*); left out\n", done.stderr.decode())
            self.assertEqual(set(said.split(", ")) - {"values"}, HELD - HOLDS[name] - {"values"}, name)
            self.assertIn("values", said, name)  # memory is a level, which none of them has
            out.unlink()
            done = tool.run("--lossless", "--" + name, path, "-o", out)
            self.assertEqual(done.returncode, 1, name)
            self.assertIn(b"nothing was written (--lossless)", done.stderr)
            self.assertEqual([each.name for each in self.folder.iterdir()], ["all.prof"])

    def test_nothing_lost(self):
        """Where there is nothing to lose, --lossless writes, and says nothing."""
        path = tool.make(PLAIN, self.folder / "plain.prof")
        for name in self.formats:
            done = tool.run("--lossless", "--" + name, path)
            self.assertEqual((done.returncode, done.stderr), (0, b""), name)
            self.assertTrue(done.stdout, name)


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    done = unittest.main(argv=sys.argv[:1] + sys.argv[3:], exit=False, buffer=True)
    if skipped and done.result.wasSuccessful():
        print("vmprof-test-skipped: not installed: " + ", ".join(sorted(set(skipped))))
    sys.exit(not done.result.wasSuccessful())
