"""Random profiles from a seed, and what a reader has to give of them.

    made = vmprof_generator.make(seed)         # made.data, made.expected
    made = vmprof_generator.make(seed, True)   # damaged; made.expected is what the whole one holds

A sound profile has anything that the text allows, also what no writer of today does. What is expected comes from what
the profile was made of, and owes nothing to any reader. The same seed gives the same bytes (with the same zlib).
"""

import random

from .damage import Damager
from .session import SessionMaker


class Made:
    """A profile."""

    def __init__(self, data, expected, repaired, used):
        self.data = data
        self.expected = expected  # as vmprof_reader.dump() has it, but for what it says of damage
        self.repaired = repaired  # damaged so that checksums do not show it
        self.used = used          # names of what of the text is in it


def make(seed, damage=False):
    """The profile of a seed."""
    rng = random.Random("vmprof %d" % seed)
    sessions, size = [], 0
    count = rng.choice((1, 1, 1, 2, 3))
    for _ in range(count):
        session = SessionMaker(rng, rng.randrange(1, 1 << 64), size)
        session.make(finished=rng.random() < 0.75)
        size += session.size
        sessions.append(session)
    pieces = [piece for session in sessions for piece in session.pieces]
    lost_samples = sum(session.ring.lost_rows for session in sessions if session.ring)
    expected = {
        "damaged": lost_samples != 0 or any(session.end_ns is None for session in sessions),
        "error": None,
        "lost_samples": lost_samples,
        "sessions": [session.expected() for session in sessions],
        "threads": [thread for session in sessions for thread in session.threads],
    }
    used = set().union(*(session.encoder.used for session in sessions))
    if not damage:
        return Made(b"".join(pieces), expected, False, used)
    damager = Damager(rng, pieces)
    return Made(damager.spoil(), expected, damager.repaired, used)
