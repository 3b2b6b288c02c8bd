"""Section 5.10: INDEX."""

import struct

from .chunks import END, INDEX, SAMPLES
from .columns import ColumnSet
from .limits import U32, U64

# Offset, size, kind, epoch, sequence number, begin and end of the time span, samples: columns 1 to 8.
LIMITS = {1: U64, 2: U64, 3: U32, 4: U64, 5: U64, 6: U64, 7: U64, 8: U64}


class Listing:
    """The chunks behind the last INDEX chunk, as the next one has to list them."""

    def __init__(self):
        self.entries = []
        self.first = 0          # the number of entries in the INDEX chunks before
        self.index_offset = 0   # of the last INDEX chunk

    def add(self, session, header, payload):
        """A numbered chunk: it is listed, but for END and INDEX itself [F-5.10-1]."""
        if header.kind in (END, INDEX):
            return
        samples = struct.unpack_from("<I", payload, 8)[0] if header.kind == SAMPLES and len(payload) >= 12 else 0
        self.entries.append((header.offset - session.offset, header.behind - header.offset, header.kind, header.epoch,
                             header.number, header.begin_ns, header.end_ns, samples))


def read_index(reader, header, payload):
    """An index that is wrong is no damage: whoever uses it checks it, and can do without [F-5.10-2]. But it is said."""
    session, listing = reader.session, reader.listing
    columns = ColumnSet(payload, tuple(LIMITS))
    entries = list(zip(*(columns.integers(column, limit, required=True) for column, limit in LIMITS.items())))
    offset = header.offset - session.offset
    for what, found, expected in (("entries", entries, listing.entries), ("first", columns.first, listing.first),
                                  ("the index before", columns.position, listing.index_offset),
                                  ("its own offset", columns.further, offset)):
        if found != expected:
            session.wrong_offers.append(("F-5.10-1", header.offset, "an INDEX chunk is wrong: %s" % what))
    listing.first = columns.first + columns.count
    listing.index_offset = offset
    listing.entries = []
