"""Section 6: PAD and END."""

from .errors import require
from .limits import MAX_VALUES
from .notation import Cursor


def read_pad(reader, header, payload):
    """[F-6-1]"""
    del reader, header, payload


def read_end(reader, header, payload):
    """[F-6-2]"""
    session = reader.session
    cursor = Cursor(payload, "F-6-2")
    samples, lost_samples, end_ns, count, _ = cursor.fixed("QQQII")
    require(count <= MAX_VALUES, "F-6-2", "it has too many values")
    sums = list(cursor.fixed("%dQ" % count))
    if not cursor.at_end():  # the offsets may be missing, both
        offset, index_offset = cursor.fixed("QQ")
        # Only a reader that seeks needs them, and then it finds that they are wrong, and can do without.
        if (offset, index_offset) != (header.offset - session.offset, reader.listing.index_offset):
            session.wrong_offers.append(("F-6-2", header.offset, "the offsets of END are wrong"))
    require(cursor.at_end(), "F-6-2", "it is too long")
    session.finished = True
    session.end_ns = end_ns
    session.lost_samples = lost_samples  # the last word on it
    # The count of values cannot be held against [F-5.1-4] where that entry may be lost.
    found = len(session.samples)  # those of chunks: a journal is empty when END is written
    if samples != found or sums != reader.sums[:count]:  # [F-6-3]
        session.note("F-6-3", header.offset, "samples and sums are not those of the end")
    session.damage.samples = max(session.damage.samples, samples - found)
