"""The whole input: sessions, and what to do between them where it is damaged (sections 2 and 3)."""

from .chunks import SYNC, ChunkHeader
from .errors import Damaged, Newer, NotOurs
from .model import Profile, Session
from .session import SessionReader
from .superblock import MAGIC, SUPERBLOCK_SIZE, VERSION, find_superblock

def begin_session(profile, superblock, header, offset):
    """A session for a superblock that find_superblock() gave."""
    if superblock.problem is None and superblock.read_version > VERSION:
        raise Newer("F-2-3", offset + 8, "format version %d is newer than %d" % (
            superblock.read_version, VERSION))
    session = Session(offset)
    profile.sessions.append(session)
    if superblock.problem is None:
        session.read_version, session.write_version = superblock.read_version, superblock.write_version
        session.superblock_size = superblock.size
        session.session_id = superblock.session_id
        session.start_unix_ns = superblock.start_unix_ns
    else:  # none of its fields can be relied on
        session.superblock_damaged = True
        session.superblock_size = SUPERBLOCK_SIZE
        session.session_id = header.session_id
        session.note(superblock.problem, offset, "the superblock is damaged")
    return session


def search(data, position, session_id):
    """Where the next chunk or superblock is that can be used; the end of the input where none is [F-3-1]."""
    while True:
        magic = data.find(MAGIC, position)
        sync = data.find(SYNC, position)
        found = min(place for place in (magic, sync, len(data)) if place >= 0)
        if found == len(data):
            return found
        if find_superblock(data, found) or ChunkHeader.find(data, found, session_id):
            return found
        position = found + 1


def is_boundary(data, position, session_id):
    """A chunk, a superblock or the end of the input is here."""
    return (position == len(data) or find_superblock(data, position) is not None
            or ChunkHeader.find(data, position, session_id) is not None)


def read(data):
    """Reads a profile. Raises a FormatError where there is nothing that can be given."""
    data = bytes(data)
    if not data.startswith(MAGIC):  # [F-2-1]
        raise NotOurs("F-2-1", 0, "this is no vmprof profile")
    if find_superblock(data, 0) is None:
        raise Damaged("F-2-2", 0, "the superblock is damaged, and no chunk follows it")
    profile = Profile()
    session = reader = None
    position = 0
    while position < len(data):
        start = find_superblock(data, position)
        if start:  # [F-2-6]
            if reader:
                reader.finish()
                reader = None
            try:
                session = begin_session(profile, start[0], start[1], position)
            except Newer as newer:
                if not profile.sessions:
                    raise
                profile.error = newer
                break
            reader = SessionReader(session, data)
            position += session.superblock_size
            continue
        header = ChunkHeader.find(data, position, session.session_id)
        if header and (not session.finished or reader.is_copy(header)):
            whole = reader.take(header)
            position = min(header.behind, len(data))
            # Behind a payload that is not whole there may be anything: it may have been cut, and another
            # session appended.
            if not whole and (header.behind > len(data) or not is_boundary(data, position, session.session_id)):
                found = search(data, header.payload_offset, session.session_id)
                if found < position:
                    session.damage.bytes -= position - found
                    position = found
            continue
        # [F-3-1]; behind END nothing but copies and a superblock can follow [F-6-4], [F-3-5].
        found = search(data, position + 1, session.session_id)
        session.damage.bytes += found - position
        session.note("F-6-4" if session.finished else "F-3-1", position,
                     "%d bytes are no part of a chunk" % (found - position))
        position = found
    if reader:
        reader.finish()
    return profile
