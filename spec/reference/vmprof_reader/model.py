"""What a profile holds."""

from .limits import MAX_NOTES
from .superblock import SUPERBLOCK_SIZE, VERSION

LOST_NAME = b"<lost>"
KNOWN_FLAGS = 3  # [F-5.6-3]: outermost frames are missing; frames of machine code are

class Profile:
    """The sessions of an input."""

    def __init__(self):
        self.sessions = []

    @property
    def whole(self):
        """Nothing is known to be missing: no damage, and each session has its end."""
        return all(session.whole for session in self.sessions)


class Session:
    """One recording."""

    def __init__(self, offset):
        self.offset = offset
        self.superblock_damaged = False
        self.read_version = self.write_version = VERSION
        self.superblock_size = SUPERBLOCK_SIZE
        self.session_id = None
        self.start_unix_ns = 0
        self.metadata = {}  # key: bytes, int or a list of bytes
        self.value_types = [(b"samples", b"count")]
        self.threads = []
        self.samples = []
        self.modules = []   # of all epochs, those that were read
        self.totals = []    # a totals.Totals each
        self.finished = False
        self.end_ns = None
        self.lost_samples = 0         # the recorder said so: due, but not kept
        self.damage = Damage()
        self.refused = None           # the FormatError of the chunk that ended this session's reading
        self.notes = []               # (rule, offset, text) of each damage
        self.wrong_offers = []        # likewise, of what only a reader that seeks might rely on

    @property
    def whole(self):
        """Finished, and nothing is known to be missing."""
        return self.finished and self.refused is None and not self.damage

    def note(self, rule, offset, text, lost_bytes=0):
        """Remembers a damage; an input of nothing else must not fill the memory."""
        if self.refused:
            return  # nothing of it is counted as lost [F-3-4]
        self.damage.places += 1
        self.damage.bytes += lost_bytes
        if len(self.notes) < MAX_NOTES:
            self.notes.append((rule, offset, text))


class Damage:
    """What is missing of a session, or known to be wrong."""

    def __init__(self):
        self.places = 0   # notes, also those beyond MAX_NOTES
        self.bytes = 0    # no part of any chunk, or of a chunk that cannot be used
        self.chunks = 0
        self.samples = 0
        self.rows = 0     # damaged stretches of the journal

    def __bool__(self):
        return bool(self.places or self.bytes or self.chunks or self.samples or self.rows)


class Thread:
    """A row of section 5.5."""

    def __init__(self, process_id, thread_id, name):
        self.process_id, self.thread_id, self.name = process_id, thread_id, name


class Function:
    """A row of FUNCTIONS, or a CODE row of a journal."""

    def __init__(self, name, file, first_line, kind, address, module=None):
        self.name, self.file = name, file
        self.first_line, self.kind, self.address, self.module = first_line, kind, address, module


class Module:
    """A row of section 5.8."""

    def __init__(self, path, build_id, address, size, offset):
        self.path, self.build_id = path, build_id
        self.address, self.size, self.offset = address, size, offset


LOST_MODULE = Module(LOST_NAME, b"", 0, 0, 0)
LOST_LABELS = (0, LOST_NAME, LOST_NAME)  # a node of the tree of section 5.7
LOST_THREAD = Thread(0, 0, LOST_NAME)
LOST_FUNCTION = Function(LOST_NAME, b"", 0, 0, 0)
NO_FUNCTION = Function(b"", b"", 0, 0, 0)  # entry 0 of the table


class Sample:
    """One walked stack. The stack is made when it is asked for: many long ones share their nodes."""

    __slots__ = ("_frames", "thread", "time_ns", "flags", "values", "_labels")

    def __init__(self, frames, thread, time_ns, flags, values, labels=dict):
        self._frames, self._labels = frames, labels
        self.thread, self.time_ns, self.flags, self.values = thread, time_ns, flags, values

    @property
    def stack(self):
        """(function, line) of each frame, root first."""
        return self._frames()

    @property
    def labels(self):
        """Text or number by key."""
        return self._labels()
