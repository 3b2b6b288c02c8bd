#!/usr/bin/env python3
"""A recording that goes on and on: does its memory stay flat, and is the file whole?

usage: ./dev bench soak [--minutes M] [--python PYTHON] [--period 100us] [--threads N] [--json]

A program of N threads that come and go, sleep, call, raise, allocate and hold locks, with a child process now and then, is
recorded for that long by vmprof-record. Each row is what stood at a time: resident memory of the program, what the sampler
has mapped beside it (the journal), threads, descriptors, and the size of the file. Beside it the same program runs without the
sampler: what its own memory does, the recording's may do as well. At the end the file is read as a whole, every checksum and
total of it, and what was lost is told.

Ends with 1 where the program failed, the file is not whole, or the recorded program's memory grew by more than MAX_GROWTH_MIB
over what the other one's did, from the end of the first tenth on.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'vm'))
import harness  # noqa: E402

PROGRAM = harness.PROGRAMS / 'soak.py'
MAX_GROWTH_MIB = 4.0
ROWS = 30


def numbers_of(process_id):
    """Resident MiB, threads and descriptors of a process; None: it is gone."""
    try:
        with open('/proc/%d/status' % process_id) as lines:
            fields = dict(line.split(':', 1) for line in lines)
        resident = int(fields['VmRSS'].split()[0]) + int(fields.get('VmSwap', '0').split()[0])
        return resident / 1024, int(fields['Threads']), len(os.listdir('/proc/%d/fd' % process_id))
    except (OSError, KeyError, ValueError):
        return None


def child_of(process_id):
    """The program that vmprof-record has started."""
    with open('/proc/%d/task/%d/children' % (process_id, process_id)) as children:
        found = children.read().split()
    return int(found[0]) if found else None


class Row:
    """What stood at a time, of the recorded program and of the other."""

    def __init__(self, seconds, recorded, plain, file_bytes):
        self.seconds, self.recorded, self.plain, self.file_mib = seconds, recorded, plain, file_bytes / 2**20

    def text(self):
        return '%7.0f s  %8.2f MiB %4d threads %3d descriptors  (without: %8.2f MiB)  file %9.2f MiB' % (
            self.seconds, self.recorded[0], self.recorded[1], self.recorded[2], self.plain[0], self.file_mib)


def watch(recorder, plain, seconds, output, quiet):
    rows = []
    begin = time.monotonic()
    time.sleep(min(2, seconds / 10))
    program = child_of(recorder.pid) or recorder.pid
    for number in range(1, ROWS + 1):
        due = begin + seconds * 0.97 * number / ROWS
        time.sleep(max(0, due - time.monotonic()))
        recorded, other = numbers_of(program), numbers_of(plain.pid)
        if recorded is None or other is None:
            break
        rows.append(Row(time.monotonic() - begin, recorded, other, os.path.getsize(output)))
        if not quiet:
            print(rows[-1].text(), flush=True)
    return rows


def growth_mib(rows):
    """Of the recorded program, beyond the other's: the middle of the last third against that of the second tenth on."""
    def middle(part):
        values = sorted(row.recorded[0] - row.plain[0] for row in part)
        return values[len(values) // 2]
    early = rows[len(rows) // 10:len(rows) // 10 + max(1, len(rows) // 5)]
    return middle(rows[-max(1, len(rows) // 3):]) - middle(early)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--python', default='/usr/bin/python3')
    parser.add_argument('--period', default='100us')
    parser.add_argument('--threads', type=int, default=50)
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()
    tree = harness.tree()
    words = [options.python, str(PROGRAM), str(60 * options.minutes), str(options.threads)]
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, 'soak.prof')
        plain = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        recorder = subprocess.Popen([str(tree / 'bin/vmprof-record'), '--period', options.period, '-o', output] + words,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, universal_newlines=True)
        rows = watch(recorder, plain, 60 * options.minutes, output, options.json)
        said = recorder.communicate(timeout=300)[1].strip()
        codes = [recorder.returncode, plain.wait(timeout=300)]
        checked = subprocess.run([str(tree / 'bin/vmprof-info'), '--verify', output], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, universal_newlines=True, check=False)
        shown = json.loads(subprocess.check_output([str(tree / 'bin/vmprof-top'), '--format=json', output]))
    growth = growth_mib(rows) if len(rows) > 9 else None
    result = {'python': options.python, 'minutes': options.minutes, 'period': options.period, 'growth_mib': growth,
              'samples': shown['profile']['samples'], 'lost': shown['profile']['lost_samples'], 'exit_codes': codes,
              'whole': checked.returncode == 0, 'file_mib': rows[-1].file_mib if rows else None}
    print(json.dumps(result) if options.json else '%s\n%s\n%s' % (said, checked.stdout.strip(), result), flush=True)
    sys.exit(codes != [0, 0] or checked.returncode != 0 or (growth is not None and growth > MAX_GROWTH_MIB))


if __name__ == '__main__':
    main()
