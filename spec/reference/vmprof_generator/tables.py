"""The tables of an epoch (sections 5.2 to 5.4, 5.7 and 5.8): random entries, their chunks, and what they mean."""

from .craft import U32_MAX, U64

KNOWN_KINDS = 8


def text(data):
    """A byte string as the readers print it: each byte is the character of that number."""
    return data.decode("latin-1")


def random_text(rng):
    """A string: most are names, some are what names need not be [F-1-5]."""
    choice = rng.randrange(12)
    if choice == 0:
        return b""
    if choice == 1:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 20)))
    if choice == 2:
        return "caf\u00e9 \u65e5\u672c \U0001f600".encode()
    if choice == 3:
        return b"line\nbreak\x00\"quote\"\\\x1b"
    if choice == 4:
        return b"long." * rng.choice((20, 300, 3000))
    return rng.choice((b"f", b"g", b"main", b"<module>", b"x.py", b"lib/y.py")) + b"%d" % rng.randrange(100)


def edge(rng, limit):
    """A number up to a limit: small, large, or at the limit."""
    return rng.choice((0, 1, rng.randrange(100), rng.randrange(100), rng.randrange(limit + 1), limit))


class Tables:
    """What is defined so far. Index 0 of each table is "nothing"."""

    def __init__(self, rng, encoder):
        self.rng, self.encoder = rng, encoder
        self.strings = [b""]
        self.modules = [None]
        self.functions = [["", "", 0, 0, 0, None]]
        self.locations = [(0, 0)]
        self.nodes = [(0, 0)]       # parent, location
        self.labels = [(0, "", 0)]  # parent, key, value

    def any(self, table):
        """The id of an entry: often the last one, or 0."""
        return self.rng.choice((len(table) - 1, 0, self.rng.randrange(len(table)), self.rng.randrange(len(table))))

    def some(self, most=8):
        """How many entries a chunk brings: none too."""
        return self.rng.choice((0, 1, *range(1, most)))

    def add_strings(self):
        """The payload of a STRINGS chunk."""
        first, encoder = len(self.strings), self.encoder
        added = [random_text(self.rng) for _ in range(self.some(20))]
        self.strings += added
        return encoder.columns(first, len(added), [
            encoder.column(1, [len(item) for item in added]), encoder.bytes(2, b"".join(added))])

    def add_modules(self):
        """The payload of a MODULES chunk."""
        first, encoder, rng = len(self.modules), self.encoder, self.rng
        rows = [(self.any(self.strings), self.any(self.strings), *(edge(rng, U64) for _ in range(3)))
                for _ in range(self.some())]
        self.modules += [[text(self.strings[path]), text(self.strings[build_id]), *rest]
                         for path, build_id, *rest in rows]
        path, *rest = [[row[index] for row in rows] for index in range(5)]
        return encoder.columns(first, len(rows), [encoder.column(1, path)] + sum(
            (encoder.optional(2 + index, column) for index, column in enumerate(rest)), []))

    def add_functions(self):
        """The payload of a FUNCTIONS chunk."""
        first, encoder, rng = len(self.functions), self.encoder, self.rng
        rows = [(self.any(self.strings), self.any(self.strings), edge(rng, U32_MAX),
                 rng.choice((rng.randrange(KNOWN_KINDS), rng.randrange(KNOWN_KINDS), 8, 255, U32_MAX)),
                 rng.choice((0, rng.randrange(1 << 64), U64)), rng.choice((0, self.any(self.modules))))
                for _ in range(self.some())]
        self.functions += [[text(self.strings[name]), text(self.strings[file]), line,
                            kind if kind < KNOWN_KINDS else 0, address, self.modules[module]]
                           for name, file, line, kind, address, module in rows]
        numbers = (1, 2, 3, 4, 5, 0x8006)
        columns = [[row[index] for row in rows] for index in range(6)]
        return encoder.columns(first, len(rows), [encoder.column(1, columns[0]), encoder.column(2, columns[1])] + sum(
            (encoder.optional(number, column) for number, column in zip(numbers[2:], columns[2:])), []))

    def add_locations(self):
        """The payload of a LOCATIONS chunk."""
        first, encoder = len(self.locations), self.encoder
        rows = [(self.any(self.functions), edge(self.rng, U32_MAX)) for _ in range(self.some(12))]
        self.locations += rows
        return encoder.columns(first, len(rows), [
            encoder.column(1, [row[0] for row in rows]), *encoder.optional(2, [row[1] for row in rows])])

    def add_stacks(self, chain=0):
        """The payload of a STACKS chunk; with a chain, one path of so many nodes."""
        first, encoder = len(self.nodes), self.encoder
        for index in range(chain or self.some(30)):
            parent = first + index - 1 if chain else self.any(self.nodes)
            self.nodes.append((parent, self.any(self.locations)))
        rows = self.nodes[first:]
        distances = encoder.column(1, [node - row[0] for node, row in enumerate(rows, first)])
        if self.rng.random() < 0.4:
            return encoder.columns(first, len(rows), [distances, encoder.column(2, [row[1] for row in rows])])
        edges, new_locations, outer_locations = self.call_edges(first)
        encoder.used.update(name for name, column in (
            ("edges", edges), ("new locations", new_locations), ("outer locations", outer_locations)) if any(column))
        return encoder.columns(first, len(rows), [
            distances, encoder.column(3, edges), encoder.list(4, new_locations), encoder.list(5, outer_locations)])

    def call_edges(self, first):
        """The columns 3, 4 and 5 of the nodes from `first` on [F-5.4-5], [F-5.4-6]."""
        edges, new_locations, outer_locations = [], [], []
        callees = {location: [] for location in range(len(self.locations))}
        outer = set()
        for parent, location in self.nodes[first:]:
            if 0 < parent < first and parent not in outer:
                outer.add(parent)
                outer_locations.append(self.nodes[parent][1])
            known = callees[self.nodes[parent][1]]
            places = [index for index, callee in enumerate(known, 1) if callee == location]
            # Also one that is in the list may be given anew.
            if places and self.rng.random() < 0.9:
                edges.append(self.rng.choice(places))
            else:
                edges.append(0)
                new_locations.append(location)
                known.append(location)
        return edges, new_locations, outer_locations

    def add_labels(self):
        """The payload of a LABELS chunk."""
        first, encoder, rng = len(self.labels), self.encoder, self.rng
        rows = []
        for _ in range(self.some()):
            key, value_text, number = self.any(self.strings), rng.choice((0, self.any(self.strings))), edge(rng, U64)
            if not self.strings[value_text]:
                value_text = 0
            parent = self.any(self.labels)
            rows.append((len(self.labels) - parent, key, value_text, number))
            value = text(self.strings[value_text]) if value_text else number
            self.labels.append((parent, text(self.strings[key]), value))
        columns = [[row[index] for row in rows] for index in range(4)]
        return encoder.columns(first, len(rows), [
            encoder.column(1, columns[0]), encoder.column(2, columns[1]),
            *encoder.optional(3, columns[2]), *encoder.optional(4, columns[3])])

    def frames(self, node):
        """The frames of a stack, root first: name, file, first line, kind, address, line, and the module."""
        frames = []
        while node:
            node, location = self.nodes[node]
            function, line = self.locations[location]
            *fields, module = self.functions[function]
            frames.append((fields + [line], module))
        frames.reverse()
        return frames

    def label_set(self, node):
        """[F-5.7-2]"""
        path = []
        while node:
            parent, key, value = self.labels[node]
            path.append((key, value))
            node = parent
        return dict(reversed(path))
