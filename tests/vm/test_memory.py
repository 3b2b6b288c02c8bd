#!/usr/bin/env python3
"""The resident size with each sample: against what the kernel says of the process elsewhere."""
import json

import harness
import recording

MIB = 1 << 20
# The kernel counts pages per processor, and adds up a little late.
NEAR = 4 * MIB

# What it prints is of /proc/self/status, which the sampler does not read.
PROGRAM = '''
import json, os, sys, time
clock = getattr(time, "thread_time", None) or getattr(time, "process_time", None) or time.clock
def resident():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
def spin(seconds):
    end = clock() + seconds
    while clock() < end:
        pass
def small():
    spin(0.25)
def big():
    spin(0.25)
def again():
    spin(0.25)
small()
sizes = [resident()]
block = bytearray(64 << 20)
big()
sizes.append(resident())
del block
again()
sizes.append(resident())
sys.stdout.write(json.dumps(sizes) + "\\n")
'''


class Memory(harness.TestCase):

    def program(self, text=PROGRAM):
        path = self.folder / 'program.py'
        path.write_text(text)
        return path

    def check(self, done, sizes=None):
        self.assertEqual(done.code, 0, done)
        sizes = sizes or json.loads(done.out)
        read = recording.Profile(self.output)
        self.assertEqual(read.meta['values'], ['cpu:ns', 'memory:bytes'])
        shown = json.loads(self.tool('vmprof-top', '--metric=memory', '--format=json', self.output).out)
        told = {row['name']: row for row in shown['functions']}
        for name, size in zip(('small', 'big', 'again'), sizes):
            seen = [sample.memory for sample in read.samples if any(frame.name == name for frame in sample.stack)]
            self.assertGreater(len(seen), 10)
            for value in seen:
                self.assertLess(abs(value - size), NEAR, (name, size, value))
            self.assertEqual(told[name]['total_max'], max(seen))
            self.assertEqual(told[name]['total_mean'], sum(seen) // len(seen))
            self.assertEqual(told[name]['total_samples'], len(seen))
        self.assertGreater(sizes[1] - sizes[0], 60 * MIB)
        self.assertEqual(shown['profile']['max'], max(sample.memory for sample in read.samples))
        self.assertIsNone(shown['profile']['total'])
        return read

    @harness.every_python
    def test_sizes(self, python):
        program = self.program()
        self.check(self.tool('vmprof-record', '--memory', '-o', self.output, python.path, program))
        self.check(self.run_python(python, '-m', 'vmprof', '--memory', '-o', self.output, program))
        plain = self.tool('vmprof-top', '--format=json', self.output)
        self.assertEqual(json.loads(plain.out)['profile']['metric'], 'cpu')

    @harness.every_python
    def test_from_the_program(self, python):
        program = self.program('import vmprof\n' + PROGRAM.replace(
            'small()\nsizes', 'out = open("out.prof", "w+b")\nvmprof.enable(out.fileno(), 1000, memory=True)\n'
            'small()\nsizes') + 'vmprof.disable()\n')
        self.check(self.run_python(python, program))

    def test_from_the_environment(self):
        python = harness.all_pythons()[0]
        environment = self.environment(PYTHONPATH='', VMPROF='memory,out=out.prof',
                                       LD_PRELOAD=str(harness.tree() / 'lib/libvmprof_sampler.so'))
        self.check(self.run_python(python, self.program(), env=environment))
        environment['VMPROF'] = 'out=out.prof,memory=1'
        done = self.run_python(python, '-c', 'pass', env=environment)
        self.assert_one_line(done.err, 'memory takes no value')

    def test_descriptors_that_the_program_closes(self):
        """It closes ours, and opens files of its own in their place: they are not read for a size."""
        python = harness.all_pythons()[0]
        program = self.program(PROGRAM.replace('small()\nsizes', '''
os.closerange(3, 1024)
with open("numbers", "w") as out:
    out.write("1 2 3 4 5 6 777777\\n")
fds = [os.open("numbers", os.O_RDONLY) for _ in range(300)]
small()
sizes'''))
        done = self.tool('vmprof-record', '--memory', '-o', self.output, python.path, program)
        self.assertEqual(done.code, 0, done)
        read = recording.Profile(self.output)
        sizes = json.loads(done.out)
        for name, size in zip(('big', 'again'), sizes[1:]):
            # What came before the sampler had its descriptor again may be the last that was read.
            seen = [sample.memory for sample in read.samples if any(frame.name == name for frame in sample.stack)]
            near = [value for value in seen if abs(value - size) < NEAR]
            self.assertGreater(len(near), len(seen) * 0.9)

    def test_other_tools_say_that_it_is_a_level(self):
        python = harness.all_pythons()[0]
        self.tool('vmprof-record', '--memory', '-o', self.output, python.path, self.program())
        for tool in ('vmprof-tree', 'vmprof-func'):
            done = self.tool(tool, '--metric=memory', self.output, *(['big'] if tool == 'vmprof-func' else []))
            self.assertEqual((done.code, done.out), (1, ''), done)
            self.assert_one_line(done.err, 'is a level and has no sum')
        self.assertIn('bytes on average', self.tool('vmprof-info', self.output).out)
        done = self.tool('vmprof-merge', '-o', 'merged.prof', self.output, self.output)
        self.assertEqual(done.code, 0, done)
        merged = json.loads(self.tool('vmprof-top', '--metric=memory', '--format=json', 'merged.prof').out)
        single = json.loads(self.tool('vmprof-top', '--metric=memory', '--format=json', self.output).out)
        self.assertEqual(merged['profile']['max'], single['profile']['max'])
        self.assertEqual(merged['profile']['mean'], single['profile']['mean'])


if __name__ == '__main__':
    harness.main()
