"""Section 5.8: MODULES."""

from .columns import ColumnSet
from .limits import U32, U64
from .model import Module

PATH, BUILD_ID, ADDRESS, SIZE, OFFSET = range(1, 6)


def read_modules(reader, header, payload):
    columns = ColumnSet(payload, (PATH, BUILD_ID, ADDRESS, SIZE, OFFSET))
    tables = reader.tables
    tables.modules.begin(reader.session, header, columns)
    paths = columns.integers(PATH, U32, required=True)
    build_ids = columns.integers(BUILD_ID, U32)
    addresses = columns.integers(ADDRESS, U64)
    sizes = columns.integers(SIZE, U64)
    offsets = columns.integers(OFFSET, U64)
    paths = tables.defined(reader.session, header, tables.strings, paths, "F-5.8-1")
    build_ids = tables.defined(reader.session, header, tables.strings, build_ids, "F-5.8-1")
    modules = [Module(tables.string(path), tables.string(build_id), *rest)
               for path, build_id, *rest in zip(paths, build_ids, addresses, sizes, offsets)]
    tables.modules.extend(columns, modules)
    reader.session.modules += modules
