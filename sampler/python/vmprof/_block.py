"""vmprof.profile(): a block of code that is profiled."""
import os

import vmprof


class Block(object):
    """May be entered again, one time after the other."""

    def __init__(self, filename, timeout, memory):
        self._filename = filename
        self._timeout = timeout
        self._memory = memory
        self._fd = None

    def __enter__(self):
        if self._fd is not None:
            raise RuntimeError('this block is entered already; make one with vmprof.profile() for each')
        fd = os.open(self._filename, os.O_RDWR | os.O_CREAT | getattr(os, 'O_CLOEXEC', 0), 0o666)
        try:
            # A recording that runs is into this file, or refuses: then it is left as it is.
            if not vmprof.is_enabled():
                os.ftruncate(fd, 0)
            vmprof.enable(fd, self._timeout, self._memory)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return self

    def __exit__(self, kind, value, traceback):
        vmprof.disable()
        fd, self._fd = self._fd, None
        os.close(fd)
