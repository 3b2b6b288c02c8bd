"""Two named threads, each in a function of its own, and the main thread, share the work."""
import sys
import threading
import time

clock = getattr(time, 'process_time', None) or time.clock
SECONDS = float(sys.argv[1])


def count(rounds):
    value = 0
    for i in range(rounds):
        value += i
    return value


def red():
    while clock() < SECONDS:
        count(1000)


def blue():
    while clock() < SECONDS:
        count(1000)


def main():
    threads = [threading.Thread(target=red, name='red'), threading.Thread(target=blue, name='blue')]
    for thread in threads:
        thread.start()
    while clock() < SECONDS:
        count(1000)
    # Not joined: the interpreter waits for them.


if __name__ == '__main__':
    main()
