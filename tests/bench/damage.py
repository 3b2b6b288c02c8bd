#!/usr/bin/env python3
"""Damaged files: never a crash, never a sample that was not written, never "whole" said of what is not.

./dev bench damage [--json] [--kills N] [--samples N] [--step N]

Three things are done to recordings, with an oracle that knows what was written and not how it is stored:
- one of some 100 kB is cut at every byte: all samples of the chunks that are whole must be there;
- every single bit of it is flipped: at most the samples of the chunk that it lies in may be missing;
- recordings are killed by SIGKILL at random instants, N (1000) that publish samples as fast as they can and count
  them, where at most the one sample that was being written may be missing; and N of a Python program, which are held
  against the CPU time that the kernel says it used.
--step tries only every N-th byte or bit. With --json one object a part, each on a line. Exits 1 when anything
is not as it must be.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import format as format_bench  # noqa: E402

SAMPLES = 4800  # make some 100 kB
KILLS = 1000
SEED = 20
SECONDS = 60
BAD = ('crashed', 'invented', 'called_whole', 'lost_too_much', 'refused')
PROGRAM = '''
import os, time
def spin():
    while True:
        for i in range(1000): pass
os.write(1, ("%r\\n" % time.process_time()).encode())
spin()
'''
# What of the CPU time no sample needs to tell of: a tick that was due and the sample that was being written, of
# 4 ms each; what ending a process costs; a tenth for the recorder's own thread.
UNTOLD_S = 0.038
UNTOLD_SHARE = 0.1


def parse(printed):
    return json.loads(printed.decode()) if printed else None


def damage(program, what, options):
    """Cuts or flips, as the bench program counts them."""
    done = subprocess.run([str(program), what, str(options.samples), str(options.step)], stdout=subprocess.PIPE)
    result = parse(done.stdout) or {'what': what, 'crashed': 1}
    result['failures'] = sum(result.get(key, 0) for key in BAD) or int(done.returncode != 0)
    return result


def wait_until(holds, child):
    """Waits for a child to be so far; False: it ended."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and child.poll() is None:
        if holds():
            return True
        time.sleep(0.002)
    return False


def kill_publisher(program, folder, delay):
    """One recording of witnesses. Returns what is left of it, and whether that is as it must be."""
    out, counter = folder / 'killed.prof', folder / 'counter'
    child = subprocess.Popen([str(program), 'record', str(out), str(counter)])
    try:
        begun = wait_until(lambda: counter.exists() and any(counter.read_bytes()), child)
        time.sleep(delay)
    finally:
        child.send_signal(signal.SIGKILL)
        code = child.wait()
    if not begun or code != -signal.SIGKILL:
        return {'error': 'the recording ended with %d' % code}, False
    done = subprocess.run([str(program), 'judge', str(out), str(counter)], stdout=subprocess.PIPE)
    return parse(done.stdout) or {'error': 'judge ended with %d' % done.returncode}, done.returncode == 0


def kill_python(program, folder, delay):
    """One recording of a Python program, likewise."""
    out, script = folder / 'killed.prof', folder / 'program.py'
    script.write_text(PROGRAM)
    child = subprocess.Popen([sys.executable, '-m', 'vmprof', '-o', str(out), str(script)], cwd=str(folder),
                             stdout=subprocess.PIPE)
    before = child.stdout.readline()
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    child.stdout.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if not before or status != signal.SIGKILL:
        return {'error': 'the recording ended with status %d' % status}, False
    done = subprocess.run([str(program), 'inspect', str(out), 'spin'], stdout=subprocess.PIPE)
    found = parse(done.stdout) or {'error': 'inspect ended with %d' % done.returncode}
    if done.returncode != 0:
        return found, False
    used = usage.ru_utime + usage.ru_stime - float(before)
    found['untold_s'] = used - found['weight_ns'] / 1e9
    # A sample or two may be of the line that says that it begins.
    named = found['samples'] < 3 or found['with_name'] > 0
    return found, (found['untold_s'] < UNTOLD_S + UNTOLD_SHARE * used and found['lost_names'] == 0 and
                   found['said_lost'] <= 1 and found['unfinished'] and named)


def kill_many(what, kill, program, count):
    """Kills so many recordings, one a processor at a time."""
    chance = random.Random(SEED)
    delays = [chance.uniform(0.0, 0.25) for _ in range(count)]
    result = {'what': what, 'kills': count, 'failures': 0, 'samples': 0, 'missing': 0, 'lost_names': 0, 'said_lost': 0}

    def one(delay):
        with tempfile.TemporaryDirectory(prefix='vmprof-bench-') as folder:
            return kill(program, pathlib.Path(folder), delay)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        for done, (found, good) in enumerate(workers.map(one, delays), 1):
            for key in ('samples', 'missing', 'lost_names', 'said_lost'):
                result[key] += found.get(key, 0)
            if not good:
                result['failures'] += 1
                result.setdefault('first_failure', found)
            if done % 100 == 0:
                print('%s: %d of %d' % (what, done, count), file=sys.stderr)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', action='store_true', help='one JSON object a part, one a line')
    parser.add_argument('--kills', type=int, default=KILLS, metavar='N')
    parser.add_argument('--samples', type=int, default=SAMPLES, metavar='N', help='of the file that is damaged')
    parser.add_argument('--step', type=int, default=1, metavar='N', help='try every N-th byte and bit only')
    parser.add_argument('--program', type=pathlib.Path, help='a damage_bench that is built already')
    options = parser.parse_args()
    program = options.program or format_bench.build('damage_bench')
    failures = 0
    for part in (lambda: damage(program, 'cuts', options), lambda: damage(program, 'flips', options),
                 lambda: kill_many('kills of a publisher', kill_publisher, program, options.kills),
                 lambda: kill_many('kills of a Python program', kill_python, program, options.kills)):
        result = part()
        failures += result['failures']
        if options.json:
            print(json.dumps(result), flush=True)
        else:
            print('%-26s %s' % (result.pop('what'), ', '.join('%s %s' % each for each in result.items())), flush=True)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
