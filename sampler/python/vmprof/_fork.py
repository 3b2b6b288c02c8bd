"""Keeps CPython 3.12 and newer from warning of a fork because of the sampler's own threads.

From then on os.fork() warns where the process has more than one thread. A program that has only one
would get a warning that it does not get without us.
"""
import os
import sys

_MESSAGE_PART = 'is multi-threaded, use of fork'
_TASKS = '/proc/self/task'
_SAMPLER_NAME = 'vmprof\n'


def _is_sampler(task):
    with open('%s/%s/comm' % (_TASKS, task)) as name:
        return name.read() == _SAMPLER_NAME


class _OursAlone(object):
    """Stands in a warning filter for the pattern of its message."""

    def __init__(self):
        self.samplers = set()  # tasks that were found to be ours

    def match(self, message):
        try:
            return _MESSAGE_PART in message and self._others() == 1
        except OSError:
            return False

    def _others(self):
        """How many tasks are not the sampler's. A program may fork often: its files are read the first time only."""
        tasks = set(os.listdir(_TASKS))
        self.samplers &= tasks
        self.samplers.update(task for task in tasks - self.samplers if _is_sampler(task))
        return len(tasks) - len(self.samplers)


_FILTER = ('ignore', _OursAlone(), DeprecationWarning, None, 0)


def code():
    """Of the function in which all of this happens: its time is not the program's."""
    return _OursAlone.match.__code__


class _NoWarning(DeprecationWarning):
    """Never given: stands for _FILTER until the list is known to be that of the filters."""


def filter_warning():
    if sys.version_info < (3, 12):
        return
    import warnings
    _FILTER[1].samplers.clear()
    warnings.simplefilter('ignore', _NoWarning)  # tells the machinery that its list has changed
    if warnings.filters and warnings.filters[0][2] is _NoWarning:
        warnings.filters[0] = _FILTER


def unfilter_warning():
    warnings = sys.modules.get('warnings')
    if sys.version_info >= (3, 12) and warnings is not None and _FILTER in warnings.filters:
        warnings.filters.remove(_FILTER)
