"""Threads of many kinds for as long as it is told; `soak.py SECONDS THREADS`. Ends with 0, and keeps nothing."""
import os
import subprocess
import sys
import threading
import time

SECONDS = float(sys.argv[1])
THREADS = int(sys.argv[2])
wall = getattr(time, 'monotonic', None) or time.time
end = wall() + SECONDS
lock = threading.Lock()


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def numbers(n):
    for i in range(n):
        yield i * i


def calls():
    return fib(12)


def generators():
    return sum(x for x in numbers(300))


def exceptions():
    try:
        return {}['missing']
    except KeyError as error:
        return str(error)


def memory():
    return len([bytearray(1000) for _ in range(50)])


def deep(depth=60):
    return depth and deep(depth - 1)


def locked():
    with lock:
        return sorted(range(200), key=lambda x: -x)


def sleeps():
    time.sleep(0.002)


def compiled():
    names = {}
    exec(compile('def made(n):\n    return [n] * n\n', '<made>', 'exec'), names)
    return names['made'](50)


KINDS = [calls, generators, exceptions, memory, deep, locked, sleeps, compiled]


def life(number, seconds):
    """One thread: of one kind, with pauses, so that fifty of them leave the machine some air."""
    last = wall() + seconds
    kind = KINDS[number % len(KINDS)]
    while wall() < min(last, end):
        for _ in range(5):
            kind()
        time.sleep(0.05)


def keep_alive(number):
    """A place for a thread: when one ends, the next begins."""
    round_number = 0
    while wall() < end:
        round_number += 1
        thread = threading.Thread(target=life, args=(number + round_number, 0.5 + number % 7), name='life-%d' % number)
        thread.start()
        thread.join()


def children():
    """A child that was forked, and one that runs another program, now and then."""
    while wall() < end:
        child = os.fork()
        if child == 0:
            fib(10)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        subprocess.check_call([sys.executable, '-c', 'pass'])
        time.sleep(min(2.0, max(0.0, end - wall())))


def main():
    places = [threading.Thread(target=keep_alive, args=(i,)) for i in range(THREADS // 2)]
    for place in places:
        place.start()
    children()
    for place in places:
        place.join()


if __name__ == '__main__':
    main()
