#!/usr/bin/env python3
"""The bench of the format, on small traces: all figures are there, the files are what they are said to be, and a trace
that is damaged is refused. Nothing here looks at a time.

Arguments: format.py, format_bench.
"""
import gzip
import json
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

KEYS = ('bytes_per_sample encode_ns_per_sample decode_samples_per_s aggregate_samples_per_s writer_peak_bytes '
        'reader_peak_bytes encode_api_ns_per_sample pprof_bytes_per_sample pprof_encode_ns_per_sample '
        'upstream_bytes_per_sample upstream_encode_ns_per_sample').split()
# file, function, first line, line: among them a line before the first one, one far behind it, none, and two that are equal.
LOCATIONS = [('a.py', '<module>', 1, 1), ('a.py', '<module>', 1, 900), ('a.py', 'f', 20, 21), ('a.py', 'f', 20, 0),
             ('b.py', 'f', 20, 24), ('b.py', 'f', 20, 21), ('b.py', 'f', 500, 2), ('b.py', 'f', 20, 24),
             ('dir/\u00e4.py', '<lambda>', 3000, 3000)]
SAMPLES = 3000
FORMAT, PROGRAM = None, None


def make_samples():
    """(time in ns, thread, location numbers root first) of each sample."""
    chance = random.Random(1)
    stacks = [[0] + [chance.randrange(len(LOCATIONS)) for _ in range(chance.choice([0, 1, 5, 300]))] for _ in range(40)]
    stacks.append([])
    time_ns = 5 << 33
    samples = []
    for _ in range(SAMPLES):
        time_ns += chance.choice([0, 999999, 1000001, 70000000])
        samples.append((time_ns, chance.choice([7, 1 << 31]), chance.choice(stacks)))
    return samples


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def message(data):
    """(field, value) of each field of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        yield key >> 3, value


def packed(data):
    at, values = 0, []
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


class FormatTest(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vmprof-bench-'))
        self.addCleanup(shutil.rmtree, str(self.folder), ignore_errors=True)
        self.samples = make_samples()
        self.words = b''.join(struct.pack('<QII%dI' % len(stack), time_ns, thread, len(stack), *stack)
                              for time_ns, thread, stack in self.samples)
        self.base = self.folder / 'small'
        self.write(self.words)

    def write(self, words, locations=None):
        self.base.with_suffix('.bin').write_bytes(words)
        text = ''.join('%s\t%s\t%d\t%d\n' % location for location in LOCATIONS) if locations is None else locations
        self.base.with_suffix('.loc').write_bytes(text.encode())

    def run_bench(self, *arguments):
        done = subprocess.run([sys.executable, FORMAT, '--program', PROGRAM] + [str(each) for each in arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        return done.stdout.decode()

    def measured(self):
        printed = self.run_bench('--trace', self.base, '--json', '--keep', self.folder)
        self.assertEqual(printed.count('\n'), 1)
        return json.loads(printed)

    def test_json(self):
        result = self.measured()
        for key in KEYS:
            self.assertGreater(result[key], 0, key)
        self.assertEqual((result['trace'], result['samples'], result['threads']), ('small', SAMPLES, 2))
        named = {tuple(LOCATIONS[each] for each in stack) for _, _, stack in self.samples}
        self.assertEqual(result['distinct_stacks'], len(named))
        size = (self.folder / 'small.prof').stat().st_size
        self.assertAlmostEqual(result['bytes_per_sample'], size / SAMPLES, places=3)
        # The ring alone is 8 MiB.
        self.assertGreater(result['writer_peak_bytes'], 4 << 20)
        self.assertGreater(result['reader_peak_bytes'], 1000)

    def test_table(self):
        printed = self.run_bench('--trace', self.base)
        self.assertIn('small: 3,000 samples', printed)
        self.assertRegex(printed, r'writer at most, MiB +\d+\.\d+ +12 +8')

    def test_pprof(self):
        self.measured()
        profile = list(message(gzip.decompress((self.folder / 'small.pb.gz').read_bytes())))
        strings = [value.decode() for field, value in profile if field == 6]
        functions = {}
        for each in (dict(message(value)) for field, value in profile if field == 5):
            functions[each[1]] = (strings[each[4]], strings[each[2]], each[5])
        locations = {}
        for each in (dict(message(value)) for field, value in profile if field == 4):
            line = dict(message(each[4]))
            locations[each[1]] = functions[line[1]] + (line[2],)
        found = {}
        for each in (dict(message(value)) for field, value in profile if field == 2):
            stack = tuple(locations[number] for number in reversed(packed(each[1])))
            self.assertNotIn(stack, found)
            found[stack] = packed(each[2])[0]
        expected = {}
        for _, _, stack in self.samples:
            named = tuple(LOCATIONS[each] for each in stack)
            expected[named] = expected.get(named, 0) + 1
        self.assertEqual(found, expected)

    def test_upstream(self):
        """Read as the description of that format says, to the last byte."""
        self.measured()
        data = (self.folder / 'small.log').read_bytes()
        self.assertEqual(struct.unpack_from('<5Q', data), (0, 3, 0, 1000, 0))
        self.assertEqual(data[40:52], b'\x05\x00\x06\x02\x07cpython')
        at = 52
        names, stacks = {}, []
        while True:
            marker, at = data[at], at + 1
            if marker == 1:
                count, depth = struct.unpack_from('<QQ', data, at)
                words = struct.unpack_from('<%dQ' % (depth + 1), data, at + 16)
                stacks.append((count, words[-1], list(zip(words[-3::-2], words[-2::-2]))))
                at += 24 + 8 * depth
            elif marker == 2:
                code, size = struct.unpack_from('<QQ', data, at)
                names[code] = data[at + 16:at + 16 + size].decode()
                at += 16 + size
            elif marker == 7:
                for _ in range(2):
                    at += 8 + struct.unpack_from('<Q', data, at)[0]
            else:
                self.assertIn(marker, (3, 6))
                at += 24
                if marker == 3:
                    break
        self.assertEqual(at, len(data))
        self.assertEqual(len(stacks), SAMPLES)
        for (_, thread, stack), (count, said, pairs) in zip(self.samples, stacks):
            named = [('py:%s:%d:%s' % (LOCATIONS[each][1], LOCATIONS[each][2], LOCATIONS[each][0]), LOCATIONS[each][3])
                     for each in stack]
            self.assertEqual([(names[code], line) for line, code in pairs], named)
            self.assertEqual((count, said), (1, thread))

    def test_damaged_traces(self):
        fields = 'a.py\tf\t1\t2\n'
        damaged = [(self.words[:-4], None, 'a sample is cut'), (self.words[:-3], None, 'no words'),
                   (b'', None, 'no words'), (self.words, fields, 'not there'),
                   (self.words, 'a.py\tf\t1\n' + fields, 'four fields'), (self.words, 'a.py\tf\tx\t2\n', 'no number'),
                   (self.words, fields[:-1], 'location is cut'),
                   (self.words + struct.pack('<4I', 0, 0, 7, 0), None, 'older than the first'),
                   (self.words + struct.pack('<4I', 0, 99, 7, 0xFFFFFFFF), None, 'a sample is cut')]
        for words, locations, expected in damaged:
            self.write(words, locations)
            done = subprocess.run([PROGRAM, 'small', str(self.base)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual((done.returncode, done.stdout), (1, b''), expected)
            self.assertIn(expected, done.stderr.decode())

    def test_synthetic(self):
        """Twice the same, and as its header says."""
        results = [json.loads(subprocess.check_output([PROGRAM, 'synthetic', 'synthetic:30000:5']).decode())
                   for _ in range(2)]
        same = ('samples', 'seconds', 'distinct_stacks', 'stack_nodes', 'bytes_per_sample', 'pprof_bytes_per_sample')
        self.assertEqual([results[0][key] for key in same], [results[1][key] for key in same])
        self.assertEqual((results[0]['samples'], results[0]['threads']), (30000, 8))
        self.assertTrue(88 < results[0]['repeats_percent'] < 92, results[0])
        self.assertTrue(39 < results[0]['mean_depth'] < 45, results[0])


if __name__ == '__main__':
    FORMAT, PROGRAM = (str(pathlib.Path(each).absolute()) for each in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1], verbosity=2)
