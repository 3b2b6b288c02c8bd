"""Starts and stops the sampler, the C library in this process."""
import atexit
import ctypes
import sys
import time

from vmprof import _fork, _library, _threads

_OK, _E_ARG, _E_STATE, _E_DESCRIPTOR, _E_INTERPRETER, _E_SYSTEM = 0, -1, -2, -3, -4, -5

_sampler = None
_started_by = None  # who started the recording that runs: 'enable' or 'command'
_starts = 0  # of 'enable', less the stops
_atexit_is_set = False
_cpu_clock = getattr(time, 'process_time', None) or time.clock  # Python 2 has the latter
_cpu_at_start = 0.0
NATIVE_NONE, NATIVE_FOLDED, NATIVE_RAW = 0, 1, 2  # VMPS_NATIVE_* of vmps.h
_IS_PYPY = '__pypy__' in sys.builtin_module_names
_OWN_SHARE = 20  # the sampler's own threads use less than one part in so many of the time that passes


class _Error(ctypes.Structure):
    _fields_ = [('status', ctypes.c_int), ('sys_errno', ctypes.c_int), ('message', ctypes.c_char * 500)]


class _KnownFrame(ctypes.Structure):
    _fields_ = [('code_address', ctypes.c_uint64), ('name', ctypes.c_char_p), ('file', ctypes.c_char_p),
                ('first_line', ctypes.c_int32), ('offset_bytes', ctypes.c_int32)]


class _Options(ctypes.Structure):
    _fields_ = [('size', ctypes.c_size_t), ('fd', ctypes.c_int), ('period_ns', ctypes.c_uint64),
                ('program', ctypes.c_char_p), ('arguments', ctypes.POINTER(ctypes.c_char_p)),
                ('argument_count', ctypes.c_size_t), ('root_code_address', ctypes.c_uint64),
                ('recorder_codes', ctypes.POINTER(ctypes.c_uint64)), ('recorder_code_count', ctypes.c_size_t),
                ('named_codes', ctypes.POINTER(_KnownFrame)), ('named_code_count', ctypes.c_size_t),
                ('known_frames', ctypes.POINTER(_KnownFrame)), ('known_frame_count', ctypes.c_size_t),
                ('toggle_signal', ctypes.c_int), ('memory', ctypes.c_int), ('native', ctypes.c_uint32),
                ('wall', ctypes.c_int)]


class Summary(ctypes.Structure):
    """What a recording came to; see struct vmps_summary."""
    _fields_ = [('size', ctypes.c_size_t), ('samples', ctypes.c_uint64), ('lost_samples', ctypes.c_uint64),
                ('duration_ns', ctypes.c_uint64), ('cpu_ns', ctypes.c_uint64),
                ('asked_period_ns', ctypes.c_uint64), ('reached_period_ns', ctypes.c_uint64),
                ('waited_ns', ctypes.c_uint64)]
    process_cpu_ns = None  # what the process used meanwhile, sampled or not, without the sampler's thread


class UnsupportedInterpreter(RuntimeError):
    pass


class _Sampler(object):
    def __init__(self):
        name = 'libvmprof_sampler.so'
        # The GIL is held while it starts, so that the thread is one that runs Python. PyPy is asked to run
        # some Python by it, and takes the GIL for that.
        self.start = _library.load(name, ctypes.CDLL if _IS_PYPY else ctypes.PyDLL).vmps_start
        self.start.argtypes = [ctypes.POINTER(_Options), ctypes.POINTER(_Error)]
        library = _library.load(name)
        self.stop = library.vmps_stop
        self.stop.argtypes = [ctypes.POINTER(Summary), ctypes.POINTER(_Error)]
        self.is_running = library.vmps_is_running
        self.is_paused = library.vmps_is_paused
        self.name_thread = library.vmps_name_thread
        self.name_thread.argtypes = [ctypes.c_uint64, ctypes.c_char_p]


def _load():
    global _sampler
    if _sampler is None:
        _sampler = _Sampler()
    return _sampler


def _raise(error):
    message = _library.to_str(error.message)
    if error.status in (_E_ARG, _E_STATE):
        raise ValueError(message)
    if error.status == _E_INTERPRETER:
        raise UnsupportedInterpreter(message)
    if error.sys_errno:
        raise OSError(error.sys_errno, message)
    if error.status == _E_DESCRIPTOR:
        raise ValueError(message)
    raise RuntimeError(message)


def _name(code):
    """As samples have it: with its class, say, from 3.11 on."""
    return getattr(code, 'co_qualname', code.co_name)


def _known_code(code, offset):
    return _KnownFrame(id(code), _library.to_bytes(_name(code)), _library.to_bytes(code.co_filename),
                       code.co_firstlineno, offset)


def _known_frames(frame):
    """frame and its callers, as the sampler has to find them: the check of the layout that it assumes."""
    found = []
    while frame is not None:
        # The first frame moves on before the sampler looks at it; the others stand still.
        found.append(_known_code(frame.f_code, frame.f_lasti if found else -1))
        frame = frame.f_back
    return (_KnownFrame * len(found))(*found)


def _arguments():
    """sys.argv as bytes, whatever the program has put into it."""
    return [_library.to_bytes(argument if isinstance(argument, (bytes, type(u''))) else str(argument))
            for argument in getattr(sys, 'argv', None) or []]


def start(who, fd, period_ns, root_code=None, own_codes=(), toggle_signal=0, memory=False, native=NATIVE_NONE,
          wall=False):
    """Starts a recording. toggle_signal: that turns it on and off, or 0. memory: samples have the resident
    size, too. native: NATIVE_*, which frames of machine code are recorded. wall: time on the clock is,
    too. root_code: of the function whose frame, and all above it, are left out. own_codes:
    of functions of ours; while one of them runs, and none of root_code inside of it, nothing is recorded."""
    global _started_by, _starts, _cpu_at_start
    sampler = _load()
    if _started_by is not None and not is_running():  # a forked child: what ran is its parent's
        _started_by, _starts = None, 0
    argv = _arguments()
    options = _Options(ctypes.sizeof(_Options), fd, period_ns)
    options.wall = wall
    options.program = argv[0] if argv else None
    options.argument_count = len(argv[1:])
    options.arguments = (ctypes.c_char_p * len(argv[1:]))(*argv[1:])
    options.root_code_address = id(root_code) if root_code is not None else 0
    own = list(own_codes) + [start.__code__, stop.__code__, _fork.code()]
    options.recorder_codes = (ctypes.c_uint64 * len(own))(*[id(code) for code in own])
    options.recorder_code_count = len(own)
    named = own + [root_code] if root_code is not None else own
    options.named_codes = (_KnownFrame * len(named))(*[_known_code(code, -1) for code in named])
    options.named_code_count = len(named)
    options.toggle_signal = toggle_signal
    options.memory = 1 if memory else 0
    error = _Error()
    # All that can be done before is: from the sampler's start on, our own frames are seen.
    if who == 'enable':
        _set_atexit()
    is_first = not is_running()
    if is_first:
        _fork.filter_warning()
    known = _known_frames(sys._getframe())
    options.known_frames = known
    options.known_frame_count = len(known)
    options.native = native
    if sampler.start(ctypes.byref(options), ctypes.byref(error)) != _OK:
        del known
        if is_first:
            _fork.unfilter_warning()
        _raise(error)
    if who == 'enable':
        _starts += 1
    if is_first:
        _started_by = who
        _cpu_at_start = _cpu_clock()
    _threads.name_all(_name_thread)


def stop():
    """Takes back one start(). The last one stops the recording. Returns its Summary."""
    global _started_by, _starts
    sampler = _load()
    _threads.name_all(_name_thread)
    _starts = max(0, _starts - 1)
    summary, error = Summary(ctypes.sizeof(Summary)), _Error()
    status = sampler.stop(ctypes.byref(summary), ctypes.byref(error))
    used_ns = int((_cpu_clock() - _cpu_at_start) * 1e9)
    summary.process_cpu_ns = max(0, used_ns - summary.duration_ns // _OWN_SHARE)
    if not is_running():
        _started_by, _starts = None, 0
        _fork.unfilter_warning()
    if status != _OK:
        _raise(error)
    return summary


def is_running():
    try:
        return bool(_load().is_running())
    except (ImportError, UnsupportedInterpreter):
        return False


def is_paused():
    return is_running() and bool(_sampler.is_paused())


def started_by(who):
    return _started_by == who and is_running()


def is_enabled():
    """Whether enable() has something to take back."""
    return _starts > 0 and is_running()


def _name_thread(native_id, name):
    """native_id 0 is the calling thread. Where nothing is recorded, nothing happens."""
    if _started_by is not None:
        _sampler.name_thread(native_id, _library.to_bytes(name))


def _set_atexit():
    global _atexit_is_set
    if not _atexit_is_set:
        _atexit_is_set = True
        atexit.register(_stop_at_exit)


def _stop_at_exit():
    """A program that forgets disable() gets a whole file all the same."""
    try:
        while is_enabled():
            stop()
    except (EnvironmentError, RuntimeError, ValueError) as error:
        sys.stderr.write('vmprof: %s\n' % (getattr(error, 'strerror', None) or error))
