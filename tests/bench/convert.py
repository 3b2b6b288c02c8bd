#!/usr/bin/env python3
"""What exports cost: one profile of 10 million samples over 100,000 distinct stacks of depth 30, in each format.

./dev bench convert [--json] [--samples N] [--stacks N]

Written to /dev/null: seconds on the wall, the best of three, and the most memory that was taken. Beside a flame graph stands
flamegraph.pl on the collapsed stacks, where Debian's is installed (--peers; it takes minutes). The file lies in the folder for
temporary files while the bench runs.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import format as format_bench  # noqa: E402

SAMPLES = 10000000
STACKS = 100000
RUNS = 3
MUST_S = 1.0
MUST_MIB = 200
FORMATS = ['collapsed', 'flamegraph', 'callgrind', 'pprof', 'otlp', 'gperftools', 'pstats', 'speedscope', 'json', 'csv', 'firefox',
           'chrome-trace', 'perf-script']
FLAMEGRAPH = pathlib.Path('/usr/share/perl5/Devel/NYTProf/flamegraph.pl')


def run(command):
    """(seconds, MiB at most) of a command that has to succeed."""
    start = time.monotonic()
    with open(os.devnull, 'wb') as null:
        process = subprocess.Popen([str(each) for each in command], stdout=null, stderr=null)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    seconds = time.monotonic() - start
    if status != 0:
        sys.exit('convert: %s failed' % command[0])
    return seconds, usage.ru_maxrss / 1024


def best(command, runs):
    """The fastest run, and the most memory of all."""
    done = [run(command) for _ in range(runs)]
    return min(seconds for seconds, _ in done), max(mib for _, mib in done)


def measure(options, tool, program, folder):
    """One row a format."""
    path = folder / 'many.prof'
    subprocess.check_call([str(program), str(path), str(options.samples), str(options.stacks)])
    commands = [(name, [tool, '--' + name, path]) for name in FORMATS]
    commands.append(('import', [tool, path]))
    rows = []
    for name, command in commands:
        seconds, mib = best(command, options.runs)
        rows.append({'format': name, 'seconds': round(seconds, 3), 'mib': round(mib, 1)})
    if options.peers and FLAMEGRAPH.exists():
        collapsed = folder / 'many.txt'
        run([tool, '--collapsed', path, '-o', collapsed])
        seconds, mib = best(['perl', FLAMEGRAPH, collapsed], 1)
        rows.append({'format': 'flamegraph.pl', 'seconds': round(seconds, 3), 'mib': round(mib, 1)})
    return rows


def main():
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', action='store_true', help='one JSON object')
    parser.add_argument('--samples', type=int, default=SAMPLES, metavar='N')
    parser.add_argument('--stacks', type=int, default=STACKS, metavar='N')
    parser.add_argument('--runs', type=int, default=RUNS, metavar='N')
    parser.add_argument('--peers', action='store_true', help='other tools too')
    parser.add_argument('--program', type=pathlib.Path, help='a convert_bench that is built already')
    parser.add_argument('--tool', type=pathlib.Path, help='a vmprof-convert that is built already')
    options = parser.parse_args()
    tool = options.tool or pathlib.Path(os.environ['VMPROF_PREFIX']) / 'bin/vmprof-convert'
    program = options.program or format_bench.build('convert_bench')
    with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
        rows = measure(options, tool, program, pathlib.Path(folder))
    if options.json:
        print(json.dumps({'samples': options.samples, 'stacks': options.stacks, 'formats': rows}))
        return 0
    print('%d samples over %d stacks; must: %.1f s, %d MiB' % (options.samples, options.stacks, MUST_S, MUST_MIB))
    for row in rows:
        print('  %-14s %8.2f s %8.1f MiB' % (row['format'], row['seconds'], row['mib']))
    return 0


if __name__ == '__main__':
    sys.exit(main())
