"""Section 3: the chunks of one session, in their order."""

from . import end, functions, index, journal, labels, locations, meta, modules, rows, samples, stacks, threads, totals
from .chunks import (
    CODES, END, FUNCTIONS, INDEX, JOURNAL, KIND_NAMES, LABELS, LOCATIONS, META, MODULES, NO_SEQUENCE_NUMBER, PAD,
    SAMPLES, STACKS, STRINGS, THREADS, TOTALS, UNNUMBERED)
from .errors import Broken, Unknown, Unsupported, require
from .limits import MAX_VALUES
from .notation import crc32
from .tables import Tables

READERS = {
    META: meta.read_meta, STRINGS: functions.read_strings, FUNCTIONS: functions.read_functions,
    LOCATIONS: locations.read_locations, STACKS: stacks.read_stacks, THREADS: threads.read_threads,
    SAMPLES: samples.read_samples, JOURNAL: journal.take_journal, PAD: end.read_pad, END: end.read_end,
    CODES: rows.read_codes, LABELS: labels.read_labels, MODULES: modules.read_modules, TOTALS: totals.read_totals,
    INDEX: index.read_index,
}


class SessionReader:
    """Takes the chunks of one session."""

    def __init__(self, session, data):
        self.session, self.data = session, data
        self.next_number = 0
        self.highest_lost = -1     # of chunks whose header is whole but whose payload is not
        self.epoch = 0
        self.tables = Tables()
        self.threads_lost = False  # a chunk is lost that may have held threads
        self.samples_before_chunk = 0
        self.sample_chunks = []    # (first, count, epoch, stacks, values)
        self.listing = index.Listing()
        self.samples_begun = False
        self.sums = [0] * MAX_VALUES
        self.journal = None
        self.journal_position = 0
        self.codes = {}

    def is_copy(self, header):
        """A chunk with its number was read [F-3-5]."""
        return header.kind not in UNNUMBERED and header.number < self.next_number

    def lose(self, header, rule, text):
        """Counts a chunk that is there and cannot be used."""
        self.session.note(rule, header.offset, "a %s chunk is lost: %s" % (header.name, text))
        self.session.damage.bytes += min(header.behind, len(self.data)) - header.offset

    def take(self, header):
        """Takes a chunk. False: it is not whole, and its size is not to be relied on."""
        session = self.session
        if session.refused:
            return True
        payload = self.data[header.payload_offset:header.behind]
        is_cut = len(payload) < header.size
        is_known = header.kind in KIND_NAMES
        # A later version may have further kinds without a number; only ours are known to have one.
        is_numbered = header.kind not in UNNUMBERED and (is_known or header.number != NO_SEQUENCE_NUMBER)
        if header.kind not in (JOURNAL, PAD):  # the journal is read also where it is cut [F-7.5-5]
            if is_cut or crc32(payload) != header.checksum:  # [F-3-2]
                if is_numbered:
                    self.highest_lost = max(self.highest_lost, header.number)
                elif is_known:
                    session.damage.chunks += 1
                if not self.is_copy(header):
                    self.lose(header, "F-3-2", "it was cut" if is_cut else "its checksum is wrong")
                return False
        if is_known and (header.number == NO_SEQUENCE_NUMBER) != (header.kind in UNNUMBERED):
            session.damage.chunks += 1
            self.lose(header, "F-3-5", "its sequence number is wrong")
            return True
        if is_numbered:
            if self.is_copy(header):
                return True
            gap = header.number - self.next_number
            self.next_number = header.number + 1
            if gap:
                session.damage.chunks += gap
                session.note("F-3-5", header.offset, "%d chunks before it are lost" % gap)
                self.threads_lost = True
            if header.epoch > self.epoch:  # [F-3-6]
                self.epoch = header.epoch
                self.tables = Tables()
            self.listing.add(session, header, payload)
        if not is_known:
            if header.critical:  # [F-3-4]
                session.refused = Unsupported("F-3-4", header.offset, "unknown chunks of kind %d" % header.kind)
            return True
        try:
            if is_numbered:
                require(header.epoch == self.epoch, "F-3-6", "its epoch is over")
            READERS[header.kind](self, header, payload)
        except Broken as broken:
            session.damage.chunks += 1
            self.lose(header, broken.rule, str(broken))
            self.threads_lost = True
        except Unknown as unknown:
            if header.critical:
                session.refused = Unsupported(
                    unknown.rule, header.offset, "a %s chunk with %s" % (header.name, unknown))
            # Nobody needs the others.
        return True

    def finish(self):
        """After the last chunk: the journal, and what END says against what there is."""
        session = self.session
        session.damage.chunks += max(0, self.highest_lost + 1 - self.next_number)
        if session.refused:
            session.finished = False
            return
        if self.journal:
            journal.read_journal(self)
        if session.end_samples is not None:  # [F-6-3]
            found = len(session.samples)
            session.damage.samples = max(session.damage.samples, session.end_samples - found)
            if session.end_samples != found or session.end_sums != self.sums[:len(session.end_sums)]:
                session.note("F-6-3", session.offset, "samples and sums are not those of the end")
