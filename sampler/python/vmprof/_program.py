"""Runs a program as the interpreter itself would: the same __main__, sys.path, messages and exit code."""
import os
import sys

# What __main__ holds before any program has run in it, by the interpreter's own making.
_MAIN_NAMES = ('__name__', '__doc__', '__package__', '__loader__', '__spec__', '__annotations__',
               '__builtins__')


def execute(code, namespace):
    """The frame that the program's own stand on. Recorded stacks and tracebacks begin below it."""
    exec(code, namespace)


def enter(program):
    """Makes __main__ that of a program that load_*() made."""
    namespace = sys.modules['__main__'].__dict__
    for name in list(namespace):
        if name not in program.names and name not in _MAIN_NAMES:
            del namespace[name]
    namespace.update(program.names)


def run(program, ended):
    """Runs a program after enter(); what it raises comes out, its traceback that of the program.

    ended: called when the program's last line is done, before anything is said of an exception.
    """
    namespace = sys.modules['__main__'].__dict__
    try:
        try:
            execute(program.code, namespace)
        finally:
            ended()
    except SystemExit:
        raise
    except BaseException:
        hide_our_frames()
        raise


def hide_our_frames():
    """Makes the interpreter report the exception that is under way without the frames of vmprof and runpy.

    The exception then ends the interpreter in the usual way, so that everything else, such as the
    order of the exit handlers and the exit code, is the interpreter's own doing.
    """
    hook = sys.excepthook

    def report(kind, value, traceback):
        sys.excepthook = hook
        traceback = _of_program(traceback)
        sys.last_traceback = traceback
        if hasattr(value, '__traceback__'):
            value.__traceback__ = traceback
        hook(kind, value, traceback)

    sys.excepthook = report


def _of_program(traceback):
    """The part of traceback that is the program's: None for one that did not compile."""
    below = traceback
    while below is not None:
        if below.tb_frame.f_code is execute.__code__:
            return below.tb_next
        below = below.tb_next
    # It failed before its first line, as when the package of a module cannot be imported.
    while traceback is not None and _is_ours(traceback.tb_frame.f_globals.get('__name__') or ''):
        traceback = traceback.tb_next
    return traceback


def _is_ours(module):
    return module in ('__main__', 'runpy') or module.startswith('vmprof.')


class Program(object):
    """Code, and the names that its __main__ is to have."""

    def __init__(self, code, names):
        self.code = code
        self.names = names


def load_module(name):
    """The program of python -m NAME. sys.argv holds its arguments, sys.path[0] is already right."""
    import runpy
    arguments, sys.argv[0] = sys.argv[:], '-m'
    try:
        found = runpy._get_module_details(name, runpy._Error)
    except runpy._Error as error:
        sys.argv[:] = arguments
        sys.exit('%s: %s' % (sys.executable, error))
    program = _of_runpy(found)
    sys.argv[0] = program.names['__file__']
    return program


def load_path(path):
    """The program of python PATH: a source or compiled file, or a folder or archive with a __main__.py."""
    given = path
    if sys.version_info >= (3, 9) and not os.path.isabs(path):
        path = _whole(path)
    if _importer(path) is not None or os.path.isdir(path):
        return _load_container(path)
    with _open(path) as stream:
        content = stream.read()
    _set_path0(os.path.dirname(os.path.realpath(given)))
    compiled = path.endswith('.pyc') or content[:2] == _magic()[:2]
    code = _unmarshal(content) if compiled else compile(content, path, 'exec', 0, True)
    names = {'__name__': '__main__', '__doc__': None, '__package__': None, '__file__': path}
    if sys.version_info >= (3,):
        names['__spec__'] = None
        bootstrap = sys.modules['_frozen_importlib_external']
        kind = bootstrap.SourcelessFileLoader if compiled else bootstrap.SourceFileLoader
        names['__loader__'] = kind('__main__', path)
        if '__cached__' in sys.modules['__main__'].__dict__:  # newer versions have done away with it
            names['__cached__'] = None
    else:
        sys.modules['__main__'].__dict__.pop('__loader__', None)
    return Program(code, names)


def _whole(path):
    try:
        return os.path.join(os.getcwd(), path)
    except OSError:  # the current folder is gone
        return path


def _load_container(path):
    import runpy
    _set_path0(path, always=True)
    if str is bytes:  # Python 2 would ask the loader of the __main__ that is there already: ours
        sys.modules['__main__'].__dict__.pop('__loader__', None)
    try:
        return _of_runpy(runpy._get_main_module_details(runpy._Error))
    except runpy._Error as error:
        sys.exit('%s: %s' % (sys.executable, error))


def _of_runpy(found):
    """A Program from what runpy found, with the names that runpy gives to __main__."""
    names = {'__name__': '__main__', '__doc__': None}
    if len(found) == 4:  # Python 2
        name, names['__loader__'], code, names['__file__'] = found
        names['__package__'] = name.rpartition('.')[0]
        return Program(code, names)
    _, spec, code = found
    names.update(__file__=spec.origin, __loader__=spec.loader, __package__=spec.parent, __spec__=spec)
    if '__cached__' in sys.modules['__main__'].__dict__:
        names['__cached__'] = spec.cached
    return Program(code, names)


def _importer(path):
    """What imports from path, when path is a folder or an archive."""
    for hook in sys.path_hooks:
        try:
            return hook(path)
        except ImportError:
            pass
    return None


def _open(path):
    try:
        return open(path, 'rb')
    except EnvironmentError as error:
        shown = repr(path) if sys.version_info >= (3,) else "'%s'" % path
        sys.stderr.write("%s: can't open file %s: [Errno %d] %s\n"
                         % (_interpreter_name(), shown, error.errno, error.strerror))
        sys.exit(2)


def _interpreter_name():
    """How the interpreter was called, which is what it calls itself in its messages."""
    if hasattr(sys, 'orig_argv'):  # 3.10
        return sys.orig_argv[0]
    try:
        with open('/proc/self/cmdline', 'rb') as stream:
            name = stream.read().split(b'\0')[0]
    except EnvironmentError:
        return sys.executable
    return name if str is bytes else os.fsdecode(name)


def _set_path0(folder, always=False):
    """Puts folder where the interpreter had put the current folder for python -m vmprof."""
    if not (sys.flags.isolated if hasattr(sys.flags, 'isolated') else 0) \
            and not getattr(sys.flags, 'safe_path', False):
        sys.path[0] = folder
    elif always:
        sys.path.insert(0, folder)


def _magic():
    if sys.version_info >= (3,):
        return sys.modules['_frozen_importlib_external'].MAGIC_NUMBER
    import imp
    return imp.get_magic()


def _unmarshal(content):
    import marshal
    if content[:4] != _magic():
        raise RuntimeError('Bad magic number in .pyc file')
    version = sys.version_info
    return marshal.loads(content[16 if version >= (3, 7) else 12 if version >= (3,) else 8:])
