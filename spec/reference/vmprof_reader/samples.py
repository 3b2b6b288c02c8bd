"""Section 5.6: SAMPLES."""

from .columns import ColumnSet
from .errors import require
from .limits import MAX_VALUES, U32, U63, U64
from .model import FLAG_TRUNCATED, Sample

FIRST_VALUE_COLUMN = 16


def read_samples(reader, header, payload):
    session = reader.session
    # Where the chunk with [F-5.1-4] is lost, nobody knows how many values there are: further ones are passed over.
    values_lost = reader.next_number > 0 and not reader.values_given and session.damage.chunks > 0
    value_count = len(session.value_types)
    known_values = MAX_VALUES if values_lost else value_count
    columns = ColumnSet(payload, (1, 2, 3, 4, *range(FIRST_VALUE_COLUMN, FIRST_VALUE_COLUMN + known_values)))
    require(columns.first >= reader.samples_before_chunk, "F-5.6-1", "its samples were there before")
    require(columns.first + columns.count <= U64, "F-5.6-1", "more samples than can be counted")
    stacks = columns.integers(1, U32, required=True)
    threads = columns.integers(2, U32, required=True)
    times = columns.integers(3, U64, required=True)
    flags = columns.integers(4, U32)
    values = [columns.integers(FIRST_VALUE_COLUMN + index, U64, required=True) for index in range(value_count)]
    tables = reader.tables
    tables.check_ids(session, header, tables.stacks, stacks, "F-5.6-2")
    if max(threads, default=-1) >= len(session.threads):
        session.note("F-5.6-2", header.offset, "a thread is not defined")
    sums = [reader.sums[index] + sum(column) for index, column in enumerate(values)]
    require(max(sums) <= U63, "F-5.6-4", "the values add up to too much")
    # All rules hold: from here on the chunk counts.
    missing = columns.first - reader.samples_before_chunk
    if missing:
        session.damage.samples += missing
        session.note("F-5.6-1", header.offset, "%d samples before it are lost" % missing)
    reader.samples_before_chunk = columns.first + columns.count
    reader.sums[:value_count] = sums
    reader.samples_begun = True
    reader.journal_position = max(reader.journal_position, columns.journal_position)
    session.lost_samples = max(session.lost_samples, columns.lost_samples)
    for row in zip(stacks, threads, times, flags, *values):
        stack, thread, time_ns, flag = row[:4]
        session.samples.append(Sample(
            lambda node=stack: tables.frames(node), thread, time_ns, flag & FLAG_TRUNCATED, row[4:]))
