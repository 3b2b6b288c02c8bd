#!/usr/bin/env python3
"""The reference reader of the vmprof profile format: ../vmprof-format.md, section by section.

It was written from that text alone and shares no code with libvmprof_fmt: where the two disagree, one of
them or the text is wrong. It is for people who write readers, and for tests. It prefers clarity to speed.

    profile = vmprof_reader.read(data)        # bytes; raises FormatError where nothing can be read
    vmprof_reader.py FILE [--json]            # exit code 0: read; 1: not readable; 2: wrong usage

Names are byte strings, since [F-1-5] a name need not be UTF-8. The names of rules, as in "F-3-1", stand
where the rule is enforced, and in what is said of an input that breaks it.
"""

import json
import struct
import sys
import zlib

VERSION = 1

MAGIC = b"\x89VMPF\r\n\x1a"
SYNC = b"\x9eVMC"
SUPERBLOCK_SIZE = 64
MAX_SUPERBLOCK_SIZE = 4096
CHUNK_HEADER_SIZE = 56

META, STRINGS, FUNCTIONS, LOCATIONS, STACKS, THREADS, SAMPLES, JOURNAL, PAD, END = range(1, 11)
CODES = 14
KIND_NAMES = {
    META: "META", STRINGS: "STRINGS", FUNCTIONS: "FUNCTIONS", LOCATIONS: "LOCATIONS",
    STACKS: "STACKS", THREADS: "THREADS", SAMPLES: "SAMPLES", JOURNAL: "JOURNAL", PAD: "PAD",
    END: "END", CODES: "CODES",
}
UNNUMBERED = (JOURNAL, PAD, CODES)
NO_SEQUENCE_NUMBER = 0xFFFFFFFF

# Section 8.
MAX_PAYLOAD = 64 << 20
MAX_COUNT = 1 << 20
MAX_TABLE = 0xFFFFFFFF
MAX_MISSING = 4194304
MAX_VALUES = 8
MAX_DEPTH = 1 << 20
MAX_STRING = 16 << 20
MAX_COLUMNS = 64
MAX_META_ENTRIES = 4096
MAX_META_ITEMS = 65536

U32 = (1 << 32) - 1
U63 = (1 << 63) - 1
U64 = (1 << 64) - 1

LOST_NAME = b"<lost>"
FLAG_TRUNCATED = 1
FUNCTION_KINDS = 8
UNITS = (b"ns", b"bytes", b"count")
MAX_NOTES = 100


# ---- what a reader can say of an input that it cannot read -------------------------------------------

class FormatError(Exception):
    """Why an input, or the rest of it, cannot be read."""

    category = "damaged"

    def __init__(self, rule, offset, text):
        super().__init__("offset %d: %s [%s]" % (offset, text, rule))
        self.rule, self.offset, self.text = rule, offset, text


class NotOurs(FormatError):
    """The input is no profile of this format."""

    category = "not ours"


class Newer(FormatError):
    """A later version of the format wrote it."""

    category = "newer"


class Unsupported(FormatError):
    """It needs something that this reader does not know."""

    category = "unsupported"


class Damaged(FormatError):
    """So damaged that nothing can be read."""


class _Broken(Exception):
    """A chunk or row breaks a rule: it alone is lost."""

    def __init__(self, rule, text):
        super().__init__(text)
        self.rule = rule


class _Unknown(Exception):
    """A chunk has something that this reader does not know."""

    def __init__(self, rule, text):
        super().__init__(text)
        self.rule = rule


def _require(condition, rule, text):
    if not condition:
        raise _Broken(rule, text)


# ---- what a profile holds -----------------------------------------------------------------------------

class Profile:
    """The sessions, and the error that ended the reading early, or None."""

    def __init__(self):
        self.sessions = []
        self.error = None

    @property
    def whole(self):
        """Nothing is known to be missing: no damage, and each session has its end."""
        return self.error is None and all(session.whole for session in self.sessions)


class Session:
    """One recording."""

    def __init__(self, offset):
        self.offset = offset
        self.superblock_damaged = False
        self.read_version = self.write_version = None
        self.superblock_size = None
        self.session_id = None
        self.start_unix_ns = None
        self.metadata = {}  # key: bytes, int or a list of bytes
        self.value_types = [(b"samples", b"count")]
        self.threads = []   # None where the entry is lost
        self.samples = []
        self.finished = False
        self.end_ns = None
        self.end_samples = None
        self.end_sums = None
        self.lost_samples = 0         # the recorder said so: due, but not kept
        self.damage = Damage()
        self.refused = None           # the FormatError of the chunk that ended this session's reading
        self.notes = []               # (rule, offset, text) of each damage

    @property
    def whole(self):
        """Finished, and nothing is known to be missing."""
        return self.finished and self.refused is None and not self.damage

    def note(self, rule, offset, text):
        """Remembers a damage; an input of nothing else must not fill the memory."""
        self.damage.places += 1
        if len(self.notes) < MAX_NOTES:
            self.notes.append((rule, offset, text))


class Damage:
    """What is missing of a session, or known to be wrong."""

    def __init__(self):
        self.places = 0   # notes, also those beyond MAX_NOTES
        self.bytes = 0    # no part of any chunk, or of a chunk that cannot be used
        self.chunks = 0
        self.samples = 0
        self.rows = 0     # damaged stretches of the journal

    def __bool__(self):
        return bool(self.places or self.bytes or self.chunks or self.samples or self.rows)


class Thread:
    """A row of section 5.5."""

    def __init__(self, process_id, thread_id, name):
        self.process_id, self.thread_id, self.name = process_id, thread_id, name


class Function:
    """A row of FUNCTIONS, or a CODE row of a journal."""

    def __init__(self, name, file, first_line, kind, address):
        self.name, self.file = name, file
        self.first_line, self.kind, self.address = first_line, kind, address


LOST_FUNCTION = Function(LOST_NAME, b"", 0, 0, 0)
NO_FUNCTION = Function(b"", b"", 0, 0, 0)  # entry 0 of the table


class Sample:
    """One walked stack. The stack is made when it is asked for: many long ones share their nodes."""

    __slots__ = ("_frames", "thread", "time_ns", "flags", "values")

    def __init__(self, frames, thread, time_ns, flags, values):
        self._frames = frames
        self.thread, self.time_ns, self.flags, self.values = thread, time_ns, flags, values

    @property
    def stack(self):
        """(name, file, first line, kind, address, line) of each frame, root first."""
        return [(f.name, f.file, f.first_line, f.kind, f.address, line) for f, line in self._frames()]


# ---- 1. Terms and notation ----------------------------------------------------------------------------

def crc32(data):
    """[F-1-3]"""
    return zlib.crc32(data) & U32


class Cursor:
    """Reads integers from a part of a payload, and never beyond its end."""

    def __init__(self, data, rule):
        self.data, self.position, self.rule = data, 0, rule

    def take(self, size):
        """The next bytes."""
        _require(size <= len(self.data) - self.position, self.rule, "it ends too early")
        self.position += size
        return self.data[self.position - size:self.position]

    def fixed(self, layout):
        """Integers of fixed width [F-1-1]."""
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def varint(self):
        """[F-1-2]"""
        value = 0
        for index in range(10):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                _require(value <= U64, "F-1-2", "an integer does not fit 64 bits")
                return value
        raise _Broken("F-1-2", "an integer is longer than 10 bytes")

    def zigzag(self):
        """[F-1-2]"""
        value = self.varint()
        return value >> 1 if value & 1 == 0 else -(value >> 1) - 1

    def string(self):
        """A varint length and bytes."""
        size = self.varint()
        _require(size <= MAX_STRING, "8", "a string is too long")
        return bytes(self.take(size))

    def at_end(self):
        return self.position == len(self.data)


# ---- 2. Session ---------------------------------------------------------------------------------------

class Superblock:
    """The fields of a superblock, and what is wrong with it (a rule), or None."""

    def __init__(self, data, offset):
        raw = data[offset:offset + SUPERBLOCK_SIZE]
        self.problem = None
        if len(raw) < SUPERBLOCK_SIZE:
            self.problem = "F-2-2"
            return
        (self.read_version, self.write_version, self.size, self.session_id,
         self.start_unix_ns) = struct.unpack_from("<HHIQQ", raw, 8)
        if struct.unpack_from("<I", raw, 60)[0] != crc32(raw[:60]):
            self.problem = "F-2-2"
        elif not SUPERBLOCK_SIZE <= self.size <= MAX_SUPERBLOCK_SIZE:
            self.problem = "F-2-4"
        elif self.session_id == 0:
            self.problem = "F-2-5"


def find_superblock(data, offset):
    """The superblock here: (superblock, chunk header at 64 or None), or None when there is none to use.

    One that is damaged is of use only where a whole chunk header at 64 has the session's id [F-2-2].
    """
    if not data.startswith(MAGIC, offset):
        return None
    superblock = Superblock(data, offset)
    if superblock.problem is None:
        return superblock, None
    header = ChunkHeader.find(data, offset + SUPERBLOCK_SIZE, None)
    return (superblock, header) if header and header.session_id != 0 else None


# ---- 3. Chunks ----------------------------------------------------------------------------------------

class ChunkHeader:
    """The fields of a chunk's header."""

    def __init__(self, offset, raw):
        self.offset = offset
        (self.kind, self.flags, self.session_id, self.number, self.epoch, self.size, self.checksum,
         self.begin_ns, self.end_ns) = struct.unpack_from("<HHQIIIIQQ", raw, 4)
        self.payload_offset = offset + CHUNK_HEADER_SIZE
        self.behind = self.payload_offset + self.size

    @staticmethod
    def find(data, offset, session_id):
        """The header here, of any session where session_id is None; or None [F-3-1]."""
        raw = data[offset:offset + CHUNK_HEADER_SIZE]
        if len(raw) < CHUNK_HEADER_SIZE or not raw.startswith(SYNC):
            return None
        if struct.unpack_from("<I", raw, 52)[0] != crc32(raw[:52]):
            return None
        header = ChunkHeader(offset, raw)
        if session_id is not None and header.session_id != session_id:
            return None
        # A size that no chunk may have says nothing of where the next one is: no chunk either [F-3-3].
        if header.size > MAX_PAYLOAD + (JOURNAL_FIXED_SIZE if header.kind == JOURNAL else 0):
            return None
        return header

    @property
    def critical(self):
        return self.flags & 1 != 0

    @property
    def name(self):
        return KIND_NAMES.get(self.kind, "kind %d" % self.kind)


class _SessionReader:
    """Takes the chunks of one session."""

    def __init__(self, session, data):
        self.session, self.data = session, data
        self.next_number = 0
        self.highest_lost = -1     # of chunks whose header is whole but whose payload is not
        self.epoch = 0
        self.tables = Tables()
        self.threads_lost = False  # a chunk is lost that may have held threads
        self.samples_before_chunk = 0
        self.samples_begun = False
        self.values_given = False
        self.sums = [0] * MAX_VALUES
        self.journal = None
        self.journal_position = 0
        self.codes = {}

    def is_copy(self, header):
        """A chunk with its number was read [F-3-5]."""
        return header.kind not in UNNUMBERED and header.number < self.next_number

    def lose(self, header, rule, text):
        """Counts a chunk that is there and cannot be used."""
        self.session.note(rule, header.offset, "a %s chunk is lost: %s" % (header.name, text))
        self.session.damage.bytes += min(header.behind, len(self.data)) - header.offset

    def take(self, header):
        """Takes a chunk. False: it is not whole, and its size is not to be relied on."""
        session = self.session
        if session.refused:
            return True
        payload = self.data[header.payload_offset:header.behind]
        is_cut = len(payload) < header.size
        is_known = header.kind in KIND_NAMES
        # A later version may have further kinds without a number; only ours are known to have one.
        is_numbered = header.kind not in UNNUMBERED and (is_known or header.number != NO_SEQUENCE_NUMBER)
        if header.kind not in (JOURNAL, PAD):  # the journal is read also where it is cut [F-7.5-5]
            if is_cut or crc32(payload) != header.checksum:  # [F-3-2]
                if is_numbered:
                    self.highest_lost = max(self.highest_lost, header.number)
                elif is_known:
                    session.damage.chunks += 1
                if not self.is_copy(header):
                    self.lose(header, "F-3-2", "it was cut" if is_cut else "its checksum is wrong")
                return False
        if is_known and (header.number == NO_SEQUENCE_NUMBER) != (header.kind in UNNUMBERED):
            session.damage.chunks += 1
            self.lose(header, "F-3-5", "its sequence number is wrong")
            return True
        if is_numbered:
            if self.is_copy(header):
                return True
            gap = header.number - self.next_number
            self.next_number = header.number + 1
            if gap:
                session.damage.chunks += gap
                session.note("F-3-5", header.offset, "%d chunks before it are lost" % gap)
                self.threads_lost = True
            if header.epoch > self.epoch:  # [F-3-6]
                self.epoch = header.epoch
                self.tables = Tables()
        if not is_known:
            if header.critical:  # [F-3-4]
                session.refused = Unsupported("F-3-4", header.offset, "unknown chunks of kind %d" % header.kind)
            return True
        try:
            if is_numbered:
                _require(header.epoch == self.epoch, "F-3-6", "its epoch is over")
            READERS[header.kind](self, header, payload)
        except _Broken as broken:
            session.damage.chunks += 1
            self.lose(header, broken.rule, str(broken))
            self.threads_lost = True
        except _Unknown as unknown:
            if header.critical:
                session.refused = Unsupported(
                    unknown.rule, header.offset, "a %s chunk with %s" % (header.name, unknown))
            # Nobody needs the others.
        return True

    def finish(self):
        """After the last chunk: the journal, and what END says against what there is."""
        session = self.session
        session.damage.chunks += max(0, self.highest_lost + 1 - self.next_number)
        if session.refused:
            session.finished = False
            return
        if self.journal:
            read_journal(self)
        if session.end_samples is not None:  # [F-6-3]
            found = len(session.samples)
            session.damage.samples = max(session.damage.samples, session.end_samples - found)
            if session.end_samples != found or session.end_sums != self.sums[:len(session.end_sums)]:
                session.note("F-6-3", session.offset, "samples and sums are not those of the end")


# ---- 4. Columns ---------------------------------------------------------------------------------------

ENCODING_BYTES, ENCODING_PLAIN, ENCODING_DELTA, ENCODING_RUNS, ENCODING_DELTA_RUNS = range(5)
CODEC_STORED, CODEC_ZLIB = range(2)
MAY_BE_SKIPPED = 0x8000


class ColumnSet:
    """The payload of the kinds 2 to 7, and of 14."""

    def __init__(self, payload, known):
        cursor = Cursor(payload, "F-4-1")
        (self.first, self.count, column_count, self.journal_position,
         self.lost_samples) = cursor.fixed("QIIQQ")
        _require(column_count <= MAX_COLUMNS, "4", "it has too many columns")
        _require(self.count <= MAX_COUNT, "F-4-6", "it has too many entries")
        directory = [cursor.fixed("HBBIII") for _ in range(column_count)]
        stored = sum(entry[4] for entry in directory)
        _require(cursor.position + stored == len(payload), "F-4-1", "its columns do not add up to its size")
        ids = [entry[0] for entry in directory]
        _require(len(set(ids)) == len(ids), "F-4-2", "a column occurs twice")
        self.columns = {}
        for column, encoding, codec, raw_size, stored_size, _ in directory:
            raw = cursor.take(stored_size)
            if column in known:
                self.columns[column] = (encoding, codec, raw_size, raw)
            elif column & MAY_BE_SKIPPED == 0:
                raise _Unknown("F-4-2", "an unknown column %d" % column)

    def _raw(self, column):
        """The bytes of a column before they were compressed, and their encoding [F-4-3], [F-4-6]."""
        encoding, codec, raw_size, stored = self.columns[column]
        _require(raw_size <= MAX_PAYLOAD, "F-4-6", "column %d is too large" % column)
        if encoding > ENCODING_DELTA_RUNS:
            raise _Unknown("F-4-4", "encoding %d" % encoding)
        if codec == CODEC_STORED:
            _require(len(stored) == raw_size, "F-4-3", "the sizes of column %d differ" % column)
            return encoding, stored
        if codec != CODEC_ZLIB:
            raise _Unknown("F-4-3", "codec %d" % codec)
        stream = zlib.decompressobj()
        try:
            raw = stream.decompress(stored, raw_size + 1)
        except zlib.error as error:
            raise _Broken("F-4-3", "column %d does not inflate" % column) from error
        _require(len(raw) == raw_size and stream.eof and not stream.unused_data,
                 "F-4-3", "column %d does not inflate to its size" % column)
        return encoding, raw

    def _required(self, column, required):
        _require(column in self.columns or not required, "F-4-2", "column %d is missing" % column)
        return column in self.columns

    def bytes(self, column, required=False):
        """A column of bytes."""
        if not self._required(column, required):
            return b""
        encoding, raw = self._raw(column)
        _require(encoding == ENCODING_BYTES, "F-4-4", "column %d is not of bytes" % column)
        return bytes(raw)

    def integers(self, column, limit, required=False):
        """A column of integers up to limit; all 0 where it is not there [F-4-4], [F-4-5]."""
        if not self._required(column, required):
            return [0] * self.count
        encoding, raw = self._raw(column)
        _require(encoding != ENCODING_BYTES, "F-4-4", "column %d is not of integers" % column)
        cursor = Cursor(raw, "F-4-5")
        entries = []
        previous = 0
        while len(entries) < self.count:
            if encoding == ENCODING_PLAIN:
                entries.append(cursor.varint())
            elif encoding == ENCODING_DELTA:
                previous = (previous + cursor.zigzag()) & U64
                entries.append(previous)
            else:
                if encoding == ENCODING_RUNS:
                    previous, step = cursor.varint(), 0
                    first = previous
                else:
                    step = cursor.zigzag()
                    first = previous + step
                further = cursor.varint()
                _require(further < self.count - len(entries), "F-4-5", "column %d has too many" % column)
                entries += [(first + step * index) & U64 for index in range(further + 1)]
                previous = entries[-1]
        _require(cursor.at_end(), "F-4-5", "column %d has more than its entries" % column)
        _require(max(entries, default=0) <= limit, "F-4-5", "an entry of column %d is too great" % column)
        return entries


def split(lengths, data, rule):
    """The strings that a column of lengths and one of bytes hold."""
    _require(sum(lengths) == len(data), rule, "the lengths do not add up")
    _require(max(lengths, default=0) <= MAX_STRING, "8", "a string is too long")
    strings, position = [], 0
    for length in lengths:
        strings.append(data[position:position + length])
        position += length
    return strings


# ---- 5. What a session holds ---------------------------------------------------------------------------

class Table:
    """Entries by id from 1. An id up to `last` that is not in `entries` is lost."""

    def __init__(self):
        self.entries = {}
        self.last = 0

    def begin(self, session, header, columns):
        """Checks where the entries of a chunk begin [F-5.2-1]."""
        _require(columns.first > self.last, "F-5.2-1", "its first entry is there already")
        _require(columns.first + columns.count - 1 <= MAX_TABLE, "F-5.2-1", "the table is too long")
        missing = columns.first - self.last - 1
        _require(missing <= MAX_MISSING, "F-5.2-1", "too many entries before it are missing")
        if missing:
            session.note("F-5.2-1", header.offset, "%d entries before a %s chunk are lost" % (missing, header.name))

    def extend(self, columns, entries):
        """Adds the entries of a chunk that keeps all rules."""
        self.entries.update(zip(range(columns.first, columns.first + columns.count), entries))
        self.last = columns.first + columns.count - 1


class Tables:
    """What starts empty with each epoch [F-3-6]."""

    def __init__(self):
        self.strings, self.functions = Table(), Table()
        self.locations, self.stacks = Table(), Table()

    @staticmethod
    def check_ids(session, header, table, ids, rule):
        """A definition comes before its first use [F-3-7]. One that is missing may have been in a lost chunk:
        it alone is shown as lost, not all that its user brings."""
        if max(ids, default=0) > table.last:
            session.note(rule, header.offset, "a %s chunk names what is not defined" % header.name)

    def string(self, index):
        """A string for its id [F-5.2-3]."""
        return b"" if index == 0 else self.strings.entries.get(index, LOST_NAME)

    def frame(self, location):
        """(function, line) for the id of a location."""
        if location == 0:
            return NO_FUNCTION, 0
        function, line = self.locations.entries.get(location, (None, 0))
        return NO_FUNCTION if function == 0 else self.functions.entries.get(function, LOST_FUNCTION), line

    def frames(self, node):
        """(function, line) of each frame of a stack, root first."""
        frames = []
        while node != 0:
            entry = self.stacks.entries.get(node)
            if entry is None:  # its callers are lost with it
                frames.append((LOST_FUNCTION, 0))
                break
            node, location, _ = entry
            frames.append(self.frame(location))
        frames.reverse()
        return frames


# 5.1 META

def read_meta(reader, header, payload):
    del header
    session = reader.session
    cursor = Cursor(payload, "F-5.1-1")
    count, = cursor.fixed("I")
    _require(count <= MAX_META_ENTRIES, "F-5.1-1", "it has too many entries")
    found = {}
    for _ in range(count):
        key = cursor.string()
        value_type, = cursor.fixed("B")
        if value_type == 1:
            found[key] = cursor.string()
        elif value_type == 2:
            found[key] = cursor.varint()
        elif value_type == 3:
            items = cursor.varint()
            _require(items <= MAX_META_ITEMS, "F-5.1-1", "a list is too long")
            found[key] = [cursor.string() for _ in range(items)]
        else:
            raise _Unknown("5.1", "a value of type %d" % value_type)
    _require(cursor.at_end(), "F-5.1-1", "there is more than its entries")
    if b"values" in found:  # [F-5.1-4]
        value_types = parse_values(found[b"values"])
        _require(not reader.samples_begun or value_types == session.value_types,
                 "F-5.1-4", "the values change after samples")
        session.value_types = value_types
        reader.values_given = True
    session.metadata.update(found)  # [F-5.1-2]


def parse_values(items):
    """(name, unit) of each value [F-5.1-4]."""
    _require(isinstance(items, list) and 0 < len(items) <= MAX_VALUES, "F-5.1-4", "'values' is no list of 1 to 8")
    value_types = []
    for item in items:
        name, colon, unit = item.rpartition(b":")
        _require(colon and name and unit in UNITS, "F-5.1-4", "a value has no name or no known unit")
        value_types.append((name, unit))
    return value_types


# 5.2 STRINGS and FUNCTIONS

def read_strings(reader, header, payload):
    columns = ColumnSet(payload, (1, 2))
    table = reader.tables.strings
    table.begin(reader.session, header, columns)
    lengths = columns.integers(1, U32, required=True)
    table.extend(columns, split(lengths, columns.bytes(2, required=True), "F-5.2-2"))


def read_functions(reader, header, payload):
    columns = ColumnSet(payload, (1, 2, 3, 4, 5))
    tables = reader.tables
    tables.functions.begin(reader.session, header, columns)
    names = columns.integers(1, U32, required=True)
    files = columns.integers(2, U32, required=True)
    lines = columns.integers(3, U32)
    kinds = columns.integers(4, U32)
    addresses = columns.integers(5, U64)
    tables.check_ids(reader.session, header, tables.strings, names, "F-5.2-3")
    tables.check_ids(reader.session, header, tables.strings, files, "F-5.2-3")
    tables.functions.extend(columns, [
        Function(tables.string(name), tables.string(file), line, known_kind(kind), address)
        for name, file, line, kind, address in zip(names, files, lines, kinds, addresses)])


def known_kind(kind):
    """[F-5.2-4]"""
    return kind if kind < FUNCTION_KINDS else 0


# 5.3 LOCATIONS

def read_locations(reader, header, payload):
    columns = ColumnSet(payload, (1, 2))
    tables = reader.tables
    tables.locations.begin(reader.session, header, columns)
    functions = columns.integers(1, U32, required=True)
    lines = columns.integers(2, U32)
    tables.check_ids(reader.session, header, tables.functions, functions, "F-5.3-1")
    tables.locations.extend(columns, list(zip(functions, lines)))


# 5.4 STACKS

def read_stacks(reader, header, payload):
    columns = ColumnSet(payload, (1, 2))
    tables = reader.tables
    table = tables.stacks
    table.begin(reader.session, header, columns)
    distances = columns.integers(1, U32, required=True)
    locations = columns.integers(2, U32, required=True)
    tables.check_ids(reader.session, header, tables.locations, locations, "F-5.4-1")
    nodes = []
    for index, (distance, location) in enumerate(zip(distances, locations)):
        node = columns.first + index
        _require(1 <= distance <= node, "F-5.4-2", "a distance leads before the root")
        parent = node - distance
        if parent >= columns.first:
            depth = nodes[parent - columns.first][2] + 1
        else:
            depth = table.entries[parent][2] + 1 if parent in table.entries else 1
        _require(depth <= MAX_DEPTH, "F-5.4-3", "a stack is too deep")
        nodes.append((parent, location, depth))
    table.extend(columns, nodes)


# 5.5 THREADS

def read_threads(reader, header, payload):
    del header
    columns = ColumnSet(payload, (1, 2, 3, 4))
    threads = reader.session.threads
    thread_ids = columns.integers(1, U64, required=True)
    process_ids = columns.integers(2, U64)
    names = split(columns.integers(3, U32), columns.bytes(4), "F-5.5-2")
    _require(columns.first <= len(threads) or reader.threads_lost, "F-5.5-1", "threads before it are missing")
    # Placeholders take memory: no more of them than a table chunk could have held.
    _require(columns.first <= len(threads) + MAX_COUNT, "F-5.5-1", "too many threads before it are missing")
    threads += [None] * (columns.first - len(threads))
    threads[columns.first:columns.first + columns.count] = [
        Thread(process_id, thread_id, name)
        for process_id, thread_id, name in zip(process_ids, thread_ids, names)]


# 5.6 SAMPLES

FIRST_VALUE_COLUMN = 16


def read_samples(reader, header, payload):
    session = reader.session
    # Where the chunk with [F-5.1-4] is lost, nobody knows how many values there are: further ones are passed over.
    values_lost = reader.next_number > 0 and not reader.values_given and session.damage.chunks > 0
    value_count = len(session.value_types)
    known_values = MAX_VALUES if values_lost else value_count
    columns = ColumnSet(payload, (1, 2, 3, 4, *range(FIRST_VALUE_COLUMN, FIRST_VALUE_COLUMN + known_values)))
    _require(columns.first >= reader.samples_before_chunk, "F-5.6-1", "its samples were there before")
    _require(columns.first + columns.count <= U64, "F-5.6-1", "more samples than can be counted")
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
    _require(max(sums) <= U63, "F-5.6-4", "the values add up to too much")
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


# ---- 6. PAD and END ------------------------------------------------------------------------------------

def read_pad(reader, header, payload):
    """[F-6-1]"""
    del reader, header, payload


def read_end(reader, header, payload):
    """[F-6-2]"""
    del header
    session = reader.session
    cursor = Cursor(payload, "F-6-2")
    samples, lost_samples, end_ns, count, _ = cursor.fixed("QQQII")
    _require(count <= MAX_VALUES, "F-6-2", "it has too many values")
    sums = list(cursor.fixed("%dQ" % count))
    _require(cursor.at_end(), "F-6-2", "it is too long")
    # The count of values cannot be held against [F-5.1-4] where that entry may be lost.
    session.finished = True
    session.end_samples, session.end_ns, session.end_sums = samples, end_ns, sums
    session.lost_samples = lost_samples  # the last word on it


# ---- 7. The journal ------------------------------------------------------------------------------------

JOURNAL_FIXED_SIZE = 192
MIN_CAPACITY, MAX_CAPACITY = 65536, 67108864
ROW_PAD, ROW_SAMPLE, ROW_CODE, ROW_THREAD = range(1, 5)
COMMITTED = 1 << 63
CHECK_FACTOR = 0x9E3779B97F4A7C15
NO_OFFSET = 0xFFFFFFFF


# 7.1 Payload of JOURNAL

class Journal:
    """The fixed part, and the ring as words."""

    def __init__(self, payload, size, session_id):
        fixed = bytes(payload[:JOURNAL_FIXED_SIZE]).ljust(JOURNAL_FIXED_SIZE, b"\0")  # [F-7.5-5]
        layout, fixed_size, self.capacity, journal_session, checksum = struct.unpack_from("<IIQQI", fixed, 0)
        _require(checksum == crc32(fixed[:24]), "F-7.1-1", "the checksum of the journal is wrong")
        if layout != 1:
            raise _Unknown("F-7.1-1", "layout %d" % layout)
        _require(fixed_size == JOURNAL_FIXED_SIZE, "F-7.1-1", "the journal's first part has a wrong size")
        _require(journal_session == session_id, "F-7.1-1", "the journal is of another session")
        _require(MIN_CAPACITY <= self.capacity <= MAX_CAPACITY and self.capacity & (self.capacity - 1) == 0,
                 "F-7.1-1", "the ring has a size that none may have")
        _require(size == JOURNAL_FIXED_SIZE + self.capacity, "F-7.1-1", "the chunk has not the ring's size")
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
    _require(reader.journal is None, "F-7.1-3", "it is the second one")
    reader.journal = Journal(payload, header.size, header.session_id)
    reader.journal_offset = header.payload_offset
    if len(payload) < header.size:
        reader.session.note("F-7.5-5", header.offset, "the journal was cut")
        reader.session.damage.bytes += len(payload) + CHUNK_HEADER_SIZE


# 7.2 Rows

def row_check(session_id, position, kind, length, payload_words):
    """[F-7.2-6]"""
    h = ((session_id ^ position) * CHECK_FACTOR) & U64
    for word in (*payload_words, (kind << 24) + length - 1):
        h ^= word
        h = (((h << 29) | (h >> 35)) * CHECK_FACTOR) & U64
    return h >> 33


class Row:
    """A header word and where its row lies."""

    def __init__(self, journal, position):
        self.journal, self.position = journal, position
        self.index = position % journal.capacity // 8
        word = journal.words[self.index]
        self.length = word & 0xFFFFFF
        self.kind = word >> 24 & 0xFF
        self.check = word >> 32 & 0x7FFFFFFF
        self.committed = word & COMMITTED != 0

    def fits(self, head):
        """It ends before head and the ring's end [F-7.5-3]."""
        return (self.length > 0 and self.position + 8 * self.length <= head
                and self.index + self.length <= len(self.journal.words))

    def payload(self):
        return self.journal.words[self.index + 1:self.index + self.length]

    def holds(self, session_id):
        """Its check is right."""
        if not self.committed:
            return self.check == 0
        if self.kind == ROW_PAD:
            return self.check == row_check(session_id, self.position, self.kind, 1, ())
        return self.check == row_check(session_id, self.position, self.kind, self.length, self.payload())

    def cursor(self):
        payload = self.payload()
        return Cursor(struct.pack("<%dQ" % len(payload), *payload), "F-7.2-7")


def padded(cursor, size):
    """Bytes, and the zeros up to the next multiple of 8."""
    data = cursor.take(size)
    cursor.take(-size % 8)
    return bytes(data)


class Code:
    """A CODE row: a function and its line table."""

    def __init__(self, cursor):
        """[F-7.2-4]"""
        (self.number, first_line, address, kind, self.line_encoding, name_encoding, file_encoding,
         name_size, file_size, lines_size) = cursor.fixed("IIQBBBBIII")
        name = decode_text(padded(cursor, name_size), name_encoding)
        file = decode_text(padded(cursor, file_size), file_encoding)
        self.lines = padded(cursor, lines_size)
        self.function = Function(name, file, first_line, known_kind(kind), address)

    def line(self, offset):
        """The line of an instruction."""
        if offset == NO_OFFSET:
            return self.function.first_line
        return line_of(self.line_encoding, self.lines, self.function.first_line, offset)


def decode_text(data, encoding):
    """UTF-8 for the text of a CODE row [F-7.2-4]."""
    if encoding == 0:
        return data
    if encoding not in (1, 2, 4):
        raise _Broken("F-7.2-4", "a text has encoding %d" % encoding)
    _require(len(data) % encoding == 0, "F-7.2-7", "a text ends within a character")
    numbers = [int.from_bytes(data[i:i + encoding], "little") for i in range(0, len(data), encoding)]
    text = bytearray()
    for number in numbers:
        if 0xDC80 <= number <= 0xDCFF:
            text.append(number - 0xDC00)
        elif number <= 0x10FFFF:
            text += chr(number).encode("utf-8", "surrogatepass")
        else:
            text += "\ufffd".encode()
    return bytes(text)


# 7.4 Line tables

def line_of(encoding, table, first_line, offset):
    """The line of the instruction at an offset."""
    if encoding in (1, 2):
        line = _line_of_pairs(table, first_line, offset, encoding == 2)
    elif encoding == 3:
        line = _line_of_ranges(table, first_line, offset)
    elif encoding == 4:
        line = _line_of_locations(table, first_line, offset)
    else:
        line = first_line
    return line if 0 <= line <= U32 else first_line


def _signed(byte):
    return byte - 256 if byte >= 128 else byte


def _line_of_pairs(table, line, offset, signed):
    reached = 0
    for index in range(0, len(table) - 1, 2):
        reached += table[index]
        if reached > offset:
            break
        line += _signed(table[index + 1]) if signed else table[index + 1]
    return line


def _line_of_ranges(table, line, offset):
    reached, found = 0, line
    for index in range(0, len(table) - 1, 2):
        reached += table[index]
        step = _signed(table[index + 1])
        if step != -128:
            line += step
            found = line
        if offset < reached:
            break
    return found


def _line_of_locations(table, line, offset):
    position, reached = 0, 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = table[position]  # IndexError: the table ends here
            position += 1
            value |= (byte & 0x3F) << shift
            shift += 6
            if byte & 0x40 == 0:
                return value

    try:
        while reached <= offset and table[position] & 0x80:
            first = table[position]
            position += 1
            code = first >> 3 & 0xF
            step = 0
            if code <= 9:
                position += 1
            elif code <= 12:
                step = code - 10
                position += 2
            elif code <= 14:
                step = varint()
                step = -(step >> 1) if step & 1 else step >> 1
                for _ in range(3 if code == 14 else 0):
                    varint()
            if position > len(table):
                break
            line += step  # the entry is whole: it counts
            reached += 2 * ((first & 7) + 1)
    except IndexError:
        pass  # [F-7.4-1]
    return line


# 7.5 Reading a journal

def read_codes(reader, header, payload):
    """[F-7.5-4]"""
    del header
    columns = ColumnSet(payload, (1,))
    cursor = Cursor(columns.bytes(1, required=True), "F-7.2-7")
    codes = []
    while not cursor.at_end():
        codes.append(Code(cursor))
    for code in codes:
        reader.codes.setdefault(code.number, code)


def read_journal(reader):
    """Takes the rows that are in no chunk [F-7.5-1]."""
    session, journal = reader.session, reader.journal
    rows = _JournalRows(reader)
    if journal.positions_hold():
        position, head = max(journal.tail, reader.journal_position), journal.head
        searching = False
    else:
        # The whole ring [F-7.1-2]. A row's check holds its position, so a lap must be assumed: the one from the
        # last position that is known to be in chunks.
        position = reader.journal_position // 8 * 8
        head = position + journal.capacity
        searching = True
        session.note("F-7.1-2", reader.journal_offset, "the positions of the journal are wrong")
    if not session.finished:
        session.lost_samples = max(session.lost_samples, journal.lost)
    # A search that tries each word as a header of a long row would take years over a hostile ring.
    budget = 16 * len(journal.words)
    while position < head:
        row = Row(journal, position)
        if journal.words[row.index] == 0:  # [F-7.5-2]
            position += 8
            continue
        good = row.fits(head) and (row.committed or not searching)
        if good and row.committed:
            budget -= row.length
            good = budget >= 0
        if not (good and row.holds(session.session_id)):  # [F-7.5-3]
            if not searching:
                session.note("F-7.5-3", reader.journal_offset + JOURNAL_FIXED_SIZE + 8 * row.index,
                             "a row of the journal is damaged")
                session.damage.rows += 1
            searching = True
            position += 8
            continue
        searching = False
        if row.committed:
            try:
                rows.take(row)
            except _Broken as broken:  # [F-7.2-7]
                session.note(broken.rule, reader.journal_offset + JOURNAL_FIXED_SIZE + 8 * row.index,
                             "a row of the journal is damaged: %s" % broken)
                session.damage.rows += 1
        elif row.kind == ROW_SAMPLE:
            session.damage.samples += 1
        position += 8 * row.length


class _JournalRows:
    """Turns rows into what chunks hold."""

    def __init__(self, reader):
        self.reader, self.session, self.codes = reader, reader.session, reader.codes
        self.by_id = {}
        for index, thread in enumerate(self.session.threads):
            if thread is not None:
                self.by_id[thread.thread_id] = index  # the last that had the number

    def take(self, row):
        if row.kind == ROW_SAMPLE:
            self.take_sample(row.cursor())
        elif row.kind == ROW_CODE:
            code = Code(row.cursor())
            self.codes.setdefault(code.number, code)
        elif row.kind == ROW_THREAD:
            self.take_thread(row.cursor())

    def take_thread(self, cursor):
        """[F-7.2-5]"""
        process_id, thread_id, size = cursor.fixed("QII")
        thread = Thread(process_id, thread_id, padded(cursor, size))
        index = self.by_id.get(thread_id)
        if index is not None and self.session.threads[index].process_id == process_id:
            self.session.threads[index] = thread
        else:
            self.by_id[thread_id] = len(self.session.threads)
            self.session.threads.append(thread)

    def thread(self, thread_id):
        """The index of the thread that has this number of the system."""
        if thread_id not in self.by_id:
            self.by_id[thread_id] = len(self.session.threads)
            process_id = self.session.metadata.get(b"process_id", 0)
            self.session.threads.append(Thread(process_id if isinstance(process_id, int) else 0, thread_id, b""))
        return self.by_id[thread_id]

    def take_sample(self, cursor):
        """[F-7.2-3]"""
        time_ns, thread_id, frame_count, flags, value_count = cursor.fixed("QIIII")
        expected = len(self.session.value_types)
        _require(value_count == expected, "F-7.2-3", "a sample has another count of values")
        values = cursor.fixed("%dQ" % value_count)
        _require(frame_count <= MAX_DEPTH, "F-5.4-3", "a stack is too deep")
        words = cursor.fixed("%dI" % (2 * frame_count))
        sums = [self.reader.sums[index] + value for index, value in enumerate(values)]
        _require(max(sums) <= U63, "F-5.6-4", "the values add up to too much")
        self.reader.sums[:expected] = sums
        codes = [self.codes.get(number) for number in words[::2]]  # a code comes before its use [F-7.3-4]
        offsets = words[1::2]

        def frames():
            return [(code.function, code.line(offset)) if code else (LOST_FUNCTION, 0)
                    for code, offset in zip(reversed(codes), reversed(offsets))]

        self.session.samples.append(
            Sample(frames, self.thread(thread_id), time_ns, flags & FLAG_TRUNCATED, values))


READERS = {
    META: read_meta, STRINGS: read_strings, FUNCTIONS: read_functions, LOCATIONS: read_locations,
    STACKS: read_stacks, THREADS: read_threads, SAMPLES: read_samples, JOURNAL: take_journal,
    PAD: read_pad, END: read_end, CODES: read_codes,
}


# ---- the whole input -----------------------------------------------------------------------------------

def begin_session(profile, superblock, header, offset):
    """A session for a superblock that find_superblock() gave."""
    if superblock.problem is None and superblock.read_version > VERSION:
        raise Newer("F-2-3", offset + 8, "format version %d is newer than %d" % (
            superblock.read_version, VERSION))
    session = Session(offset)
    profile.sessions.append(session)
    if superblock.problem is None:
        session.read_version, session.write_version = superblock.read_version, superblock.write_version
        session.superblock_size = superblock.size
        session.session_id = superblock.session_id
        session.start_unix_ns = superblock.start_unix_ns
    else:  # none of its fields can be relied on
        session.superblock_damaged = True
        session.superblock_size = SUPERBLOCK_SIZE
        session.session_id = header.session_id
        session.note(superblock.problem, offset, "the superblock is damaged")
    return session


def search(data, position, session_id):
    """Where the next chunk or superblock is that can be used; the end of the input where none is [F-3-1]."""
    while True:
        magic = data.find(MAGIC, position)
        sync = data.find(SYNC, position)
        found = min(place for place in (magic, sync, len(data)) if place >= 0)
        if found == len(data):
            return found
        if find_superblock(data, found) or ChunkHeader.find(data, found, session_id):
            return found
        position = found + 1


def is_boundary(data, position, session_id):
    """A chunk, a superblock or the end of the input is here."""
    return (position == len(data) or find_superblock(data, position) is not None
            or ChunkHeader.find(data, position, session_id) is not None)


def read(data):
    """Reads a profile. Raises a FormatError where there is nothing that can be given."""
    data = bytes(data)
    if not data.startswith(MAGIC):  # [F-2-1]
        raise NotOurs("F-2-1", 0, "this is no vmprof profile")
    if find_superblock(data, 0) is None:
        raise Damaged("F-2-2", 0, "the superblock is damaged, and no chunk follows it")
    profile = Profile()
    session = reader = None
    position = 0
    while position < len(data):
        start = find_superblock(data, position)
        if start:  # [F-2-6]
            if reader:
                reader.finish()
                reader = None
            try:
                session = begin_session(profile, start[0], start[1], position)
            except Newer as newer:
                if not profile.sessions:
                    raise
                profile.error = newer
                break
            reader = _SessionReader(session, data)
            position += session.superblock_size
            continue
        header = ChunkHeader.find(data, position, session.session_id)
        if header and (not session.finished or reader.is_copy(header)):
            whole = reader.take(header)
            position = min(header.behind, len(data))
            # Behind a payload that is not whole there may be anything: it may have been cut, and another
            # session appended.
            if not whole and (header.behind > len(data) or not is_boundary(data, position, session.session_id)):
                found = search(data, header.payload_offset, session.session_id)
                if found < position:
                    session.damage.bytes -= position - found
                    position = found
            continue
        # [F-3-1]; behind END nothing but copies and a superblock can follow [F-6-4], [F-3-5].
        found = search(data, position + 1, session.session_id)
        session.damage.bytes += found - position
        session.note("F-6-4" if session.finished else "F-3-1", position,
                     "%d bytes are no part of a chunk" % (found - position))
        position = found
    if reader:
        reader.finish()
    return profile


# ---- the dump -----------------------------------------------------------------------------------------

def text(data):
    """A byte string for JSON: each byte is the character of that number."""
    return data.decode("latin-1")


def dump_thread(thread):
    """A thread as JSON can hold it."""
    if thread is None:
        return [0, 0, text(LOST_NAME)]
    return [thread.process_id, thread.thread_id, text(thread.name)]


def dump_sample(session, sample):
    """A sample as JSON can hold it."""
    threads = session.threads
    return {
        "flags": sample.flags,
        "stack": [[text(name), text(file), first_line, kind, address, line]
                  for name, file, first_line, kind, address, line in sample.stack],
        "thread": dump_thread(threads[sample.thread] if sample.thread < len(threads) else None),
        "time_ns": sample.time_ns,
        "values": list(sample.values),
    }


def dump_metadata(value):
    """A value of META as JSON can hold it."""
    if isinstance(value, bytes):
        return text(value)
    return [text(item) for item in value] if isinstance(value, list) else value


def dump_session(session):
    """A session as JSON can hold it."""
    return {
        "end_ns": session.end_ns if session.finished else None,
        "finished": session.finished,
        "lost_samples": session.lost_samples,
        "metadata": {text(key): dump_metadata(value) for key, value in session.metadata.items()},
        "samples": [dump_sample(session, sample) for sample in session.samples],
        "start_unix_ns": session.start_unix_ns,
        "value_types": [[text(name), text(unit)] for name, unit in session.value_types],
    }


def dump_error(error):
    """An error as JSON can hold it."""
    return None if error is None else {
        "category": error.category, "rule": error.rule, "offset": error.offset, "text": error.text}


def dump_details(session):
    """What this reader alone says of a session."""
    return {
        "read_version": session.read_version,
        "write_version": session.write_version,
        "superblock_damaged": session.superblock_damaged,
        "superblock_size": session.superblock_size,
        "session_id": session.session_id,
        "damage": {
            "bytes": session.damage.bytes, "chunks": session.damage.chunks,
            "samples": session.damage.samples, "rows": session.damage.rows,
        },
        "refused": dump_error(session.refused),
        "notes": [list(note) for note in session.notes],
    }


def dump(profile, error=None):
    """One line of JSON, the same for the same input always. All but `reference` is what any reader can say."""
    sessions = profile.sessions
    error = profile.error or next((s.refused for s in sessions if s.refused), error)
    document = {
        "damage": {
            "bad_chunks": sum(session.damage.chunks for session in sessions),
            "lost_bytes": sum(session.damage.bytes for session in sessions),
            "lost_samples": sum(session.damage.samples for session in sessions),
            "unfinished": not all(session.finished for session in sessions),
        },
        "damaged": error is not None or not profile.whole,
        "error": error and error.category,
        "sessions": [dump_session(session) for session in sessions],
        "threads": [dump_thread(thread) for session in sessions for thread in session.threads],
        "reference": {
            "error": dump_error(error),
            "sessions": [dump_details(session) for session in sessions],
        },
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"


def summary(profile):
    """A few lines for people."""
    lines = []
    for index, session in enumerate(profile.sessions):
        lines.append("session %d: %d samples, %d threads, %s, %s" % (
            index, len(session.samples), len(session.threads),
            "finished" if session.finished else "not finished",
            "damaged" if session.damage else "not damaged"))
        lines += ["  offset %d: %s [%s]" % (offset, what, rule) for rule, offset, what in session.notes]
        if session.refused:
            lines.append("  %s: %s" % (session.refused.category, session.refused))
    if profile.error:
        lines.append("%s: %s" % (profile.error.category, profile.error))
    return "".join(line + "\n" for line in lines)


def main(arguments):
    as_json = "--json" in arguments
    files = [argument for argument in arguments if argument != "--json"]
    if len(files) != 1 or files[0].startswith("-") and files[0] != "-":
        print("usage: vmprof_reader.py FILE [--json]", file=sys.stderr)
        return 2
    try:
        if files[0] == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(files[0], "rb") as file:
                data = file.read()
        profile = read(data)
    except OSError as error:
        print("vmprof_reader.py: %s: %s" % (files[0], error.strerror), file=sys.stderr)
        return 1
    except FormatError as error:
        if as_json:
            sys.stdout.write(dump(Profile(), error))
        print("vmprof_reader.py: %s: %s: %s" % (files[0], error.category, error), file=sys.stderr)
        return 1
    sys.stdout.write(dump(profile) if as_json else summary(profile))
    return 1 if profile.error or any(session.refused for session in profile.sessions) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
