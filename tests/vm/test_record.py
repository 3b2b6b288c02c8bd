#!/usr/bin/env python3
"""vmprof-record: launches a program with the sampler loaded."""
import os
import pty
import shutil
import signal
import subprocess
import time

import harness
import recording

SPIN = harness.PROGRAMS / 'spin.py'


class Record(harness.TestCase):

    def record_it(self, *words, **options):
        """vmprof-record -o out.prof WORDS"""
        return self.tool('vmprof-record', '-o', self.output, *words, **options)

    def environment(self, **changes):
        changes.setdefault('PYTHONPATH', '')
        return super().environment(**changes)

    @harness.every_python
    def test_shares(self, python):
        done = self.record_it(python.path, harness.PROGRAMS / 'shares.py', '0.8')
        self.assertEqual((done.code, done.out), (0, ''), done)
        self.assert_one_line(done.err, 'vmprof-record: %s: ' % self.output, ' samples in ', '(asked: 1 ms)')
        read = recording.Profile(self.output)
        self.assertTrue(read.finished)
        self.assertGreater(read.self_share('three'), 0.35)
        self.assertLess(read.self_share('three'), 0.65)
        self.assertGreater(read.total_share('main'), 0.9)
        self.assertEqual(read.meta['period_ns'], 1000000)

    @harness.every_python
    def test_exit_codes(self, python):
        for how, code in (('normally', 0), ('sys.exit', 5), ('os._exit', 7), ('exception', 1),
                          ('kill', 128 + signal.SIGKILL), ('abort', 128 + signal.SIGABRT)):
            done = self.record_it(python.path, SPIN, '0.2', how)
            self.assertEqual(done.code, code, done)
            plain = self.run_python(python, SPIN, '0.0', how)
            self.assertEqual(done.out, plain.out)
            self.assertEqual(''.join(line for line in done.err.splitlines(True)
                                     if not line.startswith('vmprof-record: ')), plain.err)
            shown = self.tool('vmprof-top', self.output)
            self.assertEqual(shown.code, 0, shown)
            self.assertIn('inner', shown.out)

    @harness.every_python
    def test_through_exec(self, python):
        done = self.record_it('sh', '-c', 'exec "$0" "$@"', python.path, SPIN, '0.3')
        self.assertEqual((done.code, done.out), (0, 'done\n'), done)
        self.assertGreater(recording.Profile(self.output).total_share('spin'), 0.5)

    @harness.every_python
    def test_children_are_left_alone(self, python):
        program = self.folder / 'parent.py'
        program.write_text(
            'import os, subprocess, sys, time\n'
            'clock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock\n'
            'def work():\n    end = clock() + 0.2\n    while clock() < end: pass\n'
            'work()\n'
            'subprocess.check_call([sys.executable, sys.argv[1], "0.2"])\n'
            'subprocess.check_call(["true"])\n')
        done = self.record_it(python.path, program, SPIN)
        self.assertEqual((done.code, done.out), (0, 'done\n'), done)
        read = recording.Profile(self.output)
        self.assertEqual(read.total_share('spin'), 0)
        self.assertGreater(read.total_share('work'), 0.3)

    @harness.every_python
    def test_the_program_may_use_the_package(self, python):
        program = self.folder / 'both.py'
        program.write_text(
            'import sys, vmprof, warnings\n'
            'print(vmprof.is_enabled())\n'
            'try:\n    vmprof.enable(1)\nexcept ValueError as error:\n    print("refused")\n'
            'warnings.simplefilter("ignore")\nvmprof.disable()\nprint(vmprof.is_enabled())\n')
        environment = self.environment(PYTHONPATH=str(harness.tree() / 'lib/vmprof/python'))
        done = self.record_it(python.path, program, env=environment)
        self.assertEqual((done.code, done.out), (0, 'True\nrefused\nTrue\n'), done)

    def test_through_a_shell(self):
        python = harness.all_pythons()[0]
        done = self.record_it('sh', '-c', '"$0" "$@"; exit 6', python.path, SPIN, '0.1')
        self.assertEqual((done.code, done.out), (6, 'done\n'), done)
        self.assertGreater(recording.Profile(self.output).total_share('spin'), 0.3)

    def test_only_the_first_of_two(self):
        """A script starts two interpreters, one after the other: the first has the recording."""
        python = harness.all_pythons()[0]
        first = self.folder / 'first.py'
        second = self.folder / 'second.py'
        for program in (first, second):
            program.write_text('import os\ndef %s():\n    for i in range(4 * 10**6): pass\n%s()\n'
                               'print(sorted(k for k in os.environ if k in ("LD_PRELOAD", "VMPROF_RECORD")))\n'
                               % (program.stem, program.stem))
        done = self.record_it('sh', '-c', '"$0" "$1"; "$0" "$2"', python.path, str(first), str(second))
        self.assertEqual((done.code, done.out), (0, '[]\n[]\n'), done)
        read = recording.Profile(self.output)
        self.assertGreater(read.total_share('first'), 0.3)
        self.assertEqual(read.total_share('second'), 0)

    def test_other_programs(self):
        done = self.record_it('true')
        self.assertEqual((done.code, done.out), (0, ''), done)
        self.assert_one_line(done.err, 'no sample: the program used less CPU time than one period')
        done = self.record_it('sh', '-c', 'kill -TERM $$')
        self.assertEqual(done.code, 128 + signal.SIGTERM, done)

    def test_a_missing_program(self):
        self.output.write_text('old')
        done = self.record_it('no-such-program')
        self.assertEqual((done.code, done.out), (127, ''), done)
        self.assert_one_line(done.err, 'vmprof-record: no-such-program: No such file')
        done = self.record_it(self.folder)
        self.assertEqual(done.code, 126, done)
        self.assertEqual(self.output.read_text(), 'old')
        self.assertEqual(os.listdir(str(self.folder)), ['out.prof'])

    def test_setuid_programs(self):
        if os.getuid() != 0:
            self.skipTest('only root can make one')
        copy = self.folder / 'setuid'
        shutil.copy('/bin/true', str(copy))
        try:
            os.chown(str(copy), 65534, -1)  # to its owner nothing changes, and it is loaded
        except OSError as error:  # a sandbox may know no user but one
            self.skipTest('it can belong to no other user here: %s' % error)
        copy.chmod(0o4755)
        done = self.record_it(copy)
        self.assertEqual(done.code, 0, done)
        self.assert_one_line(done.err, 'nothing was recorded', 'setuid')

    def test_usage(self):
        for words in ([], ['--follow=1', 'true'], ['-p', '1'], ['--lines', 'true'],
                      ['--memory=1', 'true'], ['--wall=1', 'true'], ['--native=x', 'true'], ['--period', '1', 'true'],
                      ['--period', '19us', 'true'], ['--nonsense', 'true'], ['-o']):
            done = self.tool('vmprof-record', *words)
            self.assertEqual((done.code, done.out), (2, ''), done)
            self.assert_one_line(done.err, 'vmprof-record: ')
        self.assertIn('--lines is not available', self.tool('vmprof-record', '--lines', 'true').err)
        self.assertEqual(os.listdir(str(self.folder)), [])

    def test_the_default_output(self):
        python = harness.all_pythons()[0]
        done = self.tool('vmprof-record', '--period=2ms', '--', python.path, SPIN, '0.2')
        self.assertEqual(done.code, 0, done)
        self.assertEqual(recording.Profile(self.output).meta['period_ns'], 2000000)

    def test_output_that_cannot_be_written(self):
        for path in (self.folder, self.folder / 'missing' / 'out.prof'):
            done = self.tool('vmprof-record', '-o', path, 'true')
            self.assertEqual((done.code, done.out), (125, ''), done)
            self.assert_one_line(done.err, 'cannot write')

    def test_into_a_pipe(self):
        python = harness.all_pythons()[0]
        done = self.run_command('/bin/bash', '-c', '"$0" -o /dev/fd/9 "$@" 9>&1 >/dev/null | cat > piped.prof',
                                harness.tree() / 'bin/vmprof-record', python.path, SPIN, '0.3')
        self.assertEqual(done.code, 0, done)
        self.assertGreater(recording.Profile(self.folder / 'piped.prof').total_share('spin'), 0.5)

    def test_signals(self):
        python = harness.all_pythons()[0]
        program = self.folder / 'waits.py'
        program.write_text('import signal, sys, time\n'
                           'def handler(number, frame):\n    print(number)\n    sys.exit(3)\n'
                           'signal.signal(signal.SIGTERM, handler)\n'
                           'signal.signal(signal.SIGINT, handler)\n'
                           'print("ready")\nsys.stdout.flush()\ntime.sleep(60)\n')
        for number in (signal.SIGTERM, signal.SIGINT):
            self.assertEqual(self.signalled(python, program, number), (3, b'%d\n' % number))

    def signalled(self, python, program, number):
        """How the program ends when another process sends a signal to vmprof-record alone."""
        child = subprocess.Popen([str(harness.tree() / 'bin/vmprof-record'), python.path, str(program)],
                                 cwd=str(self.folder), env=self.environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        child.stdout.readline()
        child.send_signal(number)
        out, _ = child.communicate(timeout=harness.SECONDS)
        return child.returncode, out

    def test_an_interrupt_of_the_terminal_comes_once(self):
        python = harness.all_pythons()[0]
        program = self.folder / 'counts.py'
        program.write_text('import signal, sys, time\nhits = []\n'
                           'signal.signal(signal.SIGINT, lambda number, frame: hits.append(number))\n'
                           'print("ready")\nsys.stdout.flush()\nend = time.time() + 1\n'
                           'while time.time() < end: time.sleep(0.05)\nprint("%d hits" % len(hits))\n')
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(str(self.folder))
            recorder = str(harness.tree() / 'bin/vmprof-record')
            os.execve(recorder, [recorder, python.path, str(program)], self.environment())
        shown = b''
        try:
            while True:
                part = os.read(terminal, 1000)
                shown += part
                if b'ready' in part:
                    os.write(terminal, b'\x03')
        except OSError:
            pass  # how a terminal says that its last user is gone
        os.close(terminal)
        self.assertEqual((os.waitpid(pid, 0)[1], shown.count(b'1 hits')), (0, 1), shown)

    def test_an_argument_is_not_overwritten(self):
        program = self.folder / 'y.py'
        program.write_text('print(1)\n')
        done = self.tool('vmprof-record', '-o', 'y.py', harness.all_pythons()[0].path, './y.py')
        self.assertEqual((done.code, done.out), (125, ''), done)
        self.assert_one_line(done.err, 'would overwrite ./y.py')
        self.assertEqual(program.read_text(), 'print(1)\n')

    def test_permissions_and_long_names(self):
        python = harness.all_pythons()[0]
        self.output.write_text('old')
        self.output.chmod(0o600)
        self.assertEqual(self.record_it(python.path, SPIN, '0.1').code, 0)
        self.assertEqual(self.output.stat().st_mode & 0o777, 0o600)
        long_name = self.folder / ('x' * 250)
        done = self.tool('vmprof-record', '-o', long_name, python.path, SPIN, '0.1')
        self.assertEqual(done.code, 0, done)
        self.assertTrue(recording.Profile(long_name).finished)
        self.assertEqual(sorted(os.listdir(str(self.folder))), ['out.prof', 'x' * 250])

    def test_an_output_that_another_program_emptied(self):
        program = self.folder / 'cut.py'
        program.write_text(SPIN.read_text() + '\nopen(sys.argv[3], "wb").close()\nspin(0.4)\n')
        done = self.record_it('sh', '-c', '"$0" "$1" 0.1 normally "$2"/out.prof', harness.all_pythons()[0].path,
                              program, self.folder)
        self.assertEqual(done.code, 0, done)
        self.assertIn('another program emptied the file', done.err)
        self.assertNotIn('nothing was recorded', done.err)

    def test_what_is_preloaded_stays(self):
        done = self.record_it('sh', '-c', 'echo $LD_PRELOAD',
                              env=self.environment(LD_PRELOAD='libm.so.6'))
        self.assertEqual(done.out, '%s:libm.so.6\n' % os.path.realpath(
            str(harness.tree() / 'lib/libvmprof_sampler.so')))


if __name__ == '__main__':
    harness.main()
