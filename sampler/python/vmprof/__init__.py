"""vmprof: a statistical profiler.

    import vmprof
    with vmprof.profile('out.prof'):
        work()
    print(vmprof.read_profile('out.prof').top_profile())

On the command line: python -m vmprof [-o FILE] PROGRAM ARGS.
"""
import os

__all__ = ['enable', 'disable', 'is_enabled', 'is_paused', 'profile', 'read_profile']
__version__ = '0.1.0'

# A profiled program may change its folder before the rest of the package is imported.
try:
    __path__ = [os.path.abspath(folder) for folder in __path__]
except OSError:
    pass  # the current folder is gone already: no name can be made whole

# All else is imported where it is needed: a program that merely imports vmprof pays for nothing.


def enable(fileno, timeout=-1, memory=False, native=False, real_time=False):
    """Start to profile all threads of this process, and write the profile to the descriptor fileno.

    timeout is the period between two samples: an int counts microseconds, a float seconds, and -1
    stands for 4 ms. It is at least 20 microseconds and below a second. The descriptor stays open,
    and the caller's, until disable(). memory=True adds the process's resident size to each sample.

    With native, frames of machine code are recorded too, each between the Python functions that it was
    called by and calls; vmprof-symbolize gives them names. real_time=True records time on the clock too:
    what threads wait for counts, and is a second metric of the profile ("wall").

    While a recording runs, one more enable() into the same file counts, and as many disable() as
    enable() end it; all else is as the first wanted it. Another file is refused with ValueError.
    """
    from vmprof import _period, _recorder
    if isinstance(fileno, bool) or not hasattr(fileno, '__index__'):
        raise TypeError('fileno must be an int, such as file.fileno(), not %s'
                        % type(fileno).__name__)
    _recorder.start('enable', fileno.__index__(), _period.from_timeout(timeout), memory=bool(memory),
                    native=_recorder.NATIVE_FOLDED if native else _recorder.NATIVE_NONE,
                    wall=bool(real_time))


def disable():
    """Take back one enable(). The last one stops profiling and writes what is pending. The descriptor
    is not closed.

    What could not be written, as on a full disk, is told by a RuntimeWarning.
    """
    from vmprof import _recorder
    import warnings
    if not _recorder.is_enabled():
        warnings.warn('vmprof.disable(): profiling is not enabled', RuntimeWarning, stacklevel=2)
        return
    try:
        _recorder.stop()
    except (EnvironmentError, RuntimeError, ValueError) as error:  # no program may die of its profiler
        warnings.warn('vmprof.disable(): %s' % (getattr(error, 'strerror', None) or error),
                      RuntimeWarning, stacklevel=2)


def profile(filename, timeout=-1, memory=False):
    """A context manager: what runs inside of it is profiled into the file of that name.

        with vmprof.profile('out.prof'):
            work()

    The file is overwritten, unless a recording into it runs already, as where blocks nest: that one goes on.
    """
    from vmprof import _block
    return _block.Block(filename, timeout, memory)


def is_enabled():
    """Whether this process is being profiled."""
    from vmprof import _recorder
    return _recorder.is_running()


def is_paused():
    """Whether this process is being profiled by a recording that a signal (--toggle) has not turned on yet, or
    has turned off again."""
    from vmprof import _recorder
    return _recorder.is_paused()


def read_profile(filename, virtual_only=True, metric=None):
    """Read the profile at filename and return its Stats.

    virtual_only=False keeps the frames of native code too. metric: what samples weigh, such as 'wall' in a
    profile with time on the clock; CPU time where nothing is said.
    """
    from vmprof import _stats
    return _stats.read_profile(filename, virtual_only, metric)
