"""Section 4.1: encodings of integers, 1 to 4 [F-4-4]. coded.py has the fifth."""

from .errors import require
from .limits import U64
from .notation import Cursor

BYTES, PLAIN, DELTA, RUNS, DELTA_RUNS, CODED = range(6)


def decode(encoding, raw, count):
    """The entries of a column [F-4-4], [F-4-5]."""
    cursor = Cursor(raw, "F-4-5")
    entries = {PLAIN: _plain, DELTA: _delta, RUNS: _runs, DELTA_RUNS: _delta_runs}[encoding](cursor, count)
    require(cursor.at_end(), "F-4-5", "a column has more than its entries")
    return entries


def _plain(cursor, count):
    return [cursor.varint() for _ in range(count)]


def _delta(cursor, count):
    entries, previous = [], 0
    for _ in range(count):
        previous = (previous + cursor.zigzag()) & U64
        entries.append(previous)
    return entries


def _further(cursor, entries, count):
    """How many more entries a run has: no more than the column may."""
    further = cursor.varint()
    require(further < count - len(entries), "F-4-5", "a column has too many entries")
    return further


def _runs(cursor, count):
    entries = []
    while len(entries) < count:
        value = cursor.varint()
        entries += [value] * (1 + _further(cursor, entries, count))
    return entries


def _delta_runs(cursor, count):
    entries, previous = [], 0
    while len(entries) < count:
        step = cursor.zigzag()
        for _ in range(1 + _further(cursor, entries, count)):
            previous = (previous + step) & U64
            entries.append(previous)
    return entries
