"""Sections 7.1 and 7.5: the journal, and how it is read."""

import struct

from .chunks import CHUNK_HEADER_SIZE, JOURNAL_FIXED_SIZE
from .errors import Broken, require
from .limits import MAX_DEPTH, U63
from .model import KNOWN_FLAGS, LOST_FUNCTION, LOST_THREAD, Sample, Thread
from .notation import crc32
from .rows import ROW_CODE, ROW_SAMPLE, ROW_THREAD, Code, Row, padded

MIN_CAPACITY, MAX_CAPACITY = 65536, 67108864
STATES = {1: b"running", 2: b"waiting-gil", 3: b"waiting"}  # [F-7.2-8]


class Journal:
    """The fixed part, and the ring as words."""

    def __init__(self, payload, size, session_id):
        fixed = bytes(payload[:JOURNAL_FIXED_SIZE]).ljust(JOURNAL_FIXED_SIZE, b"\0")  # [F-7.5-5]
        layout, fixed_size, self.capacity, journal_session, checksum = struct.unpack_from("<IIQQI", fixed, 0)
        require(checksum == crc32(fixed[:24]), "F-7.1-1", "the checksum of the journal is wrong")
        self.is_known = layout == 1
        if not self.is_known:
            return  # only its rows are not known
        require(fixed_size == JOURNAL_FIXED_SIZE, "F-7.1-1", "the journal's first part has a wrong size")
        require(journal_session == session_id, "F-7.1-1", "the journal is of another session")
        require(MIN_CAPACITY <= self.capacity <= MAX_CAPACITY and self.capacity & (self.capacity - 1) == 0,
                 "F-7.1-1", "the ring has a size that none may have")
        require(size == JOURNAL_FIXED_SIZE + self.capacity, "F-7.1-1", "the chunk has not the ring's size")
        self.head, self.lost = struct.unpack_from("<QQ", fixed, 64)
        self.tail, = struct.unpack_from("<Q", fixed, 128)
        ring = bytes(payload[JOURNAL_FIXED_SIZE:]).ljust(self.capacity, b"\0")  # [F-7.5-5]
        self.words = struct.unpack("<%dQ" % (self.capacity // 8), ring)

    def positions_hold(self):
        """[F-7.1-2]"""
        return (self.head % 8 == 0 and self.tail % 8 == 0
                and self.tail <= self.head <= self.tail + self.capacity)


def take_journal(reader, header, payload):
    """Keeps it: its rows come after all chunks [F-7.5-1]."""
    require(not reader.journal_begun, "F-7.1-3", "it is the second one")
    found = Journal(payload, header.size, header.session_id)
    reader.journal_begun = True
    if not found.is_known:
        return
    reader.journal = found
    reader.journal_offset = header.payload_offset
    if len(payload) < header.size:
        reader.session.note("F-7.5-5", header.offset, "the journal was cut",
                            lost_bytes=len(payload) + CHUNK_HEADER_SIZE)


def read_journal(reader):
    """Takes the rows that are in no chunk [F-7.5-1]."""
    session, journal = reader.session, reader.journal
    if not session.finished:
        session.lost_samples = max(session.lost_samples, journal.lost)
    if journal.positions_hold():
        position = max(journal.tail, reader.journal_position)
        if position > journal.head:
            session.note("F-7.5-1", reader.journal_offset, "chunks say that they hold rows that were never written")
            session.damage.rows += 1
            session.damage.samples += 1
        _Walk(reader).read(position, journal.head, searching=False)
    else:
        # The whole ring [F-7.1-2]. A row's check holds its position, so a lap must be assumed: the one from the
        # last position that is known to be in chunks.
        session.note("F-7.1-2", reader.journal_offset, "the positions of the journal are wrong")
        position = reader.journal_position // 8 * 8
        _Walk(reader).read(position, position + journal.capacity, searching=True)


class _Walk:
    """Goes from row to row."""

    def __init__(self, reader):
        self.reader, self.session, self.journal = reader, reader.session, reader.journal
        self.rows = _JournalRows(reader)
        # A search that tries each word as a header of a long row would take years over a hostile ring.
        self.budget = 16 * len(self.journal.words)

    def read(self, position, head, searching):
        """Reads the rows of a part of the ring. While it is searching, only a row that was committed counts."""
        in_damage = False  # it was counted already
        while position < head:
            row = Row(self.journal, position)
            if self.journal.words[row.index] == 0:  # [F-7.5-2]
                position += 8
            elif self.is_good(row, head, searching):
                searching = in_damage = False
                self.take(row)
                position += 8 * row.length
            else:  # [F-7.5-3]
                if not in_damage:
                    self.lose(row, "F-7.5-3", "its header or its check is wrong")
                searching = in_damage = True
                position += 8

    def is_good(self, row, head, searching):
        """Its header and its check are right."""
        if not row.fits(head) or searching and not row.committed:
            return False
        if row.committed:
            self.budget -= row.length
        return self.budget >= 0 and row.holds(self.session.session_id)

    def take(self, row):
        """Takes a row, or counts a sample that was being written."""
        if row.committed:
            try:
                self.rows.take(row)
            except Broken as broken:  # [F-7.2-7]
                self.lose(row, broken.rule, str(broken))
        elif row.kind == ROW_SAMPLE:
            self.session.damage.samples += 1

    def lose(self, row, rule, text):
        """Counts a damaged stretch, or a row that breaks a rule."""
        offset = self.reader.journal_offset + JOURNAL_FIXED_SIZE + 8 * row.index
        self.session.note(rule, offset, "a row of the journal is damaged: %s" % text)
        self.session.damage.rows += 1
        self.session.damage.samples += 1


class _JournalRows:
    """Turns rows into what chunks hold."""

    def __init__(self, reader):
        self.reader, self.session, self.codes = reader, reader.session, reader.codes

    def take(self, row):
        if row.kind == ROW_SAMPLE:
            self.take_sample(row.cursor())
        elif row.kind == ROW_CODE:
            code = Code(row.cursor())
            self.codes.setdefault(code.number, code)
        elif row.kind == ROW_THREAD:
            self.take_thread(row.cursor())

    def find(self, thread_id, process_id=None):
        """The indexes of the threads that have this id, in a process or in any."""
        return [index for index, thread in enumerate(self.session.threads)
                if thread is not LOST_THREAD and thread.thread_id == thread_id
                and process_id in (None, thread.process_id)]

    def add(self, process_id, thread_id):
        """The index of a new thread without a name."""
        self.session.threads.append(Thread(process_id, thread_id, b""))
        return len(self.session.threads) - 1

    def take_thread(self, cursor):
        """[F-7.2-5], [F-7.5-6]"""
        process_id, thread_id, size = cursor.fixed("QII")
        name = padded(cursor, size)
        found = self.find(thread_id, process_id)
        index = found[-1] if found else self.add(process_id, thread_id)
        self.session.threads[index] = Thread(process_id, thread_id, name)

    def thread(self, thread_id):
        """The index of the thread of a sample [F-7.5-6]."""
        process_id = self.session.metadata.get(b"process_id")
        if not isinstance(process_id, int):  # lost, or never there
            found = self.find(thread_id)
            if len(found) == 1:
                return found[0]
            process_id = 0
        found = self.find(thread_id, process_id)
        return found[-1] if found else self.add(process_id, thread_id)

    def take_sample(self, cursor):
        """[F-7.2-3]"""
        time_ns, thread_id, frame_count, flags, value_count = cursor.fixed("QIIII")
        expected = len(self.session.value_types)
        # Where the metadata is lost there may be more values than are known, or fewer.
        values = (cursor.fixed("%dQ" % value_count) + (0,) * expected)[:expected]
        require(frame_count <= MAX_DEPTH, "F-5.4-3", "a stack is too deep")
        words = cursor.fixed("%dI" % (2 * frame_count))
        sums = [self.reader.sums[index] + value for index, value in enumerate(values)]
        require(max(sums) <= U63, "F-5.6-4", "the values add up to too much")
        self.reader.sums[:expected] = sums
        codes = [self.codes.get(number) for number in words[::2]]  # a code comes before its use [F-7.3-4]
        offsets = words[1::2]

        def frames():
            return [(code.function, code.line(offset)) if code else (LOST_FUNCTION, 0)
                    for code, offset in zip(reversed(codes), reversed(offsets))]

        state = STATES.get(flags >> 8 & 15)

        def labels():
            return {b"state": state} if state else {}

        self.session.samples.append(
            Sample(frames, self.thread(thread_id), time_ns, flags & KNOWN_FLAGS, values, labels))
