#!/usr/bin/env python3
"""python -m vmprof PROGRAM runs the program as python PROGRAM does."""
import os
import signal
import subprocess
import time
import zipfile

import harness

SPIN = harness.PROGRAMS / 'spin.py'
WORK = ('import os, sys, time\nclock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock\n'
        'def work(end):\n    while clock() < end:\n        pass\nwork(clock() + 0.1)\n')


class Run(harness.TestCase):

    def same(self, python, *arguments, options=(), **more):
        """Runs it plainly and recorded, and compares all that can be seen; returns the latter."""
        plain = self.run_python(python, *options, *arguments, **more)
        ours = self.run_python(python, *options, '-m', 'vmprof', '-o', self.output, *arguments, **more)
        self.assertEqual(ours.out, plain.out)
        kept = [line for line in ours.err.splitlines(True) if not line.startswith('vmprof: ')]
        self.assertEqual(''.join(kept), plain.err)
        self.assertEqual(ours.code, plain.code)
        return ours

    def world(self, name):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((harness.PROGRAMS / 'world.py').read_text())
        return path

    @harness.every_python
    def test_the_world_of_a_file(self, python):
        self.world('folder/world.py')
        os.symlink('folder/world.py', str(self.folder / 'link.py'))
        self.same(python, 'folder/world.py', 'a', '-o', '--', '-m')
        self.same(python, './folder/../folder/world.py')
        self.same(python, self.folder / 'link.py')

    @harness.every_python
    def test_the_world_of_a_module(self, python):
        self.world('alone.py')
        self.world('package/__main__.py')
        self.world('package/inner.py')
        (self.folder / 'package/__init__.py').write_text('')
        for name in ('alone', 'package', 'package.inner', 'nothing', 'package.nothing', 'nothing.inner'):
            plain = self.run_python(python, '-m', name, 'x')
            ours = self.run_python(python, '-m', 'vmprof', '-o', self.output, '-m', name, 'x')
            self.assertEqual((ours.out, ours.code), (plain.out, plain.code))
            if plain.code:
                self.assertEqual(ours.err, plain.err)

    @harness.every_python
    def test_the_world_of_folders_and_archives(self, python):
        source = self.world('folder/__main__.py')
        with zipfile.ZipFile(str(self.folder / 'archive.zip'), 'w') as archive:
            archive.write(str(source), '__main__.py')
        (self.folder / 'empty').mkdir(exist_ok=True)
        for name in ('folder', './folder/', 'archive.zip', self.folder / 'folder', 'empty'):
            self.same(python, name, '1')

    @harness.every_python
    def test_compiled_files(self, python):
        source = self.world('compiled.py')
        target = self.folder / 'compiled.pyc'
        made = self.run_python(python, '-c', 'import sys, py_compile; py_compile.compile(*sys.argv[1:3])',
                               source, target)
        self.assertEqual(made.code, 0, made)
        self.same(python, 'compiled.pyc')
        os.rename(str(target), str(self.folder / 'other_name'))
        self.same(python, 'other_name')

    @harness.every_python
    def test_options_of_the_interpreter(self, python):
        self.world('world.py')
        self.same(python, 'world.py', options=['-O', '-W', 'ignore'])
        if python.version >= (3, 4):
            environment = self.environment(PYTHONSAFEPATH='1')
            self.same(python, 'world.py', env=environment)

    @harness.every_python
    def test_how_it_ends(self, python):
        for how in ('normally', 'sys.exit', 'message', 'os._exit', 'exception', 'chained', 'interrupt',
                    'kill', 'abort', 'exec'):
            self.same(python, SPIN, '0', how)

    @harness.every_python
    def test_errors_before_the_first_line(self, python):
        for name, content in (('syntax.py', b'x = = 1\n'), ('indent.py', b'if 1:\nx\n'),
                              ('empty.py', b'')):
            (self.folder / name).write_bytes(content)
            self.same(python, name)
        self.same(python, 'missing.py')
        os.symlink('loop', str(self.folder / 'loop'))
        self.same(python, 'loop')

    @harness.every_python
    def test_encodings_and_futures(self, python):
        (self.folder / 'latin.py').write_bytes(
            b'# coding: latin-1\nimport sys\nassert len(u"\xe9") == 1\nprint(3 / 2)\n'
            b'print(repr(u"\xe9"))\n')
        self.same(python, 'latin.py')
        (self.folder / 'bom.py').write_bytes(b'\xef\xbb\xbfprint(1)\n')
        self.same(python, 'bom.py')

    @harness.every_python
    def test_exit_handlers_and_threads(self, python):
        (self.folder / 'ends.py').write_text(
            'import atexit, sys, threading, time\n'
            'def late():\n    time.sleep(0.2)\n    print("thread")\n'
            'def at_exit(text):\n    print(text)\n    sys.stdout.flush()\n'
            'atexit.register(at_exit, "first registered")\natexit.register(at_exit, "second registered")\n'
            'threading.Thread(target=late).start()\nprint("main")\nraise SystemExit(9)\n')
        self.same(python, 'ends.py')

    @harness.every_python
    def test_hooks_of_the_program(self, python):
        (self.folder / 'hook.py').write_text(
            'import sys, traceback\n'
            'def hook(kind, value, tb):\n'
            '    print(kind.__name__, value, [entry[2] for entry in traceback.extract_tb(tb)])\n'
            '    print(sys.excepthook is hook, sys.last_traceback is tb)\n'
            'sys.excepthook = hook\n'
            'def f():\n    raise KeyError(1)\nf()\n')
        self.same(python, 'hook.py')

    @harness.every_python
    def test_multiprocessing(self, python):
        (self.folder / 'many.py').write_text(
            'import multiprocessing, os, sys\n'
            'def square(x):\n    return x * x\n'
            'if __name__ == "__main__":\n'
            '    if len(sys.argv) > 1:\n        multiprocessing.set_start_method(sys.argv[1])\n'
            '    pool = multiprocessing.Pool(2)\n'
            '    print(pool.map(square, range(5)))\n'
            '    pool.close()\n    pool.join()\n')
        self.same(python, 'many.py')
        if python.version >= (3, 4):
            self.same(python, 'many.py', 'spawn')

    @harness.every_python
    def test_interrupt_from_outside(self, python):
        def ended(*arguments):
            child = subprocess.Popen([python.path] + [str(word) for word in arguments],
                                     env=self.environment(), cwd=str(self.folder),
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            child.stdout.readline()
            time.sleep(0.1)
            child.send_signal(signal.SIGINT)
            return child.communicate(timeout=harness.SECONDS)[1].decode(), child.returncode
        (self.folder / 'waits.py').write_text(
            'import sys, time\nsys.stdout.write("ready\\n")\nsys.stdout.flush()\ntime.sleep(60)\n')
        plain = ended('waits.py')
        ours = ended('-m', 'vmprof', '-o', self.output, 'waits.py')
        kept = [line for line in ours[0].splitlines(True) if not line.startswith('vmprof: ')]
        self.assertEqual((''.join(kept), ours[1]), plain)

    @harness.every_python
    def test_little_is_imported(self, python):
        code = 'import sys\nprint(" ".join(sorted(sys.modules)))\n'
        (self.folder / 'modules.py').write_text(code)
        # ctypes is what the recorder needs; it may need more, and that is its affair.
        (self.folder / 'with_ctypes.py').write_text('import ctypes\n' + code)
        plain = self.run_python(python, '-m', 'with_ctypes')
        ours = self.run_python(python, '-m', 'vmprof', '-o', self.output, '-m', 'modules')
        extra = set(ours.out.split()) - set(plain.out.split())
        heavy = set(name for name in extra if not name.startswith('vmprof')) & {
            'argparse', 'threading', 'subprocess', 'tempfile', 'random', 'json', 'logging', 'shutil',
            'inspect', 'ast', 'socket', 'traceback', 'gettext'}
        self.assertFalse(heavy, extra)


class Usage(harness.TestCase):

    def ours(self, *arguments, **options):
        return self.run_python(harness.all_pythons()[0], '-m', 'vmprof', *arguments, **options)

    def test_help_and_version(self):
        shown = self.ours('--help')
        self.assertEqual((shown.code, shown.err), (0, ''))
        self.assertIn('usage: python -m vmprof', shown.out)
        shown = self.ours('--version')
        self.assertEqual((shown.code, shown.err), (0, ''))
        self.assertRegex(shown.out, r'^vmprof \d+\.\d+')

    def test_wrong_usage(self):
        for arguments in ([], ['-x', 'p.py'], ['-o'], ['-o', '', 'p.py'], ['-p', 'fast', 'p.py'],
                          ['-p', '1', 'p.py'], ['-p', '19us', 'p.py'], ['-p', 'nan', 'p.py'],
                          ['-p', '-1ms', 'p.py'], ['--output'], ['-p', '', 'p.py'], ['-m']):
            shown = self.ours(*arguments)
            self.assertEqual((shown.code, shown.out), (2, ''), shown)
            self.assertIn('usage: ', shown.err)
            self.assertNotIn('Traceback', shown.err)

    def test_periods(self):
        for period in ('0.001', '1ms', '100us', '20us', '0.5s', '1e-3', '250000ns'):
            shown = self.ours('-p', period, '-o', self.output, SPIN, '0')
            self.assertEqual(shown.code, 0, shown)

    def test_output_that_cannot_be_written(self):
        for path in (self.folder, self.folder / 'missing' / 'out.prof', '/proc/nothing'):
            shown = self.ours('-o', path, SPIN, '0')
            self.assertEqual((shown.code, shown.out), (125, ''), shown)
            self.assert_one_line(shown.err, 'cannot write %s' % path)
        program = self.folder / 'p.py'
        program.write_text('print(1)\n')
        shown = self.ours('-o', program, program)
        self.assertEqual(shown.code, 125, shown)
        self.assertEqual(program.read_text(), 'print(1)\n')

    def test_a_missing_program_leaves_the_old_profile(self):
        self.output.write_text('old')
        self.assertEqual(self.ours('-o', self.output, 'missing.py').code, 2)
        self.assertEqual(self.output.read_text(), 'old')

    def test_the_table_says_what_it_left_out(self):
        lines = ['import time', 'clock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock']
        for number in range(40):
            lines.append('def f%d(n):\n    end = clock() + 0.012\n    while clock() < end:\n        n += 1' % number)
        lines += ['f%d(0)' % number for number in range(40)]
        (self.folder / 'many.py').write_text('\n'.join(lines) + '\n')
        shown = self.ours('-p', '500us', 'many.py')
        self.assertEqual(shown.code, 0, shown)
        self.assertEqual(len(shown.out.splitlines()), 23, shown)
        self.assertRegex(shown.out.splitlines()[-1], r'^ \(and \d+ more functions, none above \d+\.\d%\)$')

    def test_the_table_of_a_file(self):
        shown = self.ours('-o', self.output, SPIN, harness.CPU)
        self.assert_one_line(shown.err, 'vmprof: %s: ' % self.output, ' samples in ', '(asked: 1 ms)', 'vmprof-top')
        table = self.run_python(harness.all_pythons()[0], '-m', 'vmprof.table', self.output)
        self.assertEqual((table.code, table.err), (0, ''), table)
        self.assertRegex(table.out, r'(?m)^ \d+\.\d%\s+inner    .*spin.py:\d+$')
        shown = self.run_python(harness.all_pythons()[0], '-m', 'vmprof.table', 'nothing')
        self.assertEqual((shown.code, shown.out), (1, ''), shown)


class Surroundings(harness.TestCase):
    """What a program does to the world that our own work at its end needs."""

    def table_of(self, python, code, *options, **more):
        (self.folder / 'program.py').write_text(WORK + code)
        done = self.run_python(python, '-m', 'vmprof', *(options + (self.folder / 'program.py',)), **more)
        self.assertNotIn('Traceback', done.err, done)
        return done

    @harness.every_python
    def test_the_current_folder_goes(self, python):
        done = self.table_of(python, 'os.mkdir("gone")\nos.chdir("gone")\nos.rmdir("../gone")\n')
        self.assertIn(' work ', done.out, done)
        gone = self.folder / 'gone_before'
        gone.mkdir()
        done = self.run_command('/bin/sh', '-c', 'cd "$1"; rmdir "$1"; "$0" -m vmprof "$2"', python.path, gone,
                                self.folder / 'program.py')
        self.assertNotIn(str(harness.tree()), done.err, done)  # an interpreter may fail there, we do not

    @harness.every_python
    def test_standard_output(self, python):
        done = self.table_of(python, 'import io\nsys.stdout = io.StringIO()\n')
        self.assertIn(' work ', done.out, done)
        done = self.table_of(python, 'sys.stdout = open("mine.txt", "w")\n')
        self.assertEqual(done.out, '')
        self.assertIn(' work ', (self.folder / 'mine.txt').read_text())
        done = self.run_command('/bin/sh', '-c', '"$0" -m vmprof "$1" >&-', python.path,
                                self.silent())
        self.assert_one_line(done.err, 'standard output is closed')
        done = self.run_command('/bin/sh', '-c', '"$0" -m vmprof --help >&-', python.path)
        self.assert_one_line(done.err, 'standard output is closed')

    def silent(self):
        (self.folder / 'silent.py').write_text(WORK)
        return 'silent.py'

    @harness.every_python
    def test_the_temporary_file_has_no_name(self, python):
        self.table_of(python, 'os.kill(os.getpid(), 9)\n', env=self.environment(TMPDIR='.'))
        self.assertEqual(os.listdir(str(self.folder)), ['program.py'])
        done = self.table_of(python, 'os.closerange(3, 1024)\n')
        self.assertIn('closed the file that the profile was in', done.err)

    @harness.every_python
    def test_few_descriptors(self, python):
        for limit in ('20', '12'):
            done = self.run_command('/bin/sh', '-c', 'ulimit -n %s; "$0" -m vmprof -o out.prof "$1" 0.1' % limit,
                                    python.path, SPIN)
            self.assertIn(done.code, (0, 125), done)
            self.assertNotIn('Traceback', done.err)
            self.assertEqual([name for name in os.listdir(str(self.folder)) if name.endswith('.new')], [])

    @harness.every_python
    def test_where_the_profile_goes(self, python):
        shared = '/dev/shm/vmprof-test-%d.prof' % os.getpid()
        try:
            for _ in range(2):  # the second time it exists
                done = self.table_of(python, '', '-o', shared)
                self.assertIn(' samples in ', done.err)
        finally:
            os.path.exists(shared) and os.unlink(shared)
        self.output.write_text('old')
        self.output.chmod(0o600)
        self.assertIn(' samples in ', self.table_of(python, '', '-o', self.output).err)
        self.assertEqual(self.output.stat().st_mode & 0o777, 0o600)
        self.assertIn(' samples in ', self.table_of(python, '', '-o', 'x' * 250).err)

    @harness.every_python
    def test_strange_names(self, python):
        done = self.table_of(python, 'exec(compile("work(clock() + 0.1)", "a\\x1b[31m\\nb", "exec"))\n')
        self.assertIn('a\\x1b[31m\\x0ab', done.out)
        self.assertNotIn('\x1b', done.out)
        (self.folder / 'argv.py').write_text(
            'import sys, vmprof\nsys.argv = ["a", 1, u"\\xe9"]\nout = open("out.prof", "w+b")\n'
            'vmprof.enable(out.fileno())\nvmprof.disable()\n')
        done = self.run_python(python, 'argv.py')
        self.assertEqual((done.code, done.err), (0, ''), done)

    @harness.every_python
    def test_why_there_is_no_sample(self, python):
        done = self.run_code(python, 'from vmprof.table import why_no_sample as why\n'
                                     'for used in (None, 11000000, 13000000): print(why(used, 1000000))\n'
                                     'print(why(13000000, 5000000))\n')
        short = 'the program used less CPU time than one period'
        self.assertEqual(done.out.splitlines(), [
            short + ', or its threads could not be sampled', short,
            'the program blocked signals, or its threads could not be sampled', short], done)

    @harness.every_python
    def test_our_own_frames_are_not_shown(self, python):
        (self.folder / 'raising.py').write_text(WORK + 'raise ValueError(1)\n')
        done = self.run_python(python, '-m', 'vmprof', '-p', '20us', '-o', self.output, 'raising.py')
        self.assertEqual(done.code, 1, done)
        shown = self.run_python(python, '-m', 'vmprof.table', self.output)
        for ours in ('_command.py', '_program.py', '_recorder.py', 'runpy', 'linecache', 'traceback.py'):
            self.assertNotIn(ours, shown.out)


if __name__ == '__main__':
    harness.main()
