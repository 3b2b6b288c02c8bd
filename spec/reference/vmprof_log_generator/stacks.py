"""Random stacks: what they are, and the words that a log has for them (section 5)."""

PY, JIT, VM, NATIVE, GC, JIT_INTERNAL = 1, 2, 3, 4, 6, 7
LEAF_STATES = {2: (JIT_INTERNAL, b"<blackhole>"), 4: (JIT_INTERNAL, b"<tracing>"), 5: (GC, b"<gc>")}


class Frame:
    """kind; a Code, or an address; line; of a Code, the number of its name at that time."""

    def __init__(self, kind, code, line=0, name=None):
        self.kind, self.code, self.line, self.name = kind, code, line, name
        self.age = code.written if isinstance(code, Code) else None

    @property
    def place(self):
        """Its kind and address."""
        return self.kind, self.code.ident if isinstance(self.code, Code) else self.code


class Code:
    """Something with an id that has one name, or several one after the other: the next one once the last is written."""

    def __init__(self, ident, names):
        self.ident, self.names, self.written = ident, names, 0

    def name_of(self, age):
        """The name of a frame that saw `age` names written; None: none was ever written."""
        return self.names[min(age, self.written - 1)] if self.written else None


class Stacks:
    """Makes stacks, root first, and their words, leaf first."""

    def __init__(self, rng, layout, codes, natives):
        self.rng, self.layout, self.codes, self.natives = rng, layout, codes, natives

    def stack(self):
        if self.layout.counters:
            return self._pypy_counters() if self.layout.interpreter == b"pypy" else self._counters()
        return self._pairs() if self.layout.pairs else self._ids()

    def _depth(self):
        return self.rng.choice([0, 1, 2, 3, 5, 9])

    # ---- ids, with lines or without

    def _ids(self):
        frames = [Frame(PY, self.rng.choice(self.codes)) for _ in range(self._depth())]
        if self.natives and self.rng.random() < 0.4:
            frames += [Frame(NATIVE, self.rng.choice(self.natives)) for _ in range(self.rng.randrange(1, 4))]
        words = []
        for frame in reversed(frames):
            if self.layout.lines:
                frame.line = 0 if frame.kind == NATIVE else self.rng.randrange(0, 5000)
                words.append(frame.line)
            words.append(frame.code.ident)
            if self.rng.random() < 0.05:
                words += [7, 0] if self.layout.lines else [0]
        return frames, words

    # ---- what the JIT takes over

    def _parts(self):
        """Root first: a Code (interpreted), or a run: (its Codes root first, whether it took the frame before it over)."""
        parts, last = [], None
        for _ in range(self._depth()):
            if self.rng.random() < 0.6:
                last = self.rng.choice(self.codes)
                parts.append(last)
                continue
            takes_over = last is not None and self.rng.random() < 0.6
            run = [last] if takes_over else [self.rng.choice([code for code in self.codes if code is not last])]
            run += [self.rng.choice(self.codes) for _ in range(self.rng.randrange(3))]
            parts.append((run, takes_over))
            last = run[-1]
        return parts

    def _machine_code(self):
        return self.rng.randrange(0x60000, 0x70000) * 16 + 4

    def _pairs(self):
        words, frames = [], []
        for part in self._parts():
            if isinstance(part, Code):
                frames.append(Frame(PY, part))
                words += [part.ident, 1]
            else:
                self._drop(frames, part)
                address = self._machine_code()
                frames += [Frame(JIT, code) for code in part[0]] + [Frame(JIT_INTERNAL, address, 0, b"<assembler>")]
                for code in part[0]:
                    words += [code.ident, 3]
                words += [address, 6]
        if self.rng.random() < 0.1:
            state = self.rng.choice(sorted(LEAF_STATES))
            kind, name = LEAF_STATES[state]
            frames.append(Frame(kind, 0, 0, name))
            words += [0, state]
        for _ in range(self.rng.randrange(3) if self.natives and self.layout.mode & 4 else 0):
            frames.append(Frame(NATIVE, self.rng.choice(self.natives)))
            words += [frames[-1].code.ident, 7]
        return frames, words[::-1]

    @staticmethod
    def _drop(frames, part):
        """The outer one of two frames that are one."""
        if part[1]:
            del frames[max(i for i, frame in enumerate(frames) if frame.kind in (PY, JIT))]

    # ---- program counters

    def _counter(self):
        return self.rng.randrange(0x1000, 0x20000) * 8 + 3

    def _counters(self):
        frames = []
        for _ in range(self._depth()):
            frames += [Frame(NATIVE, self._counter()) for _ in range(self.rng.randrange(3))]
            frames.append(Frame(PY, self.rng.choice(self.codes)))
        frames += [Frame(NATIVE, self._counter())]
        words = [frame.code.ident if isinstance(frame.code, Code) else frame.code for frame in reversed(frames)]
        words = words[:1] * self.rng.randrange(1, 3) + words[1:] + [0] * self.rng.randrange(2)
        return frames, words

    def _pypy_counters(self):
        frames, words = [], []  # both root first
        for part in self._parts():
            if isinstance(part, Code):
                frames.append(Frame(PY, part))
                words.append(part.ident + 1)
            else:
                self._drop(frames, part)
                address = self._counter()
                frames += [Frame(JIT, code) for code in part[0]] + [Frame(JIT_INTERNAL, address, 0, b"<assembler>")]
                words += [3] + [code.ident for code in part[0]] + [2, address]
                continue
            for _ in range(self.rng.randrange(3)):
                frames.append(Frame(NATIVE, self._counter()))
                words.append(frames[-1].code)
        if words and frames[-1].kind == NATIVE and self.rng.random() < 0.5:
            words.append(words[-1])
        return frames, words[::-1] + [0] * self.rng.randrange(2)
