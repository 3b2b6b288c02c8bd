#!/usr/bin/env python3
"""Records a program, kills it while it runs, and holds the two readers of the format against each other on what
is left: most of it lies in the journal.

Arguments: dump.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import readers  # noqa: E402

PYTHON = "/usr/bin/python3"
JOURNAL_CHUNK = b"\x9eVMC\x08\x00"
SEED = 7
SAMPLES = 60
SECONDS = 60
PROGRAM = """
import sys, threading, time
def leaf(n):
    return sum(i * i for i in range(n))
def middle(n):
    return leaf(n) + leaf(n // 2)
def work(seconds):
    end = time.time() + seconds
    while time.time() < end:
        middle(2000)
other = threading.Thread(target=work, args=(float(sys.argv[1]),), name='other')
other.start()
work(float(sys.argv[1]))
other.join()
"""
DUMP = None


@unittest.skipUnless(os.path.exists(PYTHON) and os.path.exists("install_tree.tar"), "nothing to record with")
class KilledTest(unittest.TestCase):
    """A recording without an end."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vmprof-reference-"))
        self.addCleanup(shutil.rmtree, str(self.folder), ignore_errors=True)
        with tarfile.open("install_tree.tar") as archive:
            archive.extractall(self.folder / "tree")
        (self.folder / "program.py").write_text(PROGRAM)

    def start(self, name, seconds):
        """Starts to record."""
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("VMPROF", "PYTHON", "LD_"))}
        environment["PYTHONPATH"] = str(self.folder / "tree/lib/vmprof/python")
        return subprocess.Popen(
            [PYTHON, "-m", "vmprof", "-o", name, "program.py", str(seconds)], cwd=str(self.folder),
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def record_and_kill(self):
        """A profile of a program that was killed after some samples."""
        path = self.folder / "killed.prof"
        recording = self.start(path.name, SECONDS)
        try:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end and recording.poll() is None:
                time.sleep(0.05)
                if path.exists() and self.count(path.read_bytes()) >= SAMPLES:
                    break
        finally:
            recording.send_signal(signal.SIGKILL)
            recording.wait()
        return path.read_bytes()

    @staticmethod
    def count(data):
        return sum(len(session["samples"]) for session in readers.read_here(data)["sessions"])

    def compare(self, named):
        failures, _ = readers.Comparison(DUMP).failures(named)
        self.assertEqual(failures, "")

    def test_killed(self):
        killed = self.record_and_kill()
        document = readers.read_here(killed)
        self.assertGreaterEqual(self.count(killed), SAMPLES)
        self.assertEqual([session["finished"] for session in document["sessions"]], [False])
        names = {frame[0] for row in document["sessions"][0]["samples"] for frame in row["stack"]}
        self.assertLessEqual({"leaf", "middle", "work"}, names)
        self.assertNotIn("<lost>", names)
        self.compare([("killed", killed)])
        # Most of the ring is zeros: cut and damage what is not. Wrong positions of the journal make rows of what is
        # none, which differs from recording to recording: reference_test has them, in inputs that do not.
        used = killed.rstrip(b"\0")
        journal = used.index(JOURNAL_CHUNK) + 56
        self.compare(readers.spoiled("killed", used, SEED, cuts=25, flips=60, spare=range(journal, journal + 192)))

        recording = self.start("whole.prof", 0.3)
        self.assertEqual(recording.wait(SECONDS), 0)
        whole = (self.folder / "whole.prof").read_bytes()
        self.assertFalse(readers.read_here(whole)["damaged"])
        self.compare([("whole", whole), ("whole and killed", whole + killed), ("killed and whole", killed + whole)])


if __name__ == "__main__":
    DUMP = str(pathlib.Path(sys.argv[1]).absolute())
    unittest.main(argv=sys.argv[:1], verbosity=2)
