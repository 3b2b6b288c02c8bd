"""three(), two() and one() do 3:2:1 of the same work, for about the CPU seconds that are asked for."""
import sys
import time

clock = getattr(time, 'thread_time', None) or getattr(time, 'process_time', None) or time.clock


def three(count):
    value = 0
    for i in range(3 * count):
        value = (value + i * i) % 1021
    return value


def two(count):
    value = 0
    for i in range(2 * count):
        value = (value + i * i) % 1021
    return value


def one(count):
    value = 0
    for i in range(1 * count):
        value = (value + i * i) % 1021
    return value


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    seed = 1
    while clock() < seconds:
        # Rounds of many lengths, so that no period of a timer can stay in step with them.
        seed = (seed * 1103515245 + 12345) % 2147483648
        count = 300 + seed // 65536 % 1500
        three(count)
        two(count)
        one(count)


if __name__ == '__main__':
    main()
