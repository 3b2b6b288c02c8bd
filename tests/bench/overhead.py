#!/usr/bin/env python3
"""CPU time of a program with and without profiling, in interleaved pairs.

usage: overhead.py [ROUNDS [PYTHON...]]

The program measures its own work, start-up left out; the recorder's thread is part of the process and
counts. Each overhead is the median, over the rounds, of one pair that ran one after the other.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import vmprof

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / 'testdata/programs/fixed_work.py'
PERIODS = ('4ms', '1ms')
SECONDS = 1.0  # of work


def run(python, rounds, *options):
    """The CPU seconds of one run."""
    done = subprocess.run([python] + list(options) + [str(PROGRAM), str(rounds)], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return float(done.stdout.split()[0])


def measure(python, rounds):
    # As much work as takes about the same time on every machine.
    work = max(1, int(100 * SECONDS / run(python, 100)))
    plain, ratios, rates = [], {period: [] for period in PERIODS}, {period: [] for period in PERIODS}
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, 'out.prof')
        for number in range(rounds):
            for period in PERIODS:
                pair = {}
                # Who goes first changes, so that a drift of the machine favours nobody.
                for recorded in (number % 2 == 0, number % 2 == 1):
                    options = ['-m', 'vmprof', '-o', output, '-p', period] if recorded else []
                    pair[recorded] = run(python, work, *options)
                plain.append(pair[False])
                ratios[period].append(pair[True] / pair[False])
                stats = vmprof.read_profile(output)
                rates[period].append(1e9 * stats.sample_count / max(1, stats.total_weight))
    return plain, ratios, rates


def main(arguments):
    rounds = int(arguments[0]) if arguments else 9
    for python in arguments[1:] or [sys.executable]:
        plain, ratios, rates = measure(python, rounds)
        spread = (max(plain) - min(plain)) / statistics.median(plain)
        print('%s: %.3f s of CPU without profiling (median of %d; spread %.1f %%)'
              % (python, statistics.median(plain), len(plain), 100 * spread))
        print('%8s  %10s  %22s  %16s' % ('period', 'overhead', 'middle half of pairs', 'samples a CPU s'))
        for period in PERIODS:
            low, middle, high = statistics.quantiles(ratios[period], n=4)
            print('%8s  %+8.2f %%  %+9.2f .. %+7.2f %%  %16.0f'
                  % (period, 100 * (middle - 1), 100 * (low - 1), 100 * (high - 1),
                     statistics.median(rates[period])))


if __name__ == '__main__':
    main(sys.argv[1:])
