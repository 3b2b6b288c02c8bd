"""What vmprof-top must say of testdata/profiles/NAME.txt, worked out from that text alone.

It shares nothing with the tools: no reader, no tree, one pass over the samples by the definitions.
"""

import codecs
import collections

VIRTUAL = {"py", "jit", "vm"}
Function = collections.namedtuple("Function", "name file line kind address")
Sample = collections.namedtuple("Sample", "thread time values stack")


def unescape(word):
    """Returns the bytes that a word of the text stands for, as JSON shows them."""
    if word == "-":
        return ""
    word = word.replace("\\s", " ")
    raw = codecs.escape_decode(word.encode())[0]
    return raw.decode("utf-8", "replace")


class Source:
    """A profile as its text describes it."""

    def __init__(self, path):
        self.functions = {}
        self.threads = {}
        self.samples = []
        self.values = []
        self.period_ns = None
        self.end_ns = None
        self.lost = 0
        self.spoiled = False
        for line in path.read_text().splitlines():
            words = line.split()
            if words and not words[0].startswith("#"):
                self.read_line(words)

    def read_line(self, words):
        """Takes one line of the text."""
        word = words[0]
        if word == "function":
            _, key, name, file, line, kind, address = words[:7]
            self.functions[key] = Function(
                unescape(name), unescape(file), int(line), kind, int(address, 0)
            )
        elif word == "thread":
            self.threads[words[1]] = (int(words[2]), int(words[3]))
        elif word == "sample":
            self.add(words[1], int(words[2]), words[3], words[4])
        elif word == "samples":
            for i in range(int(words[1])):
                self.add(words[3], int(words[4]) + i * int(words[2]), words[5], words[6])
        elif word == "meta" and words[2] == "values":
            self.values = [value.split(":") for value in words[3:]]
        elif word == "meta" and words[2] == "period_ns":
            self.period_ns = int(words[3])
        elif word == "lost":
            self.lost = int(words[1])
        elif word == "end":
            self.end_ns = int(words[1])
        elif word in ("cut", "flip", "set", "version", "killed"):
            self.spoiled = True

    def add(self, thread, time, values, stack):
        """Takes one sample."""
        frames = [] if stack == "-" else [frame.split(":")[0] for frame in stack.split(";")]
        weights = [int(value) for value in values.split(",")]
        self.samples.append(
            Sample(self.threads[thread], time, weights, [self.functions[f] for f in frames])
        )


def choose_metric(sources):
    """Returns (name, unit) of the metric that several sources have in common."""
    common = [v for v in sources[0].values if all(v in s.values for s in sources)]
    return next((v for v in common if v[0] == "cpu"), common[0])


def identity(function):
    """Returns what makes two frames the same function."""
    kind = "py" if function.kind == "jit" else function.kind
    return (function.name, function.file, function.line, kind)


def top(sources, native=False):
    """Returns (metric, total, {(name, file, line): (self, total)}) of sources as one profile."""
    metric = choose_metric(sources)
    everything = [f for s in sources for sample in s.samples for f in sample.stack]
    show_all = native or not any(f.kind in VIRTUAL for f in everything)
    own = collections.Counter()
    total = collections.Counter()
    whole = 0
    for source in sources:
        column = source.values.index(metric)
        for sample in source.samples:
            weight = sample.values[column]
            shown = [
                identity(f)
                for f in sample.stack
                if show_all or f.kind in VIRTUAL or f.kind == "unknown"
            ] or [("<hidden>", "", 0, "unknown")]
            own[shown[-1]] += weight
            for function in set(shown):
                total[function] += weight
            whole += weight
    return metric, whole, {key: (own[key], total[key]) for key in total}
