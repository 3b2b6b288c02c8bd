"""Takes a whole profile apart, as ../../../spec/vmprof-format.md has it, and works out what vmprof-info must say.

It shares nothing with the library: struct and zlib only. It expects a file in which every byte is in its place,
and raises where one is not.
"""

import struct
import zlib

MAGIC = b"\x89VMPF\r\n\x1a"
SYNC = b"\x9eVMC"
KINDS = {1: "META", 2: "STRINGS", 3: "FUNCTIONS", 4: "LOCATIONS", 5: "STACKS", 6: "THREADS", 7: "SAMPLES",
         8: "JOURNAL", 9: "PAD", 10: "END", 11: "TOTALS", 12: "INDEX", 13: "MODULES", 14: "CODES", 15: "LABELS"}
COLUMN_SETS = {2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15}
ENCODINGS = ["bytes", "plain", "delta", "runs", "delta-runs", "coded"]
CODECS = ["stored", "zlib", "zlib+tail"]
UNNUMBERED = 0xFFFFFFFF


def inflated_size(codec, stored, tail):
    """How many raw bytes a column really has [F-4-3]."""
    if codec == 0:
        return len(stored)
    stream = zlib.decompressobj()
    size = len(stream.decompress(stored[:len(stored) - tail]))
    assert stream.eof and not stream.unused_data
    return size + tail


def columns_of(payload):
    """(first, count, word at 16, word at 24, columns) of a column set (4.1)."""
    first, count, number, word16, word24 = struct.unpack_from("<QIIQQ", payload)
    columns, at = [], 32 + 16 * number
    for index in range(number):
        column, encoding, codec, raw, stored, tail = struct.unpack_from("<HBBIII", payload, 32 + 16 * index)
        tail = tail if codec == 2 else 0
        assert inflated_size(codec, payload[at:at + stored], tail) == raw
        columns.append({"column": column, "encoding": encoding, "codec": codec, "raw_bytes": raw,
                        "stored_bytes": stored, "tail_bytes": tail})
        at += stored
    assert at == len(payload)
    return first, count, word16, word24, columns


def varint(data, at):
    """(value, where the next thing begins)."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def metadata_of(payload):
    """The entries of META (5.1)."""
    entries, at = {}, 4

    def text(at):
        size, at = varint(payload, at)
        return payload[at:at + size].decode("utf-8", "replace"), at + size

    for _ in range(struct.unpack_from("<I", payload)[0]):
        key, at = text(at)
        kind, at = payload[at], at + 1
        if kind == 1:
            entries[key], at = text(at)
        elif kind == 2:
            entries[key], at = varint(payload, at)
        else:
            entries[key] = []
            size, at = varint(payload, at)
            for _ in range(size):
                item, at = text(at)
                entries[key].append(item)
    return entries


def end_of(payload):
    """END (6)."""
    samples, lost, duration, values = struct.unpack_from("<QQQI", payload)
    return {"samples": samples, "lost_samples": lost, "duration_ns": duration,
            "sums": list(struct.unpack_from("<%dQ" % values, payload, 32))}


class Session:
    """What its chunks add up to."""

    def __init__(self, offset, data):
        self.offset = offset
        (self.read_version, self.write_version, self.size, self.id,
         self.start) = struct.unpack_from("<HHIQQ", data, offset + 8)
        assert zlib.crc32(data[offset:offset + 60]) == struct.unpack_from("<I", data, offset + 60)[0]
        self.metadata, self.end, self.journal = {}, None, None
        self.numbers, self.epochs, self.size_bytes = set(), 0, self.size
        self.entries = dict.fromkeys(KINDS, 0)
        self.threads = 0


def chunk_at(data, offset, session):
    """(block, payload) of the chunk there."""
    sync, kind, flags, owner, number, epoch, size, checksum, begin, end, _, own = struct.unpack_from(
        "<4sHHQIIIIQQII", data, offset)
    assert sync == SYNC and owner == session.id and own == zlib.crc32(data[offset:offset + 52])
    payload = data[offset + 56:offset + 56 + size]
    assert len(payload) == size
    if kind in (8, 9):
        checked = "none"
    else:
        assert checksum == zlib.crc32(payload)
        checked = "right"
    order = "unnumbered" if number == UNNUMBERED else "copy" if number in session.numbers else "next"
    block = {"offset": offset, "size_bytes": 56 + size, "type": "chunk", "kind": kind, "name": KINDS.get(kind),
             "flags": flags, "critical": bool(flags & 1), "sequence": None if number == UNNUMBERED else number,
             "epoch": epoch, "payload_bytes": size, "first": None, "entries": None, "raw_bytes": 56 + size,
             "begin_ns": begin, "end_ns": end, "checksum": checked, "order": order, "problem": None, "rule": None,
             "columns": []}
    return block, payload


def take_chunk(session, block, payload):
    """Adds what the chunk holds to the block and, unless it is a copy, to the session."""
    kind, counts = block["kind"], block["order"] != "copy"
    if kind in COLUMN_SETS:
        first, count, _, _, columns = columns_of(payload)
        block.update(first=first, entries=count, columns=columns)
        block["raw_bytes"] += sum(column["raw_bytes"] - column["stored_bytes"] for column in columns)
        if counts:
            session.entries[kind] += count
            session.threads = max(session.threads, first + count if kind == 6 else 0)
    elif kind == 1:
        block["meta_entries"] = struct.unpack_from("<I", payload)[0]
        if counts:
            session.metadata.update(metadata_of(payload))
    elif kind == 8:
        head, lost = struct.unpack_from("<QQ", payload, 64)
        session.journal = {"capacity_bytes": struct.unpack_from("<Q", payload, 8)[0], "head": head,
                           "tail": struct.unpack_from("<Q", payload, 128)[0], "lost_samples": lost}
        block["journal"] = session.journal
    elif kind == 10:
        block["end"] = end_of(payload)
        session.end = block["end"]
    if block["sequence"] is not None and counts:
        session.numbers.add(block["sequence"])
        session.epochs = max(session.epochs, block["epoch"] + 1)


def take_apart(data):
    """(sessions, blocks) of a file without damage."""
    sessions, blocks, at = [], [], 0
    while at < len(data):
        if data[at:at + 8] == MAGIC:
            session = Session(at, data)
            sessions.append(session)
            blocks.append({"offset": at, "size_bytes": session.size, "type": "superblock", "raw_bytes": session.size,
                           "checksum": "right", "columns": []})
            blocks[-1]["session"] = len(sessions) - 1
            at += session.size
            continue
        block, payload = chunk_at(data, at, sessions[-1])
        take_chunk(sessions[-1], block, payload)
        block["session"] = len(sessions) - 1
        blocks.append(block)
        sessions[-1].size_bytes += block["size_bytes"]
        at += block["size_bytes"]
    return sessions, blocks


def kinds_of(blocks):
    """The table of kinds, as a dictionary by name."""
    kinds = {}
    for block in blocks:
        name = block.get("name") or block["type"]
        row = kinds.setdefault(name, {"count": 0, "entries": 0, "stored_bytes": 0, "raw_bytes": 0})
        row["count"] += 1
        row["stored_bytes"] += block["size_bytes"]
        row["raw_bytes"] += block["raw_bytes"]
        if block.get("order") != "copy":
            row["entries"] += (block.get("entries") or 0) + block.get("meta_entries", 0)
    return kinds


def column_sums(blocks):
    """The table of columns, as a dictionary by (kind, column)."""
    sums = {}
    for block in blocks:
        for column in block["columns"]:
            row = sums.setdefault((block["kind"], column["column"]), {
                "chunks": 0, "encodings": set(), "codecs": set(), "raw_bytes": 0, "stored_bytes": 0})
            row["chunks"] += 1
            row["encodings"].add(ENCODINGS[column["encoding"]])
            row["codecs"].add(CODECS[column["codec"]])
            row["raw_bytes"] += column["raw_bytes"]
            row["stored_bytes"] += column["stored_bytes"]
    return sums
