"""Makes random logs of upstream vmprof, of every version, from a seed: ../generate_logs.py.

It knows what is in a log because it made it up, and not from reading it: it shares no code with the readers.
"""

import random
import zlib

from .layout import Layout
from .model import Model
from .spoil import spoil

__all__ = ["Made", "make"]

GZIP = 31  # zlib's name for it


class Made:
    """A log: `data`, what a reader has to say of it (`expected`, None of a damaged one), and what was used in it."""

    def __init__(self, data, expected, used):
        self.data, self.expected, self.used = data, expected, used


def make(seed, damage=False):
    """The log of a seed; the same always."""
    rng = random.Random("log %d" % seed)
    model = Model(rng, Layout(rng))
    records = model.records()
    if damage:
        return spoil(rng, records, model)
    data, used = b"".join(records), model.used()
    if rng.random() < 0.1:
        stream = zlib.compressobj(9, zlib.DEFLATED, GZIP)
        data = stream.compress(data) + stream.flush()
        used.add("gzip")
    return Made(data, model.expected(), used)
