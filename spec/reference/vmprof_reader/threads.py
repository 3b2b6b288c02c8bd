"""Section 5.5: THREADS."""

from .columns import ColumnSet, split
from .errors import require
from .limits import MAX_MISSING, U32, U64
from .model import LOST_THREAD, Thread
from .tables import LOST

def read_threads(reader, header, payload):
    columns = ColumnSet(payload, (1, 2, 3, 4))
    threads = reader.session.threads
    thread_ids = columns.integers(1, U64, required=True)
    process_ids = columns.integers(2, U64)
    names = split(columns.integers(3, U32), columns.bytes(4), "F-5.5-2")
    missing = max(columns.first - len(threads), 0)
    require(missing <= MAX_MISSING, "F-5.5-1", "too many threads before it are missing")
    if missing:
        reader.session.note("F-5.5-1", header.offset, "%d threads before it are lost" % missing)
        threads += [LOST_THREAD] * missing
    threads[columns.first:columns.first + columns.count] = [
        Thread(process_id, thread_id, name)
        for process_id, thread_id, name in zip(process_ids, thread_ids, names)]


def defined_threads(session, header, numbers):
    """The threads that samples name, with LOST in place of those that are not defined: they are lost [F-5.6-2], whoever
    gets their number later [F-5.6-9]."""
    count = len(session.threads)
    if max(numbers, default=-1) < count:
        return numbers
    session.note("F-5.6-2", header.offset, "a thread is not defined")
    return [number if number < count else LOST for number in numbers]
