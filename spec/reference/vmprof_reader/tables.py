"""Sections 5.2 and 5.3: STRINGS, FUNCTIONS and LOCATIONS; the tables of an epoch."""

from .columns import ColumnSet, split
from .errors import require
from .limits import MAX_MISSING, MAX_TABLE, U32, U64
from .model import LOST_FUNCTION, LOST_NAME, NO_FUNCTION, Function

FUNCTION_KINDS = 8


class Table:
    """Entries by id from 1. An id up to `last` that is not in `entries` is lost."""

    def __init__(self):
        self.entries = {}
        self.last = 0

    def begin(self, session, header, columns):
        """Checks where the entries of a chunk begin [F-5.2-1]."""
        require(columns.first > self.last, "F-5.2-1", "its first entry is there already")
        require(columns.first + columns.count - 1 <= MAX_TABLE, "F-5.2-1", "the table is too long")
        missing = columns.first - self.last - 1
        require(missing <= MAX_MISSING, "F-5.2-1", "too many entries before it are missing")
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


def read_locations(reader, header, payload):
    columns = ColumnSet(payload, (1, 2))
    tables = reader.tables
    tables.locations.begin(reader.session, header, columns)
    functions = columns.integers(1, U32, required=True)
    lines = columns.integers(2, U32)
    tables.check_ids(reader.session, header, tables.functions, functions, "F-5.3-1")
    tables.locations.extend(columns, list(zip(functions, lines)))
