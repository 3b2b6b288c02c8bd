"""Section 5.5: THREADS."""

from .columns import ColumnSet, split
from .errors import require
from .limits import MAX_COUNT, U32, U64
from .model import LOST_THREAD, Thread

def read_threads(reader, header, payload):
    del header
    columns = ColumnSet(payload, (1, 2, 3, 4))
    threads = reader.session.threads
    thread_ids = columns.integers(1, U64, required=True)
    process_ids = columns.integers(2, U64)
    names = split(columns.integers(3, U32), columns.bytes(4), "F-5.5-2")
    require(columns.first <= len(threads), "F-5.5-1", "threads before it are missing")
    threads[columns.first:columns.first + columns.count] = [
        Thread(process_id, thread_id, name)
        for process_id, thread_id, name in zip(process_ids, thread_ids, names)]


def name_threads(session, header, numbers):
    """Samples name threads: those that are not there are lost [F-5.6-2]. No more of them than a chunk could hold."""
    missing = max(numbers, default=-1) + 1 - len(session.threads)
    if missing > 0:
        session.note("F-5.6-2", header.offset, "a thread is not defined")
        session.threads += [LOST_THREAD] * min(missing, MAX_COUNT)
