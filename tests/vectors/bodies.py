"""The statements that stand for bytes: those of a payload, and those that may stand anywhere."""

import struct

import encode
import rows

# The column ids of a table's rows, as the shorthands have them, and the ids of columns of bytes.
TABLES = {"functions": (1, 2, 3, 4, 5), "locations": (1, 2), "stacks": (1, 2), "samples": (1, 2, 3, 4),
          "totals": (1, 2), "labels": (1, 2, 3, 4), "modules": (1, 2, 3, 4, 5)}
FIRST_VALUE = 16


def adjusted(right, given):
    """A size as it is, one that is given, or one that is off by "+N" or "-N"."""
    if given is None:
        return right
    if isinstance(given, str) and given.startswith(("off", "+")):
        return right + int(given.replace("off", ""))
    return given


def compiled(statements, context):
    """The bytes of a body."""
    out = b""
    for statement in statements:
        if statement.name in STATEMENTS:
            out += STATEMENTS[statement.name](statement, context)
        elif statement.name in TABLES:
            out += _table(statement, context)
        else:
            statement.fail("unknown statement %s" % statement.name)
        if statement.options:
            statement.fail("unknown: %s" % ", ".join(statement.options))
    return out


# ---- bytes as they are -------------------------------------------------------------------------------

def _bytes(statement, _):
    return bytes.fromhex("".join(statement.arguments))


def _text(statement, _):
    return b"".join(statement.arguments)


def _sized(statement, _):
    """A varint length and the text."""
    return b"".join(encode.varint(len(text)) + text for text in statement.arguments)


def _fixed(code):
    return lambda statement, _: struct.pack("<%d%s" % (len(statement.arguments), code), *statement.arguments)


def _varint(statement, _):
    return b"".join(encode.varint(value) for value in statement.arguments)


def _zigzag(statement, _):
    return b"".join(encode.varint(encode.zigzag_number(value)) for value in statement.arguments)


def _zeros(statement, _):
    return bytes(statement.arguments[0])


def _repeat(statement, context):
    return compiled(statement.body, context) * statement.arguments[0]


# ---- META and END ------------------------------------------------------------------------------------

def _meta(statement, context):
    """Section 5.1."""
    entries = 0
    out = b""
    for entry in statement.body:
        if entry.name not in ("string", "integer", "list"):
            out += compiled([entry], context)
            continue
        entries += 1
        key, *values = entry.arguments
        out += encode.varint(len(key)) + key + bytes([1 + ("string", "integer", "list").index(entry.name)])
        if entry.name == "integer":
            out += encode.varint(values[0])
        else:
            out += encode.varint(len(values)) if entry.name == "list" else b""
            out += b"".join(encode.varint(len(value)) + value for value in values)
    return struct.pack("<I", statement.take("count", entries)) + out


def _end(statement, context):
    """[F-6-2]; its arguments are the sums."""
    take = statement.take
    sums = statement.arguments
    out = struct.pack("<QQQII", take("samples", 0), take("lost", 0), take("length", 0), take("count", len(sums)),
                      take("reserved", 0)) + struct.pack("<%dQ" % len(sums), *sums)
    offset, index = take("offset"), take("index")
    if offset is not None:
        out += struct.pack("<Q", len(context.out) - context.session_offset if offset == "here" else offset)
    if index is not None:
        out += struct.pack("<Q", context.last_index if index == "last" else index)
    return out


# ---- column sets -------------------------------------------------------------------------------------

def _names(text):
    return text if isinstance(text, tuple) else (text,) if text != "" else ()


def _raw(statement, encoding, context):
    """The raw bytes of a column: of its body, of its strings, or of its numbers."""
    values = statement.arguments[1:]
    transform = _names(statement.take("transform", ""))
    precision, run_precision = statement.take("m", 4), statement.take("run_m", 4 if "runs" in transform else 0)
    base, unit = statement.take("base", 0), statement.take("unit", 1)
    if statement.body:
        return compiled(statement.body, context)
    if encoding == "bytes":
        return b"".join(values)
    if encoding == "coded":
        return encode.coded(values, transform, precision, run_precision, base, unit)
    return encode.integers(values, encoding)


def _column(statement, context):
    """A column for encode.column_set(). With `given=stored` the body is what is stored."""
    take = statement.take
    values = statement.arguments[1:]
    encoding = take("encoding", "bytes" if values and isinstance(values[0], bytes) else "plain")
    codec, tail, given = take("codec", "none"), take("tail", 0), take("given", "raw")
    raw = stored = _raw(statement, encoding, context)
    if given == "raw" and codec == "zlib":
        stored = encode.zlib_stream(raw)
    elif given == "raw" and codec == "tail":
        stored = encode.zlib_stream(raw[:len(raw) - tail]) + raw[len(raw) - tail:]
    return (statement.arguments[0], encode.ENCODINGS.get(encoding, encoding), encode.CODECS.get(codec, codec),
            adjusted(len(raw), take("raw")), stored, adjusted(len(stored), take("stored")), tail)


def _columns(statement, context):
    """columns first= count= ...: with `column` statements; others in the body come behind the columns."""
    take = statement.take
    columns = [_column(item, context) for item in statement.body if item.name == "column"]
    for item in statement.body:
        if item.name == "column" and item.options:
            item.fail("unknown: %s" % ", ".join(item.options))
    return encode.column_set(take("first", 0), take("count", 0), columns, take("position", 0), take("lost", 0),
                             take("columns")) \
        + compiled([item for item in statement.body if item.name != "column"], context)


def _plain_column(number, values):
    raw = encode.integers(list(values), "plain")
    return number, 1, 0, len(raw), raw, len(raw), 0


def _text_column(number, texts):
    raw = b"".join(texts)
    return number, 0, 0, len(raw), raw, len(raw), 0


def _table(statement, _):
    """functions, locations ... first= ROW ROW: rows of numbers, plain and not compressed."""
    take = statement.take
    table_rows = [row if isinstance(row, tuple) else (row,) for row in statement.arguments]
    ids = _names(take("ids", TABLES[statement.name]))
    if table_rows:
        ids += tuple(range(FIRST_VALUE, FIRST_VALUE + len(table_rows[0]) - len(ids)))
    elif statement.name == "samples":
        ids += (FIRST_VALUE,)
    default = 0 if statement.name in ("samples", "totals") else 1
    columns = [_plain_column(number, (row[index] for row in table_rows)) for index, number in enumerate(ids)]
    return encode.column_set(take("first", default), len(table_rows), columns, take("position", 0), take("lost", 0))


def _strings(statement, _):
    texts = statement.arguments
    return encode.column_set(statement.take("first", 1), len(texts), [
        _plain_column(1, (len(text) for text in texts)), _text_column(2, texts)])


def _threads(statement, _):
    """Rows of thread id, process id, name."""
    items = statement.arguments
    return encode.column_set(statement.take("first", 0), len(items), [
        _plain_column(1, (item[0] for item in items)), _plain_column(2, (item[1] for item in items)),
        _plain_column(3, (len(item[2]) for item in items)), _text_column(4, [item[2] for item in items])])


def _codes(statement, _):
    """[F-7.5-4]; the body has `code` statements."""
    return encode.column_set(0, 0, [_text_column(1, [rows.code(item) for item in statement.body])])


def _index(statement, context):
    """[F-5.10-1]; `set=ENTRY,COLUMN,VALUE` puts a wrong value there, `leave=ENTRY` leaves one out."""
    take = statement.take
    chunks = context.chunks[context.listed:]
    entries = [[c.offset, c.size, c.kind, c.epoch, c.number, c.span[0], c.span[1], c.samples] for c in chunks]
    leave, wrong = take("leave"), take("set")
    if wrong is not None:
        entries[wrong[0]][wrong[1] - 1] = wrong[2]
    if leave is not None:
        del entries[leave]
    columns = [_plain_column(1 + column, (entry[column] for entry in entries)) for column in range(8)]
    first = take("first", context.listed)
    context.listed += len(chunks)
    return encode.column_set(first, len(entries), columns, take("previous", context.last_index),
                             take("own", len(context.out) - context.session_offset))


# ---- the journal -------------------------------------------------------------------------------------

def _row(statement, position, capacity, context):
    """Section 7.2."""
    take = statement.take
    name = statement.arguments[0]
    kind = rows.KINDS.get(name, name)
    committed, wrong, words, reported = take("committed", 1), take("check"), take("words"), take("length")
    if name == "PAD":
        left = (capacity - position % capacity) // 8 if words is None else words
        payload = bytes(8 * (left - 1))
        checked = rows.check(context.session_id, position, kind, 1, b"")
    else:
        if statement.body:
            payload = compiled(statement.body, context)
        else:
            payload = rows.PAYLOADS[name](statement) if name in rows.PAYLOADS else b""
        checked = rows.check(context.session_id, position, kind, 1 + len(payload) // 8, payload)
    field = (checked ^ 1 if wrong == "bad" else checked if wrong in (None, "right") and (committed or wrong)
             else 0 if wrong is None else wrong)
    length = adjusted(1 + len(payload) // 8, reported)
    if statement.options:
        statement.fail("unknown: %s" % ", ".join(statement.options))
    return rows.header(length, kind, field, committed) + payload


def _ring(statements, start, capacity, context):
    """(ring, the position behind the last row, where the furthest byte of the ring lies)."""
    ring, position, used = bytearray(capacity), start, 0
    for statement in statements:
        if statement.name == "at":
            position = statement.arguments[0]
            continue
        if statement.name == "row":
            data = _row(statement, position, capacity, context)
        else:
            data = compiled([statement], context)
        place = position % capacity
        if place + len(data) > capacity:
            statement.fail("the row wraps")
        ring[place:place + len(data)] = data
        position += len(data)
        used = max(used, place + len(data))
    return bytes(ring), position, used


def _journal(statement, context):
    """Section 7.1; with `cut=rows` the input ends behind the last row."""
    take = statement.take
    capacity, tail = take("capacity", 65536), take("tail", 0)
    ring_size = take("ring", capacity)
    ring, behind, used = _ring(statement.body, take("start", tail), ring_size, context)
    fixed = struct.pack("<IIQQ", take("layout", 1), take("part", rows.PART_SIZE), capacity,
                        take("session", context.session_id))
    fixed += context.checksum(statement, "crc", fixed)
    fixed += bytes([take("reserved", 0)]) * (64 - len(fixed))
    fixed += struct.pack("<QQ", take("head", behind), take("lost", 0))
    fixed = fixed.ljust(128, b"\0") + struct.pack("<Q", tail)
    payload = fixed.ljust(rows.PART_SIZE, b"\0") + ring
    if take("cut") == "rows":
        context.announced_size = len(payload)
        payload = payload[:rows.PART_SIZE + used]
    return payload


STATEMENTS = {
    "bytes": _bytes, "text": _text, "sized": _sized, "u8": _fixed("B"), "u16": _fixed("H"), "u32": _fixed("I"),
    "u64": _fixed("Q"), "varint": _varint, "zigzag": _zigzag, "zeros": _zeros, "repeat": _repeat, "meta": _meta,
    "end": _end, "columns": _columns, "strings": _strings, "threads": _threads, "codes": _codes, "index": _index,
    "journal": _journal,
}
