#!/usr/bin/env python3
"""Whether the stacks of millions of samples are true, as one line for each interpreter and work, and their sum.

usage: truth.py [--python PYTHON]... [--work NAME]... [--seconds S] [--period-ns NS] [--wall] [--source NAME]

Each program of testdata/programs/truth.py is run twice: once while sys.setprofile listens, which tells every call that there
is, and once under the sampler. Wrong are: a call that was never told, a name, file or line that the code does not have, and a
caller at a line that it never made that call from. `lost` are samples that were taken, did not fit, and are counted in the file.
Ends with 1 where a sample is wrong, a program failed, or hung. Of --source reader, which looks from outside, one sample in a
thousand may be wrong.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
os.chdir(str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parent / 'vm'))
import harness  # noqa: E402
import truth    # noqa: E402

ORACLE_SECONDS = '3'


class Failed(Exception):
    """A program ended badly."""


def run(options, *arguments):
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE='1', PYTHONPATH=str(harness.tree() / 'lib/vmprof/python'))
    if options.source:
        environment['VMPROF_TICK_SOURCE'] = options.source
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                              timeout=60 + 20 * options.seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Failed('hung: %s' % ' '.join(arguments)) from None
    if done.returncode != 0 or done.stderr:
        raise Failed('exit code %d: %s\n%s' % (done.returncode, ' '.join(arguments), done.stderr.decode()))
    return done.stdout.decode()


def one(options, python, work, sums):
    program = str(truth.PROGRAM)
    told = run(options, python, program, 'edges', work, ORACLE_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'out.prof')
        arguments = ['run', work, str(options.seconds), path, str(options.period_ns)] + ['wall'] * options.wall
        used = json.loads(run(options, python, program, *arguments))['used']
        profile = truth.Stacks(path)
        found = truth.check(told, profile, work)
    sums.update(samples=found.samples, calls=found.calls, lost=profile.lost_samples, wrong=sum(found.wrong.values()))
    print('%-22s %-13s %9d samples %11d calls %6d lost %6d empty %6d unseen %5.1f %% of its time  %s' % (
        '/'.join(python.split('/')[-3:-2] + python.split('/')[-1:]), work, found.samples, found.calls,
        profile.lost_samples, found.without_frames, found.unseen, 100 * found.weight_ns / 1e9 / used, found.text()))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--python', action='append', help='an interpreter; may be given several times (all CPythons)')
    parser.add_argument('--work', action='append', help='what it does; may be given several times (all it can)')
    parser.add_argument('--seconds', type=float, default=2, help='of CPU time for each (2)')
    parser.add_argument('--period-ns', type=int, default=50000, help='between two samples (50000)')
    parser.add_argument('--source', help='of ticks: cpu-timer, helper, perf or reader (as chosen by itself)')
    parser.add_argument('--wall', action='store_true', help='time on the clock too, and what threads wait for')
    options = parser.parse_args()
    pythons = options.python or [python.path for python in harness.all_pythons() if not python.is_pypy]
    sums, failures = collections.Counter(), 0
    for python in pythons:
        known = json.loads(run(options, python, str(truth.PROGRAM), 'list'))
        for work in options.work or known:
            try:
                if work in known:
                    one(options, python, work, sums)
            except Failed as error:
                failures += 1
                print(error)
    print('sum: %d samples, %d calls, %d wrong, %d lost, %d programs failed'
          % (sums['samples'], sums['calls'], sums['wrong'], sums['lost'], failures))
    allowed = sums['samples'] // 1000 if options.source == 'reader' else 0
    sys.exit(1 if failures or sums['wrong'] > allowed else 0)


if __name__ == '__main__':
    main()
