#!/usr/bin/env python3
"""Recordings that begin and end at any time: nested, by a signal, from the environment; and what is left after."""
import json
import os
import signal
import subprocess

import harness
import recording

LIBRARY = 'lib/libvmprof_sampler.so'

# busy_NAME() uses the CPU; the clock is the thread's own, so that a busy machine changes nothing.
BEGIN = '''
import ctypes, json, os, signal, sys, time, warnings
clock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock
def work(seconds):
    end = clock() + seconds
    while clock() < end:
        pass
def busy_on(seconds):
    work(seconds)
def busy_off(seconds):
    work(seconds)
'''

WORLD = '''
def lines(path):
    with open(path) as stream:
        return stream.read().splitlines()
def mappings():
    """Those with a name, whole; of the others how many there are, but for what malloc and threads keep."""
    named, nameless = [], 0
    for line in lines("/proc/self/maps"):
        words = line.split(None, 5)
        if len(words) == 6 and not words[5].startswith(("[heap", "[anon")):
            named.append(words[5] + " " + words[1])
        elif len(words) == 5:
            nameless += 1
    return [sorted(named), nameless]
def world():
    # The C library takes 32 and 33 with the first thread, for good.
    status = [[line.split()[0], "%x" % (int(line.split()[1], 16) & ~(3 << 31))]
              for line in lines("/proc/self/status") if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]
    files = sorted("%s %s" % (fd, os.readlink("/proc/self/fd/" + fd)) for fd in os.listdir("/proc/self/fd")
                   if os.path.exists("/proc/self/fd/" + fd))
    timers = lines("/proc/self/timers") if os.path.exists("/proc/self/timers") else []
    return [sorted(os.listdir("/proc/self/task")), files, timers, status, mappings()]
def settled():
    # The kernel takes a thread out of its list a moment after it was joined.
    for _ in range(200):
        if len(os.listdir("/proc/self/task")) == 1:
            break
        time.sleep(0.005)
    return world()
'''

# vmps_start() and vmps_stop() as a C program calls them; the layout of the options is that of vmps.h.
C_CALLS = '''
class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("sys_errno", ctypes.c_int), ("message", ctypes.c_char * 500)]
class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("fd", ctypes.c_int), ("period_ns", ctypes.c_uint64),
                ("rest", ctypes.c_void_p * 10), ("toggle_signal", ctypes.c_int), ("memory", ctypes.c_int),
                ("native", ctypes.c_uint32)]
library = ctypes.PyDLL(os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.dirname(vmprof.__file__)))), "libvmprof_sampler.so"))
def start(fd, period_ns=1000000, toggle_signal=0, memory=0):
    options, error = Options(ctypes.sizeof(Options), fd, period_ns), Error()
    options.toggle_signal, options.memory = toggle_signal, memory
    return library.vmps_start(ctypes.byref(options), ctypes.byref(error))
def stop():
    return library.vmps_stop(None, None)
'''


class Base(harness.TestCase):

    def answers(self, python, code, **options):
        done = self.run_code(python, BEGIN + code, **options)
        self.assertEqual((done.code, done.err), (0, ''), done)
        return json.loads(done.out.splitlines()[-1])

    def shares(self, path=None):
        """What busy_on and busy_off came to, in seconds."""
        read = recording.Profile(path or self.output)
        return [read.total_share(name) * read.total() / 1e9 for name in ('busy_on', 'busy_off')], read


class StartStop(Base):

    @harness.every_python
    def test_enable_nests(self, python):
        found = self.answers(python, '''
import vmprof
seen = []
out = open("out.prof", "w+b")
same = os.dup(out.fileno())
vmprof.enable(out.fileno(), 1000)
vmprof.enable(same, 4000)
vmprof.enable(out.fileno())
busy_on(0.2)
for _ in range(3):
    seen.append(vmprof.is_enabled())
    vmprof.disable()
    if _ == 0:
        busy_on(0.2)
seen.append(vmprof.is_enabled())
busy_off(0.3)
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    vmprof.disable()
seen.append(len(said))
out.close()
print(json.dumps(seen))
''')
        self.assertEqual(found, [True, True, True, False, 1])
        (on, off), read = self.shares()
        self.assertEqual(read.meta['period_ns'], 1000000)
        self.assertTrue(read.finished)
        self.assertGreater(on, 0.3)
        self.assertEqual(off, 0)

    @harness.every_python
    def test_blocks_nest(self, python):
        found = self.answers(python, '''
import vmprof
def inner():
    with vmprof.profile("out.prof"):
        busy_on(0.2)
        try:
            with vmprof.profile("other.prof"):
                return "not refused"
        except ValueError:
            return "refused"
open("out.prof", "w").write("an older one" * 1000)
block = vmprof.profile("out.prof", 1000)
with block:
    said = inner()
    busy_on(0.2)
    after = vmprof.is_enabled()
try:
    with vmprof.profile("raised.prof"):
        raise KeyError(1)
except KeyError:
    pass
open_files = len(os.listdir("/proc/self/fd"))
with block:
    busy_on(0.3)
print(json.dumps([said, after, vmprof.is_enabled(), open_files]))
''')
        self.assertEqual(found[:3], ['refused', True, False])
        self.assertLessEqual(found[3], 4)
        (on, _), read = self.shares()
        self.assertGreater(on, 0.2)
        self.assertTrue(read.finished)

    @harness.every_python
    def test_c_starts_nest(self, python):
        found = self.answers(python, 'import vmprof\n' + C_CALLS + '''
out, other = open("out.prof", "w+b"), open("other.prof", "w+b")
seen = [stop(), start(out.fileno()), start(out.fileno()), start(other.fileno()), start(999)]
busy_on(0.2)
seen += [stop(), library.vmps_is_running()]
busy_on(0.2)
seen += [stop(), library.vmps_is_running(), stop()]
busy_off(0.2)
print(json.dumps(seen))
''')
        self.assertEqual(found, [-2, 0, 0, -2, -3, 0, 1, 0, 0, -2])
        (on, off), _ = self.shares()
        self.assertGreater(on, 0.3)
        self.assertEqual(off, 0)

    @harness.every_python
    def test_nothing_is_left(self, python):
        first, before, after = self.answers(python, 'import vmprof\n' + WORLD + C_CALLS + '''
out = open("out.prof", "w+b")
def record(times):
    for _ in range(times):
        out.seek(0)
        with vmprof.profile("block.prof", 1000):
            work(0.004)
        vmprof.enable(out.fileno(), 100)
        vmprof.enable(out.fileno(), 100)
        work(0.004)
        vmprof.disable()
        vmprof.disable()
        out.seek(0)
        assert start(out.fileno(), 1000000, signal.SIGUSR2, 1) == 0
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGUSR2)
            work(0.002)
        assert stop() == 0
first = settled()
record(3) # the library is loaded, and the system's own threads and malloc have what they keep
before = settled()
record(40)
print(json.dumps([first, before, settled()]))
''')
        for was, is_now in zip(before, after):
            self.assertEqual(was, is_now)
        for was, is_now in zip(first[:4], after[:4]):
            self.assertEqual(was, is_now)


class Toggle(Base):

    PROGRAM = BEGIN + 'is_paused = ctypes.CDLL("%s").vmps_is_paused' % (harness.tree() / LIBRARY) + '''
def kick():
    """Sends the signal, and waits until it was followed."""
    was_paused = is_paused()
    os.kill(int(sys.argv[1]) if sys.argv[1] != "0" else os.getpid(), signal.SIGUSR2)
    while is_paused() == was_paused:
        time.sleep(0.005)
    time.sleep(0.25)
busy_off(0.3)
for _ in range(2):
    kick()
    busy_on(0.3)
    kick()
    busy_off(0.3)
sys.stdout.write("done\\n")
'''

    def check(self, done, told):
        self.assertEqual((done.code, done.out), (0, 'done\n'), done)
        self.assert_one_line(done.err, told)
        (on, off), read = self.shares()
        self.assertEqual(off, 0)
        # Of each of the two intervals what came after its last tick may be missing: the kernel's tick, and more of
        # them where somebody else had the core.
        self.assertGreater(on, 0.5)
        self.assertLess(on, 0.7)
        self.assertLess(read.total() / 1e9, 0.7)
        # What was off, less than the whole, more than the three times that are known to have been.
        self.assertLess(read.meta['paused_ns'], read.end_ns)
        self.assertGreater(read.meta['paused_ns'], 0.9e9)
        shown = json.loads(self.tool('vmprof-top', '--format=json', self.output).out)
        self.assertEqual(shown['profile']['duration_ns'], read.end_ns - read.meta['paused_ns'])
        self.assertFalse([sample for sample in read.samples if sample.weight > 0.3e9])

    @harness.every_python
    def test_from_the_command(self, python):
        program = self.folder / 'program.py'
        program.write_text(self.PROGRAM)
        for signal_name in ('SIGUSR2', 'USR2'):
            self.check(self.tool('vmprof-record', '--toggle', signal_name, '-o', self.output, python.path,
                                 program, '0'), 'vmprof-record: ')
        self.check(self.run_python(python, '-m', 'vmprof', '--toggle=SIGUSR2', '-o', self.output, program, '0'),
                   'vmprof: ')

    def test_through_the_recorder(self):
        """The signal is sent to vmprof-record, which hands it on, a real-time one too."""
        python = harness.all_pythons()[0]
        program = self.folder / 'program.py'
        program.write_text(self.PROGRAM.replace('int(sys.argv[1]) if sys.argv[1] != "0" else os.getpid()',
                                                'os.getppid()').replace('signal.SIGUSR2', 'signal.SIGRTMIN + 3'))
        self.check(self.tool('vmprof-record', '--toggle', 'SIGRTMIN+3', '-o', self.output, python.path, program),
                   'vmprof-record: ')

    @harness.every_python
    def test_never_turned_on(self, python):
        program = self.folder / 'program.py'
        program.write_text(BEGIN + 'busy_off(0.2)\n')
        done = self.tool('vmprof-record', '--toggle=SIGUSR1', '-o', self.output, python.path, program)
        self.assert_one_line(done.err, 'no sample: no signal turned the recording on')
        read = recording.Profile(self.output)
        self.assertEqual((read.samples, read.finished, read.meta['paused_ns']), ([], True, read.end_ns))

    def test_pypy(self):
        """Its ticks come from a thread of the sampler's, which goes on while the recording is off."""
        pypys = [each for each in harness.all_pythons() if each.is_pypy]
        if not pypys:
            self.skipTest('no PyPy here')
        program = self.folder / 'program.py'
        program.write_text(self.PROGRAM)
        for period in ('1ms', '100us'):
            done = self.tool('vmprof-record', '--toggle=SIGUSR2', '--period', period, '-o', self.output, pypys[0].path,
                             program, '0')
            self.assertEqual((done.code, done.out), (0, 'done\n'), done)
            (on, off), read = self.shares()
            self.assertEqual(off, 0)
            self.assert_between(0.3, on, 0.7)
            self.assertGreater(read.meta['paused_ns'], 0.9e9)

    def test_threads(self):
        """Threads that begin while it is off weigh from when it goes on, and keep their names."""
        python = next(each for each in harness.all_pythons() if each.version >= (3, 7) and not each.is_pypy)
        program = self.folder / 'program.py'
        program.write_text(BEGIN + '''
import threading
stop = []
def spin():
    own = time.thread_time
    end = own() + 0.3
    while own() < end:
        pass
    turned.wait()
    busy_in_thread()
def busy_in_thread():
    own = time.thread_time
    end = own() + 0.2
    while own() < end:
        pass
turned = threading.Event()
thread = threading.Thread(target=spin, name="spinner")
thread.start()
time.sleep(0.7)
os.kill(os.getpid(), signal.SIGUSR2)
time.sleep(0.3)
turned.set()
thread.join()
''')
        self.record(python, '--toggle=SIGUSR2', program)
        read = recording.Profile(self.output)
        self.assertLess(max(sample.weight for sample in read.samples), 0.1e9)
        spun = [sample for sample in read.samples
                if any(frame.name == 'busy_in_thread' for frame in sample.stack)]
        self.assert_between(0.15e9, sum(sample.weight for sample in spun), 0.25e9)
        self.assertEqual(set(sample.thread[1] for sample in spun), {'spinner'})

    def test_a_signal_that_is_the_programs(self):
        python = harness.all_pythons()[0]
        program = self.folder / 'program.py'
        program.write_text(BEGIN + '''
hits = []
signal.signal(signal.SIGUSR2, lambda number, frame: hits.append(number))
os.kill(os.getpid(), signal.SIGUSR2)
busy_off(0.2)
sys.stdout.write("%d\\n" % len(hits))
''')
        done = self.tool('vmprof-record', '--toggle=SIGUSR2', '-o', self.output, python.path, program)
        self.assertEqual((done.code, done.out), (0, '1\n'), done)
        self.assertEqual(recording.Profile(self.output).samples, [])

    def test_killed_between(self):
        """What a killed program leaves has no time that was off."""
        python = harness.all_pythons()[0]
        program = self.folder / 'program.py'
        program.write_text(self.PROGRAM.replace('sys.stdout.write', 'os.kill(os.getpid(), signal.SIGKILL)\n#'))
        done = self.tool('vmprof-record', '--toggle=SIGUSR2', '-o', self.output, python.path, program, '0')
        self.assertEqual(done.code, 128 + signal.SIGKILL, done)
        (on, off), read = self.shares()
        self.assertEqual((off, read.finished), (0, False))
        self.assert_between(0.5, on, 0.7)
        self.assertGreater(read.meta['paused_ns'], 0.5e9)

    def test_bad_signals(self):
        python = harness.all_pythons()[0]
        for name in ('SIGKILL', 'SIGSEGV', 'TERM', 'SIGRTMIN+99', 'usr2', '', '10x', 'SIGURG', 'RTMIN-1'):
            done = self.tool('vmprof-record', '--toggle=' + name, 'true')
            self.assertEqual((done.code, done.out), (2, ''), done)
            self.assert_one_line(done.err, 'SIGUSR2')
            done = self.run_python(python, '-m', 'vmprof', '--toggle=' + name, 'x.py')
            self.assertEqual((done.code, done.out), (2, ''), done)
            self.assertIn('SIGUSR2', done.err)


class Environment(Base):

    def asked(self, python, value, *arguments):
        return self.run_python(python, *arguments, env=self.environment(
            PYTHONPATH='', LD_PRELOAD=str(harness.tree() / LIBRARY), VMPROF=value))

    @harness.every_python
    def test_it_records(self, python):
        program = self.folder / 'program.py'
        program.write_text(BEGIN + '''
import subprocess
busy_on(0.4)
names = sorted(name for name in os.environ if name in ("LD_PRELOAD", "VMPROF"))
code = "import os; end = os.times()[0] + 0.2\\nwhile os.times()[0] < end: pass"
assert subprocess.call([sys.executable, "-c", code]) == 0
print(json.dumps([names, os.getpid(), sorted(os.listdir("/proc/self/task")) != []]))
''')
        self.output.write_text('older')
        done = self.asked(python, 'period=2ms,out=out.prof', program)
        self.assertEqual((done.code, done.err), (0, ''), done)
        self.assertEqual(json.loads(done.out)[0], [])
        (on, _), read = self.shares()
        self.assertGreater(on, 0.3)
        self.assertTrue(read.finished)
        self.assertEqual(read.meta['period_ns'], 2000000)
        self.assertEqual(sorted(os.listdir(str(self.folder))), ['out.prof', 'program.py'])
        done = self.asked(python, 'out=50%%-%p.prof', program)
        self.assertEqual((done.code, done.err), (0, ''), done)
        path = self.folder / ('50%%-%d.prof' % json.loads(done.out)[1])
        self.assertGreater(self.shares(path)[0][0], 0.3)

    @harness.every_python
    def test_what_is_wrong_is_said_once(self, python):
        program = self.folder / 'program.py'
        program.write_text('import os, subprocess, sys\n'
                           'sys.stdout.write("fine\\n")\nsys.stdout.flush()\n'
                           'assert subprocess.call([sys.executable, "-c", "print(1)"]) == 0\n'
                           'sys.exit(3 if len(os.listdir("/proc/self/task")) == 1 else 4)\n')
        for value in ('', 'x', 'out', 'out=', 'period=1ms', 'out=a,perod=1ms', 'out=a,period=', 'out=a,period=1',
                      'out=a,period=19us', 'out=a,period=1e-3', 'out=a,period=-1ms', 'out=a,period=0x1ms',
                      'out=a,period=nan', 'out=a,out=b', 'out=a,toggle=KILL', 'out=a,toggle=', 'out=%d',
                      'out=missing/a', 'out=.', 'out=a,', 'out=' + 5000 * 'a', ' out=a'):
            done = self.asked(python, value, program)
            self.assertEqual((done.code, done.out), (3, 'fine\n1\n'), (value, done))
            self.assert_one_line(done.err, 'vmprof: VMPROF: ', '; the program is not profiled')
            self.assertEqual(os.listdir(str(self.folder)), ['program.py'])

    def test_programs_between(self):
        """A shell has no interpreter of ours, and hands the request on; an error is told by the first that has."""
        python = harness.all_pythons()[0]
        program = self.folder / 'program.py'
        program.write_text(BEGIN + 'busy_on(0.3)\n')
        environment = self.environment(PYTHONPATH='', LD_PRELOAD=str(harness.tree() / LIBRARY), VMPROF='out=out.prof')
        done = self.run_command('sh', '-c', '"$0" "$1"; true', python.path, program, env=environment)
        self.assertEqual((done.code, done.err), (0, ''), done)
        self.assertGreater(self.shares()[0][0], 0.2)
        environment['VMPROF'] = 'bad'
        done = self.run_command('sh', '-c', '"$0" "$1"; true', python.path, program, env=environment)
        self.assert_one_line(done.err, "'bad' is not known")
        self.assertEqual(self.run_command('true', env=environment).err, '')

    def test_toggle(self):
        python = harness.all_pythons()[0]
        program = self.folder / 'program.py'
        program.write_text(Toggle.PROGRAM)
        done = self.asked(python, 'toggle=12,out=out.prof', program, '0')
        self.assertEqual((done.code, done.out, done.err), (0, 'done\n', ''), done)
        (on, off), _ = self.shares()
        self.assertEqual(off, 0)
        self.assert_between(0.5, on, 0.7)

    def test_into_a_pipe(self):
        python = harness.all_pythons()[0]
        program = self.folder / 'program.py'
        program.write_text(BEGIN + 'busy_on(0.3)\n')
        os.mkfifo(str(self.folder / 'pipe'))
        reader = subprocess.Popen('cat pipe > out.prof', shell=True, cwd=str(self.folder))
        done = self.asked(python, 'out=pipe', program)
        self.assertEqual((done.code, done.err, reader.wait(timeout=harness.SECONDS)), (0, '', 0), done)
        self.assertGreater(self.shares()[0][0], 0.2)

    def test_the_program_may_use_the_package(self):
        """A nested start of the program's own into its own file is refused, as under vmprof-record."""
        python = harness.all_pythons()[0]
        program = self.folder / 'program.py'
        program.write_text('import vmprof\n' + BEGIN + '''
seen = [vmprof.is_enabled()]
try:
    with vmprof.profile("own.prof"):
        pass
except ValueError:
    seen.append("refused")
vmprof.enable(os.open("out.prof", os.O_RDWR))
busy_on(0.2)
vmprof.disable()
seen.append(vmprof.is_enabled())
busy_on(0.2)
vmprof.enable(os.open("out.prof", os.O_RDWR))
print(json.dumps(seen))
''')
        environment = self.environment(LD_PRELOAD=str(harness.tree() / LIBRARY), VMPROF='out=out.prof')
        done = self.run_python(python, program, env=environment)
        self.assertEqual((done.code, done.err), (0, ''), done)
        self.assertEqual(json.loads(done.out), [True, 'refused', True])
        (on, _), read = self.shares()
        self.assertGreater(on, 0.3)
        self.assertTrue(read.finished)


if __name__ == '__main__':
    harness.main()
