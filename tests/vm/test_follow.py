#!/usr/bin/env python3
"""vmprof-record --follow: every process that comes of a program, however it was made and however it ends."""
import json
import os
import re
import signal
import time

import harness

# work_NAME() uses as many seconds of CPU as it is told; `tell` notes which process did what.
BEGIN = '''
import json, os, signal, subprocess, sys, time
def cpu_of_process():
    times = os.times()
    return times[0] + times[1]
cpu = getattr(time, "thread_time", None) or cpu_of_process # of the thread: not the sampler's, which is more on a busy machine
def spin(seconds):
    end = cpu() + seconds
    while cpu() < end:
        pass
def tell(name):
    with open("told", "a") as out:
        out.write(json.dumps([name, os.getpid()]) + "\\n")
'''
SECONDS = 0.3


def function(name):
    return 'def work_%s():\n    tell("%s")\n    spin(%s)\n' % (name, name, SECONDS)


class Follow(harness.TestCase):

    def environment(self, **changes):
        changes.setdefault('PYTHONPATH', '')
        # From 3.12 on a fork warns where there is more than one thread, such as the sampler's.
        changes.setdefault('PYTHONWARNINGS', 'ignore::DeprecationWarning')
        return super().environment(**changes)

    def follow(self, python, code, *options):
        path = self.folder / 'program.py'
        path.write_text(BEGIN + code)
        return self.tool('vmprof-record', *(options or ['--follow']), '-o', self.output, python.path, path)

    def told(self):
        with open(str(self.folder / 'told')) as lines:
            return dict(json.loads(line) for line in lines)

    def seconds(self, name, process_id, path=None):
        """What work_NAME came to in one process."""
        shown = self.tool('vmprof-top', '--format=json', '--process=%d' % process_id, path or self.output)
        self.assertEqual((shown.code, shown.err), (0, ''), shown)
        return sum(row['total'] for row in json.loads(shown.out)['functions'] if row['name'] == 'work_' + name) / 1e9

    def check_told(self, path=None):
        """Each function is in the process that ran it, with what it used, and in no other."""
        told = self.told()
        self.assertEqual(len(set(told.values())), len(told))
        for name, process_id in told.items():
            found = self.seconds(name, process_id, path)
            # What came after the last tick may be missing: some ticks of the kernel's, on a busy machine.
            self.assert_between(SECONDS - 0.06, found, SECONDS + 0.06)
        shown = json.loads(self.tool('vmprof-top', '--format=json', path or self.output).out)
        for name in told:
            total = sum(row['total'] for row in shown['functions'] if row['name'] == 'work_' + name) / 1e9
            self.assertLess(total, SECONDS + 0.06)
        return told

    def check_clean(self, *also):
        self.assertEqual(sorted(set(os.listdir(str(self.folder))) - {'program.py', 'told', 'out.prof', *also}), [])

    @harness.every_python
    def test_fork_and_exec(self, python):
        done = self.follow(python, function('parent') + function('forked') + function('grandchild') + '''
work_parent()
def wait(pid, wanted):
    assert os.waitpid(pid, 0)[1] >> 8 == wanted
pid = os.fork()
if pid == 0:
    work_forked()
    pid = os.fork()
    if pid == 0:
        work_grandchild()
        os._exit(5)
    wait(pid, 5)
    os._exit(4)
wait(pid, 4)
pid = os.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-c", BEGIN_CODE.replace("NAME", "executed")])
wait(pid, 0)
assert subprocess.call([sys.executable, "-c", BEGIN_CODE.replace("NAME", "called")]) == 0
assert subprocess.call(["sh", "-c", '"$0" -c "$1"; exit 7', sys.executable, BEGIN_CODE.replace("NAME", "in_shell")]) == 7
assert subprocess.call(["true"]) == 0 and subprocess.call("exit 3", shell=True) == 3
sys.stdout.write("done\\n")
sys.stdout.flush()
os.execv(sys.executable, [sys.executable, "-c", "pass"])
'''.replace('BEGIN_CODE', repr(BEGIN + function('NAME') + 'work_NAME()\n')))
        self.assertEqual((done.code, done.out), (0, 'done\n'), done)
        self.assert_one_line(done.err, ' samples of ', ' processes in ')
        told = self.check_told()
        self.assertEqual(set(told), {'parent', 'forked', 'grandchild', 'executed', 'called', 'in_shell'})
        self.check_clean()
        shown = self.tool('vmprof-info', self.output)
        self.assertEqual(re.findall(r'finished +(\w+)', shown.out), ['yes'] * shown.out.count('finished  '), shown)
        self.assertEqual(self.tool('vmprof-info', '--verify', self.output).code, 0)
        # What each process is called: the last program that it was, without a folder, and what that was given.
        tree = self.tool('vmprof-tree', '--by=process', '--format=csv', self.output).out
        program = os.path.basename(python.path)
        self.assertIn(' -c pass [%d]' % told['parent'], tree)
        for name in ('forked', 'grandchild'):
            self.assertIn('%s %s [%d]' % (program, self.folder / 'program.py', told[name]), tree)
        for name in ('executed', 'called'):
            self.assertRegex(tree, r'\n1,"?\S+ -c .{20,80} \[%d\]' % told[name])

    @harness.every_python
    def test_multiprocessing(self, python):
        if python.version < (3, 4):
            return
        methods = ('fork', 'spawn', 'forkserver')
        done = self.follow(python, ''.join(map(function, methods)) + function('pooled') + '''
import multiprocessing
works = dict(fork=work_fork, spawn=work_spawn, forkserver=work_forkserver)
def pooled(number):
    if number == 0:
        work_pooled()
    return number
if __name__ == "__main__":
    for method in sorted(works):
        process = multiprocessing.get_context(method).Process(target=works[method])
        process.start()
        process.join()
        assert process.exitcode == 0, process.exitcode
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(pooled, range(3)) == [0, 1, 2]
    print("done")
''')
        self.assertEqual((done.code, done.out), (0, 'done\n'), done)
        self.assertEqual(set(self.check_told()), set(methods) | {'pooled'})
        self.check_clean()

    @harness.every_python
    def test_bad_ends(self, python):
        """A child that is killed, and one that kills itself, lose a sample at most: the last ticks are all there."""
        done = self.follow(python, function('killed') + function('aborted') + '''
def child(call):
    pid = os.fork()
    if pid == 0:
        call()
    _, status, usage = os.wait4(pid, 0)
    return [status & 127, usage.ru_utime + usage.ru_stime]
def killed():
    work_killed()
    os.kill(os.getpid(), signal.SIGKILL)
def aborted():
    work_aborted()
    os.abort()
import resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
print(json.dumps([child(killed), child(aborted)]))
''')
        self.assertEqual(done.code, 0, done)
        ends = json.loads(done.out.splitlines()[-1])
        self.assertEqual([end[0] for end in ends], [signal.SIGKILL, signal.SIGABRT])
        told = self.check_told()
        for name, (_, used) in zip(('killed', 'aborted'), ends):
            shown = self.tool('vmprof-top', '--format=json', '--process=%d' % told[name], self.output)
            total = json.loads(shown.out)['profile']['total'] / 1e9
            # Two ticks of the kernel's, the last of which was due; then what forking and dying cost.
            self.assertLess(used - total, 0.008 + 0.1 * used + 0.02, (name, used, total))
        self.check_clean()

    def test_outliving(self):
        """A daemon by a double fork, which outlives vmprof-record: its profile stays beside, and is whole in the end."""
        python = harness.all_pythons()[0]
        done = self.follow(python, function('parent') + function('daemon') + '''
work_parent()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.chdir("/")
        while os.path.exists(sys.argv[0]):
            time.sleep(0.01)
        os.chdir(os.path.dirname(sys.argv[0]))
        work_daemon()
        sys.exit(0)
    os._exit(0)
os.wait()
''')
        self.assertEqual(done.code, 0, done)
        lines = done.err.splitlines()
        self.assertEqual(len(lines), 2, done)
        match = re.search(r'process (\d+) still runs; its profile is in (.*)$', lines[0])
        self.assertTrue(match, done)
        process_id, path = int(match.group(1)), match.group(2)
        self.assertEqual(path, '%s.%d' % (os.path.realpath(str(self.output)), process_id))
        (self.folder / 'program.py').unlink()
        deadline = time.time() + harness.SECONDS
        while os.path.exists('/proc/%d' % process_id) and time.time() < deadline:
            time.sleep(0.02)
        told = self.told()
        self.assertGreater(self.seconds('parent', told['parent']), SECONDS - 0.06)
        self.assertEqual(told['daemon'], process_id)
        self.assertGreater(self.seconds('daemon', process_id, path), SECONDS - 0.06)
        self.check_clean(os.path.basename(path))
        self.assertEqual(self.tool('vmprof-info', '--verify', path).code, 0)

    @harness.every_python
    def test_a_file_each(self, python):
        done = self.follow(python, function('parent') + function('child') + '''
work_parent()
pid = os.fork()
if pid == 0:
    work_child()
    os._exit(0)
os.waitpid(pid, 0)
os.execv(sys.executable, [sys.executable, "-c", CODE])
'''.replace('CODE', repr(BEGIN + function('second') + 'work_second()\n')), '--follow-files')
        self.assertEqual(done.code, 0, done)
        self.assert_one_line(done.err, '3 files %s.PID' % self.output)
        told = self.told()
        self.assertEqual(told['parent'], told['second'])
        names = {'parent': 'out.prof.%d' % told['parent'], 'child': 'out.prof.%d' % told['child'],
                 'second': 'out.prof.%d.2' % told['second']}
        for name, path in names.items():
            self.assertGreater(self.seconds(name, told[name], self.folder / path), SECONDS - 0.06)
        self.check_clean(*names.values())
        self.assertFalse(self.output.exists())

    @harness.every_python
    def test_children_are_not_disturbed(self, python):
        """What children print, return and find in their process is what it is without us."""
        code = '''
import threading
def busy():
    while not stop:
        pass
stop = []
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads:
    thread.start()
seen = []
for number in range(30):
    pid = os.fork()
    if pid == 0:
        os._exit(number + 1)
    seen.append(os.waitpid(pid, 0)[1] >> 8)
stop.append(1)
for thread in threads:
    thread.join()
seen.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE).communicate(b"x")[0].decode())
seen.append(subprocess.call(["sh", "-c", "kill -9 $$"]))
r, w = os.pipe()
if os.fork() == 0:
    os.write(w, ("%d" % len([fd for fd in os.listdir("/proc/self/fd") if int(fd) < 100])).encode())
    os._exit(0)
os.wait()
seen.append(os.read(r, 10).decode())
sys.stdout.write(json.dumps(seen) + "\\n")
'''
        path = self.folder / 'program.py'
        path.write_text(BEGIN + code)
        plain = self.run_python(python, path)
        done = self.follow(python, code)
        self.assertEqual((done.code, done.out), (plain.code, plain.out), done)
        self.check_clean()

    @harness.every_python
    def test_in_a_terminal(self, python):
        done = self.follow(python, function('terminal') + '''
import pty
pid, fd = pty.fork()
if pid == 0:
    work_terminal()
    os._exit(0)
try:
    while os.read(fd, 100):
        pass
except OSError:
    pass
os.waitpid(pid, 0)
''')
        self.assertEqual(done.code, 0, done)
        self.assertEqual(set(self.check_told()), {'terminal'})

    def test_one_process_and_none(self):
        python = harness.all_pythons()[0]
        done = self.follow(python, function('only') + 'work_only()\n')
        self.assert_one_line(done.err, 'out.prof: ')
        self.assertNotIn('processes', done.err)
        self.check_told()
        self.check_clean()
        self.output.unlink()
        done = self.tool('vmprof-record', '--follow', '-o', self.output, 'true')
        self.assertEqual((done.code, done.out), (0, ''), done)
        self.assert_one_line(done.err, 'nothing was recorded')
        self.assertFalse(self.output.exists())
        for output in (self.folder, self.folder / 'missing' / 'out.prof', '/dev/stdout'):
            done = self.tool('vmprof-record', '--follow', '-o', output, 'true')
            self.assertEqual((done.code, done.out), (125, ''), done)
            self.assert_one_line(done.err, 'cannot write')
        done = self.tool('vmprof-record', '--follow', '-o', self.output, 'no-such-program')
        self.assertEqual(done.code, 127, done)
        self.check_clean()

    def test_an_older_file_stays_until_then(self):
        python = harness.all_pythons()[0]
        self.output.write_text('older')
        done = self.follow(python, 'assert open("out.prof").read() == "older"\nspin(0.1)\n')
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.tool('vmprof-top', self.output).code, 0)

    def test_with_memory_and_a_toggle(self):
        """Each process begins off, and is turned on by itself."""
        python = harness.all_pythons()[0]
        done = self.follow(python, function('on') + '''
def work_off():
    spin(0.2)
work_off()
pid = os.fork()
if pid == 0:
    work_off()
    os.kill(os.getpid(), signal.SIGUSR2)
    time.sleep(0.2)
    work_on()
    os._exit(0)
os.waitpid(pid, 0)
''', '--follow', '--memory', '--toggle=SIGUSR2')
        self.assertEqual(done.code, 0, done)
        self.check_told()
        shown = json.loads(self.tool('vmprof-top', '--metric=memory', '--format=json', self.output).out)
        self.assertNotIn('work_off', [row['name'] for row in shown['functions']])
        self.assertGreater(shown['profile']['mean'], 1 << 20)


if __name__ == '__main__':
    harness.main()
