"""Uses CPU for the seconds that are asked for (1), then ends as asked: normally, or by HOW."""
import os
import sys
import time

clock = getattr(time, 'thread_time', None) or getattr(time, 'process_time', None) or time.clock


def inner(count):
    value = 0
    for i in range(count):
        value += i * i
    return value


def spin(seconds):
    while clock() < seconds:
        inner(1000)


def end(how):
    if how == 'os._exit':
        os._exit(7)
    elif how == 'sys.exit':
        sys.exit(5)
    elif how == 'message':
        sys.exit('a message')
    elif how == 'exception':
        raise ValueError('the end')
    elif how == 'chained':
        try:
            end('exception')
        except ValueError:
            {}['nothing']
    elif how == 'interrupt':
        raise KeyboardInterrupt
    elif how == 'kill':
        os.kill(os.getpid(), 9)
    elif how == 'abort':
        os.abort()
    elif how == 'exec':
        os.execl('/bin/echo', 'echo', 'executed')


if __name__ == '__main__':
    spin(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
    sys.stdout.write('done\n')
    sys.stdout.flush()
    end(sys.argv[2] if len(sys.argv) > 2 else 'normally')
