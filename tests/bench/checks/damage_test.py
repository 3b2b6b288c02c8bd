#!/usr/bin/env python3
"""The benches of damage and of scale, on small inputs: they find nothing wrong with the library, and find what is wrong.

Arguments: damage.py, damage_bench, scale.py, scale_bench.
"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

DAMAGE, DAMAGE_PROGRAM, SCALE, SCALE_PROGRAM = None, None, None, None
SECONDS = 60


def run(*command):
    return subprocess.run([str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class DamageTest(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vmprof-bench-'))
        self.addCleanup(shutil.rmtree, str(self.folder), ignore_errors=True)

    def test_parts(self):
        """Some cuts and flips of a small file; the kills of Python programs need an installed tree."""
        done = run(sys.executable, DAMAGE, '--program', DAMAGE_PROGRAM, '--json', '--kills', 0, '--samples', 200,
                   '--step', 31)
        self.assertEqual(done.returncode, 0, done)
        parts = [json.loads(line) for line in done.stdout.decode().splitlines()]
        self.assertEqual([part['failures'] for part in parts], [0, 0, 0, 0])
        cuts, flips = parts[:2]
        self.assertEqual((cuts['what'], flips['what']), ('cuts', 'flips'))
        self.assertEqual(cuts['cases'], -(-cuts['size_bytes'] // 31))
        self.assertEqual(flips['cases'], -(-8 * flips['size_bytes'] // 31))
        for part in (cuts, flips):
            self.assertEqual(part['good'], part['cases'])

    def judge(self):
        done = run(DAMAGE_PROGRAM, 'judge', self.folder / 'out', self.folder / 'counter')
        return done.returncode, json.loads(done.stdout.decode())

    def test_killed(self):
        """A recording that was killed is good; the judge sees each thing that could be wrong with it."""
        out, counter = self.folder / 'out', self.folder / 'counter'
        child = subprocess.Popen([DAMAGE_PROGRAM, 'record', str(out), str(counter)])
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and (not counter.exists() or
                                          int.from_bytes(counter.read_bytes(), 'little') < 9000):
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        self.assertEqual(child.wait(), -signal.SIGKILL)
        code, found = self.judge()
        self.assertEqual((code, found['missing'], found['invented'], found['lost_names']), (0, 0, 0, 0))
        self.assertTrue(found['unfinished'])
        self.assertGreaterEqual(found['published'], 9000)
        published = found['published']
        for said, missing, invented in ((published + 3, range(2, 4), range(1)),
                                        (published - 3, range(1), range(2, 4))):
            counter.write_bytes(said.to_bytes(8, 'little'))
            code, found = self.judge()
            self.assertEqual(code, 1)
            self.assertIn(found['missing'], missing)
            self.assertIn(found['invented'], invented)
        counter.write_bytes(published.to_bytes(8, 'little'))
        data = out.read_bytes()
        out.write_bytes(data + data[:64])  # another session begins: no harm
        self.assertEqual(self.judge()[0], 0)
        out.write_bytes(data[:3000])
        code, found = self.judge()
        self.assertEqual(code, 1)
        self.assertGreater(found['missing'], 0)

    def test_inspect(self):
        """Counts the samples of a name; here it is none, and no sample's names are lost."""
        run(SCALE_PROGRAM, 'write', self.folder / 'out', 500, 20)
        done = run(DAMAGE_PROGRAM, 'inspect', self.folder / 'out', 'function_3')
        found = json.loads(done.stdout.decode())
        self.assertEqual((found['samples'], found['weight_ns'], found['lost_names']), (500, 500, 0))
        self.assertTrue(0 < found['with_name'] < 500, found)
        self.assertFalse(found['unfinished'])

    def test_scale(self):
        done = run(sys.executable, SCALE, '--program', SCALE_PROGRAM, '--json', '--samples', 20000, '--stacks', 700)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        result = json.loads(done.stdout.decode())
        self.assertEqual((result['samples'], result['stacks']), (20000, 700))
        for key, value in result.items():
            self.assertGreater(value, 0, key)


if __name__ == '__main__':
    DAMAGE, DAMAGE_PROGRAM, SCALE, SCALE_PROGRAM = (str(pathlib.Path(each).absolute()) for each in sys.argv[1:5])
    unittest.main(argv=sys.argv[:1], verbosity=2)
