#!/usr/bin/env python3
"""Native frames: in their places between those of Python, and of programs without an interpreter."""
import os
import shutil
import signal
import unittest

import harness
import recording

CALLBACKS = harness.PROGRAMS / 'callbacks.py'
NATIVE = 4          # the kind
FLAG_MISSING = 2    # VMPF_SAMPLE_NATIVE_MISSING
LOOPS = {'_PyEval_EvalFrameDefault', 'PyEval_EvalFrameEx'}

# Who is called by whom, and one of the C functions between, by the names that CPython's versions have for it.
CALLS = [
    ('by_sorted', 'sort_key', {'builtin_sorted', 'list_sort_impl', 'listsort', 'list_sort'}),
    ('sub', 'replacement', {'pattern_subx'}),
    ('by_map', 'mapped', {'map_next', 'builtin_map'}),
    ('by_sum', 'generated', {'builtin_sum', 'builtin_sum_impl'}),
    ('by_method', '__lt__', {'list_sort_impl', 'listsort', 'list_sort'}),
    ('by_sqlite', 'sql_function', {'sqlite3_step'}),
    ('by_ctypes', 'c_compare', {'qsort', '__GI___qsort_r', '__qsort_r', 'qsort_r'}),
]
# Calls that Python makes by itself: nothing may stand between.
PLAIN_CALLS = [('by_deep', 'deep'), ('deep', 'deep'), ('deep', 'work'), ('by_exception', 'raising'),
               ('sort_key', 'work'), ('c_compare', 'work'), ('sql_function', 'work')]


def between(stack, caller, callee):
    """What stands between the two, where no other Python function does: a list of lists."""
    found = []
    for at, frame in enumerate(stack):
        if frame.kind != NATIVE and frame.name == caller:
            inner = [n for n in range(at + 1, len(stack)) if stack[n].kind != NATIVE]
            if inner and stack[inner[0]].name == callee:
                found.append([one.name for one in stack[at + 1:inner[0]]])
    return found


class Native(harness.TestCase):

    def environment(self, **changes):
        changes.setdefault('PYTHONPATH', '')
        return super().environment(**changes)

    def record_native(self, *words, **options):
        done = self.tool('vmprof-record', '-o', self.output, '--period=1ms', '--native', '--', *words, **options)
        return done, recording.Profile(self.output)

    def compile(self, source, *flags):
        """The program, or the test is skipped where there is no compiler."""
        compiler = 'g++' if str(source).endswith('.cc') else 'gcc'
        if not shutil.which(compiler):
            self.skipTest('no %s here' % compiler)
        program = self.folder / ('%s%d' % (source.name.split('.')[0], len(os.listdir(str(self.folder)))))
        done = self.run_command(compiler, '-O2', '-g', '-o', program, source, *flags)
        self.assertEqual(done.code, 0, done)
        return program

    def check_counts(self, read, allowed_share=0.02, allowed=4):
        """All but a few samples are whole: those in code that was loaded a moment before."""
        counts = [read.meta['native_%s' % name] for name in ('whole', 'cut', 'unplaced')]
        self.assertGreater(counts[0], 50, counts)
        self.assertLessEqual(counts[1] + counts[2], allowed + allowed_share * sum(counts), counts)
        flagged = sum(1 for sample in read.samples if sample.flags & FLAG_MISSING)
        self.assertEqual(flagged, counts[1] + counts[2], counts)

    @harness.every_python
    def test_order(self, python):
        done, read = self.record_native(python.path, CALLBACKS, '2')
        self.assertEqual(done.code, 0, done)
        self.check_counts(read)
        whole = [sample.stack for sample in read.samples if not sample.flags & FLAG_MISSING]
        has_symbols = any(frame.name == 'builtin_sorted' for stack in whole for frame in stack)
        for caller, callee, names in CALLS:
            found = [one for stack in whole for one in between(stack, caller, callee)]
            if callee == 'generated':  # Python calls it, to make the generator; C resumes it
                found = [one for one in found if one]
            self.assertTrue(all(found), (caller, callee))
            if has_symbols and found:
                self.assertTrue(all(names & set(one) for one in found), (caller, callee, found))
        self.assertGreater(sum(1 for stack in whole for call in CALLS if between(stack, *call[:2])), 20)
        for caller, callee in PLAIN_CALLS if has_symbols else []:
            found = [one for stack in whole for one in between(stack, caller, callee) if one]
            self.assertEqual(found, [], (caller, callee))
        names = {frame.name for stack in whole for frame in stack if frame.kind == NATIVE}
        self.assertFalse(names & LOOPS)
        # What starts the interpreter is no part of the program.
        self.assertEqual({stack[0].name for stack in whole if any(frame.name == 'work' for frame in stack)},
                         {'<module>'})
        self.assertIn('deflate', names)

    @harness.every_python
    def test_python_frames_are_the_same(self, python):
        """What is left without the native frames is what is recorded without them."""
        calls = {}
        for options in ((), ('--native',)):
            done = self.tool('vmprof-record', '-o', self.output, *options, '--', python.path, CALLBACKS, '1.5')
            self.assertEqual(done.code, 0, done)
            stacks = [[frame.name for frame in sample.stack if frame.kind != NATIVE]
                      for sample in recording.Profile(self.output).samples]
            pairs = [pair for stack in stacks for pair in zip(stack[:-1], stack[1:]) if pair[0] == 'main']
            calls[options] = {pair for pair in pairs if pairs.count(pair) > 8}
            self.assertEqual({stack[0] for stack in stacks if 'work' in stack}, {'<module>'})
        self.assertTrue(calls[()], calls)
        self.assertLessEqual(calls[()], set(pairs))

    @harness.every_python
    def test_raw(self, python):
        done = self.tool('vmprof-record', '-o', self.output, '--raw', '--', python.path, CALLBACKS, '0.7')
        self.assertEqual(done.code, 0, done)
        read = recording.Profile(self.output)
        self.assertGreater(read.share(lambda stack: any(frame.name in LOOPS for frame in stack)), 0.5)
        self.assertGreater(read.share(lambda stack: any(frame.name == 'main' and frame.kind == NATIVE
                                                        or frame.name.startswith('__libc_start')
                                                        for frame in stack)), 0.5)

    @harness.every_python
    def test_killed(self, python):
        """The modules are in the file, so that names can be had of what a killed program leaves."""
        done, read = self.record_native(python.path, CALLBACKS, '0.7', 'kill')
        self.assertEqual(done.code, 128 + signal.SIGKILL, done)
        native = [frame for sample in read.samples for frame in sample.stack if frame.kind == NATIVE]
        self.assertGreater(len(native), 50)
        self.assertTrue(any(frame.name == 'deflate' for frame in native))

    @harness.every_python
    def test_package(self, python):
        environment = self.environment(PYTHONPATH=str(harness.tree() / 'lib/vmprof/python'))
        code = ('import sys, vmprof\nout = open(sys.argv[1], "wb")\nvmprof.enable(out.fileno(), 0.001, native=True)\n'
                'end = __import__("time").time() + 1\n'
                'while __import__("time").time() < end:\n    sorted(range(3000), key=lambda x: -x)\n'
                'vmprof.disable()\n')
        done = self.run_code(python, code, self.output, env=environment)
        self.assertEqual(done.code, 0, done)
        self.check_counts(recording.Profile(self.output))
        done = self.run_python(python, '-m', 'vmprof', '--native', '-o', self.output, CALLBACKS, '1', env=environment)
        self.assertEqual(done.code, 0, done)
        read = recording.Profile(self.output)
        self.check_counts(read)
        # The recorder's own frames, and what ran them, are not in it.
        names = {sample.stack[0].name for sample in read.samples
                 if sample.stack and not sample.flags & FLAG_MISSING}
        self.assertEqual(names, {'<module>'})

    def test_without_interpreter(self):
        program = self.compile(harness.PROGRAMS / 'native.c', '-fomit-frame-pointer', '-lpthread')
        done = self.tool('vmprof-record', '-o', self.output, '--', program, '0.7')
        self.assertEqual(done.code, 5, done)
        self.assert_one_line(done.err, 'vmprof-record: ', ' samples in ')
        read = recording.Profile(self.output)
        self.check_counts(read, allowed=1)
        self.assertNotIn('interpreter', read.meta)
        self.assertGreater(read.total_share('burn'), 0.95)
        self.assertGreater(read.total_share('main'), 0.35)
        self.assertGreater(read.self_share('compare'), 0.02)
        self.assertEqual(len({sample.thread[0] for sample in read.samples}), 2)
        order = [frame.name for frame in max((sample.stack for sample in read.samples), key=len)]
        at = [order.index(name) for name in ('burn', '__GI___qsort_r') if name in order]
        self.assertEqual(at, sorted(at))

    def test_program_that_becomes_another(self):
        program = self.compile(harness.PROGRAMS / 'native.c', '-lpthread')
        done = self.tool('vmprof-record', '-o', self.output, '--', 'sh', '-c', 'exec "$0" 0.5', program)
        self.assertEqual(done.code, 5, done)
        self.assertGreater(recording.Profile(self.output).total_share('burn'), 0.9)

    def test_storm(self):
        program = self.compile(harness.PROGRAMS / 'storm.cc', '-pthread', '-ldl')
        plugins = []
        for number in range(3):
            source = self.folder / ('plugin%d.c' % number)
            source.write_text('static volatile long n;\nstatic __attribute__((noinline)) void inner(int i) '
                              '{ char room[%d]; n += i + (long)room; }\n'
                              'void spin(int count) { for (int i = 0; i < count; i++) inner(i); }\n'
                              % (100 * number + 50))
            plugins.append(self.compile(source, '-shared', '-fPIC'))
        for period in ('1ms', '100us'):
            done = self.tool('vmprof-record', '-o', self.output, '--period', period, '--', program, '3', *plugins)
            self.assertEqual((done.code, done.out), (0, 'done\n'), done)
            read = recording.Profile(self.output)
            self.assertTrue(read.finished)
            for name in ('thrower', 'allocating', 'coroutine'):
                self.assertTrue(any(name in frame.name for sample in read.samples for frame in sample.stack), name)

    def test_stripped(self):
        """The loop is found without symbols, also where it is in pieces; interpreters with a library only."""
        for python in harness.all_pythons():
            library = self.library_of(python)
            if python.is_pypy or library is None or not shutil.which('strip'):
                continue
            with self.subTest(python=str(python)):
                self.new_folder()
                stripped = self.folder / library.name
                self.assertEqual(self.run_command('strip', '-o', stripped, library).code, 0)
                environment = self.environment(LD_LIBRARY_PATH=str(self.folder))
                done, read = self.record_native(python.path, CALLBACKS, '1.5', env=environment)
                self.assertEqual(done.code, 0, done)
                self.check_counts(read)
                found = [one for sample in read.samples if not sample.flags & FLAG_MISSING
                         for one in between(sample.stack, 'by_sorted', 'sort_key')]
                self.assertTrue(found and all(found), found)

    def library_of(self, python):
        code = 'import sysconfig, os; v = sysconfig.get_config_var; print(os.path.join(v("LIBDIR"), v("INSTSONAME")))'
        done = self.run_python(python, '-c', code)
        path = harness.pathlib.Path(done.out.strip())
        return path if done.code == 0 and '.so' in path.name and path.exists() else None


if __name__ == '__main__':
    harness.main()
