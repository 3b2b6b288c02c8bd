"""Section 5.9: TOTALS."""

from .columns import ColumnSet
from .errors import require
from .limits import U32, U63, U64
from .samples import FIRST_VALUE, VALUES

STACK, SAMPLES = 1, 2


class Totals:
    """What the samples `first` to `behind` - 1 of a session come to: (samples, sums) by stack."""

    def __init__(self, first, by_stack):
        self.first, self.by_stack = first, by_stack
        self.behind = first + sum(samples for samples, _ in by_stack.values())


def read_totals(reader, header, payload):
    value_count = len(reader.session.value_types)
    columns = ColumnSet(payload, (STACK, SAMPLES, *VALUES[:value_count]), VALUES)
    stacks = columns.integers(STACK, U32, required=True)
    samples = columns.integers(SAMPLES, U64, required=True)
    values = [columns.integers(FIRST_VALUE + index, U64) if FIRST_VALUE + index in columns.columns else samples
              for index in range(value_count)]
    require(all(a < b for a, b in zip(stacks, stacks[1:])), "F-5.9-2", "its stacks do not grow")
    require(0 not in samples, "F-5.9-2", "a stack has no samples")
    for column in [samples, *values]:
        require(sum(column) <= U63, "F-5.9-2", "it adds up to too much")
    totals = Totals(columns.first, dict(zip(stacks, zip(samples, zip(*values)))))
    require(all(totals.first >= earlier.behind or totals.behind <= earlier.first
                or totals.first == totals.behind or earlier.first == earlier.behind
                for earlier in reader.session.totals), "F-5.9-4", "its samples are covered already")
    verify(reader, totals, header.epoch)
    reader.session.totals.append(totals)


def verify(reader, totals, epoch):
    """Holds them against the samples, where none of these are lost [F-5.9-1], [F-5.9-3]."""
    if totals.first == totals.behind:
        return
    covered = [chunk for chunk in reader.sample_chunks
               if chunk[1] and chunk[0] < totals.behind and totals.first < chunk[0] + chunk[1]]
    if sum(chunk[1] for chunk in covered) < totals.behind - totals.first and reader.session.damage:
        return
    require(covered and covered[0][0] == totals.first and covered[-1][0] + covered[-1][1] == totals.behind,
            "F-5.9-1", "it does not cover whole chunks")
    require(all(chunk[2] == epoch for chunk in covered), "F-5.9-1", "it covers samples of another epoch")
    expected = {}
    for _, _, _, stacks, values in covered:
        for stack, *sample_values in zip(stacks, *values):
            samples, sums = expected.get(stack, (0, (0,) * len(sample_values)))
            expected[stack] = samples + 1, tuple(map(sum, zip(sums, sample_values)))
    require(totals.by_stack == expected, "F-5.9-3", "it is not what the samples come to")
