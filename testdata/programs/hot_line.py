"""Nearly all of its time is spent in one line of work(): the one that says HOT."""
import sys
import time

clock = getattr(time, 'thread_time', None) or getattr(time, 'process_time', None) or time.clock
DATA = list(range(3000))


def work(rounds):
    total = 0

    for _ in range(rounds):

        total += 1
        total += sum(DATA) + sum(DATA)  # HOT
        total -= 1

    return total


if __name__ == '__main__':
    seconds = float(sys.argv[1])
    while clock() < seconds:
        work(20)
