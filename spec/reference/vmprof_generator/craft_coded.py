"""Section 4.2: writes coded integers."""

from .craft import U64, varint

DELTA, ZIGZAG, RUNS, DOWN = 1, 2, 4, 8
MOST_LOW_BITS = {2: 61, 3: 30, 4: 14}  # s, with which a code is at most 255 and a number fits 64 bits


def code_of(number, precision):
    """(code, s, the low bits), or None where the precision has no code for the number."""
    if number < 2 << precision:
        return number, 0, 0
    s = number.bit_length() - precision - 1
    if s > MOST_LOW_BITS[precision]:
        return None
    return (s << precision) + (number >> s), s, number & ((1 << s) - 1)


def fitting(numbers):
    """The precisions that have codes for all of the numbers."""
    return [precision for precision in (2, 3, 4) if code_of(max(numbers, default=0), precision)]


def signed(value):
    """The number from -2^63 to 2^63 - 1 that is the same modulo 2^64."""
    value &= U64
    return value - (1 << 64) if value >> 63 else value


def steps_of(values, transform, base):
    """The d of each group, modulo 2^64."""
    before = [base] + list(values[:-1]) if transform & DELTA else [base] * len(values)
    return [(value - from_value) & U64 for value, from_value in zip(values, before)]


def numbers_of(steps, transform, unit):
    """The numbers of the groups. The unit divides each d, or is odd: then it has an inverse modulo 2^64."""
    numbers = []
    for step in steps:
        step = -step & U64 if transform & DOWN else step
        number = signed(step) if transform & ZIGZAG else step
        if number % unit == 0:
            number //= unit
        else:
            number = step * pow(unit, (1 << 62) - 1, 1 << 64) & U64
            number = signed(number) if transform & ZIGZAG else number
        if transform & ZIGZAG:
            number = 2 * number if number >= 0 else -2 * number - 1
        numbers.append(number)
    return numbers


def coded(groups, transform=0, base=0, unit=1, precision=None, run_precision=None):
    """A column's raw bytes, of (value, count of entries) for each group."""
    numbers = numbers_of(steps_of([value for value, _ in groups], transform, base), transform, unit)
    run_lengths = [count - 1 for _, count in groups] if transform & RUNS else []
    precision = precision or fitting(numbers)[0]
    run_precision = run_precision or fitting(run_lengths)[0] if transform & RUNS else 0
    out = bytes([transform, precision | run_precision << 4])
    out += varint(sum(count for _, count in groups)) + varint(base) + varint(unit)
    if transform & RUNS:
        out += varint(len(groups))
    codes = [code_of(number, precision) for number in numbers]
    codes += [code_of(number, run_precision) for number in run_lengths]
    bits = shift = 0
    for _, s, low in codes:
        bits |= low << shift
        shift += s
    return out + bytes(code for code, _, _ in codes) + bits.to_bytes((shift + 7) // 8, "little")
