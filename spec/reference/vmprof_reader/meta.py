"""Section 5.1: META."""

from .errors import Broken, require
from .limits import MAX_META_ENTRIES, MAX_META_ITEMS, MAX_VALUES
from .notation import Cursor

def read_meta(reader, header, payload):
    del header
    session = reader.session
    cursor = Cursor(payload, "F-5.1-1")
    count, = cursor.fixed("I")
    require(count <= MAX_META_ENTRIES, "F-5.1-1", "it has too many entries")
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
            require(items <= MAX_META_ITEMS, "F-5.1-1", "a list is too long")
            found[key] = [cursor.string() for _ in range(items)]
        else:
            raise Broken("F-5.1-1", "a value has type %d" % value_type)
    require(cursor.at_end(), "F-5.1-1", "there is more than its entries")
    keys = len({*session.metadata, *found})
    require(keys <= MAX_META_ENTRIES, "F-5.1-1", "the session has too many keys")
    if b"values" in found:  # [F-5.1-4]
        value_types = parse_values(found[b"values"])
        require(not reader.samples_begun or value_types == session.value_types,
                 "F-5.1-4", "the values change after samples")
        session.value_types = value_types
    session.metadata.update(found)  # [F-5.1-2]


def parse_values(items):
    """(name, unit) of each value [F-5.1-4]. A later text may have further units [F-9-1]."""
    require(isinstance(items, list) and 0 < len(items) <= MAX_VALUES, "F-5.1-4", "'values' is no list of 1 to 8")
    value_types = []
    for item in items:
        name, colon, unit = item.rpartition(b":")
        require(colon and name and unit, "F-5.1-4", "a value has no name or no unit")
        value_types.append((name, unit))
    return value_types
