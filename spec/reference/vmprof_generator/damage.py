"""Damages a profile in many ways, also such that its checksums hold and only the rules inside are broken."""

import struct
import zlib

from . import craft as C

HEADER_SIZE = 56
COLUMN_SETS = (*range(C.STRINGS, C.SAMPLES + 1), *range(C.TOTALS, C.LABELS + 1))
HEADER_FIELDS = ((4, 2), (6, 2), (16, 4), (20, 4), (24, 4), (32, 8))  # offset and size, but for the session id


def flipped(rng, data, begin=0, end=None):
    """With one to three bits flipped, or a byte replaced."""
    data = bytearray(data)
    end = len(data) if end is None else min(end, len(data))
    if begin >= end:
        return bytes(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.randrange(begin, end)
        data[place] = rng.choice((data[place] ^ 1 << rng.randrange(8), data[place] ^ 1 << rng.randrange(8),
                                  0, 1, 255, 127, (data[place] + 1) & 255))
    return bytes(data)


def is_chunk(piece):
    return piece.startswith(C.SYNC) and len(piece) >= HEADER_SIZE


def with_checksums(piece):
    """A chunk, or a superblock, whose checksums match what it holds now."""
    if not is_chunk(piece):
        return piece[:60] + struct.pack("<I", zlib.crc32(piece[:60])) + piece[64:] if len(piece) >= 64 else piece
    header, payload = bytearray(piece[:HEADER_SIZE]), piece[HEADER_SIZE:]
    if struct.unpack_from("<H", header, 4)[0] not in (C.JOURNAL, C.PAD):
        header[28:32] = struct.pack("<I", zlib.crc32(payload))
    header[52:56] = struct.pack("<I", zlib.crc32(header[:52]))
    return bytes(header) + payload


def columns_of(payload):
    """The columns of a payload that is sound: (directory entry, bytes before they were compressed) each."""
    count = struct.unpack_from("<I", payload, 12)[0]
    place, columns = 32 + 16 * count, []
    for index in range(count):
        entry = struct.unpack_from("<HBBIII", payload, 32 + 16 * index)
        stored = payload[place:place + entry[4]]
        place += entry[4]
        if entry[2] == C.STORED:
            columns.append((entry, stored))
        else:
            tail = entry[5] if entry[2] == C.ZLIB_AND_TAIL else 0
            front = len(stored) - tail
            columns.append((entry, zlib.decompress(stored[:front]) + stored[front:]))
    return columns


class Damager:
    """Spoils a list of pieces: superblocks and chunks."""

    def __init__(self, rng, pieces):
        self.rng, self.pieces = rng, list(pieces)
        self.repaired = False  # an inner rule may be broken while all checksums hold
        self.spoiled_a_payload = False

    def any_chunk(self):
        """The place of a chunk; of a superblock where there is no chunk."""
        places = [place for place, piece in enumerate(self.pieces) if is_chunk(piece)]
        return self.rng.choice(places) if places else 0

    def spoil_payload(self, repair):
        """Damages a payload; its first part, where the columns are described, as often as the rest."""
        place = self.any_chunk()
        piece = self.pieces[place]
        self.spoiled_a_payload = True
        end = self.rng.choice((HEADER_SIZE + 32, HEADER_SIZE + 96, len(piece), len(piece)))
        piece = flipped(self.rng, piece, HEADER_SIZE, end)
        self.pieces[place] = with_checksums(piece) if repair else piece
        self.repaired |= repair

    def spoil_column(self):
        """Damages a column before it is compressed, so that what it says is wrong, or nothing that a column may say."""
        rng, place = self.rng, self.any_chunk()
        piece = self.pieces[place]
        if self.spoiled_a_payload or not is_chunk(piece) or struct.unpack_from("<H", piece, 4)[0] not in COLUMN_SETS:
            return
        self.spoiled_a_payload = True
        columns = columns_of(piece[HEADER_SIZE:])
        chosen = rng.randrange(len(columns))
        directory, stored = b"", b""
        for index, (entry, raw) in enumerate(columns):
            if index == chosen:
                raw = rng.choice((lambda: flipped(rng, raw), lambda: flipped(rng, raw), lambda: flipped(rng, raw, 0, 6),
                                  lambda: raw[:-1], lambda: raw + b"\0"))()
            directory += struct.pack("<HBBIII", entry[0], entry[1], C.STORED, len(raw), len(raw), 0)
            stored += raw
        payload = piece[HEADER_SIZE:HEADER_SIZE + 32] + directory + stored
        header = bytearray(piece[:HEADER_SIZE])
        header[24:28] = struct.pack("<I", len(payload))
        self.pieces[place] = with_checksums(bytes(header) + payload)
        self.repaired = True

    def cut_payload(self):
        """A payload that is too short or too long for what it holds."""
        place = self.any_chunk()
        piece = self.pieces[place]
        self.spoiled_a_payload = True
        piece = piece + b"more" if self.rng.random() < 0.3 else piece[:self.rng.randrange(HEADER_SIZE, len(piece) + 1)]
        header = bytearray(piece)
        header[24:28] = struct.pack("<I", len(piece) - HEADER_SIZE)
        self.pieces[place] = with_checksums(bytes(header))
        self.repaired = True

    def spoil_header(self, repair):
        """Damages a field of a chunk's header."""
        self.spoiled_a_payload = True
        place = self.any_chunk()
        offset, size = self.rng.choice(HEADER_FIELDS)
        piece = flipped(self.rng, self.pieces[place], offset, offset + size)
        self.pieces[place] = with_checksums(piece) if repair else piece
        self.repaired |= repair

    def spoil_superblock(self):
        places = [place for place, piece in enumerate(self.pieces) if piece.startswith(C.MAGIC)]
        if places:
            place = self.rng.choice(places)
            piece = flipped(self.rng, self.pieces[place], 8, 64)
            repair = self.rng.random() < 0.5
            self.pieces[place] = with_checksums(piece) if repair else piece
            self.repaired |= repair

    def drop(self):
        if len(self.pieces) > 1:
            del self.pieces[self.rng.randrange(1, len(self.pieces))]

    def copy(self):
        """A chunk once more, anywhere: also before it, or in another session."""
        self.pieces.insert(self.rng.randrange(1, len(self.pieces) + 1), self.pieces[self.any_chunk()])
        self.repaired = True

    def move(self):
        if len(self.pieces) > 2:
            piece = self.pieces.pop(self.rng.randrange(1, len(self.pieces)))
            self.pieces.insert(self.rng.randrange(1, len(self.pieces) + 1), piece)
            self.repaired = True

    def insert(self):
        """Other bytes between chunks, some like the beginning of one."""
        other = self.rng.choice((b"junk", bytes(100), C.SYNC, C.MAGIC, C.SYNC + bytes(60), C.MAGIC + bytes(100)))
        self.pieces.insert(self.rng.randrange(1, len(self.pieces) + 1), other)

    def spoil_bytes(self):
        """Damages the whole, wherever: flips, a cut, bytes that are missing or more."""
        rng, data = self.rng, b"".join(self.pieces)
        place, size = rng.randrange(1, len(data)), rng.choice((1, 7, 100, 3000))
        self.pieces = [rng.choice((
            lambda: flipped(rng, data), lambda: data[:place], lambda: data[:place] + data[place + size:],
            lambda: data[:place] + bytes(rng.randrange(256) for _ in range(size)) + data[place:],
            lambda: data[:place] + bytes(size) + data[place + size:],
        ))()]

    def spoil(self):
        """Damages it once to three times."""
        rng = self.rng
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            rng.choice((
                lambda: self.spoil_payload(True), lambda: self.spoil_payload(True),
                self.spoil_column, self.spoil_column, self.spoil_column,
                lambda: self.spoil_payload(False), self.cut_payload, lambda: self.spoil_header(True),
                lambda: self.spoil_header(False), self.spoil_superblock, self.drop, self.copy, self.move, self.insert,
            ))()
        if rng.random() < 0.3:
            self.spoil_bytes()
        return b"".join(self.pieces)
