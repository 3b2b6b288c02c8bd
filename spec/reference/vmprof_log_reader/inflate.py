"""Section 1: logs that are gzip files."""

import zlib

from .errors import Damage, LogError

MAGIC = b"\x1f\x8b"
AUTOMATIC_GZIP = 31  # zlib's name for "a gzip header, any window"


def _member(data, step):
    """What a member inflates to, what is behind it, and whether it is whole. A smaller step finds more of a damaged one."""
    stream = zlib.decompressobj(AUTOMATIC_GZIP)
    pieces = []
    for position in range(0, len(data), step):
        try:
            pieces.append(stream.decompress(data[position:position + step]))
        except zlib.error:
            return (b"".join(pieces), b"", False) if step == 1 else _member(data, 1)
        if stream.eof:
            return b"".join(pieces), stream.unused_data + data[position + step:], True
    return b"".join(pieces), b"", False


def inflated(data):
    """The bytes of a log, and the damage found on the way [L-1-3]."""
    if not data.startswith(MAGIC):
        return data, []
    log, damage, rest, whole = b"", [], data, True
    while whole and rest.startswith(MAGIC):
        piece, rest, whole = _member(rest, 1 << 16)
        log += piece
    if not whole:
        damage.append(Damage("L-1-3", len(log), 0))
    elif rest.strip(b"\0"):
        damage.append(Damage("L-1-3", len(log), len(rest)))
    if not log:
        raise LogError("not ours", "L-1-3", 0, "nothing inflates")
    return log, damage
