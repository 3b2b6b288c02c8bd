#!/usr/bin/env python3
"""What the analysis tools cost: time and memory, on profiles of many samples and of many distinct stacks.

./dev bench tools [--json] [--bin FOLDER] [--program SCALE_BENCH] [--no-peers]

Two profiles are made: ten million samples over 100,000 distinct stacks, whose totals the file has, and a million
samples of as many distinct stacks. A tool's output is thrown away. `--strict` makes a tool read every sample. Times are of the
processor, user and system, and of the clock on the wall, those of the fastest of three runs; memory is the
greatest that was resident. What has to be reached stands beside it.

Below each question that a peer of Debian's answers too stands what that takes, run once, on the same profile, which
vmprof-convert brings into its format: `go tool pprof` (golang-go), where it is installed. What it does not do (a
diff by tree, intervals) has no peer here.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import format as format_bench  # noqa: E402

RUNS = 3
PEER_RUNS = 1  # they take long
PEER_SECONDS = 60  # of the processor; then it is ended, and took more than that
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


# Beside which case: what a peer is called, the formats that it reads the profile in, and its words.
PEERS = {
    'vmprof-top many': [('pprof', '--pprof', ['-top'], ['many'])],
    'vmprof-tree many': [('pprof', '--pprof', ['-tree'], ['many'])],
    'vmprof-func function_7 many': [('pprof', '--pprof', ['-peek=^function_7$'], ['many'])],
    'vmprof-top distinct': [('pprof', '--pprof', ['-top'], ['distinct'])],
    'vmprof-merge, two of distinct': [('pprof', '--pprof', ['-proto', '-output=/dev/null'], ['distinct'] * 2)],
}


class Peers:
    """The programs of others, and the profiles in their formats."""

    def __init__(self, convert, profiles, folder):
        self.convert, self.profiles, self.folder = convert, profiles, folder
        self.programs = {}
        if shutil.which('go'):
            tools = subprocess.check_output(['go', 'env', 'GOTOOLDIR'], universal_newlines=True).strip()
            self.programs['pprof'] = shutil.which('pprof', path=tools)

    def missing(self):
        return sorted({name for peers in PEERS.values() for name, _, _, _ in peers if not self.programs.get(name)})

    def file(self, profile, form):
        path = self.folder / (profile + form)
        if not path.exists():
            subprocess.check_call([self.convert, form, self.profiles[profile], '-o', str(path)],
                                  stderr=subprocess.DEVNULL)
        return str(path)

    def rows(self, case):
        """What peers take for the same."""
        found = []
        for name, form, words, profiles in PEERS.get(case, []):
            if self.programs.get(name):
                files = [self.file(profile, form) for profile in profiles]
                command = [self.programs[name]] + words + files
                found.append(row('  beside it: %s %s' % (name, words[0]), command, None, None, PEER_RUNS,
                                 PEER_SECONDS))
        return found


def measure(command, runs, most_seconds=None):
    """The fastest of some runs: (wall ms, processor ms, resident bytes), and whether it was ended."""
    best = None
    limit = None
    if most_seconds:
        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds))
    for _ in range(runs):
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 preexec_fn=limit)
        said = child.stderr.read()
        child.stderr.close()
        _, status, usage = os.wait4(child.pid, 0)
        wall_ms = (time.monotonic() - began) * 1000
        is_ended = bool(most_seconds) and os.WIFSIGNALED(status)
        if status and not is_ended:
            sys.exit('tools: %s failed: %s' % (' '.join(command), said.decode('utf-8', 'replace')))
        run = (wall_ms, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss * 1024, is_ended)
        best = run if best is None or run < best else best
    return best


def row(name, command, must_ms, must_mib, runs=RUNS, most_seconds=None):
    wall_ms, processor_ms, resident_bytes, is_ended = measure(command, runs, most_seconds)
    return {'case': name, 'wall_ms': round(wall_ms, 1), 'processor_ms': round(processor_ms, 1),
            'resident_bytes': resident_bytes, 'must_ms': must_ms, 'must_mib': must_mib, 'is_ended': is_ended}


def run_cases(tools, profiles, folder, peers):
    asked = []
    for tool, profile, words, must_ms, must_mib in CASES:
        operand = [word for word in words if not word.startswith('-')]
        options = [word for word in words if word.startswith('-')]
        command = [tools[tool]] + options + [profiles[profile]] + operand
        asked.append((' '.join(['vmprof-' + tool] + words + [profile]), command, must_ms, must_mib))
    merge = [tools['merge'], '-o', str(folder / 'merged.prof')]
    many, distinct = profiles['many'], profiles['distinct']
    asked.append(('vmprof-merge, ten of many', merge + [many] * 10, 2000, 64))
    asked.append(('vmprof-merge, two of distinct', merge + [distinct] * 2, 1500, 300))
    asked.append(('vmprof-merge --sum, two of many', merge + ['--sum'] + [many] * 2, None, None))
    asked.append(('vmprof-merge --focus, many', merge + ['--focus=^function_7$', many], None, None))
    asked.append(('vmprof-diff, two of many', [tools['diff'], many, many], None, None))
    asked.append(('vmprof-diff --tree, many and distinct', [tools['diff'], '--tree', many, distinct], None, None))
    rows = []
    for each in asked:
        rows.append(row(*each))
        rows += peers.rows(each[0]) if peers else []
    return rows


def table(rows):
    lines = ['%-44s %10s %12s %10s  %s' % ('', 'wall', 'processor', 'memory', 'must')]
    for each in rows:
        must = [] if each['must_ms'] is None else ['%d ms' % each['must_ms']]
        must += [] if each['must_mib'] is None else ['%d MiB' % each['must_mib']]
        must += ['was ended: it takes more'] if each['is_ended'] else []
        lines.append('%-44s %7.0f ms %9.0f ms %6.0f MiB  %s' % (
            each['case'], each['wall_ms'], each['processor_ms'], each['resident_bytes'] / MIB, ', '.join(must)))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', action='store_true', help='one JSON object')
    parser.add_argument('--bin', help='where the tools are, if not in PATH')
    parser.add_argument('--no-peers', action='store_true', help='not what others take')
    parser.add_argument('--program', type=pathlib.Path, help='a scale_bench that is built already')
    options = parser.parse_args()
    program = options.program or format_bench.build('scale_bench')
    names = ('top', 'tree', 'func', 'merge', 'diff', 'convert')
    tools = {name: shutil.which('vmprof-' + name, path=options.bin) for name in names}
    with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
        folder = pathlib.Path(folder)
        profiles = {'many': str(folder / 'many.prof'), 'distinct': str(folder / 'distinct.prof')}
        for name, samples, stacks in (('many', 10000000, 100000), ('distinct', 1000000, 1000000)):
            subprocess.check_call([str(program), 'write', profiles[name], str(samples), str(stacks)],
                                  stdout=subprocess.DEVNULL)
        peers = None if options.no_peers else Peers(tools['convert'], profiles, folder)
        rows = run_cases(tools, profiles, folder, peers)
    for name in peers.missing() if peers else []:
        print('tools: no %s on this machine to stand beside' % name, file=sys.stderr)
    print(json.dumps({'rows': rows}) if options.json else '\n'.join(table(rows)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
