"""Section 2: the superblock of a session."""

import struct

from .chunks import ChunkHeader
from .notation import crc32

VERSION = 1
MAGIC = b"\x89VMPF\r\n\x1a"
SUPERBLOCK_SIZE = 64
MAX_SUPERBLOCK_SIZE = 4096

class Superblock:
    """The fields of a superblock, and what is wrong with it (a rule), or None."""

    def __init__(self, data, offset):
        raw = data[offset:offset + SUPERBLOCK_SIZE]
        self.problem, self.is_newer = None, False
        if len(raw) < SUPERBLOCK_SIZE:
            self.problem = "F-2-2"
            return
        if not raw.startswith(MAGIC):
            self.problem = "F-2-1"
            return
        (self.read_version, self.write_version, self.size, self.session_id,
         self.start_unix_ns) = struct.unpack_from("<HHIQQ", raw, 8)
        if struct.unpack_from("<I", raw, 60)[0] != crc32(raw[:60]):
            self.problem = "F-2-2"
        elif self.read_version > VERSION:
            self.is_newer = True  # then nobody knows what its other fields may hold
        elif self.read_version == 0:
            self.problem = "F-2-3"
        elif not SUPERBLOCK_SIZE <= self.size <= MAX_SUPERBLOCK_SIZE:
            self.problem = "F-2-4"
        elif self.session_id == 0:
            self.problem = "F-2-5"


def find_superblock(data, offset, session_id=None):
    """The superblock here: (superblock, chunk header at 64 or None), or None when there is none to use.

    One that is damaged is of use only where a whole chunk header stands at 64; behind another session, one of another
    session id, and below a magic, which the input's beginning does not need [F-2-2].
    """
    if offset != 0 and not data.startswith(MAGIC, offset):
        return None
    superblock = Superblock(data, offset)
    if superblock.problem is None:
        return superblock, None
    header = ChunkHeader.find(data, offset + SUPERBLOCK_SIZE, None)
    return (superblock, header) if header and header.session_id not in (0, session_id) else None
