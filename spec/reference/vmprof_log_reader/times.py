"""Section 3.2: times."""

MAX_SECONDS = 1 << 33


def time_ns(seconds, microseconds):
    """Nanoseconds since 1970, or None where that is not known [L-3.2-1]."""
    if not (0 <= seconds < MAX_SECONDS and 0 <= microseconds < 10 ** 6):
        return None
    return seconds * 10 ** 9 + microseconds * 1000
