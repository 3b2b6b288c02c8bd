"""Section 4 and 5: from the words of a stack to its frames."""

from .records import VIRTUAL_IP

# The kinds of frames of the profile format.
PY, JIT, VM, NATIVE, GC, JIT_INTERNAL = 1, 2, 3, 4, 6, 7
CODE, BLACKHOLE, JITTED, JITTING, COLLECTING, ASSEMBLER, COMPILED = range(1, 8)
OF_PAIRS = {CODE: (PY, None), BLACKHOLE: (JIT_INTERNAL, b"<blackhole>"), JITTED: (JIT, None),
            JITTING: (JIT_INTERNAL, b"<tracing>"), COLLECTING: (GC, b"<gc>"),
            ASSEMBLER: (JIT_INTERNAL, b"<assembler>"), COMPILED: (NATIVE, None)}
MAY_BE_0 = BLACKHOLE, JITTING, COLLECTING
OPENS, CLOSES = 2, 3
VIRTUAL_BYTES = 0x70, 0x77
MAX_LINE = 0xFFFFFFFF
FULL, FULL_OF_LINES, FULL_OF_PAIRS = 1019, 1018, 1020


class Frame:
    """kind; id; line; how it is called without a name, or None; whether a record may name it; the number of its run in the
    stack [L-5-6], or None."""

    def __init__(self, kind, ident, line=0, without_name=None, may_have_name=True, run=None):
        self.kind, self.ident, self.line = kind, ident, line
        self.without_name, self.may_have_name, self.run = without_name, may_have_name, run


def joined(frames):
    """Each frame once that the JIT took over [L-5-6]. Frames are leaf first."""
    inner = None  # the last frame of kind py or jit
    for frame in frames:
        if frame.kind in (PY, JIT):
            outermost = inner is not None and inner.run is not None and inner.run != frame.run
            same = outermost and inner.ident == frame.ident
            inner = frame
            if same:
                continue
        yield frame


def _of_pairs(words):
    """[L-4-4]"""
    run = 0
    for which, ident in zip(words[::2], words[1::2]):
        kind, name = OF_PAIRS[which]
        run += which != JITTED
        if ident != 0 or which in MAY_BE_0:  # [L-5-1]
            yield Frame(kind, ident, 0, name, which != ASSEMBLER, run if which == JITTED else None)


def _of_id(ident, line=0):
    """[L-5-2]"""
    return Frame(NATIVE if ident & 1 else PY, ident, line if line <= MAX_LINE else 0)


def _of_ids(words):
    return (_of_id(word) for word in words if word != 0)


def _of_lines(words):
    """[L-4-3]"""
    return (_of_id(ident, line) for line, ident in zip(words[::2], words[1::2]) if ident != 0)


class Counters:
    """Stacks of program counters: [L-5-3] to [L-5-5]."""

    def __init__(self, header, ids):
        self.ids, self.pypy, self.address = ids, header.interpreter == b"pypy", header.address

    def _is_virtual(self, word):
        return (word in self.ids or self.pypy and word - 1 in self.ids
                or self.address == 8 and word >> 56 in VIRTUAL_BYTES)

    def _is_native(self, word, opened):
        return word != 0 and not self._is_virtual(word) and not (self.pypy and (word == OPENS or opened))

    def frames(self, words):
        if len(words) > 1 and words[0] == words[1] and self._is_native(words[0], False):  # [L-5-4]
            words = words[1:]
        opened, run = False, 0
        for index, word in enumerate(words):
            if self.pypy and word == OPENS:
                run += not opened
                opened = True
            elif self.pypy and opened and word == CLOSES:
                opened = False
            elif word == 0:
                continue
            elif opened:
                yield Frame(JIT, word, run=run)
            elif not self._is_virtual(word):
                if self.pypy and words[index + 1:index + 2] == [OPENS]:
                    yield Frame(JIT_INTERNAL, word, 0, b"<assembler>", False)
                else:
                    yield Frame(NATIVE, word)
            elif self.pypy:
                yield Frame(PY, word - 1) if word & 1 else Frame(JIT, word)
            else:
                yield Frame(PY, word)


def frames_of(log):
    """A function from words to frames, leaf first, and how many words a stack has that was cut [L-4-7]."""
    header = log.header
    if header.counters:
        ids = {record.fields[0] for record in log.records if record.marker == VIRTUAL_IP}
        counters = Counters(header, ids)
        return lambda words: joined(counters.frames(words)), FULL
    if header.pairs:
        return lambda words: joined(_of_pairs(words)), FULL_OF_PAIRS
    return (_of_lines, FULL_OF_LINES) if header.lines else (_of_ids, FULL)
