#!/usr/bin/env python3
"""read_profile() and Stats on logs of older versions of vmprof.

The logs of testdata/vectors_log, whose readings as JSON are what the counts here are made of, are always read. The real ones that
VMPROF_SHARED has are held to what upstream's own reader said of them (expected/).
"""
import collections
import json
import os
import pathlib
import unittest

import harness

VECTORS = harness.TESTDATA / 'vectors_log' / 'good'
ENOUGH_VECTORS = 40
PY_KINDS, VM_KIND, NATIVE = (1, 2), 3, 4
USED_AGAIN = 'cp311-many'  # upstream gives one name to all samples of an address
SAMPLES_OF_VERSION_0 = {'upstream-sample-richards.cpython': 362, 'upstream-sample-simple_nested.pypy': 120}

# Reads each file that it is given, and prints what Stats says of it.
READ = '''
import json, sys, warnings
import vmprof
warnings.simplefilter("ignore")
said = []
for path in json.load(open(sys.argv[1])):
    both = []
    for virtual_only in (True, False):
        stats = vmprof.read_profile(path, virtual_only)
        both.append(dict(samples=stats.sample_count, weight=stats.total_weight, period_ns=stats.period_ns,
            duration_ns=stats.duration_ns, interpreter=stats.interpreter, top=stats.top_profile(),
            names=sorted(stats.adr_dict.items()), functions=sorted(stats.functions.items()),
            profiles=[[address, stats.function_profile(address)] for address in sorted(stats.functions)[:40]]))
    said.append(both)
json.dump(said, open("said.json", "w"))
'''


def prefix_of(kind):
    return 'py' if kind in PY_KINDS else 'vm' if kind == VM_KIND else 'n'


def counts_of(reading):
    """How many samples each function is in; Stats tells functions by address, too, and native ones by their module."""
    counts = collections.Counter()
    for sample in reading['sessions'][0]['samples']:
        modules = sample.get('modules') or [None] * len(sample['stack'])
        counts.update({(prefix_of(frame[3]),) + tuple(frame[:3]) + (frame[4], module[0] if module and frame[3] == NATIVE else None,)
                       for frame, module in zip(sample['stack'], modules)})
    return counts


def as_upstream(name):
    """A file that is not known is `-` in a log; what upstream lost the name of is native to it."""
    name += '-' if name.endswith(':') else ''
    return 'n' + name[name.index(':'):] if ':<native symbol ' in name else name


def below(tree, name):
    """What upstream's tree says that a function called: in how many of its samples each other one was."""
    counts = collections.Counter()

    def descend(node, on_path):
        inside = name in on_path
        if inside and node[0] not in on_path:
            counts[node[0]] += node[2]
        for child in node[6]:
            descend(child, on_path | {node[0]})

    descend(tree, frozenset())
    return counts


class Logs(harness.TestCase):

    def read(self, python, paths):
        (self.folder / 'paths.json').write_text(json.dumps([str(path) for path in paths]))
        done = self.run_code(python, READ, 'paths.json')
        self.assertEqual(done.code, 0, done)
        return json.loads((self.folder / 'said.json').read_text())

    @harness.every_python
    def test_vectors(self, python):
        """Every sound log of testdata: each version, machine and mode."""
        paths = sorted(path for path in VECTORS.glob('*.prof'))
        self.assertGreater(len(paths), ENOUGH_VECTORS)
        for path, (_, said) in zip(paths, self.read(python, paths)):
            reading = json.loads(path.with_suffix('.json').read_text(encoding='utf-8'))
            session = reading['sessions'][0]
            with self.subTest(path.stem):
                self.assertEqual([said['samples'], said['weight']], [len(session['samples'])] * 2)
                self.assertEqual(said['interpreter'], session['metadata'].get('interpreter', ''))
                self.assertEqual(said['period_ns'], session['metadata'].get('period_ns', 0))
                if all(frame[0].isascii() for sample in session['samples'] for frame in sample['stack']):
                    expected = sorted(('%s:%s:%d:%s' % (prefix, name, line, file), count)
                                      for (prefix, name, file, line, _, _), count in counts_of(reading).items())
                    self.assertEqual(sorted(map(tuple, said['top'])), expected)

    def shared(self):
        folder = pathlib.Path(os.environ.get('VMPROF_SHARED') or '/nonexistent') / 'profiles' / 'upstream'
        if not folder.is_dir():
            self.skipTest('VMPROF_SHARED has no profiles/upstream')
        return folder

    @harness.every_python
    def test_real_logs(self, python):
        folder = self.shared()
        expected = {path.stem: json.loads(path.read_text()) for path in sorted((folder / 'expected').glob('*.json'))}
        names = [name for name in expected if 'error' not in expected[name]]
        self.assertGreater(len(names), 10)
        for name, both in zip(names, self.read(python, [folder / (name + '.prof') for name in names])):
            for said in both:
                with self.subTest(name):
                    self.check(said, expected[name], name)

    def check(self, said, expected, log):
        self.assertEqual([said['samples'], said['interpreter']], [expected['samples'], expected['interp']])
        self.assertEqual(said['duration_ns'], int(expected['runtime_us']) * 1000)
        self.assertEqual(said['period_ns'], 990000)
        native = any(name.startswith('n:') for name, _ in said['top'])
        counts = collections.Counter()
        for name, count in said['top']:
            counts[as_upstream(name)] += count
        theirs = {name: count for name, count in expected['top_profile']
                  if name != '<unknown code>' and (native or name.startswith('py:'))}
        if log == USED_AGAIN:
            theirs = dict(expected['top_profile'][:3])
        self.assertEqual({name: counts[name] for name in theirs}, theirs)
        if expected['interp'] == 'cpython' and log != USED_AGAIN:
            self.check_profiles(said, expected['tree'], theirs)

    def check_profiles(self, said, tree, theirs):
        """function_profile() of those below the tree's root, under which upstream puts the samples of other threads, too."""
        names = {address: as_upstream(name) for address, name in said['names']}
        compared = 0
        for address, (found, total) in said['profiles']:
            name = names[address]
            if name == tree[0]:
                continue
            wanted = {other: count for other, count in below(tree, name).items() if other in theirs}
            self.assertEqual({names[other]: count for other, count in found if names[other] in wanted}, wanted, name)
            self.assertEqual(total, theirs.get(name, total))
            compared += bool(wanted)
        self.assertGreater(compared, 0)

    @harness.every_python
    def test_real_logs_of_version_0(self, python):
        """Upstream's reader cannot read these; how many samples they have is known."""
        folder = self.shared()
        paths = [folder / (name + '.prof') for name in SAMPLES_OF_VERSION_0]
        for (name, samples), both in zip(SAMPLES_OF_VERSION_0.items(), self.read(python, paths)):
            for said in both:
                self.assertEqual([said['samples'], said['weight']], [samples] * 2)
                counts = {function.split(':')[1]: count for function, count in said['top']}
                if 'nested' in name:  # foo calls bar, and 19 times was not in it
                    self.assertEqual([counts['foo'], counts['bar']], [120, 101])


if __name__ == '__main__':
    unittest.main(verbosity=2)
