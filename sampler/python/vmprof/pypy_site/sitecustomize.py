"""Turns on what the sampler needs of PyPy, under vmprof-record, and makes way for the real sitecustomize."""
import os
import sys


def _leave():
    """Takes us out of the environment and the path. The code to run; '': it is not for this process."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    kept = [folder for folder in os.environ.get('PYTHONPATH', '').split(os.pathsep)
            if not folder or os.path.abspath(folder) != here]
    if kept:
        os.environ['PYTHONPATH'] = os.pathsep.join(kept)
    else:
        os.environ.pop('PYTHONPATH', None)
    process_id, _, code = os.environ.pop('VMPROF_PYPY', '').partition(' ')
    return code if process_id == str(os.getpid()) else ''


def _run(code):
    exec(code, {})


_ours = sys.modules.pop(__name__, None)
_run(_leave())
try:
    import sitecustomize  # noqa: the real one, where there is one
except ImportError:
    sys.modules[__name__] = _ours
