"""Finds and loads the shared libraries of the installed tree."""
import ctypes
import os

_HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    """The library's path: in $VMPROF_LIB_DIR, else in DIR/lib for a package in DIR/lib/vmprof/python."""
    folder = os.environ.get('VMPROF_LIB_DIR')
    if not folder:
        folder = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))
    return os.path.join(folder, name)


def load(name, loader=ctypes.CDLL):
    where = path(name)
    try:
        return loader(where)
    except OSError as error:
        if os.path.exists(where):
            raise ImportError('vmprof cannot load %s: %s' % (where, error))
        raise ImportError('vmprof needs %s, which is not there: reinstall vmprof, or set VMPROF_LIB_DIR '
                          'to the folder of its libraries' % where)


def to_bytes(text):
    """text as the bytes that C gets: UTF-8, bytes that were never text unharmed."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode('utf-8', 'surrogateescape')
    except (UnicodeError, LookupError):
        return text.encode('utf-8', 'backslashreplace')


def to_str(raw):
    """The reverse of to_bytes()."""
    return raw if str is bytes else raw.decode('utf-8', 'surrogateescape')


def file_name(name):
    """The name of a file as the bytes that the system gets."""
    if hasattr(os, 'fsencode'):
        return os.fsencode(name)
    return name if isinstance(name, bytes) else name.encode('utf-8')
