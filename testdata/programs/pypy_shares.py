"""Work of many kinds, each for a known share of the time: pypy_shares.py SECONDS prints what each really took, by the
thread's own clock, as "NAME SECONDS" a line."""
import os
import sys
import threading
import time
import zlib

clock = time.thread_time
BLOB = os.urandom(1 << 16) * 8
MADE = '''
def once_%d(x):
    total = 0
    for i in range(900):
        total += x * i %% 11
    return total
once_%d(3)
'''
made = 0


def compiled_at_once():
    total = 0
    for i in range(1500000):
        total = (total * 3 + i) % 1000003
    return total


def inlined(x):
    return (x * 7 + 3) % 10007


def calls_inlined():
    total = 0
    for i in range(800000):
        total += inlined(i)
    return total


def generator(count):
    for i in range(count):
        yield i * 7 % 13


def generators():
    return sum(x for x in generator(200000))


def recurse(depth):
    if depth == 0:
        return 0
    total = 0
    for i in range(60):
        total += i * depth % 7
    return recurse(depth - 1) + total


def deep_recursion():
    return [recurse(800) for _ in range(6)]


def c_calls():
    return len(zlib.compress(BLOB, 6))


class Oops(Exception):
    pass


def throw(value):
    raise Oops(value)


def exceptions():
    count = 0
    for i in range(30000):
        try:
            throw(i)
        except Oops as error:
            count += error.args[0]
    return count


def never_compiled():
    """New code each time, which ends before the JIT takes it up."""
    global made
    for _ in range(40):
        made += 1
        exec(compile(MADE % (made, made), '<made>', 'exec'), {})


KINDS = [compiled_at_once, calls_inlined, generators, deep_recursion, c_calls, exceptions, never_compiled]


def work(function, seconds):
    begin = clock()
    while clock() - begin < seconds:
        function()
    return clock() - begin


def main():
    total = float(sys.argv[1])
    used = {}
    rounds = max(1, int(total / 2))
    for _ in range(rounds):
        for number, function in enumerate(KINDS, 2):
            seconds = work(function, total / rounds * number / 35)
            used[function.__name__] = used.get(function.__name__, 0) + seconds
    if len(sys.argv) > 2:
        threads = [threading.Thread(target=in_thread, name=name, args=(used, name, total * share))
                   for name, share in (('alpha', .5), ('beta', .3), ('gamma', .2))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for name in sorted(used):
        print(name, used[name])


def in_thread(used, name, seconds):
    used[name] = work(compiled_at_once, seconds)


if __name__ == '__main__':
    sys.setrecursionlimit(5000)
    main()
