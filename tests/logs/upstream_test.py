#!/usr/bin/env python3
"""Real logs of upstream vmprof read as upstream's own reader read them, where that is right: samples, times, threads, memory,
inclusive counts and trees. $VMPROF_SHARED/profiles/upstream has the logs, and what upstream said in expected/.

upstream_test.py [DUMP]: with the dump of libvmprof_fmt, it is held to them too.

Without $VMPROF_SHARED the real logs are passed over with a message; the twin, a log that is made here and of which the numbers are
known, is always read.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).absolute().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "vectors"), str(HERE.parent / "vectors_log"),
                str(pathlib.Path("spec/reference").absolute())]
sys.dont_write_bytecode = True
import log_source  # noqa: E402
import upstream_view  # noqa: E402
import vmprof_log_reader  # noqa: E402

SECONDS = 120
DUMP = None
FIRST_DAY = datetime.datetime(1970, 1, 1)
ADDRESSES_USED_AGAIN = "cp311-many"
VERSION_0 = {  # log: samples, frames of code, names in VIRTUAL_IP; from the table in what is known of these logs
    "upstream-sample-richards.cpython": (362, 3497),
    "upstream-sample-simple_nested.pypy": (120, None),
}
TWIN = """
preamble
header 6 mode=7
time 1500000000 250000
meta "os" "linux"
meta "bits" "64"
stack 7 0x2000 3 0x1000 memory=1000
stack 8 0x2000 3 0x1000 memory=1003
stack 4 0x1000 thread=0x88 memory=1001
stack 0 0x3001 8 0x2000 8 0x2000 3 0x1000 memory=1002
stack 9 0x4000 memory=1002
native 0x1000 "n:<native symbol 0x1000>:0:-"
native 0x3001 "n:cfun:0:-"
native 0x4000 "n:<native symbol 0x4000>:0:-"
code 0x1000 "py:<module>:1:a.py"
code 0x2000 "py:foo:5:a.py"
trailer 1500000010 750000
"""
TWIN_EXPECTED = {
    "samples": 5, "interp": "cpython", "meta": {"os": "linux", "bits": "64"}, "start": "2017-07-14 02:40:00.250000",
    "end": "2017-07-14 02:40:10.750000", "runtime_us": 10500000.0, "profile_lines": True, "profile_memory": True,
    "thread_ids": 2, "mem_kb_min": 1000, "mem_kb_max": 1003, "total_frames": 20,
    "top_profile": [["py:<module>:1:a.py", 4], ["py:foo:5:a.py", 3], ["n:cfun:0:-", 1],
                    ["n:<native symbol 0x4000>:0:-", 1]],
    "tree": ["py:<module>:1:a.py", "4096", 5, 1, {}, {"3": 3, "4": 1}, [
        ["py:foo:5:a.py", "8192", 3, 2, {}, {"7": 1, "8": 2}, [
            ["n:cfun:0:-", "12289", 1, 1, {}, {"0": 1}, []]]],
        ["n:<native symbol 0x4000>:0:-", "16384", 1, 1, {}, {"9": 1}, []]]],
}


def of_reference(data):
    return json.loads(vmprof_log_reader.dump(vmprof_log_reader.read(data)))


def of_library(data):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run([DUMP, file.name], stdout=subprocess.PIPE, timeout=SECONDS, check=True)
    return json.loads(done.stdout.decode("ascii"))


def microseconds(text):
    """Of `2026-11-22 08:04:47.177683`, since 1970."""
    since = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f") - FIRST_DAY
    return (since.days * 86400 + since.seconds) * 10 ** 6 + since.microseconds


def shared_logs():
    """The folder of the real logs, or None."""
    shared = os.environ.get("VMPROF_SHARED")
    folder = pathlib.Path(shared) / "profiles" / "upstream" if shared else None
    return folder if folder and folder.is_dir() else None


class UpstreamTest(unittest.TestCase):
    """The reader in spec/reference."""

    maxDiff = None
    read = staticmethod(of_reference)

    def check_header(self, document, expected):
        session = document["sessions"][0]
        metadata = session["metadata"]
        self.assertEqual([document["error"], document["damaged"]], [None, False])
        self.assertEqual(metadata["interpreter"], expected["interp"])
        self.assertEqual({key: metadata.get(key) for key in expected["meta"]}, expected["meta"])
        start = microseconds(expected["start"])
        self.assertEqual(session["start_unix_ns"], start * 1000)
        self.assertEqual(session["end_ns"], (microseconds(expected["end"]) - start) * 1000)
        self.assertEqual(session["end_ns"], int(expected["runtime_us"]) * 1000)

    def check_samples(self, document, expected):
        session = document["sessions"][0]
        samples = session["samples"]
        self.assertEqual(len(samples), expected["samples"])
        self.assertEqual({sample["values"][0] for sample in samples}, {1})
        self.assertEqual(len(document["threads"]), expected["thread_ids"])
        kb = [sample["values"][1] // 1024 for sample in samples] if len(session["value_types"]) > 1 else [0]
        self.assertEqual([min(kb), max(kb)], [expected["mem_kb_min"], expected["mem_kb_max"]])
        if expected["interp"] != "pypy":  # there we have each frame once that the JIT took over
            words = 2 if expected["profile_lines"] else 1
            self.assertEqual(words * sum(len(sample["stack"]) for sample in samples), expected["total_frames"])

    def check_counts(self, document, expected):
        counts = upstream_view.inclusive(document["sessions"][0]["samples"])
        theirs = dict(expected["top_profile"])
        theirs.pop("<unknown code>", None)  # upstream gives the count of one address of those without a name
        self.assertEqual({name: counts[name] for name in theirs}, theirs)

    def check_tree(self, document, expected, with_names=True):
        root = upstream_view.tree(document["sessions"][0]["samples"], expected["profile_lines"])
        faults = upstream_view.tree_faults(expected["tree"], upstream_view.top_of(root), with_names)
        self.assertEqual("\n".join(faults), "")

    def check(self, data, expected):
        document = self.read(data)
        for check in (self.check_header, self.check_samples, self.check_counts, self.check_tree):
            check(document, expected)

    def test_twin(self):
        self.check(log_source.compile_text(TWIN), TWIN_EXPECTED)

    def test_real_logs(self):
        folder = shared_logs()
        if folder is None:
            self.skipTest("VMPROF_SHARED has no profiles/upstream")
        names = sorted(path.stem for path in (folder / "expected").glob("*.json"))
        self.assertGreater(len(names), 10)
        for name in names:
            expected = json.loads((folder / "expected" / (name + ".json")).read_text())
            if "error" not in expected and name != ADDRESSES_USED_AGAIN:
                with self.subTest(name):
                    self.check((folder / (name + ".prof")).read_bytes(), expected)

    def test_made_logs(self):
        """Small logs made by hand, of each version and mode: ten samples, the last of which may have a native leaf. (The twin: testdata/vectors_log.)"""
        folder = shared_logs()
        if folder is None:
            self.skipTest("VMPROF_SHARED has no profiles/upstream-made")
        paths = sorted((folder.parent / "upstream-made").glob("v*.prof"))
        self.assertGreater(len(paths), 30)
        for path in paths:
            with self.subTest(path.stem):
                self.check_made(path.stem, path.read_bytes())

    def check_made(self, name, data):
        if re.match(r"v6-cut0(00|07|16|39|44)", name):
            with self.assertRaises(vmprof_log_reader.LogError) as caught:
                vmprof_log_reader.read(data)
            self.assertEqual(caught.exception.category, "damaged")
            return
        document = self.read(data)
        self.assertEqual(document["damaged"], re.search("cut|badmarker|notrailer", name) is not None)
        stacks = [[frame[:4] for frame in sample["stack"]] for sample in document["sessions"][0]["samples"]]
        if name.startswith("v6-cut"):
            self.assertEqual(stacks, [])
            return
        main, foo, cfun = ["main", "a.py", 1, 1], ["foo", "a.py", 5, 1], ["cfun", "lib.so", 0, 4]
        native = re.search(r"mode[01][4567cd]", name) is not None
        self.assertEqual(stacks, [[]] * ("empty" in name) + [[main, foo]] * 6 + [[main]] * 3
                         + [[main, foo, cfun] if native else [main, foo]])

    def test_addresses_that_are_used_again(self):
        """Upstream gives one name to all samples of an address. We give each the one of its time: the program ran tmp_0, tmp_1, ..."""
        folder = shared_logs()
        if folder is None:
            self.skipTest("VMPROF_SHARED has no profiles/upstream")
        expected = json.loads((folder / "expected" / (ADDRESSES_USED_AGAIN + ".json")).read_text())
        document = self.read((folder / (ADDRESSES_USED_AGAIN + ".prof")).read_bytes())
        self.check_header(document, expected)
        self.check_samples(document, expected)
        numbers = [int(match.group(1)) for sample in document["sessions"][0]["samples"]
                   for match in [re.match(r"tmp_(\d+)$", sample["stack"][-1][0])] if match]
        self.assertGreater(len(numbers), 300)
        falling = sum(later < earlier for earlier, later in zip(numbers, numbers[1:]))
        self.assertLess(falling, len(numbers) / 10)
        counts = upstream_view.inclusive(document["sessions"][0]["samples"])
        for name, count in expected["top_profile"][:3]:
            self.assertEqual(counts[name], count)

    def test_version_0(self):
        """Upstream's reader cannot read it. The numbers are those of the programs: foo calls bar, and one of them is the leaf."""
        folder = shared_logs()
        if folder is None:
            self.skipTest("VMPROF_SHARED has no profiles/upstream")
        documents = {name: self.read((folder / (name + ".prof")).read_bytes()) for name in VERSION_0}
        for name, (samples, code) in VERSION_0.items():
            session = documents[name]["sessions"][0]
            self.assertEqual([documents[name]["damaged"], len(session["samples"])], [False, samples])
            self.assertGreater(len(session["modules"]), 5)
            if code is not None:
                self.assertEqual(sum(f[3] == 1 for s in session["samples"] for f in s["stack"]), code)
        nested = documents["upstream-sample-simple_nested.pypy"]["sessions"][0]["samples"]
        leaves = [[f[0] for f in sample["stack"] if f[3] in (1, 2)][-2:] for sample in nested]
        self.assertEqual([leaves.count(["foo", "bar"]), leaves.count(["<module>", "foo"])], [101, 19])


class LibraryTest(UpstreamTest):
    """The reader of libvmprof_fmt."""

    read = staticmethod(of_library)


def load_tests(loader, _tests, _pattern):
    """Those of the library only where there is its dump."""
    cases = [UpstreamTest] if DUMP is None else [UpstreamTest, LibraryTest]
    return unittest.TestSuite(map(loader.loadTestsFromTestCase, cases))


if __name__ == "__main__":
    DUMP = str(pathlib.Path(sys.argv[1]).absolute()) if len(sys.argv) > 1 else None
    unittest.main(argv=sys.argv[:1], verbosity=2)
