#!/usr/bin/env python3
"""Stacks that are read from outside, VMPROF_TICK_SOURCE=reader: without a signal, nearly always true, and whatever a program does
with the signals that a reader needs for itself."""
import json
import unittest

import harness
import recording
import truth

# The reader's samples are of threads that no signal reaches.
BLOCKED = '''
import resource, signal, sys, threading
every = set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}
signal.pthread_sigmask(signal.SIG_BLOCK, every)
def spins(seconds):
    def clock():
        used = resource.getrusage(1)  # RUSAGE_THREAD
        return used.ru_utime + used.ru_stime
    end = clock() + seconds
    while clock() < end:
        for i in range(300): pass
thread = threading.Thread(target=spins, args=(0.2,))
thread.start()
spins(0.2)
thread.join()
pending = signal.sigpending()
assert not pending, pending
'''
CRASH = '''
import ctypes, sys
if 'faulthandler' in sys.argv:
    import faulthandler
    faulthandler.enable()
def crashes():
    total = 0
    for i in range(2000000):
        total += i
    ctypes.string_at(8)
crashes()
'''
HANDLERS = '''
import ctypes, os, sys, vmprof
libc = ctypes.CDLL(None)
def handler(number):
    action = (ctypes.c_uint64 * 32)()
    assert libc.sigaction(number, None, action) == 0
    return action[0]
SIGSEGV, SIGBUS = 11, 7
before = handler(SIGSEGV), handler(SIGBUS)
for _ in range(3):
    with open(sys.argv[1], 'w+b') as out:
        vmprof.enable(out.fileno(), 0.0002)
        during = handler(SIGSEGV)
        sum(i * i for i in range(300000))
        vmprof.disable()
    assert during != before[0]
    assert (handler(SIGSEGV), handler(SIGBUS)) == before
'''


class Reader(harness.TestCase):

    def reads(self):
        return self.environment(VMPROF_TICK_SOURCE='reader')

    @harness.every_python
    def test_stacks_are_true(self, python):
        """But for one in a hundred: `./dev bench truth --source reader` counts them where there is time for it."""
        samples = wrong = 0
        known = json.loads(self.run_python(python, truth.PROGRAM, 'list').out)
        for work in [work for work in truth.SIMPLE if work in known]:
            shown = self.run_python(python, truth.PROGRAM, 'edges', work, '0.3')
            self.assertEqual((shown.code, shown.err), (0, ''), shown)
            done = self.run_python(python, truth.PROGRAM, 'run', work, '0.15', self.output, '100000', env=self.reads())
            self.assertEqual((done.code, done.err), (0, ''), done)
            found = truth.check(shown.out, truth.Stacks(self.output), work)
            samples += found.samples
            wrong += sum(found.wrong.values())
            # Older ones cannot tell the sampler's threads' time from their own.
            if python.version >= (3, 7):
                self.assertGreater(found.weight_ns, 0.7 * json.loads(done.out)['used'] * 1e9, work)
        self.assertGreater(samples, 100)
        self.assertLess(wrong, 1 + 0.01 * samples)
        self.assertEqual(recording.Profile(self.output).meta['tick_source'], 'reader')

    @harness.every_python
    def test_no_signal(self, python):
        if python.version < (3, 3):
            return  # it has no pthread_sigmask
        (self.folder / 'blocked.py').write_text(BLOCKED)
        self.record(python, '-p', '200us', self.folder / 'blocked.py', env=self.reads())
        read = recording.Profile(self.output)
        by_thread = {}
        for sample in read.samples:
            by_thread[sample.thread] = by_thread.get(sample.thread, 0) + sample.weight
        self.assertEqual(len([weight for weight in by_thread.values() if weight > 0.1e9]), 2, by_thread)

    @harness.every_python
    def test_who_waits_is_told_too(self, python):
        self.run_code(python, 'import time\nend = time.time() + 0.3\nwhile time.time() < end: pass\ntime.sleep(0.3)\n')
        self.record(python, '--wall', '-p', '1ms', self.folder / 'code.py', env=self.reads())
        done = self.tool('vmprof-tree', '--metric=wall', '--by=label:state', '--format=json', self.output)
        self.assertEqual(done.code, 0, done)
        self.assertIn('waiting', done.out)
        self.assertIn('running', done.out)

    @harness.every_python
    def test_a_crash_of_the_program(self, python):
        for how in ('', 'faulthandler'):
            if how and python.version < (3, 3):
                continue
            (self.folder / 'crash.py').write_text(CRASH)
            done = self.run_python(python, '-m', 'vmprof', '-p', '200us', '-o', self.output, self.folder / 'crash.py', how,
                                   env=self.reads())
            self.assertEqual(done.code, -11, done)
            self.assertEqual(done.err.count('Fatal Python error'), 1 if how else 0, done)
            names = [frame.name for sample in recording.Profile(self.output).samples for frame in sample.stack]
            self.assertIn('crashes', names)

    @harness.every_python
    def test_handlers_are_put_back(self, python):
        done = self.run_code(python, HANDLERS, self.output, env=self.reads())
        self.assertEqual((done.code, done.err), (0, ''), done)

    @harness.every_python
    def test_native_frames_are_refused(self, python):
        self.run_code(python, 'pass')
        done = self.run_python(python, '-m', 'vmprof', '--native', '-o', self.output, self.folder / 'code.py', env=self.reads())
        self.assertEqual(done.code, 125, done)
        self.assert_one_line(done.err, 'VMPROF_TICK_SOURCE=reader', 'native frames')


if __name__ == '__main__':
    harness.main()
