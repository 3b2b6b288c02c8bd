"""Tells the sampler what the program calls its threads.

A thread's name is known to the threading module only, and only while it lives: so each thread is
named as it begins. threading itself is not imported for that, as not every program does.
"""
import os
import sys

_name_thread = None  # the sampler's function, once there is a recording


def name_all(name_thread):
    """Names the threads that are there, and from now on each one that begins."""
    global _name_thread
    is_first, _name_thread = _name_thread is None, name_thread
    threading = sys.modules.get('threading')
    if threading is not None:
        _name_living(threading)
    if not is_first:
        return
    if threading is not None:
        _watch_threads(threading)
    else:
        sys.meta_path.insert(0, _ImportOfThreading())


def _name_living(threading):
    try:
        here = threading._get_ident() if str is bytes else threading.get_ident()
        for thread in threading.enumerate():
            native_id = getattr(thread, 'native_id', None)  # 3.8
            if native_id is None and isinstance(thread, threading._MainThread):
                native_id = os.getpid()
            if native_id is None and thread.ident == here:
                native_id = 0
            if native_id is not None:
                _name_thread(native_id, thread.name)
    except Exception:
        pass  # half imported, or replaced by something else: a name is a nicety


def _watch_threads(threading):
    """Every thread calls _set_ident() as it begins, in itself."""
    original = getattr(threading.Thread, '_set_ident', None)
    if original is None:
        return

    def _set_ident(self):
        original(self)
        try:
            _name_thread(0, self.name)
        except Exception:
            pass
    threading.Thread._set_ident = _set_ident


class _ImportOfThreading(object):
    """Stands in sys.meta_path until threading is imported, and finds nothing itself."""

    def find_spec(self, name, path=None, target=None):
        if name != 'threading':
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if hasattr(finder, 'find_spec') else None
            if spec is not None:
                self._act_after(spec.loader)
                return spec
        return None

    def find_module(self, name, path=None):  # Python 2
        return self if name == 'threading' and self in sys.meta_path else None

    def load_module(self, name):
        sys.meta_path.remove(self)
        module = __import__(name)
        _name_living(module)
        _watch_threads(module)
        return module

    @staticmethod
    def _act_after(loader):
        if isinstance(loader, type) or not hasattr(loader, 'exec_module'):
            return
        original = loader.exec_module

        def exec_module(module):
            del loader.exec_module
            original(module)
            _name_living(module)
            _watch_threads(module)
        loader.exec_module = exec_module
