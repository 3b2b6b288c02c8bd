#!/usr/bin/env python3
"""A profile of 100 million samples over 100,000 distinct stacks: what its totals, and all of it, cost.

./dev bench scale [--json] [--samples N] [--stacks N]

The file lies in the folder for temporary files while the bench runs. Measured are the totals of each stack, the whole
decoded by one process, by two threads of one, and by two processes at once that know nothing of each other: how much faster these are says
what two processors of this machine can reach at most; and the samples of one second out of the middle. Times are of the clock on the wall, the best of three.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import format as format_bench  # noqa: E402

SAMPLES = 100000000
STACKS = 100000
RUNS = 3
TOTALS_MUST_MS = 50
MEMORY_MUST_MIB = 64
SPEED_UP_MUST = 1.8
MIB = 1 << 20


def run(*command):
    return json.loads(subprocess.check_output([str(each) for each in command]).decode())


def run_two(*command):
    """Both at once; what the slower one says."""
    running = [subprocess.Popen([str(each) for each in command], stdout=subprocess.PIPE) for _ in range(2)]
    printed = [each.communicate()[0] for each in running]
    if any(each.returncode for each in running):
        sys.exit('scale: a reader failed')
    return max((json.loads(each.decode()) for each in printed), key=lambda each: each['wall_ns'])


def drop_from_cache(path):
    """So that the next reading comes from the disk, as far as the system does what it is asked."""
    with open(str(path), 'rb') as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def best(measure, *command):
    return min((measure(*command) for _ in range(RUNS)), key=lambda each: each['wall_ns'])


def measure(program, path, options):
    written = run(program, 'write', path, options.samples, options.stacks)
    totals = best(run, program, 'totals', path)
    one = best(run, program, 'decode', path, 1)
    two = best(run_two, program, 'decode', path, 1)
    threads = best(run, program, 'decode', path, 2)
    middle_ns = written['length_ns'] // 2
    drop_from_cache(path)
    cold = run(program, 'range', path, middle_ns, middle_ns + 10**9)
    second = best(run, program, 'range', path, middle_ns, middle_ns + 10**9)
    for key in ('samples', 'stacks', 'checksum'):
        if totals[key] != written[key]:
            sys.exit('scale: the totals say %s %d, written were %d' % (key, totals[key], written[key]))
    if threads['samples'] != written['samples']:
        sys.exit('scale: two threads gave %d samples' % threads['samples'])
    if one['samples'] != written['samples']:
        sys.exit('scale: %d samples were decoded, %d written' % (one['samples'], written['samples']))
    return {
        'samples': written['samples'], 'stacks': written['stacks'],
        'bytes_per_sample': round(path.stat().st_size / written['samples'], 4),
        'write_ns_per_sample': round(written['wall_ns'] / written['samples'], 1),
        'writer_peak_bytes': written['peak_bytes'],
        'totals_ms': round(totals['wall_ns'] / 1e6, 2), 'totals_peak_bytes': totals['peak_bytes'],
        'decode_samples_per_s': round(one['samples'] * 1e9 / one['wall_ns']),
        'decode_peak_bytes': one['peak_bytes'],
        'two_processes_speed_up': round(2 * one['wall_ns'] / two['wall_ns'], 3),
        'two_threads_speed_up': round(one['wall_ns'] / threads['wall_ns'], 3),
        'two_threads_peak_bytes': threads['peak_bytes'],
        'one_second_ms': round(second['wall_ns'] / 1e6, 2), 'one_second_cold_ms': round(cold['wall_ns'] / 1e6, 2),
        'one_second_samples': second['samples'], 'one_second_peak_bytes': second['peak_bytes'],
        'file_bytes': path.stat().st_size,
    }


def table(result):
    return ['{samples:,} samples, {stacks:,} distinct stacks, {bytes_per_sample} bytes/sample, written at '
            '{write_ns_per_sample:.0f} ns/sample'.format(**result),
            '  totals            %10.1f ms, %.1f MiB at most; must: %d ms, %d MiB' % (
                result['totals_ms'], result['totals_peak_bytes'] / MIB, TOTALS_MUST_MS, MEMORY_MUST_MIB),
            '  decoded by one    %10.1f M samples/s, %.1f MiB at most' % (
                result['decode_samples_per_s'] / 1e6, result['decode_peak_bytes'] / MIB),
            '  by two processes  %10.2f times as fast' % result['two_processes_speed_up'],
            '  by two threads    %10.2f times as fast, %.1f MiB at most; must: %.1f' % (
                result['two_threads_speed_up'], result['two_threads_peak_bytes'] / MIB, SPEED_UP_MUST),
            '  one second of it  %10.1f ms, not in memory before %.1f ms, %d samples of %.0f MB; must: %d ms' % (
                result['one_second_ms'], result['one_second_cold_ms'], result['one_second_samples'],
                result['file_bytes'] / 1e6, TOTALS_MUST_MS)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', action='store_true', help='one JSON object')
    parser.add_argument('--samples', type=int, default=SAMPLES, metavar='N')
    parser.add_argument('--stacks', type=int, default=STACKS, metavar='N')
    parser.add_argument('--program', type=pathlib.Path, help='a scale_bench that is built already')
    options = parser.parse_args()
    program = options.program or format_bench.build('scale_bench')
    with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
        result = measure(program, pathlib.Path(folder) / 'many.prof', options)
    print(json.dumps(result) if options.json else '\n'.join(table(result)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
