"""Section 5.2: STRINGS and FUNCTIONS."""

from .columns import ColumnSet, split
from .limits import U32, U64
from .model import Function

FUNCTION_KINDS = 8
LENGTHS, BYTES = 1, 2
NAME, FILE, FIRST_LINE, KIND, ADDRESS, MODULE = 1, 2, 3, 4, 5, 0x8006


def read_strings(reader, header, payload):
    columns = ColumnSet(payload, (LENGTHS, BYTES))
    table = reader.tables.strings
    table.begin(reader.session, header, columns)
    lengths = columns.integers(LENGTHS, U32, required=True)
    table.extend(columns, split(lengths, columns.bytes(BYTES, required=True), "F-5.2-2"))


def read_functions(reader, header, payload):
    columns = ColumnSet(payload, (NAME, FILE, FIRST_LINE, KIND, ADDRESS, MODULE))
    tables = reader.tables
    tables.functions.begin(reader.session, header, columns)
    names = columns.integers(NAME, U32, required=True)
    files = columns.integers(FILE, U32, required=True)
    lines = columns.integers(FIRST_LINE, U32)
    kinds = columns.integers(KIND, U32)
    addresses = columns.integers(ADDRESS, U64)
    modules = columns.integers(MODULE, U32)
    names = tables.defined(reader.session, header, tables.strings, names, "F-5.2-3")
    files = tables.defined(reader.session, header, tables.strings, files, "F-5.2-3")
    modules = tables.defined(reader.session, header, tables.modules, modules, "F-5.2-3")
    tables.functions.extend(columns, [
        Function(tables.string(name), tables.string(file), line, known_kind(kind), address, tables.module(module))
        for name, file, line, kind, address, module in zip(names, files, lines, kinds, addresses, modules)])


def known_kind(kind):
    """[F-5.2-4]"""
    return kind if kind < FUNCTION_KINDS else 0
