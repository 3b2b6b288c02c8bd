"""Section 3: the header of a chunk."""

import struct

from .limits import MAX_PAYLOAD
from .notation import crc32

SYNC = b"\x9eVMC"
CHUNK_HEADER_SIZE = 56
JOURNAL_FIXED_SIZE = 192

META, STRINGS, FUNCTIONS, LOCATIONS, STACKS, THREADS, SAMPLES, JOURNAL, PAD, END = range(1, 11)
TOTALS, INDEX, MODULES, CODES, LABELS = range(11, 16)
KIND_NAMES = {
    META: "META", STRINGS: "STRINGS", FUNCTIONS: "FUNCTIONS", LOCATIONS: "LOCATIONS",
    STACKS: "STACKS", THREADS: "THREADS", SAMPLES: "SAMPLES", JOURNAL: "JOURNAL", PAD: "PAD",
    END: "END", TOTALS: "TOTALS", INDEX: "INDEX", MODULES: "MODULES", CODES: "CODES", LABELS: "LABELS",
}
UNNUMBERED = (JOURNAL, PAD, CODES)
NO_SEQUENCE_NUMBER = 0xFFFFFFFF


class ChunkHeader:
    """The fields of a chunk's header."""

    def __init__(self, offset, raw):
        self.offset = offset
        (self.kind, self.flags, self.session_id, self.number, self.epoch, self.size, self.checksum,
         self.begin_ns, self.end_ns) = struct.unpack_from("<HHQIIIIQQ", raw, 4)
        self.payload_offset = offset + CHUNK_HEADER_SIZE
        self.behind = self.payload_offset + self.size

    @staticmethod
    def find(data, offset, session_id):
        """The header here, of any session where session_id is None; or None [F-3-1]."""
        raw = data[offset:offset + CHUNK_HEADER_SIZE]
        if len(raw) < CHUNK_HEADER_SIZE or not raw.startswith(SYNC):
            return None
        if struct.unpack_from("<I", raw, 52)[0] != crc32(raw[:52]):
            return None
        header = ChunkHeader(offset, raw)
        if session_id is not None and header.session_id != session_id:
            return None
        # A size that no chunk may have says nothing of where the next one is: no chunk either [F-3-3].
        if header.size > MAX_PAYLOAD + (JOURNAL_FIXED_SIZE if header.kind == JOURNAL else 0):
            return None
        return header

    @property
    def critical(self):
        return self.flags & 1 != 0

    @property
    def name(self):
        return KIND_NAMES.get(self.kind, "kind %d" % self.kind)
