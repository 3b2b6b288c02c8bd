"""Python that C calls: who calls whom is known. callbacks.py SECONDS [kill]: runs in Python 2.7 too."""
import json
import os
import re
import signal
import sys
import time
import zlib

try:
    import ctypes
except ImportError:
    ctypes = None
try:
    import sqlite3
except ImportError:
    sqlite3 = None


def work(number):
    total = 0
    for i in range(60):
        total += i ^ number
    return total


def sort_key(item):
    return work(item)


def by_sorted():
    return sorted(range(200), key=sort_key)


def replacement(match):
    return str(work(match.start()))


def by_sub():
    return re.sub('a', replacement, 'a' * 100)


def object_hook(found):
    work(1)
    return found


def by_json():
    return json.loads('[%s]' % ','.join(['{"a": 1}'] * 100), object_hook=object_hook)


def by_zlib():
    return zlib.compress(b'abcdefgh' * 40000, 9)


def mapped(item):
    return work(item)


def by_map():
    return list(map(mapped, range(200)))


def generated():
    for i in range(100):
        yield work(i)


def by_sum():
    return sum(generated())


class Smaller(object):
    def __init__(self, number):
        self.number = number

    def __lt__(self, other):
        work(1)
        return self.number < other.number


def by_method():
    items = [Smaller(i * 7919 % 101) for i in range(60)]
    items.sort()
    return items


def deep(levels):
    return deep(levels - 1) if levels else work(levels)


def by_deep():
    return [deep(40) for _ in range(20)]


def raising():
    try:
        work(2)
        raise ValueError
    except ValueError:
        return work(3)


def by_exception():
    return [raising() for _ in range(60)]


def sql_function(number):
    return work(number)


def by_sqlite():
    connection = sqlite3.connect(':memory:')
    connection.create_function('f', 1, sql_function)
    connection.execute('create table t(x)')
    connection.executemany('insert into t values(?)', [(i,) for i in range(100)])
    found = connection.execute('select sum(f(x)) from t').fetchall()
    connection.close()
    return found


def c_compare(left, right):
    work(4)
    return left[0] - right[0]


def by_ctypes():
    pointer = ctypes.POINTER(ctypes.c_int)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)
    numbers = (ctypes.c_int * 60)(*[i * 7919 % 101 for i in range(60)])
    ctypes.CDLL(None).qsort(numbers, ctypes.c_size_t(60), ctypes.c_size_t(4), compare(c_compare))
    return numbers[0]


def main():
    cases = [by_sorted, by_sub, by_json, by_zlib, by_map, by_sum, by_method, by_deep, by_exception]
    if sqlite3:
        cases.append(by_sqlite)
    if ctypes:
        cases.append(by_ctypes)
    end = time.time() + float(sys.argv[1])
    while time.time() < end:
        for case in cases:
            case()
    if sys.argv[2:] == ['kill']:
        os.kill(os.getpid(), signal.SIGKILL)


main()
