#!/usr/bin/env python3
"""What the analysis tools cost: time and memory, on profiles of many samples and of many distinct stacks.

./dev bench tools [--json] [--bin FOLDER] [--program SCALE_BENCH]

Two profiles are made: ten million samples over 100,000 distinct stacks, whose totals the file has, and a million
samples of as many distinct stacks. A tool's output is thrown away. `--strict` makes a tool read every sample. Times are of the
processor, user and system, and of the clock on the wall, those of the fastest of three runs; memory is the
greatest that was resident. What has to be reached stands beside it.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import format as format_bench  # noqa: E402

RUNS = 3
MIB = 1 << 20

# What is run, on which profile, and what it must stay below: milliseconds and MiB; None: nothing is asked.
CASES = [
    ('top', 'many', [], 50, None),
    ('tree', 'many', [], 50, None),
    ('func', 'many', ['function_7'], 50, None),
    ('top', 'many', ['--strict'], 300, None),
    ('tree', 'many', ['--strict'], 300, None),
    ('func', 'many', ['--strict', 'function_7'], 300, None),
    ('top', 'many', ['--format=json'], 300, None),
    ('tree', 'many', ['--bottom-up'], None, None),
    ('tree', 'many', ['--by=thread'], None, None),
    ('top', 'distinct', [], 250, 200),
    ('tree', 'distinct', [], None, None),
    ('func', 'distinct', ['function_7'], None, None),
]


def measure(command):
    """The fastest of some runs: (wall ms, processor ms, resident bytes)."""
    best = None
    for _ in range(RUNS):
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall_ms = (time.monotonic() - began) * 1000
        if status:
            sys.exit('tools: %s failed' % ' '.join(command))
        run = (wall_ms, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss * 1024)
        best = run if best is None or run < best else best
    return best


def row(name, command, must_ms, must_mib):
    wall_ms, processor_ms, resident_bytes = measure(command)
    return {'case': name, 'wall_ms': round(wall_ms, 1), 'processor_ms': round(processor_ms, 1),
            'resident_bytes': resident_bytes, 'must_ms': must_ms, 'must_mib': must_mib}


def run_cases(tools, profiles, folder):
    rows = []
    for tool, profile, words, must_ms, must_mib in CASES:
        operand = [word for word in words if not word.startswith('-')]
        options = [word for word in words if word.startswith('-')]
        command = [tools[tool]] + options + [profiles[profile]] + operand
        rows.append(row(' '.join(['vmprof-' + tool] + words + [profile]), command, must_ms, must_mib))
    merge = [tools['merge'], '-o', str(folder / 'merged.prof')]
    rows.append(row('vmprof-merge, ten of many', merge + [profiles['many']] * 10, 2000, 64))
    rows.append(row('vmprof-merge, two of distinct', merge + [profiles['distinct']] * 2, 1500, 300))
    rows.append(row('vmprof-merge --sum, two of many', merge + ['--sum'] + [profiles['many']] * 2, None, None))
    return rows


def table(rows):
    lines = ['%-44s %10s %12s %10s  %s' % ('', 'wall', 'processor', 'memory', 'must')]
    for each in rows:
        must = [] if each['must_ms'] is None else ['%d ms' % each['must_ms']]
        must += [] if each['must_mib'] is None else ['%d MiB' % each['must_mib']]
        lines.append('%-44s %7.0f ms %9.0f ms %6.0f MiB  %s' % (
            each['case'], each['wall_ms'], each['processor_ms'], each['resident_bytes'] / MIB, ', '.join(must)))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', action='store_true', help='one JSON object')
    parser.add_argument('--bin', help='where the tools are, if not in PATH')
    parser.add_argument('--program', type=pathlib.Path, help='a scale_bench that is built already')
    options = parser.parse_args()
    program = options.program or format_bench.build('scale_bench')
    tools = {name: shutil.which('vmprof-' + name, path=options.bin) for name in ('top', 'tree', 'func', 'merge')}
    with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
        folder = pathlib.Path(folder)
        profiles = {'many': str(folder / 'many.prof'), 'distinct': str(folder / 'distinct.prof')}
        for name, samples, stacks in (('many', 10000000, 100000), ('distinct', 1000000, 1000000)):
            subprocess.check_call([str(program), 'write', profiles[name], str(samples), str(stacks)],
                                  stdout=subprocess.DEVNULL)
        rows = run_cases(tools, profiles, folder)
    print(json.dumps({'rows': rows}) if options.json else '\n'.join(table(rows)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
