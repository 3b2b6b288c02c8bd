"""Section 5.7: LABELS."""

from .columns import ColumnSet
from .limits import U32, U64
from .tables import parents_of

DISTANCE, KEY, TEXT, NUMBER = range(1, 5)


def read_labels(reader, header, payload):
    columns = ColumnSet(payload, (DISTANCE, KEY, TEXT, NUMBER))
    tables = reader.tables
    tables.labels.begin(reader.session, header, columns)
    parents = parents_of(columns, columns.integers(DISTANCE, U32, required=True))
    keys = columns.integers(KEY, U32, required=True)
    texts = columns.integers(TEXT, U32)
    numbers = columns.integers(NUMBER, U64)
    keys = tables.defined(reader.session, header, tables.strings, keys, "F-5.7-1")
    texts = tables.defined(reader.session, header, tables.strings, texts, "F-5.7-1")
    tables.labels.extend(columns, [
        (parent, tables.string(key), tables.string(text) if text else number)  # [F-5.7-2]
        for parent, key, text, number in zip(parents, keys, texts, numbers)])
