#!/usr/bin/env python3
"""Bad weather: programs that die, fork, exec, take signals, or have no room on the disk."""
import os
import random
import re
import signal
import subprocess
import time
import unittest

import harness
import recording

SPIN = harness.PROGRAMS / 'spin.py'
CLOCK = 'import os, signal, sys, time\nclock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock\n'


class Weather(harness.TestCase):

    def readable(self, *expected):
        """vmprof-top reads the profile, and finds these names in it."""
        shown = self.tool('vmprof-top', self.output)
        self.assertEqual(shown.code, 0, shown)
        for name in expected:
            self.assertIn(name, shown.out)
        return shown

    @harness.every_python
    def test_killed(self, python):
        child = subprocess.Popen([python.path, '-m', 'vmprof', '-o', str(self.output), str(SPIN), '60'],
                                 env=self.environment(), cwd=str(self.folder),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.time() + harness.SECONDS
        cpu = 0
        while cpu < 0.8 and time.time() < deadline:
            time.sleep(0.05)
            fields = open('/proc/%d/stat' % child.pid).read().rpartition(')')[2].split()
            cpu = (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
        child.kill()
        self.assertEqual(child.wait(timeout=harness.SECONDS), -signal.SIGKILL)
        self.readable('inner', 'spin', '<module>')
        read = recording.Profile(self.output)
        self.assertFalse(read.finished)
        # What is left out is what passed before the program began.
        self.assertGreater(read.total(), 0.3e9)
        self.assertGreater(read.total_share('spin'), 0.95)

    @harness.every_python
    def test_output_cut_by_another(self, python):
        """Another process opens the same file for writing while we record into it: the program must not die."""
        program = self.folder / 'cut.py'
        program.write_text(CLOCK + (
            'import vmprof, warnings\n'
            'def spin(seconds):\n'
            '    end = clock() + seconds\n'
            '    while clock() < end:\n'
            '        for i in range(1000): pass\n'
            'out = open(sys.argv[1], "w+b")\n'
            'vmprof.enable(out.fileno())\n'
            'spin(0.1)\n'
            'open(sys.argv[1], "wb").close()\n'
            'spin(0.3)\n'
            'with warnings.catch_warnings(record=True) as said:\n'
            '    warnings.simplefilter("always", RuntimeWarning)\n'
            '    vmprof.disable()\n'
            'for each in said:\n'
            '    sys.stdout.write("%s: %s\\n" % (each.category.__name__, each.message))\n'
            'sys.stdout.write("lives, %d bytes\\n" % os.path.getsize(sys.argv[1]))\n'))
        done = self.run_python(python, program, self.output)
        self.assertEqual((done.code, done.err), (0, ''), done)
        self.assertIn('RuntimeWarning: vmprof.disable(): ', done.out)
        self.assertIn('give each recording a file of its own', done.out)
        self.assertIn('lives, 0 bytes', done.out)

    def test_two_recordings_into_one_file(self):
        """The second one opens the file anew: it is its alone, whole, and the first says so and lives."""
        python = harness.all_pythons()[0]
        program = self.folder / 'worker.py'
        program.write_text(CLOCK + (
            'import vmprof, warnings\n'
            'def %s(seconds):\n'
            '    end = clock() + seconds\n'
            '    while clock() < end:\n'
            '        for i in range(1000): pass\n'
            'out = open(sys.argv[1], "w+b")\n'
            'vmprof.enable(out.fileno())\n'
            '%s(float(sys.argv[2]))\n'
            'with warnings.catch_warnings(record=True) as said:\n'
            '    warnings.simplefilter("always", RuntimeWarning)\n'
            '    vmprof.disable()\n'
            'for each in said:\n'
            '    print(each.message)\n') % ('spin', 'spin'))
        first = subprocess.Popen([python.path, str(program), str(self.output), '1.2'], env=self.environment(),
                                 stdout=subprocess.PIPE)
        time.sleep(0.4)
        other = self.folder / 'other.py'
        other.write_text(program.read_text().replace('spin', 'other'))
        second = subprocess.Popen([python.path, str(other), str(self.output), '1.6'], env=self.environment(),
                                  stdout=subprocess.PIPE)
        said, _ = first.communicate(timeout=harness.SECONDS)
        self.assertEqual(first.returncode, 0)
        self.assertIn(b'give each recording a file of its own', said)
        said, _ = second.communicate(timeout=harness.SECONDS)
        self.assertEqual((second.returncode, said), (0, b''))
        read = recording.Profile(self.output)
        self.assertTrue(read.finished)
        self.assertGreater(read.total_share('other'), 0.9)
        self.assertEqual(read.total_share('spin'), 0)
        shown = self.tool('vmprof-top', '--strict', self.output)
        self.assertEqual((shown.code, shown.err), (0, ''))

    def test_killed_at_random_instants(self):
        """What the kernel says that the process used is in the profile, less what no tick had told of yet."""
        python = harness.all_pythons()[0]
        program = self.folder / 'victim.py'
        program.write_text(
            CLOCK + 'import vmprof\n'
            'def spin():\n'
            '    while True:\n'
            '        for i in range(1000): pass\n'
            'out = open(sys.argv[1], "wb")\n'
            'vmprof.enable(out.fileno())\n'
            'os.write(1, ("%r\\n" % clock()).encode())\n'
            'spin()\n')
        chance = random.Random(20)
        for kill in range(20):
            child = subprocess.Popen([python.path, str(program), str(self.output)], env=self.environment(),
                                     stdout=subprocess.PIPE)
            before = float(child.stdout.readline())
            time.sleep(chance.uniform(0.02, 0.3))
            child.kill()
            child.stdout.close()
            _, _, usage = os.wait4(child.pid, 0)
            child.returncode = 0
            used = usage.ru_utime + usage.ru_stime - before
            read = recording.Profile(self.output)
            self.assertFalse(read.finished)
            self.assertFalse([name for sample in read.samples for name in sample.stack if name.name == '<lost>'])
            told = read.total() / 1e9
            # Two periods of 4 ms: a tick that was due, and the sample that was being written; then the drain
            # thread's own time and what ending a process costs, which are no samples.
            self.assertLess(used - told, 0.008 + 0.1 * used + 0.03, (kill, used, told))
            self.assertLess(told, used + 0.01, (kill, used, told))

    @harness.every_python
    def test_other_ends(self, python):
        for how, code in (('os._exit', 7), ('exception', 1), ('abort', -signal.SIGABRT), ('exec', 0)):
            done = self.run_python(python, '-m', 'vmprof', '-o', self.output, SPIN, '0.15', how)
            self.assertEqual(done.code, code, done)
            self.readable('inner', 'spin', '<module>')

    @harness.every_python
    def test_the_table_comes_however_it_ends(self, python):
        for how in ('os._exit', 'exception', 'sys.exit', 'message'):
            done = self.run_python(python, '-m', 'vmprof', SPIN, '0.15', how)
            self.assertIn('% of snapshots:', done.out)
            self.assertIn('inner', done.out)
        self.assertEqual([name for name in os.listdir(str(self.folder)) if name.endswith('.prof')], [])

    @harness.every_python
    def test_shorter_than_a_period(self, python):
        (self.folder / 'short.py').write_text('pass\n')
        done = self.run_python(python, '-m', 'vmprof', '-p', '0.9', 'short.py')
        self.assertEqual((done.code, done.err), (0, ''), done)
        self.assertTrue(done.out.startswith('vmprof output:\n% of snapshots:  name:\n'), done)
        done = self.record(python, '-p', '0.9', 'short.py')
        self.assert_one_line(done.err, 'no sample')
        self.assertEqual(self.tool('vmprof-top', self.output).code, 0)

    @harness.every_python
    def test_fork(self, python):
        (self.folder / 'forks.py').write_text(CLOCK + '''
import threading
def work(end):
    n = 0
    while clock() < end:
        n += 1
def in_child():
    end = time.time() + 0.1
    n = 0
    while time.time() < end:
        n += 1
work(0.3)
for how in range(20):
    pid = os.fork()
    if pid == 0:
        in_child()
        import vmprof
        os._exit(3 if vmprof.is_enabled() else 4 + len(os.listdir("/proc/self/task")))
    _, status = os.waitpid(pid, 0)
    assert status >> 8 == 5, status
    if how == 5:
        break
pid = os.fork()
if pid == 0:
    in_child()
    sys.exit(6)
_, status = os.waitpid(pid, 0)
assert status >> 8 == 6, status
work(clock() + 0.2)
sys.stdout.write("done\\n")
''')
        done = self.record(python, 'forks.py')
        self.assertEqual(done.out, 'done\n')
        self.assert_one_line(done.err)
        read = recording.Profile(self.output)
        self.assertTrue(read.finished)
        self.assertEqual(read.total_share('in_child'), 0)
        self.assertGreater(read.total(), 0.35e9)

    @harness.every_python
    def test_children_by_exec(self, python):
        (self.folder / 'parent.py').write_text(CLOCK + '''
import subprocess
for _ in range(3):
    assert subprocess.call([sys.executable, "-c", "print(1)"]) == 0
assert subprocess.call(["sleep", "0.1"]) == 0
assert os.system("exit 3") >> 8 == 3
end = clock() + 0.2
while clock() < end:
    pass
''')
        done = self.record(python, 'parent.py')
        self.assertEqual(done.out, '1\n' * 3)
        self.assertTrue(recording.Profile(self.output).finished)

    @harness.every_python
    def test_signals_of_the_program(self, python):
        (self.folder / 'signals.py').write_text(CLOCK + '''
hits = {"prof": 0, "alarm": 0, "user": 0}
def count(name):
    def handler(number, frame):
        hits[name] += 1
    return handler
signal.signal(signal.SIGPROF, count("prof"))
signal.signal(signal.SIGALRM, count("alarm"))
signal.signal(signal.SIGUSR1, count("user"))
signal.setitimer(signal.ITIMER_PROF, 0.02, 0.02)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
def work(end):
    while clock() < end:
        pass
work(clock() + 0.4)
signal.setitimer(signal.ITIMER_PROF, 0)
signal.setitimer(signal.ITIMER_REAL, 0)
for _ in range(10):
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGPROF)
sys.stdout.write("%d %d %d\\n" % (hits["prof"], hits["alarm"], hits["user"]))
''')
        plain = self.run_python(python, 'signals.py')
        done = self.record(python, 'signals.py')
        wanted, found = ([int(word) for word in each.out.split()] for each in (plain, done))
        self.assertEqual(found[2], 10)
        # Each expiry of the program's own timer, some 20, reaches its handler, and the recorder's own
        # ticks, some 100 and more, do not. On a busy machine several expiries are one signal, or the kernel counts
        # more time than there was.
        for hits in (found, wanted):
            self.assert_between(5, hits[0], 76)
        self.assertGreaterEqual(found[1], 10)
        self.assertGreater(recording.Profile(self.output).total_share('work'), 0.7)

    @harness.every_python
    def test_system_calls_are_not_disturbed(self, python):
        (self.folder / 'calls.py').write_text(CLOCK + '''
import select, threading
stop = []
def busy():
    n = 0
    while not stop:
        n += 1
thread = threading.Thread(target=busy)
thread.start()
r, w = os.pipe()
for _ in range(3):
    begin = time.time()
    time.sleep(0.1)
    assert time.time() - begin > 0.099, "sleep"
    begin = time.time()
    assert select.select([r], [], [], 0.1) == ([], [], [])
    assert time.time() - begin > 0.099, "select"
pid = os.fork()
if pid == 0:
    time.sleep(0.2)
    os.write(w, b"x" * 10)
    os._exit(0)
assert os.read(r, 10) == b"x" * 10
assert os.waitpid(pid, 0) == (pid, 0)
stop.append(1)
thread.join()
''')
        self.record(python, '-p', '200us', 'calls.py')

    @harness.every_python
    def test_faulthandler(self, python):
        if python.version < (3, 3):
            return
        (self.folder / 'fault.py').write_text(CLOCK + '''
import faulthandler, ctypes
end = clock() + 0.2
while clock() < end:
    pass
faulthandler.enable()
end = clock() + 0.2
while clock() < end:
    pass
sys.stdout.flush()
ctypes.string_at(0)
''')
        done = self.run_python(python, '-m', 'vmprof', '-o', self.output, 'fault.py')
        self.assertEqual(done.code, -signal.SIGSEGV, done)
        self.assertIn('Segmentation fault', done.err)
        self.readable('<module>')

    @harness.every_python
    def test_closes_all_descriptors(self, python):
        (self.folder / 'daemon.py').write_text(CLOCK + '''
os.closerange(3, 1024)
def work(end):
    while clock() < end:
        pass
work(clock() + 0.3)
''')
        done = self.run_python(python, '-m', 'vmprof', '-o', self.output, 'daemon.py')
        self.assertEqual(done.code, 0, done)
        self.readable('work')

    @harness.every_python
    def test_numbers_of_descriptors(self, python):
        """A program that closes its input and opens a file has it as descriptor 0, as every daemon relies on: the
        thread that looks at the others, and opens a file each time, takes no number from it."""
        (self.folder / 'daemon.py').write_text(CLOCK + '''
import threading
def work(end):
    strange = tries = 0
    while clock() < end:
        try:
            os.close(0)
        except OSError:
            strange += 1
        tries += 1
        strange += os.open("/dev/null", os.O_RDONLY) != 0
    return strange, tries
# They end after the work: the end of a thread may load libgcc_s.so.1, whose descriptor 0 the work would close.
done = threading.Event()
threads = [threading.Thread(target=done.wait) for _ in range(30)]
for thread in threads:
    thread.start()
found = work(clock() + 0.5)
done.set()
for thread in threads:
    thread.join()
print("strange: %d" % found[0])
assert found[1] > 1000, found
''')
        done = self.run_python(python, '-m', 'vmprof', '--wall', '-p', '0.001', '-o', self.output, 'daemon.py')
        self.assertEqual(done.code, 0, done)
        # Each thread's name is read twice in the whole run, which is where one may come by. It was nine and more.
        self.assertLess(int(done.out.split(': ')[1]), 5)
        self.readable('work')

    @harness.every_python
    def test_another_folder(self, python):
        (self.folder / 'moves.py').write_text(CLOCK + '''
os.chdir("/")
sys.path[:] = []
end = clock() + 0.2
while clock() < end:
    pass
''')
        done = self.run_python(python, '-m', 'vmprof', '-o', 'out.prof', 'moves.py')
        self.assertEqual(done.code, 0, done)
        self.readable('<module>')
        done = self.run_python(python, '-m', 'vmprof', 'moves.py')
        self.assertIn('<module>', done.out)

    @harness.every_python
    def test_an_older_recording_of_the_same_name(self, python):
        first = subprocess.Popen([python.path, '-m', 'vmprof', '-o', str(self.output), str(SPIN), '1.0'],
                                 env=self.environment(), cwd=str(self.folder),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not self.output.exists() or not self.output.stat().st_size:
            time.sleep(0.01)
        self.record(python, SPIN, '0.3')
        error = first.communicate(timeout=harness.SECONDS)[1].decode()
        self.assertEqual(first.returncode, 0, error)
        self.assertNotIn('Traceback', error)
        self.assertTrue(recording.Profile(self.output).finished)
        self.readable('inner')


class FullDisk(harness.TestCase):

    def tiny_disk(self):
        """A folder on a file system with no room, or a skip."""
        folder = self.folder / 'tiny'
        folder.mkdir()
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', str(folder)],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if mounted.returncode:
            raise unittest.SkipTest('cannot mount a tmpfs here')
        self.addCleanup(subprocess.run, ['umount', '-l', str(folder)], check=False)
        return folder

    def check_it_ran(self, done, out):
        self.assertEqual(done.out, 'done\n', done)
        self.assertNotIn('Traceback', done.err)
        self.assertEqual(done.code, 0, done)
        if out.exists():
            shown = self.tool('vmprof-top', out)
            self.assertIn(shown.code, (0, 1), shown)
            self.assertNotIn('Traceback', shown.err)

    def test_full_disk(self):
        folder = self.tiny_disk()
        (folder / 'filler').write_bytes(b'x' * 32768)
        for python in harness.all_pythons()[:2]:
            if python.is_pypy:
                continue
            out = folder / 'out.prof'
            done = self.run_python(python, '-m', 'vmprof', '-p', '200us', '-o', out, SPIN, '0.4')
            if done.code == 125:
                self.assert_one_line(done.err, 'python -m vmprof: ')
                continue
            self.check_it_ran(done, out)

    def test_size_limit(self):
        import resource

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
        for python in harness.all_pythons()[:2]:
            if python.is_pypy:
                continue
            done = self.run_python(python, '-m', 'vmprof', '-p', '200us', '-o', self.output, SPIN, '0.4',
                                   preexec_fn=limit)
            if done.code == 125:
                self.assert_one_line(done.err, 'python -m vmprof: ')
                continue
            self.check_it_ran(done, self.output)

    def test_dev_full(self):
        done = self.run_python(harness.all_pythons()[0], '-m', 'vmprof', '-o', '/dev/full', SPIN, '0.3')
        if done.code == 125:
            self.assert_one_line(done.err, 'python -m vmprof: ')
        else:
            self.assertEqual((done.code, done.out), (0, 'done\n'), done)
            self.assertTrue(re.search(r'(?i)no space', done.err), done)


if __name__ == '__main__':
    harness.main()
