"""The time between two samples, from what people write. All is in ns."""

MIN_NS = 20000
MAX_NS = 999999999
ENABLE_NS = 4000000   # vmprof.enable(fd), as the documentation has always said
COMMAND_NS = 1000000  # python -m vmprof

# The longer names first: every one of them ends in 's'.
_UNITS = (('ns', 1), ('us', 1000), ('ms', 1000000), ('s', 1000000000))


def _in_range(period_ns, given):
    if not MIN_NS <= period_ns <= MAX_NS:  # also refuses NaN
        raise ValueError('a period is at least 20 microseconds and below 1 second, not %s' % (given,))
    return int(round(period_ns))


def from_timeout(timeout):
    """What vmprof.enable() takes: an int counts microseconds, a float seconds, -1 is the default."""
    if isinstance(timeout, bool):
        raise ValueError('timeout must be microseconds as an int or seconds as a float, not %r' % timeout)
    if hasattr(timeout, '__index__'):
        count = timeout.__index__()
        return ENABLE_NS if count == -1 else _in_range(count * 1000, '%d microseconds' % count)
    if not hasattr(timeout, '__float__') or isinstance(timeout, complex):
        raise TypeError('timeout must be microseconds as an int or seconds as a float, not %s'
                        % type(timeout).__name__)
    seconds = float(timeout)
    return _in_range(seconds * 1e9, '%r seconds' % seconds)


def from_text(text):
    """What -p takes: seconds, or a number with a unit."""
    number, scale = text, 1000000000
    for unit, size in _UNITS:
        if text.endswith(unit):
            number, scale = text[:-len(unit)], size
            break
    if not number or number.strip('0123456789.eE+-'):
        raise ValueError("'%s' is no period; write seconds (0.001) or a unit (1ms, 100us)" % text)
    try:
        value = float(number)
    except ValueError:
        raise ValueError("'%s' is no period; write seconds (0.001) or a unit (1ms, 100us)" % text)
    return _in_range(value * scale, text)


def to_text(period_ns):
    """A time for people, with three digits."""
    for unit, size in (('s', 1e9), ('ms', 1e6), ('us', 1e3)):
        if period_ns >= size:
            value = period_ns / size
            return ('%.0f %s' if value >= 99.95 else '%.3g %s') % (value, unit)
    return '%d ns' % period_ns
