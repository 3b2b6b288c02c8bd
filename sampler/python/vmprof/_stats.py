"""Stats: what a profile says. The counting is done by the analysis library."""
import ctypes
import warnings

from vmprof import _library

_PY_KINDS = (1, 2)  # VMPF_KIND_PY, VMPF_KIND_JIT
_VM_KIND = 3

_analysis = None


class _Function(ctypes.Structure):
    _fields_ = [('address', ctypes.c_uint64), ('name', ctypes.c_char_p), ('file', ctypes.c_char_p),
                ('first_line', ctypes.c_uint32), ('kind', ctypes.c_uint32),
                ('self_samples', ctypes.c_uint64), ('total_samples', ctypes.c_uint64),
                ('self_weight', ctypes.c_uint64), ('total_weight', ctypes.c_uint64)]


class _Count(ctypes.Structure):
    _fields_ = [('address', ctypes.c_uint64), ('samples', ctypes.c_uint64)]


def _declare(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype = result
    function.argtypes = arguments


def _load():
    global _analysis
    if _analysis is None:
        library = _library.load('libvmprof_analysis.so')
        handle, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
        _declare(library, 'vmpt_stats_open', handle, text, ctypes.c_int, text, text, size)
        _declare(library, 'vmpt_stats_close', None, handle)
        for name in ('warning', 'interpreter', 'program'):
            _declare(library, 'vmpt_stats_' + name, text, handle)
        for name in ('sample_count', 'total_weight', 'period_ns', 'duration_ns'):
            _declare(library, 'vmpt_stats_' + name, ctypes.c_uint64, handle)
        _declare(library, 'vmpt_stats_function_count', size, handle)
        _declare(library, 'vmpt_stats_function', ctypes.c_int, handle, size, ctypes.POINTER(_Function))
        _declare(library, 'vmpt_stats_descendants', ctypes.c_int64, handle, ctypes.c_uint64,
                 ctypes.POINTER(_Count), size, ctypes.POINTER(ctypes.c_uint64))
        _analysis = library
    return _analysis


class FunctionCounts(object):
    """One function of a profile, by its address in the recorded process."""
    __slots__ = ('address', 'name', 'file', 'line', 'kind', 'self_samples', 'total_samples',
                 'self_weight', 'total_weight')

    def __init__(self, raw):
        self.address = raw.address
        self.name = _library.to_str(raw.name)
        self.file = _library.to_str(raw.file)
        self.line = raw.first_line
        self.kind = raw.kind
        self.self_samples, self.total_samples = raw.self_samples, raw.total_samples
        self.self_weight, self.total_weight = raw.self_weight, raw.total_weight

    def full_name(self):
        prefix = 'py' if self.kind in _PY_KINDS else 'vm' if self.kind == _VM_KIND else 'n'
        return '%s:%s:%d:%s' % (prefix, self.name, self.line, self.file)


class Stats(object):
    """The content of one profile. Made by vmprof.read_profile().

    functions: a dict of function address -> number of samples that it was in.
    adr_dict: a dict of function address -> name, as 'py:function:line:file'.
    """

    def __init__(self, handle, metric=None):
        self._handle = handle
        self._library = library = _load()
        self.metric = metric  # as it was asked for
        self.sample_count = library.vmpt_stats_sample_count(handle)
        self.total_weight = library.vmpt_stats_total_weight(handle)
        self.period_ns = library.vmpt_stats_period_ns(handle)
        self.duration_ns = library.vmpt_stats_duration_ns(handle)
        self.interpreter = _library.to_str(library.vmpt_stats_interpreter(handle) or b'')
        self.program = _library.to_str(library.vmpt_stats_program(handle) or b'')
        self._counts = []  # those with the greatest total first
        raw = _Function()
        for index in range(library.vmpt_stats_function_count(handle)):
            if library.vmpt_stats_function(handle, index, ctypes.byref(raw)) == 0:
                self._counts.append(FunctionCounts(raw))
        self.adr_dict = dict((one.address, one.full_name()) for one in self._counts)
        self.functions = dict((one.address, one.total_samples) for one in self._counts)

    def __del__(self):
        handle, self._handle = getattr(self, '_handle', None), None
        if handle:
            self._library.vmpt_stats_close(handle)

    def _get_name(self, addr):
        """The name of the function at addr."""
        return self.adr_dict[addr]

    def top_profile(self):
        """A list of (name, samples): in how many samples each function was."""
        return [(one.full_name(), one.total_samples) for one in self._counts]

    def function_profile(self, function_addr):
        """What the function at function_addr called, directly or not: ([(address, samples)], total).

        The list is sorted, most samples first; total is the samples that the function was in.
        """
        if function_addr not in self.functions:
            raise KeyError(function_addr)
        total = ctypes.c_uint64()
        counts = (_Count * len(self._counts))()
        found = self._library.vmpt_stats_descendants(self._handle, function_addr, counts, len(counts),
                                                     ctypes.byref(total))
        if found < 0:
            raise MemoryError('vmprof: no memory to analyse function 0x%x' % function_addr)
        return [(one.address, one.samples) for one in counts[:found]], total.value


def read_profile(filename, virtual_only=True, metric=None, stacklevel=3):
    open(filename, 'rb').close()  # the system's own error where it cannot be read
    library = _load()
    error = ctypes.create_string_buffer(1024)
    handle = library.vmpt_stats_open(_library.file_name(filename), 1 if virtual_only else 0,
                                     None if metric is None else _library.to_bytes(metric), error, len(error))
    if not handle:
        raise ValueError(_library.to_str(error.value))
    warning = library.vmpt_stats_warning(handle)
    stats = Stats(handle, metric)
    if warning:
        warnings.warn(_library.to_str(warning), RuntimeWarning, stacklevel=stacklevel)
    return stats
