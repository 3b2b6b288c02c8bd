"""The lines of a vector's source, as ../../testdata/vectors/README.md has them."""

import re

_TOKEN = re.compile(r'(?:[^\s"]|"(?:\\.|[^"\\])*")+')
_ITEM = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*")+')
_KEYWORD = re.compile(r"([a-z_]+)=(.*)\Z", re.DOTALL)
_POWER = re.compile(r"2\^(\d+)([+-]\d+)?\Z")
_TIMES = re.compile(r"([^\s\",*]+)\*(\d+)\Z")
_ESCAPE = re.compile(rb'\\(x[0-9a-fA-F]{2}|.)')
_ESCAPES = {b"n": b"\n", b"0": b"\0", b'"': b'"', b"\\": b"\\"}


class SourceError(Exception):
    """A line that is not of the language."""


class Statement:
    """A line, and the lines below it that are further in.

    words: what stands there, in order: numbers, byte strings (quoted), names (str) and tuples of these (`1,2,"a"`).
    options: what stands there as `name=value`.
    """

    def __init__(self, number, words, options):
        self.number, self.words, self.options = number, words, options
        self.body = []

    @property
    def name(self):
        return self.words[0]

    @property
    def arguments(self):
        return self.words[1:]

    def take(self, name, default=None):
        """The option's value; what was not taken in the end is a mistake of the source."""
        return self.options.pop(name, default)

    def fail(self, text):
        raise SourceError("line %d: %s" % (self.number, text))


def number(text):
    """A number: 12, -3, 0x1f, 2^63, 2^64-1. None where it is none."""
    power = _POWER.match(text)
    if power:
        return 2 ** int(power.group(1)) + int(power.group(2) or 0)
    try:
        return int(text, 0)
    except ValueError:
        return None


def _unescape(match):
    code = match.group(1)
    if len(code) == 3:
        return bytes([int(code[1:], 16)])
    return _ESCAPES[code]


def _item(text):
    if text.startswith('"'):
        return _ESCAPE.sub(_unescape, text[1:-1].encode("utf-8"))
    value = number(text)
    return text if value is None else value


def value(text):
    """A number, a byte string, a name, or a tuple of them."""
    items = [_item(item) for item in _ITEM.findall(text)]
    return items[0] if len(items) == 1 and not text.endswith(",") else tuple(items)


def _statement(line_number, line):
    words, options = [], {}
    for token in _TOKEN.findall(line):
        keyword = _KEYWORD.match(token)
        if keyword:
            options[keyword.group(1)] = value(keyword.group(2)) if keyword.group(2) else ""
            continue
        times = _TIMES.match(token)
        words += [value(times.group(1))] * int(times.group(2)) if times else [value(token)]
    if line.split()[0] == "bytes":  # its words are hexadecimal
        words = ["bytes", *line.split()[1:]]
    return Statement(line_number, words, options)


def parse(text):
    """The outermost statements; the depth of a line is its indentation."""
    top = Statement(0, [None], {})
    open_statements = [(-1, top)]
    for line_number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indentation = len(line) - len(line.lstrip(" "))
        while open_statements[-1][0] >= indentation:
            open_statements.pop()
        statement = _statement(line_number, line)
        open_statements[-1][1].body.append(statement)
        open_statements.append((indentation, statement))
    return top.body


def rules(text):
    """The ids on the lines `# rule F-x-y ...`, in their order."""
    found = []
    for line in text.splitlines():
        if line.startswith("# rule "):
            found += line.split()[2:]
    return found
