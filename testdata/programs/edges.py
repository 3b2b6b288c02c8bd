"""Calls of many kinds. `edges.py oracle` prints every caller and callee that the interpreter reports
to sys.setprofile, one pair a line; `edges.py run SECONDS` does the same calls for that long."""
import sys
import time

clock = getattr(time, 'thread_time', None) or getattr(time, 'process_time', None) or time.clock


def leaf(x):
    return x * 3 % 7


def recursive(n):
    return leaf(n) if n <= 0 else recursive(n - 1) + 1


def generator(n):
    for i in range(n):
        yield leaf(i)


def outer_generator(n):
    for value in generator(n):
        yield value + leaf(value)


def consume(n):
    return sum(value for value in outer_generator(n))


def thrower(n):
    if n == 0:
        raise KeyError(n)
    thrower(n - 1)


def catcher():
    try:
        thrower(5)
    except KeyError:
        return leaf(1)


class Thing(object):
    def __init__(self, value):
        self.value = leaf(value)

    def __add__(self, other):
        return Thing(self.value + other.value)

    @property
    def doubled(self):
        return leaf(self.value) * 2


def objects(n):
    total = Thing(0)
    for i in range(n):
        total = total + Thing(i)
    return total.doubled


def by_c(n):
    return sorted(range(n), key=lambda x: leaf(-x))


def mapped(n):
    return list(map(leaf, range(n)))


NAMESPACE = {'leaf': leaf}


def dynamic(n):
    exec('def made(x):\n    return leaf(x) + 1\n', NAMESPACE)
    return [NAMESPACE['made'](i) for i in range(n)]


def flutter_a(n):
    return leaf(n)


def flutter_b(n):
    return flutter_a(n) + flutter_a(n + 1)


def everything():
    recursive(30)
    consume(20)
    catcher()
    objects(10)
    by_c(20)
    mapped(20)
    dynamic(3)
    for i in range(50):
        flutter_b(i)


def oracle():
    pairs = set()

    def name(frame):
        code = frame.f_code
        return '%s:%d' % (getattr(code, 'co_qualname', code.co_name), code.co_firstlineno)

    def profile(frame, event, argument):
        if event == 'call' and frame.f_back is not None:
            pairs.add((name(frame.f_back), name(frame)))

    sys.setprofile(profile)
    try:
        everything()
    finally:
        sys.setprofile(None)
    # Making a generator runs its first instruction; sys.setprofile does not tell since 3.11.
    pairs.add(tuple('%s:%d' % (one.__name__, one.__code__.co_firstlineno)
                    for one in (consume, outer_generator)))
    for pair in sorted(pairs):
        print('%s %s' % pair)


def run(seconds):
    while clock() < seconds:
        everything()


if __name__ == '__main__':
    if sys.argv[1] == 'oracle':
        oracle()
    else:
        run(float(sys.argv[2]))
