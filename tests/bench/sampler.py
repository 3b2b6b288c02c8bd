#!/usr/bin/env python3
"""What the sampler reaches and costs, as JSON.

usage: sampler.py [--python PYTHON]... [--source NAME]... [--rounds N] [--wall]

For each interpreter and each source of ticks (default: the one that is chosen by itself):

  rates     the period that was reached, for each that was asked for
  slowdown  the work of one process, with and without a recording, in turns: what the recording adds to the CPU time of
            the thread that works, to that of the process (the sampler's threads are in it), and to the time that passes;
            medians over the pairs, with the middle half of them, and the least of all pieces against the least: on a
            busy machine the truer figure
  memory    what the peak resident size of the process grows by while it is recorded
  cost      one sample by depth of the stack, CPython only: see cost.py
  perf      the same work under `perf record -F`, where that runs

What is measured shares nothing with the sampler: the program reads its own clocks.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / 'testdata/programs/fixed_work.py'
PERIODS_NS = (4000000, 1000000, 100000, 50000)
SLOWDOWN_NS = (1000000, 100000)
PIECE_SECONDS = 0.05   # of work between two looks at the clocks
RATE_SECONDS = 1.0
PERF_HZ = (1000, 10000)


# ---- inside of the process that is measured -------------------------------------------------------

class Inside:
    """Runs pieces of work, some of them recorded."""

    def __init__(self):
        sys.path.insert(0, str(PROGRAM.parent))
        import fixed_work
        self.work = fixed_work.work
        self.count = 1
        begin = time.thread_time()
        self.work(50)  # PyPy compiles meanwhile
        self.work(50)
        self.count = max(1, int(50 * PIECE_SECONDS / ((time.thread_time() - begin) / 2)))

    def piece(self):
        """(CPU time of this thread, of the process, time that passed) of one piece of work."""
        begin = time.thread_time(), time.process_time(), time.perf_counter()
        self.work(self.count)
        end = time.thread_time(), time.process_time(), time.perf_counter()
        return [after - before for before, after in zip(begin, end)]

    def recorded(self, period_ns, wall, pieces=1):
        """The pieces, and the summary of their recording."""
        import vmprof
        from vmprof import _recorder
        options = {'real_time': True} if wall else {}
        with tempfile.TemporaryFile() as out:
            vmprof.enable(out.fileno(), period_ns / 1e9, **options)
            found = [self.piece() for _ in range(pieces)]
            summary = _recorder.stop()
        return found, summary

    def rates(self, wall):
        rows = []
        for period_ns in PERIODS_NS:
            _, summary = self.recorded(period_ns, wall, int(RATE_SECONDS / PIECE_SECONDS))
            rows.append({'asked_ns': period_ns, 'reached_ns': summary.reached_period_ns,
                         'samples': summary.samples, 'lost': summary.lost_samples})
        return rows

    def slowdown(self, rounds, wall):
        """Who goes first changes, so that a drift of the machine favours nobody."""
        pairs = {period_ns: [] for period_ns in SLOWDOWN_NS}
        for number in range(rounds):
            for period_ns in SLOWDOWN_NS:
                pair = {}
                for recorded in (number % 2 == 0, number % 2 == 1):
                    pair[recorded] = self.recorded(period_ns, wall)[0][0] if recorded else self.piece()
                pairs[period_ns].append((pair[True], pair[False]))
        return [dict({'period_ns': period_ns, 'pairs': rounds}, **{
            name: compare([(with_it[column], without[column]) for with_it, without in pairs[period_ns]])
            for column, name in enumerate(('thread_cpu', 'process_cpu', 'elapsed'))})
                for period_ns in SLOWDOWN_NS]

    def memory(self, wall):
        """The peak is what the kernel says that it was, set back before. The work takes no memory of its own."""
        import fixed_work
        before, self.work, self.count = (self.work, self.count), fixed_work.arithmetic, 2000000
        peaks = []
        for recorded in (False, True):
            with open('/proc/self/clear_refs', 'w') as reset:
                reset.write('5')
            self.recorded(100000, wall, 5) if recorded else self.piece()
            peaks.append(peak_bytes())
        self.work, self.count = before
        return peaks[1] - peaks[0]


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return {'median': round(middle, 5), 'middle_half': [round(low, 5), round(high, 5)]}


def compare(pairs):
    least = min(with_it for with_it, _ in pairs) / min(without for _, without in pairs) - 1
    return dict(quartiles([with_it / without - 1 for with_it, without in pairs]), least=round(least, 5))


def peak_bytes():
    with open('/proc/self/status') as status:
        return [int(line.split()[1]) * 1024 for line in status if line.startswith('VmHWM:')][0]


def run_inside(rounds, wall):
    inside = Inside()
    # Before anything else was recorded: what the first recording takes, the next ones find there.
    memory = inside.memory(wall)
    print(json.dumps({'memory_bytes': memory, 'rates': inside.rates(wall), 'slowdown': inside.slowdown(rounds, wall)}))


# ---- outside ---------------------------------------------------------------------------------------

def measure(python, source, rounds, wall):
    environment = dict(os.environ)
    if source:
        environment['VMPROF_TICK_SOURCE'] = source
    command = [python, str(HERE / 'sampler.py'), '--inside', '--rounds', str(rounds)]
    done = subprocess.run(command + (['--wall'] if wall else []), env=environment, stdout=subprocess.PIPE, check=True)
    return dict({'source': source or 'by itself'}, **json.loads(done.stdout))


def cost(python):
    done = subprocess.run([python, str(HERE / 'cost.py'), '--json'], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def work_seconds(command):
    return float(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.split()[0])


def perf(python, rounds):
    """What `perf record` adds to the CPU time that the program measures; null: it does not run here."""
    if shutil.which('perf') is None:
        return None
    rows = []
    plain = [python, str(PROGRAM), '300']
    with tempfile.TemporaryDirectory() as folder:
        for hertz in PERF_HZ:
            recorded = ['perf', 'record', '-g', '-q', '-F', str(hertz), '-o', os.path.join(folder, 'perf.data'), '--'] + plain
            try:
                ratios = [work_seconds(recorded) / work_seconds(plain) - 1 for _ in range(max(3, rounds // 4))]
            except subprocess.CalledProcessError:
                return None
            rows.append({'hertz': hertz, 'cpu': quartiles(ratios)})
    return rows


def system_load():
    return {'cores': os.cpu_count(), 'load': os.getloadavg()[0], 'kernel': os.uname().release}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--python', action='append', help='an interpreter; may be given several times')
    parser.add_argument('--source', action='append', help='cpu-timer, helper, perf or reader; may be given several times')
    parser.add_argument('--rounds', type=int, default=15, help='pairs for each figure (15)')
    parser.add_argument('--wall', action='store_true', help='record time on the clock too')
    parser.add_argument('--quick', action='store_true', help='neither cost nor perf')
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        run_inside(options.rounds, options.wall)
        return
    report = {'machine': system_load(), 'wall': options.wall, 'interpreters': []}
    for python in options.python or [sys.executable]:
        entry = {'python': python, 'sources': [measure(python, source, options.rounds, options.wall)
                                               for source in options.source or [None]]}
        if not options.quick:
            entry['cost'], entry['perf_record'] = cost(python), perf(python, options.rounds)
        report['interpreters'].append(entry)
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == '__main__':
    main()
