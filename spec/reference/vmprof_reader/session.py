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
        self.epoch = 0
        self.tables = Tables()
        self.samples_before_chunk = 0
        self.sample_chunks = []    # (first, count, epoch, stacks, values)
        self.listing = index.Listing()
        self.samples_begun = False
        self.sums = [0] * MAX_VALUES
        self.journal = None
        self.journal_begun = False
        self.journal_position = 0
        self.codes = {}

    def payload(self, header):
        return self.data[header.payload_offset:header.behind]

    def is_numbered(self, header):
        """[F-3-5]: chunks of later kinds say by their number whether they have one."""
        if header.kind in KIND_NAMES:
            return header.kind not in UNNUMBERED
        return header.number != NO_SEQUENCE_NUMBER

    def is_copy(self, header):
        """A chunk with its number was read [F-3-5]."""
        return self.is_numbered(header) and header.number < self.next_number

    def is_whole(self, header):
        """[F-3-2]. A journal is read also where it is cut [F-7.5-5]."""
        if header.kind == JOURNAL:
            return True
        payload = self.payload(header)
        return len(payload) == header.size and (header.kind == PAD or crc32(payload) == header.checksum)

    def lose(self, header, rule, text):
        """Counts a chunk that is there and cannot be used."""
        self.session.note(rule, header.offset, "a %s chunk is lost: %s" % (header.name, text),
                          lost_bytes=min(header.behind, len(self.data)) - header.offset)
        self.session.damage.chunks += 1

    def take(self, header):
        """Takes a chunk. False: it is not whole, and its size is not to be relied on."""
        if self.session.refused:
            return True
        if not self.is_whole(header):
            if not self.is_copy(header):
                self.lose(header, "F-3-2", "it is not whole")
            return False
        try:
            if self.is_numbered(header) and not self.take_number(header):
                return True
            self.take_payload(header)
        except Broken as broken:  # [F-3-8]
            self.lose(header, broken.rule, str(broken))
        except Unknown as unknown:  # of an ancillary chunk nobody needs that
            if header.critical:
                self.session.refused = Unsupported(
                    unknown.rule, header.offset, "a %s chunk with %s" % (header.name, unknown))
        return True

    def take_number(self, header):
        """Takes the sequence number and the epoch. False: it is a copy."""
        require(header.number != NO_SEQUENCE_NUMBER, "F-3-5", "it has no sequence number")
        if self.is_copy(header):
            return False
        gap = header.number - self.next_number
        self.next_number = header.number + 1
        if gap:
            self.session.note("F-3-5", header.offset, "%d chunks before it are lost" % gap)
        self.listing.add(self.session, header, self.payload(header))
        require(header.epoch >= self.epoch, "F-3-6", "its epoch is over")
        if header.epoch > self.epoch:
            self.epoch = header.epoch
            self.tables = Tables()
        return True

    def take_payload(self, header):
        """Takes what is in a chunk."""
        if header.kind in READERS:
            READERS[header.kind](self, header, self.payload(header))
        elif header.critical:
            raise Unknown("F-3-4", "unknown kind")

    def finish(self):
        """After the last chunk: the journal."""
        if self.session.refused:
            self.session.finished = False
        elif self.journal:
            journal.read_journal(self)
