#!/usr/bin/env python3
"""Logs with more of something than is kept [L-8-8]: the rest is read, and what is lost is counted, by the reader in spec/reference
and, where its dump is given, by libvmprof_fmt. The logs are made here, and what is in them is known.

limits_test.py [DUMP]
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path("spec/reference").absolute()))
sys.dont_write_bytecode = True
import vmprof_log_reader  # noqa: E402

DUMP = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
KEYS = 4000
MARKER_AND_TWO_WORDS = 17


def text(data):
    return struct.pack("<Q", len(data)) + data


def meta(key, value):
    return b"\x07" + text(key) + text(value)


def log(records):
    """A log of version 6 with one sample of `f`, and these records before it."""
    return (struct.pack("<5Q", 0, 3, 0, 990, 0) + b"\x05\x00\x06\x00\x07cpython" + struct.pack("<Bqq8x", 6, 1500000000, 0)
            + b"".join(records) + struct.pack("<BQQQQ", 1, 1, 1, 0x1000, 0x77)
            + b"\x02" + struct.pack("<Q", 0x1000) + text(b"py:f:1:a.py") + struct.pack("<Bqq8x", 3, 1500000010, 0))


def of_library(data):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run([DUMP, file.name], stdout=subprocess.PIPE, timeout=120, check=True)
    return json.loads(done.stdout.decode("ascii"))


class Limits(unittest.TestCase):

    maxDiff = None

    def check(self, records, expected, lost):
        """expected: the metadata that the records come to; lost: the sizes of the records that are not kept."""
        data = log(records)
        documents = [json.loads(vmprof_log_reader.dump(vmprof_log_reader.read(data)))]
        documents += [of_library(data)] if DUMP else []
        for document in documents:
            session = document["sessions"][0]
            found = {key: value for key, value in session["metadata"].items()
                     if key not in ("interpreter", "log_version", "period_ns", "values")}
            self.assertEqual(found, expected)
            self.assertEqual([document["error"], document["damaged"]], [None, bool(lost)])
            self.assertEqual(document["damage"], {"bad_chunks": len(lost), "lost_bytes": sum(lost), "lost_samples": 0,
                                                  "unfinished": False})
            self.assertEqual([[frame[:4] for frame in sample["stack"]] for sample in session["samples"]],
                             [[["f", "a.py", 1, 1]]])

    def test_as_many_keys_as_are_kept(self):
        self.check([meta(b"key %d" % i, b"%d" % i) for i in range(KEYS)], {"key %d" % i: "%d" % i for i in range(KEYS)}, [])

    def test_more_keys_than_are_kept(self):
        """A key that is kept can change all the same; those that are not a log's to say do not count."""
        records = [meta(b"values", b"x"), meta(b"", b"x")] + [meta(b"key %d" % i, b"old") for i in range(KEYS)]
        records += [meta(b"late", b"12345"), meta(b"key 7", b"new"), meta(b"late", b""), meta(b"period_ns", b"0")]
        expected = {"key %d" % i: "old" for i in range(KEYS)}
        expected["key 7"] = "new"
        self.check(records, expected, [MARKER_AND_TWO_WORDS + 4 + 5, MARKER_AND_TWO_WORDS + 4])

    def test_one_key_very_often(self):
        self.check([meta(b"argv", b"%d" % i) for i in range(20000)], {"argv": "19999"}, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
