"""Section 3: all records of a log, in their order, and what is lost between them."""

import copy

from .errors import Damage, LogError
from .header import read_header
from .preamble import read_preamble
from .records import STACKTRACE, TIME_N_ZONE, TRAILER, Records


class Log:
    """A log as its bytes have it."""

    def __init__(self, header):
        self.header = header
        self.records = []
        self.damage = []
        self.start_ns, self.end_ns = header.start_ns, None
        self.finished = False
        self.maps = b""

    @property
    def lost_bytes(self):
        return sum(damage.lost_bytes for damage in self.damage)

    def add(self, record):
        """The first TIME_N_ZONE and TRAILER count [L-3.2-1]."""
        if record.marker == TRAILER:
            if not self.finished:
                self.finished, self.end_ns = True, record.fields
        elif record.marker != TIME_N_ZONE:
            self.records.append(record)
        elif self.start_ns is None and not self.finished and not self.header.early_5:
            self.start_ns = record.fields


def scan(data, header, offset):
    """The log, in the layout that the header says."""
    log, records = Log(header), Records(data, header, header.start_ns)
    while offset < len(data):
        record = records.standing(offset)
        if record is None:
            behind = records.found_again(offset + 1)
            log.damage.append(Damage("L-3.3-3", offset, behind - offset, int(data[offset] == STACKTRACE)))
            offset = behind
            continue
        log.add(record)
        records.start_ns = log.start_ns
        offset = record.end
        if record.marker == TRAILER and records.maps_begin(offset):
            log.maps = data[offset:]
            break
    return log


def read_log(data):
    """The log, in the layout that it has [L-4-6]."""
    header, offset = read_header(data, read_preamble(data))
    first = Records(data, header)
    if offset != 5 * header.word and not first.may_go_on(offset):
        raise LogError("damaged", "L-3.1-2", 5 * header.word, "the first record does not stand")
    log = scan(data, header, offset)
    if header.version == 1 and log.lost_bytes:
        snapshot = copy.copy(header)
        snapshot.thread_is_word = True
        other = scan(data, snapshot, offset)
        if other.lost_bytes < log.lost_bytes:
            return other
    return log
