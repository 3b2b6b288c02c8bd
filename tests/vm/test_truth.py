#!/usr/bin/env python3
"""Whether stacks are true: each caller and callee, name, file and line that a profile shows is one that the interpreter
itself tells of to sys.setprofile. `./dev bench truth` does the same for millions of samples."""
import json

import harness
import truth


class Truth(harness.TestCase):

    def check(self, python, work):
        shown = self.run_python(python, truth.PROGRAM, 'edges', work, '0.3')
        self.assertEqual((shown.code, shown.err), (0, ''), shown)
        done = self.run_python(python, truth.PROGRAM, 'run', work, '0.15', self.output, '100000')
        self.assertEqual((done.code, done.err), (0, ''), done)
        found = truth.check(shown.out, truth.Stacks(self.output), work)
        self.assertEqual(found.text(), '', work)
        self.assertGreater(found.samples, 5, work)
        # Older ones cannot tell the sampler's threads' time from their own.
        if work in truth.SIMPLE and python.version >= (3, 7):
            self.assertGreater(found.weight_ns, 0.8 * json.loads(done.out)['used'] * 1e9, work)

    @harness.every_python
    def test_calls_and_lines(self, python):
        works = json.loads(self.run_python(python, truth.PROGRAM, 'list').out)
        for work in works:
            self.check(python, work)


if __name__ == '__main__':
    harness.main()
