"""Section 8: the profile that a log is."""

from .errors import Damage
from .frames import NATIVE, frames_of
from .header import REAL_TIME
from .inflate import inflated
from .maps import mapped_files, module_of, modules
from .names import Names
from .records import META, STACKTRACE
from .scan import read_log

FLAG_TRUNCATED = 1
MAX_MEMORY_KB = 1 << 40
MAX_KEYS = 4000
OWN_KEYS = {b"interpreter", b"period_ns", b"values", b"clock", b"log_version", b"mapped_files"}
NOT_STRINGS_OF_A_LOG = {b"program", b"arguments", b"process_id", b"interpreter_version", b""}


class Sample:
    """frames: (function, line, module or None), root first."""

    def __init__(self, frames, thread, flags, values):
        self.frames, self.thread, self.flags, self.values = frames, thread, flags, values


class Profile:
    """A session, in the terms of the profile format."""

    def __init__(self, log, damage):
        self.log = log
        self.damage = damage + log.damage
        self.finished = log.finished
        self.start_unix_ns = log.start_ns or 0
        known = None not in (log.start_ns, log.end_ns)
        self.end_ns = max(0, log.end_ns - log.start_ns) if known else 0  # [L-8-1]
        self.modules = modules(log.maps)
        self.value_types = [b"samples:count"] + [b"memory:bytes"] * log.header.memory  # [L-8-2]
        self.metadata = self._metadata()
        self.threads = []  # the words of the threads [L-8-4]
        self.samples = self._samples()

    def _metadata(self):
        """[L-8-5]"""
        header = self.log.header
        found = {}
        for record in self.log.records:
            if record.marker != META or record.fields[0] in OWN_KEYS | NOT_STRINGS_OF_A_LOG:
                continue
            key, value = record.fields
            if key in found or len(found) < MAX_KEYS:
                found[key] = value
            else:
                self.damage.append(Damage("L-8-8", record.offset, record.end - record.offset))
        found.update({b"values": self.value_types, b"log_version": header.version})
        if header.interpreter:
            found[b"interpreter"] = header.interpreter
        if header.period_us is not None:
            found[b"period_ns"] = header.period_us * 1000
        if header.mode & REAL_TIME:
            found[b"clock"] = b"wall"
        files = mapped_files(self.modules)
        if files:
            found[b"mapped_files"] = files
        return found

    def _samples(self):
        """In the order of their records [L-8-2]."""
        frames, full = frames_of(self.log)
        names = Names(self.log)
        return [self._sample(record, frames, full, names)
                for record in self.log.records if record.marker == STACKTRACE]

    def _sample(self, record, frames, full, names):
        words, thread, memory = record.fields
        if thread not in self.threads:
            self.threads.append(thread)
        stack = []
        for frame in frames(words):
            module = module_of(self.modules, frame.ident) if frame.kind == NATIVE else None
            stack.append((names.function(frame, record.offset), frame.line, module))
        values = [1]
        if self.log.header.memory:
            values.append(1024 * memory if memory is not None and memory < MAX_MEMORY_KB else 0)
        flags = FLAG_TRUNCATED if self.log.header.address == 8 and len(words) >= full else 0  # [L-4-7]
        return Sample(stack[::-1], thread, flags, values)


def read(data):
    """The profile that an input is; raises LogError where nothing of it can be read."""
    log_bytes, damage = inflated(data)
    return Profile(read_log(log_bytes), damage)
