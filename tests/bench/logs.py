#!/usr/bin/env python3
"""What reading a log of upstream vmprof costs: vmprof-top, and a plain Python reader of the same file beside it.

./dev bench logs [--json] [--samples N] [--stacks N] [--bin FOLDER]

A log of version 6 with 64-bit words is made: a million samples of depth 30 over 20,000 stacks, most of them of few (a tenth
of the stacks has nine tenths of the samples), then one in which every sample has a stack of its own. Both readers count
for each function the samples that it is in; the counts of all are compared. Times are of the clock on the wall and of the
processor, those of the fastest of three runs (one of the Python reader); memory is the greatest that was resident.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

MIB = 1 << 20
DEPTH = 30
FUNCTIONS = 2000
RUNS = 3
MUST_BYTES_PER_S = 300e6


def function_id(number):
    return 0x7F0000001000 + 64 * number


def name_record(number):
    name = b'py:function_%d:%d:/srv/program/module_%d.py' % (number, number + 1, number % 97)
    return struct.pack('<BQQ', 2, function_id(number), len(name)) + name


def sample_record(functions):
    return struct.pack('<BQQ%dQQ' % DEPTH, 1, 1, DEPTH, *(function_id(number) for number in functions), 0x55)


def stacks_of(randomness, count):
    """Leaf first: what is called lies below what most stacks have in common."""
    for _ in range(count):
        yield [randomness.randrange(FUNCTIONS // 4, FUNCTIONS) for _ in range(DEPTH // 3)] + list(
            range(DEPTH - DEPTH // 3, 0, -1))


def write_log(path, samples, stack_count):
    randomness = random.Random(5)
    with open(path, 'wb', 1 << 20) as out:
        out.write(struct.pack('<QQQQQ', 0, 3, 0, 1000, 0))
        out.write(struct.pack('>BHBB', 5, 6, 0, 7) + b'cpython')
        out.write(struct.pack('<Bqq8s', 6, 1700000000, 0, b''))
        if stack_count < samples:
            records = [sample_record(stack) for stack in stacks_of(randomness, stack_count)]
            few = records[:max(1, stack_count // 10)]
            for _ in range(samples):
                out.write(randomness.choice(few if randomness.random() < 0.9 else records))
        else:
            for stack in stacks_of(randomness, samples):
                out.write(sample_record(stack))
        for number in range(FUNCTIONS):
            out.write(name_record(number))
        out.write(struct.pack('<Bqq8s', 3, 1700001000, 0, b''))
    return path.stat().st_size


def python_reader(path):
    """As short as it can be, for this kind of log only: the samples that each function is in."""
    counts = collections.Counter()
    names = {}
    with open(path, 'rb') as log:
        data = log.read()
    at = 40 + 5 + data[44]
    while True:
        marker = data[at]
        if marker == 1:
            depth = struct.unpack_from('<Q', data, at + 9)[0]
            counts.update(set(struct.unpack_from('<%dQ' % depth, data, at + 17)))
            at += 17 + 8 * depth + 8
        elif marker == 2:
            number, size = struct.unpack_from('<QQ', data, at + 1)
            names[number] = data[at + 17:at + 17 + size].split(b':')[1].decode()
            at += 17 + size
        elif marker == 6:
            at += 25
        else:
            break
    return {names[number]: count for number, count in counts.items()}


def measured(command, runs, keep=None):
    best = None
    for _ in range(runs):
        with open(keep or os.devnull, 'wb') as output:
            began = time.monotonic()
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
            _, status, usage = os.wait4(child.pid, 0)
            wall_s = time.monotonic() - began
        if status:
            sys.exit('logs: %s failed' % ' '.join(command))
        run = (wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
        best = run if best is None or run < best else best
    return dict(zip(('wall_s', 'processor_s', 'resident_bytes'), best))


def compare(tool, log, folder):
    """Both readers count the same."""
    measured([tool, '--format=json', '-n', '0', str(log)], 1, folder / 'ours.json')
    measured([sys.executable, __file__, '--read', str(log)], 1, folder / 'theirs.json')
    ours = {row['name']: row['total'] for row in json.loads((folder / 'ours.json').read_text())['functions']}
    theirs = json.loads((folder / 'theirs.json').read_text())
    if ours != theirs:
        sys.exit('logs: vmprof-top and the Python reader count differently')


def case(tool, name, log, samples, stacks, folder):
    size_bytes = write_log(log, samples, stacks)
    compare(tool, log, folder)
    readers = {'vmprof-top': measured([tool, str(log)], RUNS),
               'plain Python': measured([sys.executable, __file__, '--read', str(log)], 1)}
    for reader in readers.values():
        reader['bytes_per_s'] = size_bytes / reader['wall_s']
    log.unlink()
    return {'log': name, 'samples': samples, 'size_bytes': size_bytes, 'readers': readers}


def table(results):
    for result in results:
        yield '%s: %d samples, %.0f MB; must: %.0f MB/s' % (
            result['log'], result['samples'], result['size_bytes'] / 1e6, MUST_BYTES_PER_S / 1e6)
        for name, reader in result['readers'].items():
            yield '  %-14s %7.2f s  %7.2f s of the processor  %6.0f MB/s  %6.0f MiB' % (
                name, reader['wall_s'], reader['processor_s'], reader['bytes_per_s'] / 1e6,
                reader['resident_bytes'] / MIB)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', action='store_true', help='one JSON object')
    parser.add_argument('--samples', type=int, default=1000000)
    parser.add_argument('--stacks', type=int, default=20000)
    parser.add_argument('--bin', help='where vmprof-top is, if not in PATH')
    parser.add_argument('--read', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        json.dump(python_reader(options.read), sys.stdout)
        return 0
    tool = shutil.which('vmprof-top', path=options.bin)
    with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
        folder = pathlib.Path(folder)
        results = [case(tool, name, folder / 'many.log', options.samples, stacks, folder)
                   for name, stacks in (('stacks that repeat', options.stacks), ('all stacks new', options.samples))]
    print(json.dumps({'results': results}) if options.json else '\n'.join(table(results)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
