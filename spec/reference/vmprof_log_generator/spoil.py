"""Damaged logs, and what they must still give."""

NO_MARKERS = range(0x09, 0x20)


class Spoilt:
    """A damaged log: `data`; `at_least` so many samples must be read of it; `stacks`: (kind, address) of the frames of all samples, which
    those that are read begin like, or None; `but_one`: the same, all but one of which are read as they were, or not at all; whether it may be refused; whether a reader must tell that something is wrong;
    `used`: the damage."""

    def __init__(self, data, used):
        self.data, self.used = data, used
        self.at_least, self.stacks, self.but_one = 0, None, None
        self.error_allowed, self.must_tell = True, False


def _stacks(model):
    return [[frame.place for frame in sample[0]] for sample in model.samples]


def _cut(rng, records, model, made):
    data = b"".join(records)
    made.data = data[:rng.randrange(len(data))]
    if not model.layout.counters:  # there, names say what a counter is
        made.stacks = _stacks(model)


def _flip(rng, records, model, made):
    """A bit behind the first record, if there is more than it."""
    spoilt = bytearray(b"".join(records))
    first = len(records[0]) + len(records[1])
    bit = rng.randrange(8 * first if first < len(spoilt) else 0, 8 * len(spoilt))
    if bit >= 8 * first and not model.layout.counters:
        made.but_one = _stacks(model)
    spoilt[bit // 8] ^= 1 << bit % 8
    made.data = bytes(spoilt)


def _marker(rng, records, model, made):
    """A byte between two records that is no marker: nothing else is lost."""
    place = rng.randrange(2, len(records) + 1)
    made.data = b"".join(records[:place] + [bytes([rng.choice(NO_MARKERS)])] + records[place:])
    made.at_least = len(model.samples)
    if not model.layout.counters:
        made.stacks = _stacks(model)
        made.error_allowed = False
        made.must_tell = True


def _garbage(rng, records, model, made):
    place = rng.randrange(2, len(records) + 1)
    junk = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40)))
    made.data = b"".join(records[:place] + [junk] + records[place:])


def _remove(rng, records, model, made):
    data = b"".join(records)
    begin = rng.randrange(len(data))
    made.data = data[:begin] + data[begin + rng.randrange(1, 60):]


DAMAGES = {"cut": _cut, "flip": _flip, "marker": _marker, "garbage": _garbage, "remove": _remove}


def spoil(rng, records, model):
    """One damage."""
    name = rng.choice(sorted(DAMAGES))
    made = Spoilt(b"", {name})
    DAMAGES[name](rng, records, model, made)
    return made
