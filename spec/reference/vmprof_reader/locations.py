"""Section 5.3: LOCATIONS."""

from .columns import ColumnSet
from .limits import U32

FUNCTION, LINE = 1, 2


def read_locations(reader, header, payload):
    columns = ColumnSet(payload, (FUNCTION, LINE))
    tables = reader.tables
    tables.locations.begin(reader.session, header, columns)
    functions = columns.integers(FUNCTION, U32, required=True)
    lines = columns.integers(LINE, U32)
    functions = tables.defined(reader.session, header, tables.functions, functions, "F-5.3-1")
    tables.locations.extend(columns, list(zip(functions, lines)))
