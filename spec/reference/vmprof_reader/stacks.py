"""Section 5.4: STACKS."""

from .columns import ColumnSet
from .errors import require
from .limits import MAX_DEPTH, U32

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
        require(1 <= distance <= node, "F-5.4-2", "a distance leads before the root")
        parent = node - distance
        if parent >= columns.first:
            depth = nodes[parent - columns.first][2] + 1
        else:
            depth = table.entries[parent][2] + 1 if parent in table.entries else 1
        require(depth <= MAX_DEPTH, "F-5.4-3", "a stack is too deep")
        nodes.append((parent, location, depth))
    table.extend(columns, nodes)
