"""Work of many kinds, for tests of whether recorded stacks are true.

`truth.py edges WORK SECONDS` does WORK while sys.setprofile listens, and prints what the interpreter says as JSON: every
code object, with its lines, and every call, with the line that it was made from. `truth.py run WORK SECONDS FILE PERIOD_NS
[wall]` does the same work, recorded into FILE, and prints the CPU time that its main thread used.
"""
import collections
import dis
import functools
import gc
import itertools
import json
import os
import random
import re
import signal
import sys
import threading
import time

clock = getattr(time, 'process_time', None) or time.clock
# Of this thread alone, where that is to be had: the sampler's threads use time, too.
own_clock = getattr(time, 'thread_time', clock)
NUMBERS = random.Random(1)


# ---- small functions, and how they call each other ------------------------------------------------

def leaf(x):
    return x * 3 % 7


def flutter_a(n):
    return leaf(n) if n % 3 else flutter_b(n - 1)


def flutter_b(n):
    if n <= 0:
        return leaf(n)
    return flutter_a(n - 1) + flutter_c(n - 2)


def flutter_c(n):
    return leaf(leaf(n))


def flutter():
    for i in range(200):
        flutter_a(i % 9)


class Thing(object):
    def __init__(self, value):
        self.value = leaf(value)

    def __add__(self, other):
        return Thing(self.value + other.value)

    def __call__(self, x):
        return leaf(x)

    @property
    def doubled(self):
        return leaf(self.value) * 2


def objects():
    total = Thing(0)
    for i in range(30):
        total = total + Thing(i)
    return [total.doubled, total(3), [leaf(i) for i in range(5)], {leaf(i): i for i in range(5)}]


def called_by_c():
    sorted(range(20), key=lambda x: leaf(-x))
    list(map(leaf, range(20)))
    re.sub('[a-c]', lambda match: str(leaf(match.start())), 'abcdabcdabcd')
    functools.reduce(lambda x, y: leaf(x) + y, range(20))
    return max(range(9), key=leaf)


def mixed():
    flutter()
    objects()
    called_by_c()


# ---- generators, exceptions, recursion ------------------------------------------------------------

def counted(n):
    for i in range(n):
        yield leaf(i)


def doubled(n):
    for value in counted(n):
        yield value + leaf(value)


def fed():
    total = 0
    while True:
        try:
            total += yield leaf(total)
        except ValueError:
            total = leaf(total)


def generators():
    for _ in range(10):
        sum(value for value in doubled(10))
        feed = fed()
        next(feed)
        for i in range(5):
            feed.send(i)
        feed.throw(ValueError('for the generator'))
        feed.send(1)
        del feed
        half = counted(10)
        next(half)
        half.close()


def thrower(n):
    try:
        if n == 0:
            raise KeyError(n)
        thrower(n - 1)
    finally:
        leaf(n)


def rethrower(n):
    try:
        thrower(n)
    except KeyError:
        leaf(n)
        raise


def exceptions():
    for n in range(12):
        try:
            rethrower(n)
        except KeyError:
            leaf(1)


def down(n):
    if n > 0:
        return down(n - 1) + leaf(n)
    return leaf(n)


def recursion():
    down(NUMBERS.randrange(900))
    down(50)


def abyss():
    down(6000)


# ---- code that comes and goes ---------------------------------------------------------------------

def made_source(i):
    lines = '\n' * (i % 17)
    return lines + 'def made_%d(x):\n    y = leaf(x)\n    return inner_%d(y)\n\n\ndef inner_%d(x):\n    return leaf(x) + %d\n' % (i, i, i, i)


def made():
    """Freed at once: the next code object stands where the last one stood."""
    for _ in range(10):
        i = NUMBERS.randrange(60)
        names = {'leaf': leaf}
        exec(compile(made_source(i), '<made %d>' % i, 'exec'), names)
        for x in range(5):
            names['made_%d' % i](x)
        names.clear()


class Cycle(object):
    def __init__(self):
        self.itself = self

    def __del__(self):
        leaf(3)


def garbage():
    for _ in range(50):
        Cycle()
    gc.collect(0)
    flutter()


# ---- threads, coroutines, processes ---------------------------------------------------------------

def in_thread(n):
    for i in range(n):
        flutter_b(i % 7)
    exceptions()


def threads():
    some = [threading.Thread(target=in_thread, args=(NUMBERS.randrange(300),)) for _ in range(8)]
    for thread in some:
        thread.start()
    flutter()
    for thread in some:
        thread.join()


def forks():
    pid = os.fork()
    if pid == 0:
        try:
            flutter()
        finally:
            os._exit(0)
    flutter()
    os.waitpid(pid, 0)


COROUTINES = '''
import asyncio
async def step(n):
    leaf(n)
    if n % 3 == 0:
        await asyncio.sleep(0)
    return leaf(n)
async def walk(n):
    total = 0
    for i in range(n):
        total += await step(i)
    return total
async def produce(n):
    for i in range(n):
        await step(i)
        yield leaf(i)
async def consume(n):
    total = 0
    async for value in produce(n):
        total += value
    return total
async def together():
    await asyncio.gather(*[walk(i) for i in range(6)], *[consume(i) for i in range(6)])
LOOP = asyncio.new_event_loop()
def coroutines():
    LOOP.run_until_complete(together())
'''


# ---- libraries, signals, faults -------------------------------------------------------------------

def compared(a, b):
    return leaf(a[0]) - leaf(b[0])


def libraries():
    """Opened and closed while C calls back."""
    import _ctypes
    import ctypes
    opened = ctypes.CDLL(BALLAST)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(compared)
    numbers = (ctypes.c_int * 20)(*[i * 7 % 20 for i in range(20)])
    ctypes.CDLL(None).qsort(numbers, 20, ctypes.sizeof(ctypes.c_int), compare)
    _ctypes.dlclose(opened._handle)


# A library that interpreters have not loaded.
BALLAST = 'libBrokenLocale.so.1'


def handler(number, frame):
    leaf(number)


def signals():
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    for _ in range(5):
        mixed()
        exceptions()
    signal.setitimer(signal.ITIMER_REAL, 0)


def faults():
    import faulthandler
    faulthandler.enable()
    mixed()
    with open(os.devnull, 'w') as nowhere:
        faulthandler.dump_traceback(nowhere)
    faulthandler.disable()
    down(20)


def green(n):
    while True:
        for i in range(n):
            leaf(i)
        MAIN_GREENLET.switch()


def green_below(depth, n):
    if depth > 0:
        green_below(depth - 1, n)
    green(n)


def greenlets():
    import greenlet
    globals()['MAIN_GREENLET'] = greenlet.getcurrent()
    some = [greenlet.greenlet(green), greenlet.greenlet(green_below)]
    some[0].switch(3)
    some[1].switch(7, 2)
    for _ in range(50):
        flutter_a(5)
        for one in some:
            one.switch()


def interpreters():
    """Code in another interpreter of this process, in this thread; what it runs counts by its names."""
    import _testcapi
    _testcapi.run_in_subinterp(OTHER)


OTHER = '''
def leaf(x):
    return x * 3 % 7
def other(n):
    total = 0
    for i in range(n):
        total += leaf(i)
    return total
for i in range(200):
    other(i)
'''

# Code that the oracle does not see running, since sys.setprofile is an interpreter's own: it is compiled to be known. That
# a finalizer or a handler may run anywhere is what ANYWHERE says.
ANYWHERE = ('Cycle.__del__', '__del__', 'handler')
WORKS = ('mixed', 'generators', 'exceptions', 'recursion', 'abyss', 'made', 'garbage', 'threads', 'forks', 'coroutines',
         'libraries', 'signals', 'faults', 'greenlets', 'interpreters')


def known_works():
    """Those that this interpreter can do."""
    missing = []
    if sys.version_info < (3, 6):
        missing += ['coroutines', 'faults', 'interpreters']
    if not hasattr_of('_testcapi', 'run_in_subinterp'):
        missing += ['interpreters']
    if not hasattr_of('greenlet', 'greenlet'):
        missing += ['greenlets']
    return [work for work in WORKS if work not in missing]


def hasattr_of(module, name):
    try:
        return hasattr(__import__(module), name)
    except ImportError:
        return False


# ---- the oracle -----------------------------------------------------------------------------------

def lines_of(code):
    found = set(line for _, line in dis.findlinestarts(code) if line is not None)
    found.add(code.co_firstlineno)  # where a frame stands before its first instruction
    if hasattr(code, 'co_lines'):
        found |= set(line for _, _, line in code.co_lines() if line is not None)
    return sorted(found)


class Oracle(object):
    """What sys.setprofile tells."""

    def __init__(self):
        self.codes = {}
        self.numbers = itertools.count()  # threads take no number twice
        self.edges = collections.Counter()
        self.roots = set()

    def number(self, code):
        # By what a profile shows: freed code leaves no other trace.
        key = (getattr(code, 'co_qualname', code.co_name), code.co_filename, code.co_firstlineno)
        found = self.codes.get(key)
        if found is None:
            found = self.codes.setdefault(key, (next(self.numbers), bool(code.co_flags & 0x2a0), lines_of(code)))
        return found[0]

    def listen(self, frame, event, argument):
        if event != 'call':
            return
        callee = self.number(frame.f_code)
        if frame.f_back is None or frame.f_back.f_code is listening.__code__:
            self.roots.add(callee)
        else:
            self.edges[self.number(frame.f_back.f_code), frame.f_back.f_lineno, callee] += 1

    def add_end(self, caller, callee):
        """A generator that is dropped goes on with GeneratorExit; interpreters before 3.10 do not tell."""
        with open(caller.co_filename) as source:
            lines = [number for number, line in enumerate(source, 1) if line.strip() == 'del feed']
        self.edges[self.number(caller), lines[0], self.number(callee)] += 1

    def add_constants(self, code):
        """Code that is seen by nobody: it is known, and may call what stands beside it."""
        codes = [code] + [item for item in code.co_consts if hasattr(item, 'co_code')]
        numbers = [self.number(item) for item in codes]
        self.roots.add(numbers[0])
        for caller, one in zip(numbers, codes):
            for line in lines_of(one):
                for callee in numbers[1:]:
                    self.edges[caller, line, callee] += 1

    def write(self, out):
        codes = [[number, name, path, first, generator, lines]
                 for (name, path, first), (number, generator, lines) in self.codes.items()]
        json.dump({'codes': codes, 'edges': list(self.edges), 'roots': sorted(self.roots)}, out)


def listening(oracle, function, arguments):
    sys.setprofile(oracle.listen)
    return function(*arguments)


def listen_in_threads(oracle):
    """From their first call: threading.setprofile begins a little later."""
    for name in ('_start_new_thread', '_start_joinable_thread'):
        begin = getattr(threading, name, None)
        if begin is not None:
            setattr(threading, name, listening_starter(begin, oracle))


def listening_starter(begin, oracle):
    def start(function, *more, **options):
        arguments = more[0] if more else ()
        return begin(functools.partial(listening, oracle, function, arguments), *((),) * bool(more), **options)
    return start


def repeat(work, seconds):
    end = clock() + seconds
    while True:
        work()
        if clock() >= end:
            break


def edges(work, seconds):
    oracle = Oracle()
    if work is generators:
        oracle.add_end(generators.__code__, fed.__code__)
    if work is interpreters:
        oracle.add_constants(compile(OTHER, '<string>', 'exec'))
    listen_in_threads(oracle)
    sys.setprofile(oracle.listen)
    repeat(work, seconds)
    sys.setprofile(None)
    oracle.write(sys.stdout)


def run(work, seconds, path, period_ns, wall):
    import vmprof
    with open(path, 'w+b') as out:
        vmprof.enable(out.fileno(), period_ns / 1e9, real_time=wall)
        begin = own_clock()
        repeat(work, seconds)
        used = own_clock() - begin
        vmprof.disable()
    json.dump({'used': used}, sys.stdout)


def main():
    sys.setrecursionlimit(10000)
    threading.stack_size(64 << 20)
    if sys.version_info >= (3, 6):
        exec(compile(COROUTINES, '<coroutines>', 'exec'), globals())
    if sys.argv[1] == 'list':
        json.dump(known_works(), sys.stdout)
        return
    work, seconds = globals()[sys.argv[2]], float(sys.argv[3])
    work()  # imports what it needs
    if sys.argv[1] == 'edges':
        edges(work, seconds)
    else:
        run(work, seconds, sys.argv[4], int(sys.argv[5]), len(sys.argv) > 6)


if __name__ == '__main__':
    main()
