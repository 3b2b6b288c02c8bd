"""Reads a profile through libvmprof_fmt.so: every sample with its stack, for tests that need more than
the tools show."""
import collections
import ctypes
import os
import sys

import harness

sys.setrecursionlimit(100000)  # stacks are read recursively

MAX_VALUES = 8
OK, END = 0, 1

Frame = collections.namedtuple('Frame', 'name file first_line line kind')
# stack: root first; memory: None where it is not recorded; state: the label, '' where there is none.
Sample = collections.namedtuple('Sample', 'stack thread time_ns weight flags memory values state')


class _String(ctypes.Structure):
    _fields_ = [('data', ctypes.c_void_p), ('size_bytes', ctypes.c_size_t)]

    def text(self):
        return ctypes.string_at(self.data, self.size_bytes).decode('utf-8', 'replace') if self.data else ''


class _Source(ctypes.Structure):
    _fields_ = [('ops', ctypes.c_void_p), ('ctx', ctypes.c_void_p)]


class _Function(ctypes.Structure):
    _fields_ = [('name', _String), ('file', _String), ('first_line', ctypes.c_uint32),
                ('kind', ctypes.c_int), ('address', ctypes.c_uint64)]


class _Location(ctypes.Structure):
    _fields_ = [('function', ctypes.c_uint32), ('line', ctypes.c_uint32)]


class _Stack(ctypes.Structure):
    _fields_ = [('parent', ctypes.c_uint32), ('location', ctypes.c_uint32)]


class _Thread(ctypes.Structure):
    _fields_ = [('process_id', ctypes.c_uint64), ('thread_id', ctypes.c_uint64), ('name', _String)]


class _Block(ctypes.Structure):
    _fields_ = [('count', ctypes.c_size_t), ('stack', ctypes.POINTER(ctypes.c_uint32)),
                ('thread', ctypes.POINTER(ctypes.c_uint32)), ('time_ns', ctypes.POINTER(ctypes.c_uint64)),
                ('flags', ctypes.POINTER(ctypes.c_uint32)),
                ('values', ctypes.POINTER(ctypes.c_uint64) * MAX_VALUES),
                ('label', ctypes.POINTER(ctypes.c_uint32))]


class _Label(ctypes.Structure):
    _fields_ = [('parent', ctypes.c_uint32), ('key', _String), ('text', _String), ('number', ctypes.c_uint64)]


class _Meta(ctypes.Structure):
    _fields_ = [('key', _String), ('type', ctypes.c_int), ('string', _String),
                ('integer', ctypes.c_uint64), ('items', ctypes.POINTER(_String)),
                ('item_count', ctypes.c_size_t)]


class _ValueType(ctypes.Structure):
    _fields_ = [('name', _String), ('unit', _String)]


class _Info(ctypes.Structure):
    _fields_ = [('format_version', ctypes.c_uint32), ('start_unix_ns', ctypes.c_uint64),
                ('end_ns', ctypes.c_uint64), ('finished', ctypes.c_bool), ('samples', ctypes.c_uint64),
                ('lost_samples', ctypes.c_uint64), ('value_count', ctypes.c_size_t),
                ('values', _ValueType * MAX_VALUES), ('meta_count', ctypes.c_size_t),
                ('meta', ctypes.POINTER(_Meta))]


class _Error(ctypes.Structure):
    _fields_ = [('status', ctypes.c_int), ('sys_errno', ctypes.c_int), ('offset', ctypes.c_uint64),
                ('rule', ctypes.c_char * 16), ('message', ctypes.c_char * 232)]


def _load():
    library = ctypes.CDLL(str(harness.tree() / 'lib/libvmprof_fmt.so'))
    handle, number = ctypes.c_void_p, ctypes.c_uint32
    library.vmpf_reader_open.argtypes = [ctypes.POINTER(handle), _Source, ctypes.c_void_p,
                                         ctypes.POINTER(_Error)]
    library.vmpf_reader_next.argtypes = [handle, ctypes.POINTER(_Block), ctypes.POINTER(_Error)]
    library.vmpf_reader_close.argtypes = [handle]
    library.vmpf_reader_session.argtypes = [handle]
    library.vmpf_reader_session.restype = ctypes.c_size_t
    library.vmpf_reader_info.argtypes = [handle, ctypes.c_size_t]
    library.vmpf_reader_info.restype = ctypes.POINTER(_Info)
    for name, kind in (('function', _Function), ('location', _Location), ('stack', _Stack),
                       ('thread', _Thread), ('label', _Label)):
        getter = getattr(library, 'vmpf_reader_' + name)
        getter.argtypes, getter.restype = [handle, number], kind
    return library


class Profile:
    """The content of the file at path."""

    def __init__(self, path):
        self._library = _load()
        self._reader = ctypes.c_void_p()
        self._frames, self._stacks = {}, {0: ()}
        self.samples = []
        source, error = _Source(), _Error()
        status = self._library.vmpf_source_open_file(ctypes.byref(source), os.fsencode(str(path)),
                                                     ctypes.byref(error))
        if status == OK:
            status = self._library.vmpf_reader_open(ctypes.byref(self._reader), source, None,
                                                    ctypes.byref(error))
        block = _Block()
        while status == OK:
            status = self._library.vmpf_reader_next(self._reader, ctypes.byref(block), ctypes.byref(error))
            if status == OK:
                self._add(block)
        if status != END:
            raise ValueError(error.message.decode())
        self._read_info()
        self._library.vmpf_reader_close(self._reader)

    def _read_info(self):
        info = self._library.vmpf_reader_info(self._reader, 0).contents
        self.finished, self.lost_samples, self.end_ns = info.finished, info.lost_samples, info.end_ns
        self.meta = {}
        for meta in info.meta[:info.meta_count]:
            value = meta.string.text() if meta.type == 1 else meta.integer if meta.type == 2 else \
                [item.text() for item in meta.items[:meta.item_count]]
            self.meta[meta.key.text()] = value

    def _add(self, block):
        # Names are final only at the end; a test's recording is one session, so ids stay.
        for i in range(block.count):
            thread = self._library.vmpf_reader_thread(self._reader, block.thread[i])
            self.samples.append(Sample(self._stack(block.stack[i]), (thread.thread_id, thread.name.text()),
                                       block.time_ns[i], block.values[0][i], block.flags[i],
                                       self._memory(block, i),
                                       [block.values[k][i] for k in range(self._value_count())],
                                       self._state(block.label[i])))

    def _value_count(self):
        return self._library.vmpf_reader_info(self._reader, self._library.vmpf_reader_session(self._reader)) \
            .contents.value_count

    def _state(self, label):
        """The label `state`; '': there is none. A sampler gives no other."""
        entry = self._library.vmpf_reader_label(self._reader, label)
        return entry.text.text() if entry.key.text() == 'state' else ''

    def _memory(self, block, i):
        count = self._value_count()
        info = self._library.vmpf_reader_info(self._reader, self._library.vmpf_reader_session(self._reader)).contents
        names = [info.values[k].name.text() for k in range(count)]
        return block.values[names.index('memory')][i] if 'memory' in names else None

    def _stack(self, node):
        found = self._stacks.get(node)
        if found is None:
            entry = self._library.vmpf_reader_stack(self._reader, node)
            found = self._stacks[node] = self._stack(entry.parent) + (self._frame(entry.location),)
        return found

    def _frame(self, location):
        found = self._frames.get(location)
        if found is None:
            place = self._library.vmpf_reader_location(self._reader, location)
            function = self._library.vmpf_reader_function(self._reader, place.function)
            found = self._frames[location] = Frame(function.name.text(), function.file.text(),
                                                   function.first_line, place.line, function.kind)
        return found

    def total(self):
        return sum(sample.weight for sample in self.samples)

    def share(self, accept):
        """The share, 0 to 1, of the samples whose stack accept() likes."""
        total = self.total()
        return sum(sample.weight for sample in self.samples if accept(sample.stack)) / total if total else 0

    def self_share(self, name):
        return self.share(lambda stack: bool(stack) and stack[-1].name == name)

    def total_share(self, name):
        return self.share(lambda stack: any(frame.name == name for frame in stack))
