#!/usr/bin/env python3
"""Native frames: what one costs to unwind, what recording them costs a program, how many samples could be joined with Python's
frames, and how long it takes to name them.

usage: native.py [SECONDS [PYTHON...]]

The first table is of a program of our own (native_bench.c), beside other unwinders in it. The slow-down is that of fixed work, in
interleaved pairs, the least of several of each: CPU time of the whole process. The rest is of testdata/programs/callbacks.py, which is
called back from C wherever CPython does that.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / 'testdata/programs'
PREFIX = pathlib.Path(os.environ.get('VMPROF_PREFIX', '/usr/local'))
PERIODS = ('1ms', '100us')


def build(name):
    """A bench program, optimised."""
    subprocess.check_call(['bazel', 'build', '--config=release', '//tests/bench:' + name], cwd=str(ROOT),
                          stderr=subprocess.DEVNULL)
    where = subprocess.check_output(['bazel', 'info', '--config=release', 'bazel-bin'], cwd=str(ROOT),
                                    stderr=subprocess.DEVNULL)
    return pathlib.Path(where.decode().strip()) / 'tests/bench' / name


def show_frames():
    print('%7s  %10s  %10s  %12s  %14s  (ns a frame)' % ('depth', 'ours', 'ours, cold', 'backtrace()', 'unw_backtrace()'))
    for line in subprocess.check_output([str(build('native_bench'))]).decode().splitlines():
        words = line.split()
        if words[0] == 'tables':
            print('%s rows of tables made in %s ms; %s ns to see that nothing was loaded' % tuple(words[1:]))
        else:
            print('%7s  %10s  %10s  %12s  %14s' % tuple(words))


def cpu_of_work(python, rounds, *command):
    done = subprocess.run(list(command) + [python, str(PROGRAMS / 'fixed_work.py'), str(rounds)], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return float(done.stdout.split()[0])


def record(output, *options):
    return [str(PREFIX / 'bin/vmprof-record'), '-o', output] + list(options) + ['--']


def show_slow_down(python, seconds, folder):
    output = os.path.join(folder, 'slow.prof')
    rounds = max(1, int(20 * min(seconds, 1) / cpu_of_work(python, 20)))
    for period in PERIODS:
        ways = {'plain': (), 'python': record(output, '--period', period),
                'native': record(output, '--native', '--period', period)}
        found = {way: [] for way in ways}
        for _ in range(5):
            for way, command in ways.items():
                found[way].append(cpu_of_work(python, rounds, *command))
        plain = min(found['plain'])
        print('  slow-down at %-5s  Python frames %+6.2f %%  with native ones %+6.2f %%'
              % (period, 100 * min(found['python']) / plain - 100, 100 * min(found['native']) / plain - 100))


def counts_of(path):
    shown = subprocess.check_output([str(PREFIX / 'bin/vmprof-info'), '--format=json', path], stderr=subprocess.DEVNULL)
    metadata = {entry['key']: entry['value'] for entry in json.loads(shown.decode())['sessions'][0]['metadata']}
    return [int(metadata[key]) for key in ('native_whole', 'native_cut', 'native_unplaced')]


def show_joined(python, seconds, folder):
    output, named = os.path.join(folder, 'out.prof'), os.path.join(folder, 'named.prof')
    environment = dict(os.environ, PYTHONPATH=str(PREFIX / 'lib/vmprof/python'))
    subprocess.run([python, '-m', 'vmprof', '--native', '-p', '1ms', '-o', output, str(PROGRAMS / 'callbacks.py'), str(seconds)],
                   check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    whole, cut, unplaced = counts_of(output)
    total = whole + cut + unplaced
    begin = time.time()
    done = subprocess.run([str(PREFIX / 'bin/vmprof-symbolize'), output, '-o', named], check=True, stderr=subprocess.PIPE)
    print('  joined: %d of %d samples (%.2f %%); cut %d, unplaced %d' % (whole, total, 100 * whole / total, cut, unplaced))
    print('  named in %.2f s: %s' % (time.time() - begin, done.stderr.decode().strip().splitlines()[-1].split(': ', 1)[1]))


def main(arguments):
    seconds = float(arguments[0]) if arguments else 5.0
    show_frames()
    for python in arguments[1:] or [sys.executable]:
        print(python)
        with tempfile.TemporaryDirectory() as folder:
            show_slow_down(python, seconds, folder)
            show_joined(python, seconds, folder)


if __name__ == '__main__':
    main(sys.argv[1:])
