"""A journal with rows of all kinds (section 7), and what a reader has to give of them."""

from . import craft as C
from . import craft_journal as J
from .craft import U32_MAX, U64
from .lines import LineTable
from .tables import KNOWN_KINDS, edge, random_text, text

CAPACITY = 65536


class Ring:
    """The JOURNAL chunk of a session. Its rows are made first; what of them is in chunks is said later."""

    def __init__(self, session):
        self.session, self.rng = session, session.rng
        self.start = 8 * self.rng.choice((0, self.rng.randrange(1 << 30), CAPACITY // 8 * 7 - self.rng.randrange(60)))
        self.position = self.start
        self.words = bytearray(CAPACITY)
        self.codes = {}            # number: (fields of a frame, line table)
        self.known_threads = []    # ids that a sample may name
        self.lost_rows = 0         # samples that were not whole, and damaged rows
        self.place = None

    def add_chunk(self, offset):
        """Puts the chunk where its payload is aligned [F-7.1-3]; its content comes at the end."""
        session = self.session
        behind = offset + session.size + 2 * 56
        session.unnumbered(C.PAD, bytes(-behind % 64))
        self.place = len(session.pieces)
        session.unnumbered(C.JOURNAL, bytes(192 + CAPACITY))

    def put(self, data):
        """Stores a row's bytes, with a PAD row before it where it would wrap [F-7.2-2]."""
        left = CAPACITY - self.position % CAPACITY
        if len(data(self.position)) > left:
            self.session.encoder.used.add("row %d" % J.ROW_PAD)
            self.store(J.row(self.position, J.ROW_PAD, session=self.session.session_id, length=left // 8)[:8])
            self.position += left
        made = data(self.position)
        self.store(made)
        self.position += len(made)

    def store(self, data):
        place = self.position % CAPACITY
        self.words[place:place + len(data)] = data

    def row(self, kind, payload, committed=True):
        self.session.encoder.used.add("row %d%s" % (min(kind, 5), "" if committed else ", not committed"))
        self.put(lambda position: J.row(position, kind, payload, committed, self.session.session_id))

    # ---- rows

    def code_payload(self, number):
        """A CODE row's payload; remembers what it means."""
        rng = self.rng
        table = LineTable(rng)
        name, name_encoding, name_bytes = random_name(rng)
        file, file_encoding, file_bytes = random_name(rng)
        kind = rng.choice((1, 2, 3, 4, 8, 255))
        address = rng.choice((0, U64 - number, rng.randrange(1 << 64)))  # no two have the same [F-5.2-5]
        self.codes[number] = ([name, file, table.first_line, kind if kind < KNOWN_KINDS else 0, address], table)
        return J.code_row(number, name_bytes, file_bytes, table.first_line, address, kind, table.data, table.encoding,
                          name_encoding, file_encoding)

    def add_code(self):
        number = self.rng.choice((len(self.codes) + 1, self.rng.randrange(1 << 32)))
        if number not in self.codes:
            self.row(J.ROW_CODE, self.code_payload(number))

    def add_thread(self):
        """A thread that is new, or has a new name now [F-7.2-5]."""
        name = random_text(self.rng)[:100]
        threads = self.session.threads
        if self.known_threads and self.rng.random() < 0.3:
            index = self.rng.choice(self.known_threads)
            threads[index] = [*threads[index][:2], text(name)]
        else:
            index = len(threads)
            threads.append([self.session.metadata.get("process_id", 0), 500000 + index, text(name)])
            self.known_threads.append(index)
        self.row(J.ROW_THREAD, J.thread_row(threads[index][0], threads[index][1], name))

    def sample_payload(self):
        """(payload, what a reader gives)."""
        rng, session = self.rng, self.session
        numbers = sorted(self.codes)
        chosen = [rng.choice(numbers) for _ in range(rng.choice((0, 1, 3, 10)))] if numbers else []
        frames = [(number, self.codes[number][1].random_offset(rng)) for number in chosen]
        thread = rng.choice(self.known_threads)
        time_ns, flags, values = edge(rng, U64), rng.choice((0, 1, 0x100, 0x201, 0x300, U32_MAX)), session.random_values()
        stack = [self.codes[number][0] + [self.codes[number][1].line(offset)] for number, offset in frames]
        stack.reverse()
        state = {1: "running", 2: "waiting-gil", 3: "waiting"}.get(flags >> 8 & 15)  # [F-7.2-8]
        return J.sample_row(time_ns, session.threads[thread][1], frames, values, flags), {
            "flags": flags & 3, "labels": {"state": state} if state else {}, "modules": [None] * len(stack), "stack": stack, "thread": thread,
            "time_ns": time_ns, "values": values}

    def add_sample(self):
        payload, sample = self.sample_payload()
        self.row(J.ROW_SAMPLE, payload)
        self.session.samples.append(sample)

    def add_unfinished(self):
        """A row that was being written: its header is there, or not even that [F-7.5-2]."""
        rng = self.rng
        kind = rng.choice((J.ROW_SAMPLE, J.ROW_CODE, J.ROW_THREAD, 0))
        payload = bytes(8 * rng.randrange(1, 12))
        if kind == 0:
            self.put(lambda position: bytes(8) + payload)
        else:
            self.row(kind, bytes(rng.randrange(256) for _ in payload), committed=False)
            self.lost_rows += kind == J.ROW_SAMPLE

    def add_damaged(self):
        """A row whose check does not match, and one behind it where reading goes on [F-7.5-3]."""
        def data(position):
            made = bytearray(J.row(position, J.ROW_SAMPLE, bytes(40), True, self.session.session_id))
            made[8 + self.rng.randrange(40)] ^= 1 << self.rng.randrange(8)
            return bytes(made)

        self.put(data)
        self.session.encoder.used.add("a damaged row")
        self.lost_rows += 1
        self.add_thread()

    def add_rows(self):
        """Rows of all kinds."""
        rng = self.rng
        self.add_thread()
        for _ in range(rng.randrange(40)):
            if self.position > self.start + CAPACITY // 2:
                break
            rng.choice((
                self.add_code, self.add_code, self.add_thread, self.add_sample, self.add_sample, self.add_sample,
                self.add_unfinished, self.add_damaged,
                lambda: self.row(rng.randrange(5, 256), bytes(8 * rng.randrange(5))),
            ))()

    def codes_chunk(self, numbers_and_payloads):
        """[F-7.5-4]"""
        encoder = self.session.encoder
        self.session.unnumbered(C.CODES, encoder.columns(
            0, 0, [encoder.bytes(1, b"".join(payload for _, payload in numbers_and_payloads))], position=0))

    # ---- the end

    def finish(self, finished):
        """Makes the rows, some of which are in chunks already, and the chunk of the journal."""
        rng, session = self.rng, self.session
        tail = position = self.start
        early = [(number, self.code_payload(number)) for number in rng.sample(range(1000, 2000), rng.randrange(4))]
        if early:
            # Their rows are taken: the ring has other bytes there, if the tail says so too, or still the rows.
            for _, payload in early:
                self.row(J.ROW_CODE, payload)
            self.codes_chunk(early)
            position = self.position
            if rng.random() < 0.5:
                tail = position
        session.add_samples(position=position)
        if finished:
            tail = self.position  # it is empty [F-6-3]
        else:
            self.add_rows()
        lost = rng.choice((0, session.lost + 3))
        if not finished:
            session.lost = max(session.lost, lost)
        payload = J.journal(bytes(self.words), self.position, tail, lost, session.session_id)
        session.pieces[self.place] = C.chunk(C.JOURNAL, payload, session=session.session_id)


def random_name(rng):
    """(what a reader shows, encoding, bytes) of a text of a CODE row [F-7.2-4]."""
    name = rng.choice(("f", "na\u00efve", "", "x" * 50))
    encoding = rng.choice((0, 1, 2, 4))
    if encoding in (2, 4):
        name += rng.choice(("", "\u65e5", "\udc80\udcff", "\ud800"))
    if encoding == 4:
        name += rng.choice(("", "\U0001f600"))
    codec = {0: "utf-8", 1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[encoding]
    shown = b"".join(bytes([ord(c) - 0xDC00]) if "\udc80" <= c <= "\udcff" else c.encode("utf-8", "surrogatepass")
                     for c in name)
    return text(shown), encoding, name.encode(codec, "surrogatepass")
