#!/usr/bin/env python3
"""What is recorded of PyPy is true, at every rate. PyPy is $VMPROF_PYPY, one of $VMPROF_PYTHONS, on PATH, or one of pyenv's; where
there is none, this says so. The twin that needs none is tests/unit/sampler/pypy_walk_test.c."""
import glob
import math
import os
import shutil
import signal
import subprocess
import time
import unittest

import harness
import recording

SIGMAS = 5
PY, JIT = 1, 2
SHARES = harness.PROGRAMS / 'pypy_shares.py'


def find_pypy():
    named = [os.environ.get('VMPROF_PYPY'), shutil.which('pypy3')]
    named += sorted(glob.glob(os.path.expanduser('~/.pyenv/versions/pypy3*/bin/pypy3')))
    for python in [python for python in harness.all_pythons() if python.is_pypy]:
        return python
    for path in named:
        if path and os.path.exists(path):
            return harness.Python(path)
    return None


PYPY = find_pypy()


def program_times(text):
    """What the program says that each part of it took."""
    return {name: float(seconds) for name, seconds in (line.split() for line in text.splitlines())}


def is_file(frame, path):
    """PyPy cuts long names to 107 characters and three dots."""
    return frame.file[:107] == str(path)[:107]


@unittest.skipIf(PYPY is None, 'no PyPy here')
class PyPy(harness.TestCase):

    def near(self, got, true, samples, name):
        allowed = SIGMAS * math.sqrt(true * (1 - true) / samples) + 0.005
        self.assertLess(abs(got - true), allowed, '%s: %.2f %% is not %.2f %% within %.2f of %d samples'
                        % (name, 100 * got, 100 * true, 100 * allowed, samples))

    def check_shares(self, period):
        done = self.record(PYPY, '-p', period, SHARES, '4')
        read = recording.Profile(self.output)
        times = program_times(done.out)
        total = sum(times.values())
        self.assertGreater(len(read.samples), 100)
        for name, seconds in times.items():
            self.near(read.total_share(name), seconds / total, len(read.samples), name)
        # No time is lost, and none is made up.
        self.assertLess(abs(read.total() / 1e9 - total), 0.05 * total)

    def test_shares(self):
        """A second and third try must not fail in the same way, as they would with a bias: where other programs take
        the processor away, samples weigh unequally."""
        for period in ('4ms', '1ms', '100us'):
            for tries_left in (2, 1, 0):
                try:
                    with self.subTest(period=period):
                        self.check_shares(period)
                    break
                except AssertionError:
                    if tries_left == 0:
                        raise

    def test_kinds(self):
        """Machine code is marked as such, and interpreted code."""
        self.record(PYPY, '-p', '1ms', SHARES, '4')
        read = recording.Profile(self.output)
        leaves = {}
        for sample in read.samples:
            for name in ('compiled_at_once', 'inlined', 'never_compiled'):
                if any(frame.name == name for frame in sample.stack):
                    leaf = sample.stack[-1]
                    counts = leaves.setdefault(name, [0, 0])
                    counts[0] += 1
                    counts[1] += leaf.kind == JIT
        self.assertGreater(leaves['compiled_at_once'][1], 0.9 * leaves['compiled_at_once'][0], leaves)
        self.assertGreater(leaves['inlined'][1], 0.9 * leaves['inlined'][0], leaves)
        self.assertLess(leaves['never_compiled'][1], 0.5 * leaves['never_compiled'][0], leaves)
        self.assertEqual(read.meta['interpreter'], 'pypy')

    def test_what_is_inlined_stands_in_its_caller(self):
        self.record(PYPY, '-p', '1ms', SHARES, '4')
        for sample in recording.Profile(self.output).samples:
            names = [frame.name for frame in sample.stack]
            if 'inlined' in names:
                at = names.index('inlined')
                self.assertEqual(names[at - 1:], ['calls_inlined', 'inlined'])
            self.assertEqual(names.count('calls_inlined'), 'calls_inlined' in names, names)

    def test_no_stack_is_impossible(self):
        program = harness.PROGRAMS / 'edges.py'
        oracle = self.run_python(PYPY, program, 'oracle')
        self.assertEqual(oracle.code, 0, oracle)
        pairs = set(tuple(line.split()) for line in oracle.out.splitlines())
        self.record(PYPY, '-p', '100us', program, 'run', '3')
        read = recording.Profile(self.output)
        impossible, seen = [], 0
        for sample in read.samples:
            names = ['%s:%d' % (frame.name, frame.first_line) for frame in sample.stack
                     if is_file(frame, program) or frame.file == '<string>']
            if 'everything' not in ''.join(names):
                continue
            begin = [name.split(':')[0] for name in names].index('everything')
            for pair in zip(names[begin:], names[begin + 1:]):
                seen += 1
                if pair not in pairs:
                    impossible.append((pair, names))
        self.assertGreater(seen, 50)
        self.assertEqual(impossible, [])

    def test_threads(self):
        done = self.record(PYPY, '-p', '1ms', SHARES, '1.5', 'threads')
        times = program_times(done.out)
        read = recording.Profile(self.output)
        for name in ('alpha', 'beta', 'gamma'):
            weight = sum(sample.weight for sample in read.samples if sample.thread[1] == name)
            self.assertLess(abs(weight / 1e9 - times[name]), 0.05 + 0.05 * times[name], (name, weight, times))
            functions = set(frame.name for sample in read.samples if sample.thread[1] == name
                            for frame in sample.stack if is_file(frame, SHARES))
            self.assertIn('compiled_at_once', functions)
            self.assertNotIn('recurse', functions)

    def test_deep_stacks_are_whole(self):
        self.record(PYPY, '-p', '1ms', SHARES, '4')
        depths = [sum(frame.name == 'recurse' for frame in sample.stack)
                  for sample in recording.Profile(self.output).samples]
        self.assertGreater(max(depths), 600)
        self.assertLessEqual(max(depths), 801)

    def test_vmprof_record(self):
        plain = self.run_code(PYPY, 'import os, sys; print(sys.path[1:], sorted(os.environ))')
        done = self.tool('vmprof-record', '-o', self.output, '--', PYPY.path, self.folder / 'code.py')
        self.assertEqual((done.code, done.out), (0, plain.out), done)
        done = self.tool('vmprof-record', '-o', self.output, '--', PYPY.path, SHARES, '3')
        self.assertEqual(done.code, 0, done)
        times = program_times(done.out)
        read = recording.Profile(self.output)
        self.assertTrue(read.finished)
        working = read.total_share('main')
        for name, seconds in times.items():
            self.near(read.total_share(name) / working, seconds / sum(times.values()), len(read.samples), name)

    def test_the_real_sitecustomize(self):
        (self.folder / 'sitecustomize.py').write_text('print("real")\n')
        (self.folder / 'code.py').write_text('import sitecustomize; print(sitecustomize.__file__)\n')
        environment = self.environment(PYTHONPATH=str(self.folder))
        plain = self.run_python(PYPY, self.folder / 'code.py', env=environment)
        done = self.tool('vmprof-record', '-o', self.output, '--', PYPY.path, self.folder / 'code.py',
                         env=environment)
        self.assertEqual(done.out, plain.out)
        self.assertIn('real', done.out)

    def test_enable_and_disable_again_and_again(self):
        code = '''
import os, signal, sys, vmprof
def spin(n):
    s = 0
    for i in range(n): s += i % 7
    return s
before = signal.getitimer(signal.ITIMER_PROF)
for i in range(3):
    with open(sys.argv[1] + str(i), 'w+b') as out:
        vmprof.enable(out.fileno(), 1000)
        exec('def made_%d():\\n    for _ in range(250): spin(1000000)\\nmade_%d()' % (i, i))
        vmprof.disable()
assert signal.getitimer(signal.ITIMER_PROF) == before
import _vmprof
assert not _vmprof.is_enabled()
for name in os.listdir('/proc/self/fd'):
    try: assert 'vmprof' not in os.readlink('/proc/self/fd/' + name), name
    except FileNotFoundError: pass
print(open('/proc/self/status').read().count('Threads:\\t1\\n'))
'''
        done = self.run_code(PYPY, code, self.output)
        self.assertEqual((done.code, done.out, done.err), (0, '1\n', ''), done)
        for i in range(3):
            read = recording.Profile(str(self.output) + str(i))
            self.assertGreater(read.total_share('made_%d' % i), 0.8)
            self.assertEqual(set(sample.stack[0].name for sample in read.samples if sample.stack), {'<module>'})

    def test_a_forked_child_makes_code(self):
        """Its _vmprof has nowhere to write names to: it must be off."""
        code = '''
import os, sys
pid = os.fork()
if pid == 0:
    for i in range(5000):
        exec('def f_%d(): pass' % i)
    os._exit(7)
print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
for i in range(5000):
    exec('def f_%d(): pass' % i)
'''
        (self.folder / 'code.py').write_text(code)
        done = self.record(PYPY, self.folder / 'code.py')
        self.assertEqual(done.out, '7\n', done)

    def test_names_survive_a_kill(self):
        """Also that of code which was made just now, and that PyPy has not told anybody."""
        code = '''
import sys
exec("""
def brand_new():
    s = 0
    while True:
        for i in range(100000): s = (s * 3 + i) % 1000003
        print('.', flush=True)
""")
brand_new()
'''
        (self.folder / 'code.py').write_text(code)
        process = subprocess.Popen([str(tree_tool('vmprof-record')), '-o', str(self.output), '--', PYPY.path,
                                    str(self.folder / 'code.py')], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env=self.environment())
        for _ in range(1000):
            process.stdout.readline()
        subprocess.run(['pkill', '-KILL', '-P', str(process.pid)], check=True)
        process.stdout.close()
        process.wait(harness.SECONDS)
        read = recording.Profile(self.output)
        self.assertGreater(read.total_share('brand_new'), 0.5)

    def test_a_signal_handler_of_the_program(self):
        code = '''
import signal, time
hits = []
signal.signal(signal.SIGPROF, lambda *_: hits.append(1))
signal.setitimer(signal.ITIMER_PROF, 0.02, 0.02)
end = time.process_time() + 0.6
while time.process_time() < end: sum(range(1000))
print(len(hits) > 5)
'''
        (self.folder / 'code.py').write_text(code)
        done = self.record(PYPY, self.folder / 'code.py')
        self.assertEqual(done.out, 'True\n', done)

    def test_another_use_of_vmprof(self):
        code = '''
import _vmprof, os, vmprof
_vmprof.enable(os.memfd_create('x'), 0.5, 0, 0, 0, 0)
try:
    vmprof.enable(os.open('out.prof', os.O_RDWR | os.O_CREAT), 1000)
except RuntimeError as error:
    print('refused')
assert _vmprof.is_enabled()
'''
        done = self.run_code(PYPY, code)
        self.assertEqual((done.code, done.out), (0, 'refused\n'), done)


def tree_tool(name):
    return harness.tree() / 'bin' / name


if __name__ == '__main__':
    if PYPY is None:
        print('vmprof-test-skipped: no PyPy here; set VMPROF_PYPY')
    harness.main()
