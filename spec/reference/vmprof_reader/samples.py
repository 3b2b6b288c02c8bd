"""Section 5.6: SAMPLES."""

from .columns import ColumnSet, value_columns
from .errors import require
from .limits import MAX_VALUES, U32, U63, U64
from .model import KNOWN_FLAGS, Sample
from .stacks import Supply
from .threads import defined_threads

STACK, THREAD, TIME, FLAGS, RUN_LENGTH, RUN_KIND, AGE, NODE = range(1, 9)
AS_RUNS = (RUN_LENGTH, RUN_KIND, AGE, NODE)
LABEL = 0x8001
FIRST_VALUE = 16
VALUES = range(FIRST_VALUE, FIRST_VALUE + MAX_VALUES)


def read_samples(reader, header, payload):
    session, tables = reader.session, reader.tables
    value_count = len(session.value_types)
    known = VALUES[:value_count]
    columns = ColumnSet(payload, (STACK, THREAD, TIME, FLAGS, *AS_RUNS, LABEL, *known), VALUES)  # [F-5.6-1]
    require(columns.first >= reader.samples_before_chunk, "F-5.6-1", "its samples were there before")
    require(columns.first + columns.count <= U64, "F-5.6-1", "more samples than can be counted")
    threads = columns.integers(THREAD, U32, required=True)
    times = columns.integers(TIME, U64, required=True)
    flags = columns.integers(FLAGS, U32)
    labels = columns.integers(LABEL, U32)
    values = value_columns(columns, FIRST_VALUE, value_count)
    stacks = read_stack_ids(columns, threads)
    sums = [reader.sums[index] + sum(column) for index, column in enumerate(values)]
    require(max(sums) <= U63, "F-5.6-4", "the values add up to too much")
    # All rules hold: from here on the chunk counts.
    stacks = tables.defined(session, header, tables.stacks, stacks, "F-5.6-2")
    labels = tables.defined(session, header, tables.labels, labels, "F-5.2-3")
    threads = defined_threads(session, header, threads)
    missing = columns.first - reader.samples_before_chunk
    if missing:
        session.damage.samples += missing
        session.note("F-5.6-1", header.offset, "%d samples before it are lost" % missing)
    reader.samples_before_chunk = columns.first + columns.count
    reader.sums[:value_count] = sums
    reader.samples_begun = True
    reader.sample_chunks.append((columns.first, columns.count, header.epoch, stacks, values))
    reader.journal_position = max(reader.journal_position, columns.position)
    session.lost_samples = max(session.lost_samples, columns.further)
    for stack, thread, time_ns, flag, label, *sample_values in zip(stacks, threads, times, flags, labels, *values):
        session.samples.append(Sample(
            lambda node=stack: tables.frames(node), thread, time_ns, flag & KNOWN_FLAGS, sample_values,
            lambda node=label: tables.label_set(node)))


def read_stack_ids(columns, threads):
    """The stack of each sample, from one of two ways [F-5.6-5]."""
    as_runs = columns.has(*AS_RUNS)
    require((columns.has(STACK), as_runs) in ((1, 0), (0, 4)), "F-5.6-5", "it has not one way of stacks")
    return stacks_of_runs(columns, threads) if as_runs else columns.integers(STACK, U32)


def stacks_of_runs(columns, threads):
    """[F-5.6-6], [F-5.6-7]"""
    lengths, kinds = columns.list(RUN_LENGTH, U32), columns.list(RUN_KIND, U32)
    require(len(lengths) == len(kinds), "F-5.6-8", "not each run has a kind")
    ages, nodes = Supply(columns.list(AGE, U64), "F-5.6-8"), Supply(columns.list(NODE, U32), "F-5.6-8")
    require(sum(lengths) + len(lengths) == columns.count, "F-5.6-6", "the runs do not add up")
    order = sorted(range(columns.count), key=lambda sample: threads[sample])  # those of a thread stay in order
    stacks = [None] * columns.count
    runs = []      # the stack of each
    greatest = {}  # of each thread: the greatest stack of its runs of kind 1 or more
    position = 0
    for length, kind in zip(lengths, kinds):
        members = order[position:position + 1 + length]
        position += 1 + length
        thread = threads[members[0]]
        require(threads[members[-1]] == thread, "F-5.6-6", "a run is of two threads")
        if kind == 0:
            age = ages.next()
            require(1 <= age <= len(runs), "F-5.6-7", "a run's age leads before the first run")
            stack = runs[-age]
        elif kind == 1:
            stack = nodes.next()
        else:
            require(thread in greatest, "F-5.6-7", "a thread has no stack to count from")
            stack = greatest[thread] + kind - 1
            require(stack <= U32, "F-5.6-7", "a stack does not fit 32 bits")
        if kind != 0:
            greatest[thread] = max(stack, greatest.get(thread, 0))
        runs.append(stack)
        for sample in members:
            stacks[sample] = stack
    ages.finish()
    nodes.finish()
    return stacks
