"""What is in a random log: its names, samples and metadata, and how it reads (sections 6 to 8)."""

from .stacks import Code, Stacks, NATIVE, PY, VM

VIRTUAL_IP, NATIVE_SYMBOLS = 2, 8
FILES = [b"a.py", b"/usr/lib/b.py", b"C:\\dir\\c.py", b"<stdin>", b"d:9:x.py"]
FUNCTIONS = [b"main", b"foo", b"<module>", b"a::b", b"f\xc3\xa9\xff", b"<listcomp>", b""]
SYMBOLS = [b"sort", b"std::swap(int&, int&)", b"<native symbol 0x10>"]
MAPS = b"""00400000-00500000 r-xp 00001000 08:01 276968                            /usr/bin/python2.7
00500000-00501000 rwxp 00101000 08:01 276968                            /usr/bin/python2.7
00600000-00700000 rw-p 00000000 00:00 0
7000-8000 r-xp 00000000 00:00 0 [vdso]
00000000-00300000 r-xp 00000000 08:01 3 /lib/low of memory.so
"""
MAPS_MODULES = [["/usr/bin/python2.7", "", 0x400000, 0x100000, 0x1000], ["/usr/bin/python2.7", "", 0x500000, 0x1000, 0x101000],
                ["[vdso]", "", 0x7000, 0x1000, 0], ["/lib/low of memory.so", "", 0, 0x300000, 0]]
MAPPED_FILES = ["08:01 276968 /usr/bin/python2.7", "08:01 3 /lib/low of memory.so"]


def text(data):
    """As the readings have bytes."""
    return data.decode("latin-1")


class Named:
    """A name, and what it is taken apart to."""

    def __init__(self, rng, prefix, function, file):
        line = rng.randrange(0, 100000)
        self.prefix, self.function, self.file, self.line = prefix, function, file, line
        shown = b"-" if not file else file
        self.text = b"%s:%s:%d:%s" % (prefix, function, line, shown)
        if file and rng.random() < 0.1:  # too long: line and file were cut off
            self.text, self.line, self.file = b"%s:%s" % (prefix, function), 0, b""


class Model:
    """The log to be."""

    def __init__(self, rng, layout):
        self.rng, self.layout = rng, layout
        # An address that stands for virtual code has 70 or 77 in its highest byte, where there are eight.
        tag = rng.choice([0, 0x70 << 56]) if layout.counters and layout.address == 8 else 0
        high = 0xF0000000 if rng.random() < 0.3 else 0x8000000
        ids = rng.sample(range(1, 1000), 9)
        self.codes = [Code(tag + high + 16 * ident, self._names()) for ident in ids[:6]]
        self.natives = [] if layout.counters else [Code(high + 16 * ident + 1, [self._native_name()]) for ident in ids[6:]]
        self.stacks = Stacks(rng, layout, self.codes, self.natives)
        self.finished = rng.random() < 0.8
        self.samples = []  # (frames, thread, memory or None, flags)
        self.meta = {}
        self.has_maps = False

    def _names(self):
        prefix = b"bf" if self.layout.interpreter == b"bf" else b"py"
        return [Named(self.rng, prefix, self.rng.choice(FUNCTIONS), self.rng.choice(FILES))
                for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]

    def _native_name(self):
        return Named(self.rng, b"n", self.rng.choice(SYMBOLS), self.rng.choice([b"", b"lib.so"]))

    # ---- bytes

    def records(self):
        """Preamble and records; what is behind the trailer is one piece."""
        rng, layout = self.rng, self.layout
        pieces = [layout.preamble(), layout.header(), layout.time()]
        if layout.version >= 1:
            for key in rng.sample([b"os", b"bits", b"argv"], rng.randrange(4)) * rng.randrange(1, 3):
                self.meta[key] = b"%d" % rng.randrange(99)
                pieces.append(layout.meta(key, self.meta[key]))
        for _ in range(rng.choice([0, 1, 5, 30])):
            pieces.append(self._sample())
            if rng.random() < 0.15:
                pieces.append(self._next_name(rng.choice(self.codes)))
        pieces += self._last_names()
        if self.finished:
            pieces += self._end()
        return [piece for piece in pieces if piece]

    def _sample(self):
        frames, words = self.stacks.stack()
        thread = self.rng.choice([0, 0x77, 0x7ffff710, 0x88]) if self.layout.version >= 1 else 0
        memory = None
        if self.layout.memory and self.rng.random() < 0.9:
            memory = self.rng.choice([0, 1000, 123456, 0xFFFFFFFF])
        self.samples.append((frames, thread, memory))
        return self.layout.stack(words, thread, memory)

    def _next_name(self, code):
        """The next name of something, if it has one."""
        if code.written == len(code.names):
            return b""
        code.written += 1
        marker = NATIVE_SYMBOLS if code in self.natives else VIRTUAL_IP
        return self.layout.name(marker, code.ident, code.names[code.written - 1].text)

    def _last_names(self):
        pieces = []
        for code in self.rng.sample(self.codes + self.natives, len(self.codes + self.natives)):
            if self.layout.version >= 1 and code in self.codes and code.names and self._will_be_named(code):
                pieces.append(self.layout.name(NATIVE_SYMBOLS, code.ident, b"n:<native symbol>:0:-"))
            while code.written < len(code.names) and self._will_be_named(code):
                pieces.append(self._next_name(code))
        return pieces

    def _will_be_named(self, code):
        """Most are. In version 0 an id that is not tagged is only told from a counter by its name."""
        return self.layout.counters or code.ident % 7 != 0

    def _end(self):
        pieces = [self.layout.trailer()]
        if self.layout.counters and self.rng.random() < 0.7:
            self.has_maps = True
            pieces.append(MAPS)
        elif self.rng.random() < 0.2:
            pieces.append(self._sample())
        return pieces

    # ---- the reading

    def expected(self):
        layout = self.layout
        values = ["samples:count"] + ["memory:bytes"] * layout.memory
        metadata = {text(key): text(value) for key, value in self.meta.items()}
        metadata.update({"log_version": layout.version, "values": values})
        if layout.interpreter:
            metadata["interpreter"] = text(layout.interpreter)
        if 0 < layout.period_us <= 10 ** 9:
            metadata["period_ns"] = layout.period_us * 1000
        if layout.mode & 16:
            metadata["clock"] = "wall"
        if self.has_maps:
            metadata["mapped_files"] = MAPPED_FILES
        start, end = (seconds * 10 ** 9 + micro * 1000 for seconds, micro in (layout.start, layout.end))
        timed = layout.version >= 5
        session = {
            "end_ns": (max(0, end - start) if timed else 0) if self.finished else None,
            "finished": self.finished,
            "lost_samples": 0,
            "metadata": metadata,
            "modules": MAPS_MODULES if self.has_maps else [],
            "samples": [self._expected_sample(*sample) for sample in self.samples],
            "start_unix_ns": start if timed else 0,
            "value_types": [value.split(":") for value in values],
        }
        threads = []
        for _, thread, _ in self.samples:
            threads += [[0, thread, ""]] if [0, thread, ""] not in threads else []
        return {"damage": {"lost_bytes": 0, "lost_samples": 0, "unfinished": not self.finished},
                "damaged": not self.finished, "error": None, "sessions": [session], "threads": threads}

    def _expected_sample(self, frames, thread, memory):
        modules = [self._module(frame) for frame in frames]
        values = [1] + [1024 * (memory or 0)] * self.layout.memory
        sample = {"flags": 0, "stack": [self._expected_frame(frame) for frame in frames], "thread": [0, thread, ""],
                  "time_ns": 0, "values": values}
        if any(modules):
            sample["modules"] = modules
        return sample

    def _module(self, frame):
        if not self.has_maps or frame.kind != NATIVE:
            return None
        return next((module for module in MAPS_MODULES if module[2] <= frame.code < module[2] + module[3]), None)

    @staticmethod
    def _expected_frame(frame):
        if not isinstance(frame.code, Code):
            name = b"0x%x" % frame.code if frame.name is None else frame.name
            return [text(name), "", 0, frame.kind, frame.code, frame.line]
        named, kind = frame.code.name_of(frame.age), frame.kind
        if named is None:
            return ["0x%x" % frame.code.ident, "", 0, kind, frame.code.ident, frame.line]
        if kind == PY and named.prefix != b"py":
            kind = VM
        return [text(named.function), text(named.file), named.line, kind, frame.code.ident, frame.line]

    def used(self):
        """Of what this log shows something."""
        layout = self.layout
        found = {"version %d" % layout.version, "words %d, addresses %d" % (layout.word, layout.address)}
        found |= {"snapshot"} if layout.snapshot else set()
        found |= {"first days"} if layout.first_days else set()
        found |= {"%s in version %d" % (text(layout.interpreter), layout.version)}
        found |= {"mode bit %d" % bit for bit in (1, 2, 4, 8, 16) if layout.mode & bit}
        found |= {"frame kind %d" % frame.kind for frames, _, _ in self.samples for frame in frames}
        found |= {"memory left out"} if layout.memory and any(sample[2] is None for sample in self.samples) else set()
        found |= {"an empty stack"} if any(not sample[0] for sample in self.samples) else set()
        return found
