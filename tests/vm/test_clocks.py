#!/usr/bin/env python3
"""Where ticks come from: each source gives the time that the program measures, says what it reached, and leaves
nothing behind."""
import os
import unittest

import harness
import recording

SOURCES = ('cpu-timer', 'helper', 'perf', 'reader')
SPIN = '''
import resource, sys
def clock():
    used = resource.getrusage(1)  # RUSAGE_THREAD: the sampler's threads do not count
    return used.ru_utime + used.ru_stime
begin = clock()
total = 0
while clock() - begin < float(sys.argv[1]):
    for i in range(1000):
        total = (total * 3 + i) % 1000003
'''
LEFT_BEHIND = '''
import os, sys, vmprof
def state():
    found = [os.listdir('/proc/self/' + name) for name in ('task', 'fd')]
    with open('/proc/self/timers') as timers:
        return found, timers.read()
before = state()
with open(sys.argv[1], 'w+b') as out:
    vmprof.enable(out.fileno(), 200)
    child = os.fork()
    if child == 0:
        # What is open but the three, the output and what lists the folder, was the parent's to sample with.
        os._exit(len([fd for fd in os.listdir('/proc/self/fd') if int(fd) >= 200]))
    assert os.waitpid(child, 0)[1] == 0
    sum(i * i for i in range(1000000))
    vmprof.disable()
after = state()
assert before == after, (before, after)
'''


class Clocks(harness.TestCase):

    def of_source(self, source):
        return self.environment(VMPROF_TICK_SOURCE=source)

    def can(self, python, source):
        """Whether the machine allows it; perf is forbidden in many containers."""
        done = self.run_code(python, 'pass', env=self.of_source(source))
        done = self.run_python(python, '-m', 'vmprof', self.folder / 'code.py', env=self.of_source(source))
        if done.code == 125 and source == 'perf':
            self.assert_one_line(done.err, 'no ticks from perf')
            return False
        self.assertEqual(done.code, 0, done)
        return True

    @harness.every_python
    def test_time_is_what_the_program_used(self, python):
        (self.folder / 'spin.py').write_text(SPIN)
        for source in SOURCES:
            if not self.can(python, source):
                continue
            with self.subTest(source=source):
                done = self.record(python, '-p', '200us', self.folder / 'spin.py', harness.CPU, env=self.of_source(source))
                read = recording.Profile(self.output)
                self.assertEqual((read.meta['tick_source'], read.meta['clock']), (source, 'thread-cpu'))
                self.assertAlmostEqual(read.total() / 1e9, float(harness.CPU), delta=0.1 * float(harness.CPU))
                reached = read.meta['reached_period_ns']
                self.assertAlmostEqual(reached, read.total() / len(read.samples), delta=0.02 * reached)
                self.assertIn('asked: 200 us', done.err)
                # Were it exactly so often, every weight would be the same.
                if source != 'cpu-timer':
                    self.assertGreater(len(set(sample.weight // 10000 for sample in read.samples)), 5)

    @harness.every_python
    def test_python_2_is_ticked_while_it_runs_only(self, python):
        """It fails where a call is interrupted: a thread that has begun to wait just now must not be signalled."""
        (self.folder / 'spin.py').write_text(SPIN)
        self.record(python, '-p', '200us', self.folder / 'spin.py', '0.1')
        source = recording.Profile(self.output).meta['tick_source']
        self.assertEqual(source == 'cpu-timer', python.version < (3,), source)

    @harness.every_python
    def test_nothing_is_left_behind(self, python):
        for source in SOURCES:
            if self.can(python, source):
                done = self.run_code(python, LEFT_BEHIND, self.output, env=self.of_source(source))
                self.assertEqual((done.code, done.err), (0, ''), done)

    @harness.every_python
    def test_an_unknown_source(self, python):
        self.run_code(python, 'pass')
        done = self.run_python(python, '-m', 'vmprof', self.folder / 'code.py', env=self.of_source('sundial'))
        self.assertEqual(done.code, 125, done)
        self.assert_one_line(done.err, 'VMPROF_TICK_SOURCE', 'cpu-timer, helper, perf or reader', 'sundial')

    @harness.every_python
    def test_on_one_core_the_kernel_ticks(self, python):
        """A thread of ours would wait for the program."""
        if not self.can(python, 'perf'):
            return
        (self.folder / 'spin.py').write_text(SPIN)
        code = ('import os, sys; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); '
                'os.execv(sys.argv[1], sys.argv[1:])')
        done = self.run_command('/usr/bin/python3', '-c', code, python.path, '-m', 'vmprof', '-o', self.output, '-p', '1ms',
                                'spin.py', '0.1', env=self.environment())
        self.assertEqual(done.code, 0, done)
        self.assertEqual(recording.Profile(self.output).meta['tick_source'],
                         'perf' if python.version >= (3,) else 'cpu-timer')


if __name__ == '__main__':
    harness.main()
