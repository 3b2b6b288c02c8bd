"""A reader of pprof's profile.proto: of Protocol Buffers as their encoding is described, and of the fields it needs."""

import collections


def clean(value):
    """Text as exports for programs have it: no control characters."""
    def one(char):
        code = ord(char)
        return " " if code < 0x20 or 0x7F <= code < 0xA0 or code in (0x2028, 0x2029) else char
    return "".join(one(char) for char in value)


def varint(data, at):
    """(value, the place behind it)."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """{field: [values]} of a message."""
    found = collections.defaultdict(list)
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = int.from_bytes(data[at:at + 8], "little"), at + 8
            assert at <= len(data)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value = data[at:at + size]
            assert len(value) == size
            at += size
        else:
            raise ValueError("wire type %d" % (key & 7))
        found[key >> 3].append(value)
    return found


def packed(data):
    """The integers of a packed field."""
    values, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


class Profile:
    """What a profile says."""

    def __init__(self, data):
        top = fields(data)
        self.strings = [value.decode("utf-8") for value in top[6]]
        assert self.strings[0] == ""
        self.functions = {}
        for raw in top[5]:
            function = fields(raw)
            assert 3 not in function, "a system_name"
            self.functions[function[1][0]] = (
                self.strings[function[2][0]], self.strings[function.get(4, [0])[0]], function.get(5, [0])[0])
        self.locations = {}
        mappings = {}
        for raw in top[3]:
            mapping = fields(raw)
            mappings[mapping[1][0]] = tuple(self.strings[mapping.get(i, [0])[0]] for i in (5, 6)) + tuple(
                mapping.get(i, [0])[0] for i in (2, 3, 4))
        self.mappings = mappings
        self.mapping_of = {}
        for raw in top[4]:
            location = fields(raw)
            assert location[2][0] in mappings
            (line,) = [fields(value) for value in location[4]]
            self.mapping_of[location[1][0]] = mappings[location[2][0]]
            self.locations[location[1][0]] = (*self.functions[line[1][0]], line.get(2, [0])[0])
        assert 0 not in self.functions and 0 not in self.locations
        self.types = [tuple(self.strings[fields(raw).get(i, [0])[0]] for i in (1, 2)) for raw in top[1]]
        self.samples = [(packed(fields(raw)[1][0]), packed(fields(raw)[2][0])) for raw in top[2]]
        self.labels = [frozenset(self.label(raw) for raw in fields(sample)[3]) for sample in top[2]]
        self.default = self.strings[top.get(14, [0])[0]]
        self.duration_ns = top.get(10, [0])[0]
        self.time_ns = top.get(9, [0])[0]
        self.period = top.get(12, [0])[0]

    def label(self, raw):
        """(key, text or number)."""
        label = fields(raw)
        assert 2 not in label or 3 not in label
        return (self.strings[label[1][0]], self.strings[label[2][0]] if 2 in label else label.get(3, [0])[0])

    def stacks(self):
        """The last value of each stack, root first."""
        stacks = collections.Counter()
        for locations, values in self.samples:
            assert len(values) == len(self.types)
            stacks[tuple(self.locations[location] for location in reversed(locations))] += values[-1]
        return +stacks
