"""Work of several kinds in pieces of random length, each measured by the program itself:
known_times.py SECONDS THREADS busy|sleeping prints "NAME CPU_SECONDS ELAPSED_SECONDS" a line, over all threads."""
import random
import sys
import threading
import time
import zlib

BLOB = bytes(bytearray(random.Random(1).randrange(256) for _ in range(4096)))


def loops(count):
    total = 0
    for i in range(40 * count):
        total = (total * 3 + i) % 1000003
    return total


def leaf(x):
    return (x * 7 + 3) % 10007


def calls(count):
    total = 0
    for i in range(25 * count):
        total += leaf(i)
    return total


class Oops(Exception):
    pass


def throw(value):
    raise Oops(value)


def exceptions(count):
    seen = 0
    for i in range(6 * count):
        try:
            throw(i)
        except Oops as error:
            seen += error.args[0]
    return seen


def compresses(count):
    for _ in range(1 + count // 40):
        zlib.compress(BLOB, 6)


def deeper(depth, count):
    if depth:
        return deeper(depth - 1, count) + 1
    total = 0
    for i in range(40 * count):
        total = (total * 3 + i) % 1000003
    return total


def deep(count):
    return deeper(60, count)


def makes_objects(count):
    table = {}
    for i in range(4 * count):
        table.setdefault(str(i % 97), []).append((i, [i]))
    table.clear()  # here, not when the function is left: that time would be its caller's


def sleeps(count):
    time.sleep(count * 2e-5)


def waits(count):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(True, count * 1e-5)


BUSY = [(loops, 5), (calls, 4), (exceptions, 3), (compresses, 2), (deep, 2), (makes_objects, 3)]
SLEEPING = [(sleeps, 6), (waits, 3)]


def work(kinds, seconds, used):
    """used: [CPU, elapsed] by name. Nothing is measured but the pieces."""
    choices = [function for function, weight in kinds for _ in range(weight)]
    chance = random.Random()
    cpu, elapsed = time.thread_time, time.perf_counter
    end = elapsed() + seconds
    while elapsed() < end:
        function = chance.choice(choices)
        count = 1 + int(chance.expovariate(1 / 60.0))
        begin_cpu, begin = cpu(), elapsed()
        function(count)
        row = used.setdefault(function.__name__, [0, 0])
        row[0] += cpu() - begin_cpu
        row[1] += elapsed() - begin


def main():
    seconds, threads = float(sys.argv[1]), int(sys.argv[2])
    kinds = BUSY + SLEEPING if sys.argv[3] == 'sleeping' else BUSY
    tables = [{} for _ in range(threads)]
    others = [threading.Thread(target=work, args=(kinds, seconds, table)) for table in tables[1:]]
    for thread in others:
        thread.start()
    work(kinds, seconds, tables[0])
    for thread in others:
        thread.join()
    for function, _ in kinds:
        rows = [table[function.__name__] for table in tables if function.__name__ in table]
        print(function.__name__, sum(row[0] for row in rows), sum(row[1] for row in rows))


if __name__ == '__main__':
    main()
