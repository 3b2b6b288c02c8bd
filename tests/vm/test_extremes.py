#!/usr/bin/env python3
"""Threads that live for less than a period, stacks that take longer to walk than a period, limits."""
import resource

import harness
import recording

# Half of the CPU time in the main thread, half in threads of 2 ms each, one after the other. Where there is no
# clock of one thread, that of the process is as good, since only one of them works.
SHORT_THREADS = '''
import threading, time
clock = getattr(time, 'thread_time', None) or getattr(time, 'process_time', None) or time.clock
def burn(seconds):
    end = clock() + seconds
    while clock() < end:
        for i in range(100): pass
def in_main():
    burn(0.6)
def in_thread():
    burn(0.002)
in_main()
for i in range(300):
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
'''

DEEP = '''
import sys, threading
sys.setrecursionlimit(200000)
threading.stack_size(512 << 20)
def deep(n):
    if n == 0:
        total = 0
        for i in range(3000000): total += i
        return total
    return deep(n - 1)
def work():
    sys.stdout.write('%d\\n' % deep(60000))
thread = threading.Thread(target=work)
thread.start()
thread.join()
'''


class Extremes(harness.TestCase):

    def write(self, text):
        program = self.folder / 'program.py'
        program.write_text(text)
        return program

    def assert_halves(self, record):
        """record() makes the profile. About 150 samples for each half: the bound is more than four times the
        standard deviation of their difference. Where other programs want the processor, threads begin
        at the kernel's own tick, and the tick that samples them misses more of them: hence three tries.
        Without the weight of a first sample the difference is 0.6, whatever the weather."""
        for _ in range(3):
            record()
            read = recording.Profile(self.output)
            in_main, in_thread = read.total_share('in_main'), read.total_share('in_thread')
            if abs(in_main - in_thread) < 0.24:
                return
        self.fail('in_main %.3f, in_thread %.3f' % (in_main, in_thread))

    @harness.every_python
    def test_short_threads(self, python):
        program = self.write(SHORT_THREADS)
        self.assert_halves(lambda: self.record(python, program))

    @harness.every_python
    def test_short_threads_under_record(self, python):
        program = self.write(SHORT_THREADS)
        self.assert_halves(lambda: self.tool('vmprof-record', '-o', self.output, python.path, program))

    @harness.every_python
    def test_deep_stacks(self, python):
        """A walk of 60,000 frames takes longer than a period: the program must get on all the same."""
        done = self.run_python(python, '-m', 'vmprof', '-o', self.output, self.write(DEEP))
        self.assertEqual((done.code, done.out), (0, '4499998500000\n'), done)
        shown = self.tool('vmprof-top', '--strict', '-n', '0', self.output)
        self.assertEqual(shown.code, 0, shown)
        self.assertIn('deep', shown.out)

    @harness.every_python
    def test_nothing_of_the_recorder(self, python):
        """A program that ends at once leaves the recorder the time to be sampled itself; it is not recorded."""
        program = self.write('raise ValueError(1)\n')
        for _ in range(5):
            self.run_python(python, '-m', 'vmprof', '-o', self.output, program)
            files = {frame.file for sample in recording.Profile(self.output).samples for frame in sample.stack}
            self.assertFalse([name for name in files if '/vmprof/' in name], files)

    def test_file_size_limit_under_record(self):
        """The signal of that limit ends a program that does not expect it."""
        python = harness.all_pythons()[0]
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
        try:
            done = self.tool('vmprof-record', '-o', self.output, python.path, self.write('print("lives")\n'))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        self.assertEqual((done.code, done.out), (0, 'lives\n'), done)


if __name__ == '__main__':
    harness.main()
