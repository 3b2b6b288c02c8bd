#!/usr/bin/env python3
"""What the format makes of recorded traces: bytes a sample, time to write and to read.

./dev bench format [--trace BASE]...   BASE.bin and BASE.loc, also packed with xz; without --trace those of
                                       $VMPROF_SHARED/traces, or of ../shared/traces
Prints one JSON object a trace.
"""
import argparse
import lzma
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def default_traces():
    """The traces of the shared folder, where there is one."""
    shared = pathlib.Path(os.environ.get('VMPROF_SHARED') or ROOT.parent / 'shared')
    return sorted(path.with_suffix('').with_suffix('') for path in (shared / 'traces').glob('*.bin.xz'))


def unpack(base, folder):
    """Puts the two files of a trace into folder, unpacked, and returns their base there."""
    for suffix in ('.bin', '.loc'):
        packed = base.with_name(base.name + suffix + '.xz')
        plain = base.with_name(base.name + suffix)
        data = lzma.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
        (folder / (base.name + suffix)).write_bytes(data)
    return folder / base.name


def build():
    """The bench program, optimised."""
    subprocess.run(['bazel', 'build', '--config=release', '//tests/bench:format_bench'], cwd=ROOT, check=True,
                   stderr=subprocess.DEVNULL)
    where = subprocess.run(['bazel', 'info', '--config=release', 'bazel-bin'], cwd=ROOT, check=True,
                           capture_output=True, text=True)
    return pathlib.Path(where.stdout.strip()) / 'tests/bench/format_bench'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--trace', action='append', type=pathlib.Path, default=[], metavar='BASE')
    traces = parser.parse_args().trace or default_traces()
    if not traces:
        print('no trace found: give one with --trace BASE', file=sys.stderr)
        return 1
    program = build()
    for base in traces:
        with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
            subprocess.run([program, unpack(base, pathlib.Path(folder)), base.name], check=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
