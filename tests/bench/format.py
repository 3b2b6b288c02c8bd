#!/usr/bin/env python3
"""What the format makes of recorded traces: bytes a sample, time to write and to read, memory.

./dev bench format [--trace BASE]... [--json] [--samples N] [--keep FOLDER]

BASE.bin and BASE.loc, also packed with xz; without --trace those of $VMPROF_SHARED/traces, or of ../shared/traces,
and a synthetic one (tests/bench/synthetic.h) of 5,000,000 samples, or N. Beside ours, the same trace as a gzip'd
pprof, which keeps neither times nor threads, and as a plain log of upstream vmprof, which keeps no times.
With --json one object a trace, each on a line. Every profile is read back and compared with its trace.
"""
import argparse
import json
import lzma
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SYNTHETIC_SAMPLES = 5000000
SYNTHETIC_SEED = 20
MIB = 1 << 20

# What the format is meant to reach: must, stretch. Less is better, or more.
LESS, MORE = 'less', 'more'
REPEATS = {'encode_ns_per_sample': (150, 80, LESS), 'decode_samples_per_s': (100e6, 180e6, MORE)}
NOVEL = {'encode_ns_per_sample': (900, 350, LESS), 'decode_samples_per_s': (20e6, 40e6, MORE)}
ALWAYS = {'writer_peak_bytes': (12 * MIB, 8 * MIB, LESS)}
FIGURES = {
    'sympy': dict(NOVEL, bytes_per_sample=(5.9, 5.0, LESS)),
    'threads': dict(REPEATS, bytes_per_sample=(0.52, 0.42, LESS)),
    'synthetic': dict(REPEATS, bytes_per_sample=(0.64, 0.45, LESS)),
}

# Key, what it is called, how it is shown.
ROWS = (
    ('bytes_per_sample', 'bytes/sample', '%.3f', 1),
    ('encode_ns_per_sample', 'encode, ns/sample', '%.0f', 1),
    ('encode_api_ns_per_sample', 'encode through calls, ns/sample', '%.0f', 1),
    ('decode_samples_per_s', 'decode, M samples/s', '%.1f', 1e6),
    ('aggregate_samples_per_s', 'totals of stacks, M samples/s', '%.1f', 1e6),
    ('writer_peak_bytes', 'writer at most, MiB', '%.2f', MIB),
    ('reader_peak_bytes', 'reader at most, MiB', '%.2f', MIB),
    ('pprof_bytes_per_sample', 'pprof.gz, bytes/sample', '%.3f', 1),
    ('pprof_encode_ns_per_sample', 'pprof.gz, encode, ns/sample', '%.0f', 1),
    ('upstream_bytes_per_sample', 'upstream log, bytes/sample', '%.1f', 1),
    ('upstream_encode_ns_per_sample', 'upstream log, encode, ns/sample', '%.0f', 1),
)


def default_traces():
    """The traces of the shared folder, where there is one."""
    shared = pathlib.Path(os.environ.get('VMPROF_SHARED') or str(ROOT.parent / 'shared'))
    return sorted(path.with_suffix('').with_suffix('') for path in (shared / 'traces').glob('*.bin.xz'))


def unpack(base, folder):
    """Puts the two files of a trace into folder, unpacked, and returns their base there."""
    for suffix in ('.bin', '.loc'):
        packed = base.with_name(base.name + suffix + '.xz')
        plain = base.with_name(base.name + suffix)
        data = lzma.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
        (folder / (base.name + suffix)).write_bytes(data)
    return folder / base.name


def build(name):
    """A bench program, optimised."""
    subprocess.check_call(['bazel', 'build', '--config=release', '//tests/bench:' + name], cwd=str(ROOT),
                          stderr=subprocess.DEVNULL)
    where = subprocess.check_output(['bazel', 'info', '--config=release', 'bazel-bin'], cwd=str(ROOT),
                                    stderr=subprocess.DEVNULL)
    return pathlib.Path(where.decode().strip()) / 'tests/bench' / name


def measure(program, name, trace, keep):
    """What the bench program says of a trace."""
    command = [str(program), name, str(trace)] + ([str(keep)] if keep else [])
    return json.loads(subprocess.check_output(command).decode())


def verdict(figure, value):
    must, stretch, better = figure
    sign = 1 if better == LESS else -1
    if sign * value <= sign * stretch:
        return 'stretch reached'
    return 'reached' if sign * value <= sign * must else 'missed by %.0f%%' % (100 * abs(value / must - 1))


def table(result):
    """A result for people, as lines."""
    lines = ['{trace}: {samples:,} samples of {seconds:.0f} s, {threads} threads, {distinct_stacks:,} distinct stacks, '
             '{repeats_percent:.0f}% repeats, depth {mean_depth:.0f} in the mean'.format(**result),
             '%-34s %10s %10s %10s' % ('', 'measured', 'must', 'stretch')]
    figures = dict(ALWAYS, **FIGURES.get(result['trace'], {}))
    for key, title, shown, unit in ROWS:
        line = '  %-32s %10s' % (title, shown % (result[key] / unit))
        if key in figures:
            must, stretch, _ = figures[key]
            line += ' %10s %10s  %s' % ('%g' % (must / unit), '%g' % (stretch / unit),
                                        verdict(figures[key], result[key]))
        lines.append(line)
    return lines + ['']


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--trace', action='append', type=pathlib.Path, default=[], metavar='BASE')
    parser.add_argument('--json', action='store_true', help='one JSON object a trace, one a line')
    parser.add_argument('--samples', type=int, default=SYNTHETIC_SAMPLES, metavar='N', help='of the synthetic trace')
    parser.add_argument('--keep', type=pathlib.Path, metavar='FOLDER', help='put the profiles and logs there')
    parser.add_argument('--program', type=pathlib.Path, help='a format_bench that is built already')
    options = parser.parse_args()
    program = options.program or build('format_bench')
    with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
        traces = [(base.name, lambda base=base: unpack(base, pathlib.Path(folder)))
                  for base in options.trace or default_traces()]
        if not options.trace:
            traces.append(('synthetic', lambda: 'synthetic:%d:%d' % (options.samples, SYNTHETIC_SEED)))
        for name, trace in traces:
            result = measure(program, name, trace(), options.keep)
            print(json.dumps(result) if options.json else '\n'.join(table(result)), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
