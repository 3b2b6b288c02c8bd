"""Section 2: the preamble."""

from .errors import LogError

MAX_PERIOD_US = 10 ** 9


class Preamble:
    """Sizes of words and addresses, and the period, None where it is not known."""

    def __init__(self, word, address, period_us):
        self.word, self.address = word, address
        self.size = 5 * word
        self.period_us = period_us if 0 < period_us <= MAX_PERIOD_US else None  # [L-2-5]


# (size of W, size of A, the fifth word)
KINDS = (8, 8, 0), (4, 4, 0), (4, 8, 1)


def _masked(word, fifth, order):
    """The preamble with None for each byte of the period, which may be any."""
    def number(value):
        return list(value.to_bytes(word, order))
    return number(0) + number(3) + number(0) + [None] * word + number(fifth)


def _agrees(data, pattern):
    """Whether the input is this, as far as it goes."""
    return all(expected in (None, found) for found, expected in zip(data, pattern))


def read_preamble(data):
    """[L-2-1] to [L-2-4]"""
    if not data:
        raise LogError("damaged", "F-2-1", 0, "it is empty")
    for word, address, fifth in KINDS:
        if len(data) >= 5 * word and _agrees(data, _masked(word, fifth, "little")):
            return Preamble(word, address, int.from_bytes(data[3 * word:4 * word], "little"))
    for word, _, fifth in KINDS:
        if len(data) < 5 * word and _agrees(data, _masked(word, fifth, "little")):
            raise LogError("damaged", "L-2-4", len(data), "it ends within the preamble")
    for word, _, fifth in KINDS:
        if len(data) >= 5 * word and _agrees(data, _masked(word, fifth, "big")):
            raise LogError("unsupported", "L-2-3", 0, "it is of a big-endian machine")
    raise LogError("not ours", "L-2-1", 0, "it is not a log")
