"""Prints the world that it finds itself in, one fact a line: the same under a profiler as without."""
import sys

NAMES_AT_START = sorted(globals())
ORDER_AT_START = list(globals())


def first_free_descriptor():
    """Of several looks, since a thread of the recorder's may have a file open for an instant, and lose its core just then."""
    import os
    import time
    looks = []
    for _ in range(50):
        looks.append(os.dup(0))
        os.close(looks[-1])
        time.sleep(0.001)
    return min(looks)


def kind(thing):
    return type(thing).__module__ + '.' + type(thing).__name__


class Pickled(object):
    pass


def facts():
    import ctypes  # with some versions of libc, loading it keeps a descriptor open
    import os
    import pickle
    import signal
    assert ctypes
    main = sys.modules['__main__']
    spec = globals().get('__spec__')
    loader = globals().get('__loader__')
    yield 'names', NAMES_AT_START
    if sys.version_info >= (3, 6):
        yield 'order', ORDER_AT_START
    for name in ('__name__', '__file__', '__package__', '__cached__', '__doc__'):
        yield name, globals().get(name, 'missing')
    yield '__builtins__', kind(__builtins__)
    yield '__loader__', (kind(loader), getattr(loader, 'name', None), getattr(loader, 'path', None))
    yield '__spec__', spec and (spec.name, spec.origin, spec.parent, kind(spec.loader))
    yield '__main__ is this', main.__dict__ is globals() and main.NAMES_AT_START is NAMES_AT_START
    yield 'argv', sys.argv
    yield 'orig_argv', getattr(sys, 'orig_argv', None)
    yield 'path', sys.path
    yield 'folder', os.getcwd()
    yield 'environment', sorted(os.environ.items())
    yield 'flags', list(sys.flags)
    yield 'warnings', sys.warnoptions
    yield 'excepthook', sys.excepthook is sys.__excepthook__
    yield 'streams', [stream is real for stream, real in (
        (sys.stdin, sys.__stdin__), (sys.stdout, sys.__stdout__), (sys.stderr, sys.__stderr__))]
    yield 'tracing', (sys.gettrace(), sys.getprofile())
    yield 'recursion limit', sys.getrecursionlimit()
    yield 'handlers', [str(signal.getsignal(number)) for number in range(1, 32)]
    if hasattr(signal, 'pthread_sigmask'):
        yield 'blocked', sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))
    yield 'umask', os.umask(os.umask(0))
    yield 'first free descriptor', first_free_descriptor()
    yield 'flags of this code', sys._getframe().f_code.co_flags
    yield 'division', eval('3 / 2')
    yield 'pickle', type(pickle.loads(pickle.dumps(Pickled()))) is Pickled
    yield 'pickled as', Pickled.__module__


if __name__ == '__main__':
    for name, value in facts():
        print('%s: %r' % (name, value))
