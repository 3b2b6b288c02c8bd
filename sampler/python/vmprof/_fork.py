"""Keeps CPython 3.12 and newer from warning of a fork because of the sampler's own thread.

From then on os.fork() warns where the process has more than one thread. A program that has only one
would get a warning that it does not get without us.
"""
import os
import sys

_MESSAGE_PART = 'is multi-threaded, use of fork'
_SAMPLER_THREADS = 1


class _OursAlone(object):
    """Stands in a warning filter for the pattern of its message."""

    def match(self, message):
        try:
            return (_MESSAGE_PART in message
                    and len(os.listdir('/proc/self/task')) == 1 + _SAMPLER_THREADS)
        except OSError:
            return False


_FILTER = ('ignore', _OursAlone(), DeprecationWarning, None, 0)


class _NoWarning(DeprecationWarning):
    """Never given: stands for _FILTER until the list is known to be that of the filters."""


def filter_warning():
    if sys.version_info < (3, 12):
        return
    import warnings
    warnings.simplefilter('ignore', _NoWarning)  # tells the machinery that its list has changed
    if warnings.filters and warnings.filters[0][2] is _NoWarning:
        warnings.filters[0] = _FILTER


def unfilter_warning():
    warnings = sys.modules.get('warnings')
    if sys.version_info >= (3, 12) and warnings is not None and _FILTER in warnings.filters:
        warnings.filters.remove(_FILTER)
