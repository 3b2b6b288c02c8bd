"""Section 4.2: coded integers, encoding 5."""

from .errors import Unknown, require
from .limits import MAX_COUNT, U64
from .notation import Cursor, unzigzag

DELTA, ZIGZAG, RUNS, DOWN = 1, 2, 4, 8
KNOWN_TRANSFORMS = DELTA | ZIGZAG | RUNS | DOWN


class LowBits:
    """The bits behind the codes: bytes are filled from bit 0 up."""

    def __init__(self, data):
        self.bits = int.from_bytes(data, "little")
        self.left = 8 * len(data)

    def take(self, count):
        """The next bits, the lowest first."""
        require(count <= self.left, "F-4.2-4", "the low bits end too early")
        value = self.bits & ((1 << count) - 1)
        self.bits >>= count
        self.left -= count
        return value

    def finish(self):
        """[F-4.2-4]"""
        require(self.left < 8, "F-4.2-4", "the low bits end before the column does")
        require(self.bits == 0, "F-4.2-4", "bits that are left over are not 0")


def low_bit_count(code, precision):
    """s, the count of low bits that a code is followed by."""
    if code < 2 << precision:
        return 0
    s = code // (1 << precision) - 1
    require(s <= 63 - precision, "F-4.2-2", "a number does not fit 64 bits")
    return s


def number_of(code, precision, low_bits):
    """The number that a code and its low bits stand for."""
    if code < 2 << precision:
        return code
    s = low_bit_count(code, precision)
    return ((code % (1 << precision) + (1 << precision)) << s) + low_bits.take(s)


def decode(raw, count):
    """The entries of a column; count is None for a list [F-4-7]."""
    cursor = Cursor(raw, "F-4-5")
    transform, precisions = cursor.fixed("BB")
    if transform & ~KNOWN_TRANSFORMS:
        raise Unknown("F-4.2-1", "transform %d" % transform)
    with_runs = transform & RUNS != 0
    precision, run_precision = precisions & 0xF, precisions >> 4
    require(precision in (2, 3, 4), "F-4.2-2", "no such precision as %d" % precision)
    require(run_precision in ((2, 3, 4) if with_runs else (0,)), "F-4.2-2", "no such precision of run lengths")
    n, base, unit = cursor.varint(), cursor.varint(), cursor.varint()
    if count is None:
        require(n <= MAX_COUNT, "F-4-7", "a list is too long")
    else:
        require(n == count, "F-4.2-3", "a column has not as many entries as its chunk")
    require(unit >= 1, "F-4.2-3", "the unit is 0")
    groups = cursor.varint() if with_runs else n
    require(groups <= n, "F-4.2-3", "there are more groups than entries")
    codes = cursor.take(groups)
    run_codes = cursor.take(groups) if with_runs else b""
    low_bits = LowBits(cursor.rest())
    numbers = [number_of(code, precision, low_bits) for code in codes]
    run_lengths = [number_of(code, run_precision, low_bits) for code in run_codes] if with_runs else [0] * groups
    low_bits.finish()
    require(sum(run_lengths) + groups == n, "F-4.2-3", "the groups do not add up")
    entries = []
    for value, run_length in zip(values(numbers, transform, base, unit), run_lengths):
        entries += [value] * (1 + run_length)
    return entries


def values(numbers, transform, base, unit):
    """The value of each group, modulo 2^64."""
    before = base
    for number in numbers:
        q = unzigzag(number) if transform & ZIGZAG else number
        d = -q * unit if transform & DOWN else q * unit
        value = (before if transform & DELTA else base) + d & U64
        before = value
        yield value
