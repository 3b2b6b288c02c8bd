"""Always the same work, of several kinds; prints the CPU seconds that it took."""
import sys
import time

clock = getattr(time, 'process_time', None) or time.clock


def arithmetic(count):
    value = 0
    for i in range(count):
        value = (value * 31 + i) % 65521
    return value


def deep(depth):
    return arithmetic(60) if depth == 0 else deep(depth - 1) + 1


def objects(count):
    table = {}
    for i in range(count):
        table.setdefault(str(i % 97), []).append((i, [i]))
    return len(table)


def work(rounds):
    for _ in range(rounds):
        arithmetic(3000)
        deep(40)
        objects(1000)
        sorted(range(1000), key=lambda x: -x)


if __name__ == '__main__':
    begin = clock()
    work(int(sys.argv[1]))
    print(clock() - begin)
