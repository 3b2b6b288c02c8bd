"""The whole input: sessions, and what to do between them where it is damaged (sections 2 and 3)."""

from .chunks import SYNC, ChunkHeader
from .errors import Damaged, Newer, NotOurs
from .model import Profile, Session
from .session import SessionReader
from .superblock import MAGIC, SUPERBLOCK_SIZE, VERSION, find_superblock

def begin_session(superblock, header, offset):
    """A session for a superblock that find_superblock() gave."""
    session = Session(offset)
    if superblock.problem is None:
        session.read_version, session.write_version = superblock.read_version, superblock.write_version
        session.superblock_size = superblock.size
        session.session_id = superblock.session_id
        session.start_unix_ns = superblock.start_unix_ns
    else:  # none of its fields is believed [F-2-2]
        session.superblock_damaged = True
        session.session_id = header.session_id
        session.note(superblock.problem, offset, "the superblock is damaged", lost_bytes=SUPERBLOCK_SIZE)
    if superblock.is_newer:
        session.refused = Newer("F-2-3", offset + 8, "format version %d is newer than %d" % (
            superblock.read_version, VERSION))
    return session


class Input:
    """Bytes, and where in them chunks and sessions are."""

    def __init__(self, data):
        self.data = data

    def is_start(self, position, session_id):
        """A chunk of the session, or another session, begins here."""
        return (find_superblock(self.data, position, session_id) is not None
                or ChunkHeader.find(self.data, position, session_id) is not None)

    def search(self, position, is_start):
        """The first place where something begins; the end of the input where nothing does [F-3-1]."""
        while True:
            places = [self.data.find(mark, position) for mark in (MAGIC, SYNC)]
            found = min((place for place in places if place >= 0), default=len(self.data))
            if found == len(self.data) or is_start(found):
                return found
            position = found + 1


class InputReader:
    """Reads sessions, one after the other."""

    def __init__(self, data):
        self.data, self.input = data, Input(data)
        self.profile = Profile()
        self.session = self.reader = None

    def read(self):
        position = 0
        while position < len(self.data):
            found = find_superblock(self.data, position, self.session.session_id if self.session else None)
            if found:  # [F-2-6]
                position = self.begin(found, position)
            else:
                position = self.read_chunk(position)
        if self.reader:
            self.reader.finish()
        return self.profile

    def begin(self, found, position):
        """Begins a session; where its first chunk is, or the session behind one that is refused."""
        if self.reader:
            self.reader.finish()
        self.session = begin_session(*found, position)
        self.reader = SessionReader(self.session, self.data)
        self.profile.sessions.append(self.session)
        if self.session.refused:  # nobody knows what its chunks look like
            return self.input.search(position + 1, lambda place: find_superblock(
                self.data, place, self.session.session_id) is not None)
        return position + self.session.superblock_size

    def read_chunk(self, position):
        """Reads the chunk here, or passes over what is none; where to go on."""
        session = self.session
        header = ChunkHeader.find(self.data, position, session.session_id)
        if header and session.finished and not (self.reader.is_copy(header) and self.reader.is_whole(header)):
            header = None  # [F-6-4]
        if header:
            return self.take(header)
        found = self.input.search(position + 1, lambda place: self.input.is_start(place, session.session_id))
        session.note("F-6-4" if session.finished else "F-3-1", position,
                     "%d bytes are no part of a chunk" % (found - position), lost_bytes=found - position)
        return found

    def take(self, header):
        """Reads a chunk; where to go on. Behind a payload that is not whole there may be anything: it may have been
        cut, and another session appended."""
        whole = self.reader.take(header)
        behind = min(header.behind, len(self.data))
        session = self.session
        if whole or header.behind <= len(self.data) and (
                behind == len(self.data) or self.input.is_start(behind, session.session_id)):
            return behind
        found = self.input.search(header.payload_offset,
                                  lambda place: self.input.is_start(place, session.session_id))
        if found < behind:
            if not self.reader.is_copy(header):
                session.damage.bytes -= behind - found
            return found
        return behind


def read(data):
    """Reads a profile. Raises a FormatError where there is nothing that can be given."""
    data = bytes(data)
    if not data:
        raise Damaged("F-2-1", 0, "the input is empty: it is truncated")
    found = find_superblock(data, 0)
    if found is None and not data.startswith(MAGIC):
        raise NotOurs("F-2-1", 0, "this is no vmprof profile")
    if found is None:
        raise Damaged("F-2-2", 0, "the superblock is damaged, and no chunk follows it")
    first = begin_session(*found, 0)
    if first.refused:
        raise first.refused
    return InputReader(data).read()
