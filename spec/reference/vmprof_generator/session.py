"""One random session, chunk by chunk, and what a reader has to give of it."""

import zlib

from . import craft as C
from .craft import U32_MAX, U64
from .encode import Encoder
from .journal import Ring
from .samples import Covered, stack_columns, totals_payload
from .tables import Tables, edge, random_text, text

U63_MAX = (1 << 63) - 1
START_NS = 1700000000000000000


class SessionMaker:
    """Makes a session. Afterwards `pieces` are its superblock and chunks, `expected` what it holds."""

    def __init__(self, rng, session_id, offset):
        self.rng, self.encoder = rng, Encoder(rng)
        self.session_id, self.offset = session_id, offset
        self.pieces = []
        self.size = 0
        self.number = self.epoch = 0
        self.copies = []           # numbered chunks that a copy may follow of
        self.tables, self.covered = Tables(rng, self.encoder), Covered()
        self.listed = []           # rows for the next INDEX chunk
        self.listed_before = self.index_offset = 0
        self.value_types = [["samples", "count"]]
        self.metadata = {}
        self.threads = []
        self.samples = []          # their thread is a number until the end: threads may be renamed
        self.modules = []
        self.totals = []
        self.sums = [0] * 8
        self.lost = 0
        self.ring = None
        self.end_ns = None
        self.start_unix_ns = rng.choice((START_NS, 0, U64))

    # ---- chunks

    def put(self, piece):
        self.pieces.append(piece)
        self.size += len(piece)

    def chunk(self, kind, payload, samples=0, critical=None):
        """Adds a chunk with a number. Most of what a reader has to ignore is not 0 now and then."""
        rng = self.rng
        self.encoder.used.add("kind %d" % kind)
        span = rng.choice(((0, 0), (5, 9), (0, U64)))
        made = C.chunk(kind, payload, self.number, self.epoch, self.session_id, critical=critical,
                       flags=rng.choice((0, 0, 0xFFFE)), span=span, reserved=rng.choice((0, 0, U32_MAX)))
        if kind not in (C.INDEX, C.END):
            self.listed.append((self.size, len(made), kind, self.epoch, self.number, *span, samples))
        self.number += 1
        self.copies.append(made)
        self.put(made)

    def unnumbered(self, kind, payload, size=None):
        """Adds a PAD, JOURNAL or CODES chunk; their epoch has no meaning."""
        self.encoder.used.add("kind %d" % kind)
        self.put(C.chunk(kind, payload, epoch=self.rng.choice((self.epoch, 0, U32_MAX)), session=self.session_id,
                         size=size))

    def superblock(self):
        """[F-2-4]; what is behind its first 64 bytes, and its write version, are of a later text."""
        rng = self.rng
        later = rng.random() < 0.3
        self.put(C.superblock(
            self.session_id, write_version=rng.randrange(1, 9) if later else 1, start=self.start_unix_ns,
            reserved=bytes(rng.randrange(256) for _ in range(28)) if later else bytes(28)))
        if rng.random() < 0.4:
            size = rng.choice((65, 100, 4096, rng.randrange(64, 4097)))
            fields = bytearray(self.pieces.pop()[:60])
            fields[12:16] = size.to_bytes(4, "little")
            self.put(bytes(fields) + zlib.crc32(fields).to_bytes(4, "little")
                     + bytes(rng.randrange(256) for _ in range(size - 64)))
            self.size = size

    # ---- metadata

    def meta(self, first=False):
        """A META chunk of all types; keys may be there twice, and replace earlier ones [F-5.1-2]."""
        rng = self.rng
        entries = []
        if first and rng.random() < 0.7:
            count = rng.choice((1, 1, 2, 3, 8))
            self.value_types = [["v%d" % index, rng.choice(("ns", "bytes", "count"))] for index in range(count)]
            entries.append((b"values", [b":".join(part.encode() for part in pair) for pair in self.value_types]))
        if first and rng.random() < 0.5:
            entries.append((b"process_id", rng.randrange(1 << 32)))
        for _ in range(rng.randrange(6)):
            key = rng.choice((b"program", b"note", b"arguments", b"other", random_text(rng)))
            if key in (b"values", b"process_id"):
                continue
            entries.append((key, rng.choice((random_text(rng), edge(rng, U64),
                                             [random_text(rng) for _ in range(rng.randrange(4))]))))
        rng.shuffle(entries)
        payload = len(entries).to_bytes(4, "little")
        for key, value in entries:
            payload += C.string(key)
            if isinstance(value, bytes):
                payload += b"\x01" + C.string(value)
                value = text(value)
            elif isinstance(value, int):
                payload += b"\x02" + self.encoder.varint(value)
            else:
                payload += b"\x03" + C.varint(len(value)) + b"".join(map(C.string, value))
                value = [text(item) for item in value]
            self.metadata[text(key)] = value
        self.chunk(C.META, payload)

    # ---- threads and samples

    def add_threads(self):
        """New threads, and now and then new names for some that are there [F-5.5-1]."""
        rng, encoder = self.rng, self.encoder
        first = rng.randrange(len(self.threads) + 1) if rng.random() < 0.4 else len(self.threads)
        for index in range(first, max(len(self.threads), first + rng.randrange(5))):
            name = text(random_text(rng))
            if index < len(self.threads):
                self.threads[index] = [*self.threads[index][:2], name]
            else:
                thread_id = 1000 + index if index else rng.choice((0, 1, U32_MAX))
                self.threads.append([edge(rng, U64), thread_id, name])
        rows = self.threads[first:]
        names = [row[2].encode("latin-1") for row in rows]
        parts = [encoder.column(1, [row[1] for row in rows])] + encoder.optional(2, [row[0] for row in rows])
        if any(names) or rng.random() < 0.5:
            parts += [encoder.column(3, list(map(len, names))), encoder.bytes(4, b"".join(names))]
        self.chunk(C.THREADS, encoder.columns(first, len(rows), parts))

    def random_values(self):
        """The values of a sample, so that no sum gets to 2^63 [F-5.6-4]."""
        values = []
        for index in range(len(self.value_types)):
            value = edge(self.rng, min(U63_MAX - self.sums[index], self.rng.choice((1000, U63_MAX))))
            value = min(value, U63_MAX - self.sums[index])
            self.sums[index] += value
            values.append(value)
        return values

    def add_samples(self, position=0):
        """A SAMPLES chunk; `position` is how far the journal was taken with it."""
        rng, encoder, tables = self.rng, self.encoder, self.tables
        count = rng.choice((0, 1, rng.randrange(20), rng.randrange(150))) if self.threads else 0
        first = len(self.samples)
        nodes = [tables.any(tables.nodes) for _ in range(rng.randrange(1, 5))]
        time_ns, rows = rng.randrange(1 << 40), []
        for _ in range(count):
            time_ns = edge(rng, U64) if rng.random() < 0.1 else time_ns + rng.choice((1000000, 0, -5000))
            stack = rng.choice(nodes) if rng.random() < 0.7 else tables.any(tables.nodes)
            rows.append((stack, rng.randrange(len(self.threads)), time_ns & U64,
                         rng.choice((0, 0, 1, U32_MAX, 2)), rng.choice((0, tables.any(tables.labels))),
                         *self.random_values()))
        columns = [[row[index] for row in rows] for index in range(5 + len(self.value_types))]
        parts = stack_columns(encoder, columns[0], columns[1])
        parts += [encoder.column(2, columns[1]), encoder.column(3, columns[2])] + encoder.optional(4, columns[3])
        parts += encoder.optional(0x8001, columns[4])
        parts += [encoder.column(number, column) for number, column in enumerate(columns[5:], 16)]
        self.lost = max(self.lost, edge(rng, self.lost + 5))
        self.chunk(C.SAMPLES, encoder.columns(first, count, parts, position=position, further=self.lost), count)
        self.covered.add(first, [(row[0], row[5:]) for row in rows])
        for stack, thread, time_ns, flags, label, *values in rows:
            frames = tables.frames(stack)
            self.samples.append({
                "flags": flags & 3, "labels": tables.label_set(label), "modules": [module for _, module in frames],
                "stack": [fields for fields, _ in frames], "thread": thread, "time_ns": time_ns, "values": values})

    def add_totals(self):
        """A TOTALS chunk for some chunks of samples [F-5.9-1]."""
        taken = self.covered.totals(self.rng)
        if taken:
            first, behind, rows = taken
            self.chunk(C.TOTALS, totals_payload(self.encoder, first, rows, len(self.value_types)))
            self.totals.append([first, behind, rows])

    def add_index(self):
        """An INDEX chunk for all since the last one [F-5.10-1]."""
        columns = [[row[index] for row in self.listed] for index in range(8)]
        offset = self.size
        self.chunk(C.INDEX, self.encoder.columns(
            self.listed_before, len(self.listed),
            [self.encoder.column(number, column) for number, column in enumerate(columns, 1)],
            position=self.index_offset, further=offset))
        self.listed_before += len(self.listed)
        self.listed, self.index_offset = [], offset

    # ---- the whole

    def add_modules(self):
        before = len(self.tables.modules)
        self.chunk(C.MODULES, self.tables.add_modules())
        self.modules += self.tables.modules[before:]

    def begin_epoch(self):
        self.epoch += self.rng.choice((1, 1, 1000))
        self.tables, self.covered = Tables(self.rng, self.encoder), Covered()

    def step(self):
        """Adds any chunk that may stand here."""
        tables, rng = self.tables, self.rng
        rng.choice((
            lambda: self.chunk(C.STRINGS, tables.add_strings()),
            self.add_modules,
            lambda: self.chunk(C.FUNCTIONS, tables.add_functions()),
            lambda: self.chunk(C.LOCATIONS, tables.add_locations()),
            lambda: self.chunk(C.STACKS, tables.add_stacks()),
            lambda: self.chunk(C.LABELS, tables.add_labels()),
            self.add_threads, self.add_samples, self.add_samples, self.add_samples,
            self.add_totals, self.add_index, self.meta,
            lambda: self.unnumbered(C.PAD, bytes(rng.randrange(256) for _ in range(rng.randrange(100)))),
            lambda: self.chunk(rng.choice((16, 40, 0xFFFF)), b"a later text's", critical=False),
            lambda: self.put(rng.choice(self.copies)),  # [F-3-5]
        ))()

    def make(self, finished):
        """All of it. A session without an end is what a writer that was killed leaves."""
        rng = self.rng
        self.superblock()
        self.meta(first=True)
        if rng.random() < 0.35:
            self.ring = Ring(self)
            self.ring.add_chunk(self.offset)
        for epoch in range(rng.choice((1, 1, 2, 3))):
            if epoch:
                self.begin_epoch()
            if rng.random() < 0.8:  # all that samples need, so that they have names
                self.chunk(C.STRINGS, self.tables.add_strings())
                self.chunk(C.FUNCTIONS, self.tables.add_functions())
                self.chunk(C.LOCATIONS, self.tables.add_locations())
                self.chunk(C.STACKS, self.tables.add_stacks(rng.choice((0,) * 30 + (3000,))))
                self.add_threads()
            for _ in range(rng.randrange(12)):
                self.step()
        if self.ring:
            self.ring.finish(finished)
        if finished:
            self.finish()

    def finish(self):
        """INDEX and END, and what is in them."""
        rng = self.rng
        with_index = self.index_offset != 0 or rng.random() < 0.6
        if with_index:
            self.add_index()
        self.lost += rng.choice((0, 1, 1000))
        self.end_ns = edge(rng, U64)
        offsets = (self.size, self.index_offset) if with_index or rng.random() < 0.5 else ()
        if offsets:
            self.encoder.used.add("offsets in END")
        self.chunk(C.END, C.end(len(self.samples), self.lost, self.end_ns, *self.sums[:len(self.value_types)],
                                offsets=offsets))
        if rng.random() < 0.2:  # what a writer that is killed while it moves chunks leaves [F-6-4]
            for made in rng.sample(self.copies, rng.randrange(min(4, len(self.copies)))):
                self.put(made)

    def expected(self):
        """What a reader gives of the session."""
        return {
            "end_ns": self.end_ns,
            "finished": self.end_ns is not None,
            "lost_samples": self.lost,
            "metadata": self.metadata,
            "modules": self.modules,
            "samples": [dict(sample, thread=self.threads[sample["thread"]]) for sample in self.samples],
            "start_unix_ns": self.start_unix_ns,
            "totals": self.totals,
            "value_types": self.value_types,
        }
