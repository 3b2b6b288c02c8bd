
def g(i, s):
    s += i
    return s

def h(i, s):
    return g(i, s) + 3

def f():
    i = 0
    s = 0
    while i < 10000000:
        s = h(i, s)
        i += 1

if __name__ == '__main__':
    f()
