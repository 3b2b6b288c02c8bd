#!/usr/bin/env python3
"""The calls that the documentation promises: enable, disable, read_profile and Stats."""
import json
import os
import stat
import unittest

import harness

# What the programs below begin with: use_cpu(), and `check`, which shows what an exception says.
BEGIN = '''
import json, os, sys, time, warnings
import vmprof
clock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock

def inner(end):
    n = 0
    while clock() < end:
        n += 1

def use_cpu(seconds):
    inner(clock() + seconds)

def shown(call, *arguments):
    try:
        return ["fine", repr(call(*arguments)), None]
    except Exception as error:
        kind = "OSError" if isinstance(error, EnvironmentError) else type(error).__name__
        return [kind, str(error), getattr(error, "errno", None)]
'''


class Api(harness.TestCase):

    def answers(self, python, code, **options):
        """Runs code, and returns what it printed as JSON on its last line, and all it said on stderr."""
        done = self.run_code(python, BEGIN + code, **options)
        self.assertEqual(done.code, 0, done)
        return json.loads(done.out.splitlines()[-1]), done.err

    @harness.every_python
    def test_record_and_read(self, python):
        found, errors = self.answers(python, '''
with open("out.prof", "w+b") as out:
    before = vmprof.is_enabled()
    vmprof.enable(out.fileno(), 1000)
    during = vmprof.is_enabled()
    use_cpu(0.5)
    result = vmprof.disable()
    after = vmprof.is_enabled()
stats = vmprof.read_profile("out.prof")
names = dict(stats.top_profile())
by_name = dict((name, addr) for addr, name in stats.adr_dict.items())
addr = [addr for name, addr in by_name.items() if ":use_cpu:" in name][0]
print(json.dumps(dict(enabled=[before, during, after], result=result, names=names,
    functions=sorted(stats.functions.values()), counts=sorted(names.values()),
    same=stats._get_name(addr) == stats.adr_dict[addr],
    profile=[[stats._get_name(a), n] for a, n in stats.function_profile(addr)[0]],
    total=stats.function_profile(addr)[1], of_function=stats.functions[addr],
    unknown=shown(stats.function_profile, 12345)[0], all=len(vmprof.read_profile("out.prof", False).functions))))
''')
        self.assertEqual(errors, '')
        self.assertEqual(found['enabled'], [False, True, False])
        self.assertIsNone(found['result'])
        source = self.folder / 'code.py'
        lines = source.read_text().splitlines()
        line = lines.index('def use_cpu(seconds):') + 1
        name = [name for name in found['names'] if ':use_cpu:' in name][0]
        self.assertEqual(name, 'py:use_cpu:%d:%s' % (line, source))
        self.assertEqual(found['functions'], found['counts'])
        self.assertTrue(found['same'])
        self.assertEqual(found['total'], found['of_function'])
        self.assertIn(':inner:', found['profile'][0][0])
        self.assertNotIn(':use_cpu:', ''.join(name for name, _ in found['profile']))
        self.assertGreater(found['profile'][0][1], 0.8 * found['total'])
        self.assertEqual(found['profile'], sorted(found['profile'], key=lambda entry: -entry[1]))
        self.assertEqual(found['unknown'], 'KeyError')

    @harness.every_python
    def test_periods(self, python):
        found, _ = self.answers(python, '''
def try_one(*arguments):
    with open("out.prof", "w+b") as out:
        try:
            return shown(vmprof.enable, out.fileno(), *arguments)
        finally:
            if vmprof.is_enabled():
                vmprof.disable()
good = [try_one(*a) for a in ((), (-1,), (20,), (4000,), (999999,), (0.001,), (0.00002,), (0.9,))]
bad = [try_one(a) for a in (0, 19, 1000000, -2, -0.001, 1.0, 0.00001, 5.0, True, False, float("nan"), float("inf"))]
wrong = [try_one(a) for a in ("1ms", None, [], 1j)]
print(json.dumps([good, bad, wrong]))
''')
        good, bad, wrong = found
        for answer in good:
            self.assertEqual(answer[0], 'fine', good)
        for answer in bad:
            self.assertEqual(answer[0], 'ValueError', bad)
            self.assertIn('microseconds', answer[1])
        for answer in wrong:
            self.assertEqual(answer[0], 'TypeError', wrong)

    @harness.every_python
    def test_misuse(self, python):
        found, errors = self.answers(python, '''
warnings.simplefilter("always")
vmprof.disable()
out = open("out.prof", "w+b")
vmprof.enable(out.fileno())
with open("other.prof", "w+b") as other:
    twice = shown(vmprof.enable, other.fileno())
still = vmprof.is_enabled()
vmprof.disable()
vmprof.disable()
closed_fd = os.dup(out.fileno())
os.close(closed_fd)
closed = shown(vmprof.enable, closed_fd)
negative = shown(vmprof.enable, -1)
with open("out.prof", "rb") as reading:
    read_only = shown(vmprof.enable, reading.fileno())
kinds = [shown(vmprof.enable, value)[0] for value in (out, None, "1", 1.0, True)]
print(json.dumps([twice, still, closed, negative, read_only, kinds, vmprof.is_enabled()]))
''')
        twice, still, closed, negative, read_only, kinds, enabled = found
        self.assertEqual((twice[0], still), ('ValueError', True), twice)
        for answer in (closed, negative, read_only):
            self.assertIn(answer[0], ('OSError', 'ValueError'), answer)
            self.assertNotIn('\n', answer[1])
        self.assertEqual((closed[0], closed[2]), ('OSError', 9), closed)
        self.assertEqual(kinds, ['TypeError'] * 5)
        self.assertFalse(enabled)
        warnings = [line for line in errors.splitlines() if 'RuntimeWarning' in line]
        self.assertEqual(len(warnings), 2, errors)
        self.assertIn('code.py', warnings[0])

    @harness.every_python
    def test_reading_what_is_no_profile(self, python):
        (self.folder / 'empty').write_bytes(b'')
        (self.folder / 'text').write_text('not a profile\n' * 100)
        (self.folder / 'noise').write_bytes(bytes(range(256)) * 8)
        (self.folder / 'folder').mkdir()
        found, errors = self.answers(python, '''
names = ("missing", "folder", "empty", "text", "noise")
print(json.dumps([shown(vmprof.read_profile, name) for name in names]))
''')
        self.assertEqual([answer[0] for answer in found], ['OSError'] * 2 + ['ValueError'] * 3, found)
        self.assertEqual([found[0][2], found[1][2]], [2, 21])
        for answer in found:
            self.assertNotIn('\n', answer[1])
        self.assertEqual(errors, '')

    @harness.every_python
    def test_damaged_profiles(self, python):
        self.record(python, harness.PROGRAMS / 'spin.py', '0.3')
        whole = self.output.read_bytes()
        flipped = bytearray(whole)
        flipped[len(flipped) // 2] ^= 0x40
        for name, content in (('cut', whole[:len(whole) * 2 // 3]), ('flipped', bytes(flipped))):
            (self.folder / name).write_bytes(content)
            found, errors = self.answers(python, '''
stats = vmprof.read_profile("%s")
print(json.dumps(len(stats.functions)))
''' % name)
            warnings = [line for line in errors.splitlines() if 'RuntimeWarning' in line]
            self.assertEqual(len(warnings), 1, errors)

    @harness.every_python
    def test_disable_forgotten(self, python):
        done = self.run_code(python, BEGIN + '''
out = open("out.prof", "wb")
vmprof.enable(out.fileno(), 1000)
use_cpu(0.2)
''')
        self.assertEqual((done.code, done.err), (0, ''), done)
        shown = self.tool('vmprof-top', 'out.prof')
        self.assertEqual((shown.code, shown.err), (0, ''), shown)
        self.assertIn('inner', shown.out)

    @harness.every_python
    def test_twice_into_one_file_and_again(self, python):
        found, _ = self.answers(python, '''
counts = []
for name in ("one.prof", "two.prof", "one.prof"):
    with open(name, "w+b") as out:
        vmprof.enable(out.fileno(), 1000)
        use_cpu(0.3)
        vmprof.disable()
    counts.append(max(vmprof.read_profile(name).functions.values()))
print(json.dumps(counts))
''')
        self.assertTrue(all(count > 2 for count in found), found)

    @harness.every_python
    def test_into_a_pipe(self, python):
        done = self.run_command('/bin/bash', '-c', '"$0" "$1" | cat > piped.prof', python.path,
                                self._program_to_stdout())
        self.assertEqual((done.code, done.err), (0, ''), done)
        shown = self.tool('vmprof-top', 'piped.prof')
        self.assertEqual((shown.code, shown.err), (0, ''), shown)
        self.assertIn('inner', shown.out)

    def _program_to_stdout(self):
        path = self.folder / 'to_stdout.py'
        path.write_text(BEGIN + 'vmprof.enable(1, 1000)\nuse_cpu(0.2)\nvmprof.disable()\n')
        return path

    @harness.every_python
    def test_into_a_pipe_that_breaks(self, python):
        done = self.run_command('/bin/bash', '-c', '"$0" "$1" | true; exit ${PIPESTATUS[0]}',
                                python.path, self._program_to_stdout())
        # An error of disable() is a Python exception of one line; never a death by SIGPIPE.
        self.assertIn(done.code, (0, 1), done)

    @harness.every_python
    def test_nothing_is_left_behind(self, python):
        found, _ = self.answers(python, '''
import signal
def world():
    def lines(path):
        with open(path) as stream:
            return stream.read().split()
    return [sorted(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")),
            lines("/proc/self/timers") if os.path.exists("/proc/self/timers") else [],
            [str(signal.getsignal(n)) for n in range(1, 32)], list(signal.getitimer(signal.ITIMER_PROF)),
            [line for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]]
out = open("out.prof", "w+b")
vmprof.enable(out.fileno(), 1000)
vmprof.disable()
before = world()
for _ in range(20):
    out.seek(0)
    vmprof.enable(out.fileno(), 1000)
    use_cpu(0.01)
    vmprof.disable()
print(json.dumps([before, world()]))
''')
        self.assertEqual(found[0], found[1])

    @harness.every_python
    def test_names_of_all_kinds(self, python):
        folder = self.folder / os.fsdecode(b'latin-\xe9 \xc3\xa9')
        folder.mkdir()
        (folder / 'named.py').write_text(
            'import time\nclock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock\n'
            'end = clock() + 0.2\nwhile clock() < end:\n    pass\n')
        self.record(python, folder / 'named.py')
        found, _ = self.answers(python, '''
names = [name for name, count in vmprof.read_profile("out.prof").top_profile()]
print(json.dumps([all(isinstance(name, str) for name in names), len(names)]))
''')
        self.assertEqual(found[0], True)
        table = self.run_python(python, '-m', 'vmprof.table', self.output)
        self.assertEqual(table.code, 0, table)
        self.assertIn('named.py', table.out)

    def test_the_libraries_are_missing(self):
        python = harness.all_pythons()[0]
        (self.folder / 'nothing').mkdir()
        environment = self.environment(VMPROF_LIB_DIR=str(self.folder / 'nothing'))
        done = self.run_python(python, '-c', 'import vmprof; vmprof.enable(1)', env=environment)
        self.assertEqual(done.code, 1, done)
        self.assertIn('ImportError: vmprof needs %s' % (self.folder / 'nothing/libvmprof_sampler.so'), done.err)
        done = self.run_python(python, '-m', 'vmprof', harness.PROGRAMS / 'spin.py', '0', env=environment)
        self.assertEqual((done.code, done.out), (125, ''), done)
        self.assert_one_line(done.err, 'python -m vmprof: vmprof needs ')

    def test_pypy_shows_the_table(self):
        pypys = [python for python in harness.all_pythons() if python.is_pypy]
        if not pypys:
            raise unittest.SkipTest('no PyPy here')
        self.record(harness.all_pythons()[0], harness.PROGRAMS / 'spin.py', '0.2')
        done = self.run_python(pypys[0], '-m', 'vmprof.table', self.output)
        self.assertEqual(done.code, 0, done)
        self.assertIn('inner', done.out)

    def test_a_new_file_is_what_the_umask_says(self):
        self.record(harness.all_pythons()[0], harness.PROGRAMS / 'spin.py', '0', preexec_fn=lambda: os.umask(0o027))
        self.assertEqual(stat.S_IMODE(self.output.stat().st_mode), 0o640)


if __name__ == '__main__':
    harness.main()
