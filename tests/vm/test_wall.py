#!/usr/bin/env python3
"""Time on the clock: what threads wait for counts where they wait, they are not disturbed by it, and labels say what they
did. The programs measure themselves; shares of more kinds of work are test_bias.py's."""
import re
import unittest

import harness
import recording

WAITERS = '''
import sys, threading, time
clock = getattr(time, 'perf_counter', time.time)
begin, cpu = clock(), getattr(time, 'thread_time', None)
def spins(until):
    x, first = 0, cpu and cpu()
    while clock() < until:
        for i in range(300): x += i
    used.append(cpu() - first if cpu else 0)
def naps(until):
    for _ in range(10): time.sleep(0.02)
def blocks(event):
    event.wait()
used = []
event = threading.Event()
blocked = threading.Thread(target=blocks, args=(event,))
blocked.start()
naps(0)
napped = clock() - begin
threads = [threading.Thread(target=spins, args=(clock() + 0.6,)) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
event.set(); blocked.join()
print(napped, clock() - begin, sum(used))
'''
UNDISTURBED = '''
import os, sys, threading, time
def switches():
    with open('/proc/self/task/%d/status' % ids[0]) as status:
        return [int(line.split()[1]) for line in status if 'voluntary' in line][0]
ids, got = [], []
def reader(end):
    ids.append(int(os.readlink('/proc/thread-self').rpartition('/')[2]))
    got.append(os.read(end, 1))
ends = os.pipe()
thread = threading.Thread(target=reader, args=(ends[0],))
thread.start()
time.sleep(0.3)
before = switches()
time.sleep(0.5)
after = switches()
os.write(ends[1], b'x')
thread.join()
assert after - before <= 1, (before, after)
assert got == [b'x'], got
for _ in range(40):
    begin = time.time()
    time.sleep(0.01)
    if sys.version_info >= (3, 5):
        assert time.time() - begin > 0.0099
'''


class Wall(harness.TestCase):

    def wall(self, accept):
        return sum(sample.values[1] for sample in self.read.samples if accept(sample)) / 1e9

    def inside(self, name):
        return self.wall(lambda sample: any(frame.name == name for frame in sample.stack))

    def record_waiters(self, python):
        (self.folder / 'waiters.py').write_text(WAITERS)
        done = self.record(python, '--wall', self.folder / 'waiters.py')
        self.read = recording.Profile(self.output)
        return [float(word) for word in done.out.strip('()\n').replace(',', '').split()]

    @harness.every_python
    def test_waiting_counts_where_it_is(self, python):
        napped, passed, used = self.record_waiters(python)
        self.assertEqual(self.read.meta['values'], ['cpu:ns', 'wall:ns'])
        self.assertEqual(self.read.meta['clock'], 'wall')
        self.assertAlmostEqual(self.inside('naps'), napped, delta=0.05)
        self.assertAlmostEqual(self.inside('blocks'), passed, delta=0.08)
        self.assertAlmostEqual(self.inside('spins'), 1.2, delta=0.1)
        # Waiting has no CPU time, and CPU time is a part of the time that passes.
        for sample in self.read.samples:
            self.assertTrue(sample.values[0] in (0, sample.values[1]), sample)
        if used:
            spun = sum(sample.values[0] for sample in self.read.samples if 'spins' in str(sample.stack)) / 1e9
            self.assertAlmostEqual(spun, used, delta=0.1)

    @harness.every_python
    def test_states(self, python):
        _, passed, used = self.record_waiters(python)
        states = {state: self.wall(lambda sample, wanted=state: sample.state == wanted)
                  for state in ('running', 'waiting', 'waiting-gil', '')}
        self.assertEqual(states[''], 0, states)
        for sample in self.read.samples:
            self.assertTrue(sample.state == 'running' or sample.values[0] == 0, sample)
        spins = {state: self.wall(lambda sample, wanted=state: sample.state == wanted and sample.stack
                                  and sample.stack[-1].name == 'spins') for state in states}
        self.assertAlmostEqual(self.wall(lambda sample: sample.state == 'waiting' and 'blocks' in str(sample.stack)),
                               passed, delta=0.1)
        if python.version >= (3, 7):
            # Two threads that take turns: one waits for the lock while the other has it.
            self.assertGreater(spins['waiting-gil'], 0.4, spins)
            self.assertLess(spins['waiting'], 0.1, spins)
            naps = self.wall(lambda sample: 'naps' in str(sample.stack) and sample.state == 'waiting-gil')
            self.assertLess(naps, 0.05)
        self.assertGreater(spins['running'], 0.8 * used, spins)

    @harness.every_python
    def test_those_that_wait_are_not_woken(self, python):
        done = self.run_code(python, UNDISTURBED)
        self.assertEqual(done.code, 0, done)
        self.record(python, '--wall', '-p', '200us', self.folder / 'code.py')

    @harness.every_python
    def test_the_other_ways_in(self, python):
        code = ('import sys, time, vmprof\n'
                'def naps(): time.sleep(0.2)\n'
                'if sys.argv[1:]:\n'
                '    with open(sys.argv[1], "w+b") as out:\n'
                '        vmprof.enable(out.fileno(), 1000, real_time=True)\n'
                '        naps()\n'
                '        vmprof.disable()\n'
                'else: naps()\n')
        done = self.run_code(python, code, self.output)
        self.assertEqual((done.code, done.err), (0, ''), done)
        self.read = recording.Profile(self.output)
        self.assertAlmostEqual(self.inside('naps'), 0.2, delta=0.03)
        done = self.tool('vmprof-record', '--wall', '-o', self.output, '--', python.path, self.folder / 'code.py')
        self.assertEqual(done.code, 0, done)
        self.read = recording.Profile(self.output)
        self.assertAlmostEqual(self.inside('naps'), 0.2, delta=0.03)

    @harness.every_python
    def test_the_table_is_of_time_on_the_clock(self, python):
        self.run_code(python, 'pass')
        (self.folder / 'code.py').write_text('import time\ndef naps(): time.sleep(0.4)\nnaps()\n')
        done = self.run_python(python, '-m', 'vmprof', '--wall', 'code.py')
        self.assertEqual((done.code, done.err), (0, ''), done)
        self.assertIn('metric wall', done.out)
        shares = re.findall(r'(?m)^ ([0-9.]+)% +naps ', done.out)
        self.assertEqual(len(shares), 1, done)
        self.assertGreater(float(shares[0]), 80)
        done = self.run_code(python, 'import sys, vmprof\n'
                             'with open("a", "w+b") as out:\n'
                             '    vmprof.enable(out.fileno(), 1000, real_time=True)\n'
                             '    __import__("time").sleep(0.3)\n'
                             '    vmprof.disable()\n'
                             'print(vmprof.read_profile("a", metric="wall").total_weight > 2e8)\n'
                             'try: vmprof.read_profile("a", metric="weather")\n'
                             'except ValueError as error: print(error)\n')
        self.assertEqual((done.code, done.out.splitlines()[0]), (0, 'True'), done)
        self.assertIn('weather', done.out)

    @harness.every_python
    def test_another_source_is_refused(self, python):
        self.run_code(python, 'pass')
        done = self.run_python(python, '-m', 'vmprof', '--wall', self.folder / 'code.py',
                               env=self.environment(VMPROF_TICK_SOURCE='perf'))
        self.assertEqual(done.code, 125, done)
        self.assert_one_line(done.err, 'time on the clock', 'helper')


if __name__ == '__main__':
    harness.main()
