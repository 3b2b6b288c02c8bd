#!/usr/bin/env python3
"""A log of upstream, read and written as one again, says the same: log_trip_test.py CONVERT MKPROFILE.

The reference reader of logs reads both ends. What a log of version 6 that upstream's own reader takes cannot hold is not
compared: colons inside names, which become semicolons as in PyPy's own logs; names that are empty or no UTF-8; what frames
of another VM are; files of native code; modules; and frames of the VM's own work other than machine code, for which upstream
has tags that it does not read itself.
"""
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), "spec/reference"]
import tool  # noqa: E402
import vmprof_log_reader  # noqa: E402

PY, VM, NATIVE, GC, INTERNAL = 1, 3, 4, 6, 7
ASSEMBLER = "<assembler>"


def said(frame):
    name, file, line, kind, _, _ = frame
    return (name.replace(":", ";"), "" if kind == NATIVE else file.replace(":", ";"), line,
            PY if kind == VM else kind)


def can_be_held(frame):
    return frame[0] and frame[0].isascii() and frame[3] != GC and (frame[3] != INTERNAL or frame[0] == ASSEMBLER)


def reading(path):
    """Of each sample: stack, thread, values; and whether a log can hold all of its stack."""
    log = json.loads(vmprof_log_reader.dump(vmprof_log_reader.read(path.read_bytes())))
    return [([said(frame) for frame in sample["stack"]], sample["thread"][1], sample["values"],
             all(can_be_held(frame) for frame in sample["stack"]))
            for session in log["sessions"] for sample in session["samples"]]


def logs():
    yield from sorted(pathlib.Path("testdata/vectors_log/good").glob("*.prof"))
    shared = os.environ.get("VMPROF_SHARED")
    if shared is None:
        print("VMPROF_SHARED is not set: only the logs of testdata are tried")
        return
    yield from sorted(pathlib.Path(shared, "profiles", "upstream").glob("pypy39-*.prof"))


class LogTrip(unittest.TestCase):
    def test_there_and_back(self):
        compared = 0
        with tempfile.TemporaryDirectory() as folder:
            back = pathlib.Path(folder, "back.log")
            for path in logs():
                before = reading(path)
                tool.convert("--vmprof-log", path, "-o", back)
                after = reading(back)
                with self.subTest(path.stem):
                    self.assertEqual(len(before), len(after))
                    for one, other in zip(before, after):
                        if one[3]:
                            self.assertEqual(one[:3], other[:3])
                            compared += 1
        self.assertGreater(compared, 40)


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    unittest.main(argv=sys.argv[:1], verbosity=0)
