"""Section 5.4: STACKS."""

from .columns import ColumnSet
from .errors import require
from .limits import U32
from .tables import LOST, parents_of

DISTANCE, LOCATION, EDGE, NEW_LOCATIONS, OUTER_LOCATIONS = range(1, 6)
BY_EDGES = (EDGE, NEW_LOCATIONS, OUTER_LOCATIONS)


def read_stacks(reader, header, payload):
    columns = ColumnSet(payload, (DISTANCE, LOCATION, *BY_EDGES))
    tables = reader.tables
    table = tables.stacks
    table.begin(reader.session, header, columns)
    by_edges = columns.has(*BY_EDGES)
    require((columns.has(LOCATION), by_edges) in ((1, 0), (0, 3)), "F-5.4-4", "it has not one way of locations")
    parents = parents_of(columns, columns.integers(DISTANCE, U32, required=True))
    if by_edges:
        locations = locations_of_edges(columns, table, parents)
    else:
        locations = columns.integers(LOCATION, U32)
    locations = tables.defined(reader.session, header, tables.locations, locations, "F-5.4-1")
    table.extend(columns, list(zip(parents, locations)))


class Supply:
    """Entries of a list, taken one by one [F-5.4-7], [F-5.6-8]."""

    def __init__(self, entries, rule):
        self.entries, self.rule, self.taken = entries, rule, 0

    def next(self):
        require(self.taken < len(self.entries), self.rule, "a list is used up too early")
        self.taken += 1
        return self.entries[self.taken - 1]

    def finish(self):
        require(self.taken == len(self.entries), self.rule, "a list is not used up")


def locations_of_edges(columns, table, parents):
    """The location of each entry [F-5.4-5]."""
    edges = columns.integers(EDGE, U32)
    new_locations = Supply(columns.list(NEW_LOCATIONS, U32), "F-5.4-7")
    outer_locations = Supply(columns.list(OUTER_LOCATIONS, U32), "F-5.4-7")
    callees = {}                # of each location, in this chunk
    locations = {0: 0}          # of each node that an entry had for a parent, and of the entries
    for node, (parent, edge) in enumerate(zip(parents, edges), columns.first):
        if parent not in locations:  # an earlier chunk's [F-5.4-6]
            locations[parent] = outer_locations.next()
            known = table.entries.get(parent)
            require(known is None or known[1] in (locations[parent], LOST), "F-5.4-6", "a parent has another location")
        called = callees.setdefault(locations[parent], [])
        if edge == 0:
            called.append(new_locations.next())
            locations[node] = called[-1]
        else:
            require(edge <= len(called), "F-5.4-5", "an edge is not there")
            locations[node] = called[edge - 1]
    new_locations.finish()
    outer_locations.finish()
    return [locations[columns.first + index] for index in range(columns.count)]
