"""A profile whose names are made to break what reads them."""

LONG = "long" * 262144  # a megabyte
NAMES = [
    r"say\s\x22hi\x22;\sthen\sgo", r"two\nlines\x0d\nthree", "<script>alert(1)</script>", r"]]>&amp;&\x230;", LONG,
    r"bad\xff\xfe\xc3utf8\xed\xa0\x80", r"\xe2\x80\xaeright\sto\sleft\xd7\x90\xd7\x91", r"back\\slash\\", r"tab\x09nul\x00esc\x1b[31m",
    "a:b:c:d:e", "(1)", "fn=(2)", "%s%n%d", "=cmd|calc", "日本語", r"\xef\xbf\xbf\xef\xbf\xbe", r"sep\xe2\x80\xa8par\xe2\x80\xa9nel\xc2\x85", r"';\sDROP\sTABLE\sx;\s--",
    r"\s\slead\sand\strail\s\s", "x", "x",
]


def lines():
    """The text of the profile."""
    yield "start 1700000000000000000"
    yield r"meta string program <script>\x22'&;\n\xff"
    yield "meta string os a\\nb"
    yield "meta integer period_ns 1000000"
    yield "meta list values cpu:ns"
    yield r"thread main 100 100 th;read\n<b>\xff"
    yield "function root <module> x.py 1 py 0x1000"
    for index, name in enumerate(NAMES):
        file = NAMES[-index - 3] if index not in (len(NAMES) - 2, len(NAMES) - 1) else "same.py"
        kind = ["py", "native", "gc"][index % 3] if file != "same.py" else "py"
        yield "function f%d %s %s %d %s %#x" % (index, name, file, index + 2, kind, 0x2000 + 16 * index)
    for index in range(len(NAMES)):
        yield "samples %d 1000 main %d 1000 root:1;f%d:%d;f%d:%d" % (
            index + 3, 1000 * (index + 1), index, index + 5, (index * 7 + 3) % len(NAMES), index + 9)


SOURCE = "\n".join(lines()) + "\n"
