#!/usr/bin/env python3
"""The cost of one sample, in ns, at several depths of the stack.

usage: cost.py [--json] [PYTHON...]

The sampler's own signal is sent to this thread with the value that its timer carries, so that the
handler takes a sample; then with another value, so that it only looks at it and returns. The
difference is the sample: clocks, walk and the row in the ring. "With the signal" adds the kernel's
part, which is what a program pays for a tick less the timer interrupt itself. Each figure is the median
of batches that are small enough for the ring, and behind it the least: on a busy machine the latter is
the truer one.
"""
import ctypes
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

DEPTHS = (10, 50, 200)
BATCH = 100
BATCHES = 50
ENOUGH = 0.97  # of the samples: on a busy machine a rest is sometimes too short, and its sample not taken
REST = 8  # more than REST_FACTOR of the signal handler
SYS_RT_TGSIGQUEUEINFO = 297  # x86-64
SI_TIMER = -2


class SignalInfo(ctypes.Structure):
    """siginfo_t of a timer."""
    _fields_ = [('signal', ctypes.c_int), ('errno', ctypes.c_int), ('code', ctypes.c_int),
                ('padding', ctypes.c_int), ('timer', ctypes.c_int), ('overrun', ctypes.c_int),
                ('value', ctypes.c_uint64), ('rest', ctypes.c_char * 96)]


def timer_of_this_thread():
    """(signal, value) of the sampler's timer, from the kernel's list."""
    with open('/proc/self/timers') as stream:
        found = re.search(r'signal: (\d+)/([0-9a-f]+)\nnotify: signal/tid\.%d\n' % os.getpid(), stream.read())
    return int(found.group(1)), int(found.group(2), 16)


def at_depth(depth, call):
    """Calls call() with depth frames on the stack, those of this file included."""
    frame, already = sys._getframe(), 0
    while frame is not None:
        frame, already = frame.f_back, already + 1

    def down(left):
        return call() if left <= 0 else down(left - 1)
    return down(depth - already - 3)


class Sender:
    """Sends signals to this thread, and measures."""

    def __init__(self, number, value):
        self.syscall = ctypes.CDLL(None, use_errno=True).syscall
        self.place = (SYS_RT_TGSIGQUEUEINFO, os.getpid(), os.getpid())
        self.number = number
        self.tick = SignalInfo(number, 0, SI_TIMER, 0, 0, 0, value)
        self.other = SignalInfo(number, 0, SI_TIMER, 0, 0, 0, 0)

    def batch(self, number, info):
        """ns of CPU for one call, over a batch. After a sample the sampler rests for some times its cost, so there
        is work of another kind in between."""
        syscall, place, reference, clock = self.syscall, self.place, ctypes.byref(info), time.thread_time_ns
        total = 0
        for _ in range(BATCH):
            begin = clock()
            syscall(*place, number, reference)
            end = clock()
            total += end - begin
            while clock() < end + REST * (end - begin):
                pass
        return total / BATCH

    def measure(self):
        """The sample, and the sample with its signal: for each (median, least) in ns."""
        ticks, others, nothings = [], [], []
        for _ in range(BATCHES):
            ticks.append(self.batch(self.number, self.tick))
            others.append(self.batch(self.number, self.other))
            nothings.append(self.batch(0, self.other))  # the same system call without a signal
            time.sleep(0.02)  # the ring is emptied meanwhile
        return [(round(statistics.median(ticks) - statistics.median(less)), round(min(ticks) - min(less)))
                for less in (others, nothings)]


def measure(depth):
    """(sample, sample with its signal, samples that were lost)"""
    import vmprof
    from vmprof import _recorder
    with tempfile.TemporaryFile() as out:
        vmprof.enable(out.fileno(), 0.9)
        sender = Sender(*timer_of_this_thread())
        sample, whole = at_depth(depth, sender.measure)
        summary = _recorder.stop()
    if summary.samples + summary.lost_samples < ENOUGH * BATCH * BATCHES:
        sys.exit('only %d of %d samples were taken' % (summary.samples, BATCH * BATCHES))
    return sample, whole, summary.lost_samples


def print_json():
    rows = []
    for depth in DEPTHS:
        sample, whole, lost = measure(depth)
        rows.append({'depth': depth, 'sample_ns': sample[0], 'sample_least_ns': sample[1], 'with_signal_ns': whole[0],
                     'with_signal_least_ns': whole[1], 'lost': lost})
    print(json.dumps(rows))


def print_table():
    print('CPython %s' % sys.version.split()[0])
    print('%8s  %16s  %20s  %10s' % ('depth', 'sample, ns', 'with the signal, ns', 'lost'))
    for depth in DEPTHS:
        sample, whole, lost = measure(depth)
        print('%8d  %16s  %20s  %10d' % (depth, '%d (%d)' % sample, '%d (%d)' % whole, lost))


def main(arguments):
    as_json = arguments[:1] == ['--json']
    pythons = arguments[as_json:]
    for python in pythons:
        subprocess.run([python, os.path.abspath(__file__)] + arguments[:as_json], check=True)
    if not pythons and as_json:
        print_json()
    elif not pythons:
        print_table()


if __name__ == '__main__':
    main(sys.argv[1:])
