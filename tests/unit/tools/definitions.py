"""What the analysis tools must say of profiles, worked out from their samples by the definitions alone.

The samples come from the reference reader (spec/reference), which shares no code with the tools; nothing
here builds a tree of nodes or sums anything but whole stacks.
"""

import collections
import json
import math
import re

import vmprof_reader

KINDS = ["unknown", "py", "jit", "vm", "native", "kernel", "gc", "jit-internal"]
VIRTUAL = {"py", "jit", "vm"}
HIDDEN = ("<hidden>", "", 0, "unknown")
Frame = collections.namedtuple("Frame", "name file line kind address at")  # at: the line that ran
Stack = collections.namedtuple("Stack", "process thread thread_name time frames values labels")


class Filter:
    """What of a profile counts; the options that say so."""

    def __init__(self):
        self.threads, self.processes, self.kinds = [], [], set()
        self.labels = []  # (key, expression or None)
        self.begin = self.end = None
        self.focus, self.ignore, self.hide = [], [], []
        self.native = self.virtual_only = False

    def options(self):
        """Returns them as a command line has them."""
        words = ["--thread=%s" % each for each in self.threads]
        words += ["--process=%d" % each for each in self.processes]
        words += ["--label=" + (key if value is None else key + "=" + value) for key, value in self.labels]
        words += ["--from=%dns" % self.begin] if self.begin is not None else []
        words += ["--to=%dns" % self.end] if self.end is not None else []
        for name in ("focus", "ignore", "hide"):
            words += ["--%s=%s" % (name, each) for each in getattr(self, name)]
        words += ["--kind=%s" % kind for kind in sorted(self.kinds)]
        words += ["--native"] if self.native else []
        words += ["--virtual-only"] if self.virtual_only else []
        return words

    def keeps_sample(self, stack):
        """By thread, process, labels and time."""

        def labelled(key):
            wanted = [value for other, value in self.labels if other == key]
            value = stack.labels.get(key)
            return value is not None and any(w is None or re.search(w, str(value)) for w in wanted)

        names = {stack.thread_name, str(stack.thread)}
        return (
            (not self.threads or bool(names & set(self.threads)))
            and (not self.processes or stack.process in self.processes)
            and all(labelled(key) for key, _ in self.labels)
            and (self.begin is None or stack.time >= self.begin)
            and (self.end is None or stack.time < self.end)
        )

    def keeps_stack(self, stack):
        """By the functions in it."""

        def has(patterns):
            return any(re.search(p, frame.name) for p in patterns for frame in stack.frames)

        return (not self.focus or has(self.focus)) and not has(self.ignore)

    def shows(self, frame, show_native):
        """Whether a frame is shown."""
        if any(re.search(pattern, frame.name) for pattern in self.hide):
            return False
        plain = show_native or frame.kind in VIRTUAL or frame.kind == "unknown"
        if not self.kinds:
            return plain
        return frame.kind in self.kinds and (plain or not self.virtual_only)


def read(paths):
    """Returns the stacks of files, and how many samples were lost."""
    stacks, lost = [], 0
    for path in paths:
        document = json.loads(vmprof_reader.dump(vmprof_reader.read(path.read_bytes())))
        lost += document["damage"]["lost_samples"]
        for session in document["sessions"]:
            lost += session["lost_samples"]
            values = [value.split(":")[0] for value in session["metadata"]["values"]]
            for sample in session["samples"]:
                frames = [Frame(f[0], f[1], f[2], KINDS[f[3]], f[4], f[5]) for f in sample["stack"]]
                weights = dict(zip(values, sample["values"]))
                stacks.append(Stack(*sample["thread"], sample["time_ns"], frames, weights, sample["labels"]))
    return stacks, lost


def identity(frame):
    """Returns what makes two frames the same function."""
    kind = "py" if frame.kind == "jit" else frame.kind
    return (frame.name, frame.file, frame.line, kind)


def normal_tail(deviations):
    """Returns how often a normal variable is that far from its mean, or further, to either side."""
    return math.erfc(abs(deviations) / math.sqrt(2))


def chance(weights, totals, counts, absolute):
    """Returns the chance of a difference of two weights where nothing changed: of two profiles of these totals, as sure
    as so many samples of equal weight."""
    if not all(totals) or not all(counts):
        return 1
    if absolute:
        variance = sum(weight * total / count for weight, total, count in zip(weights, totals, counts))
        return normal_tail((weights[1] - weights[0]) / math.sqrt(variance)) if variance else 1
    # The chi-squared of the table of those in and those not, with N - 1 for N.
    table = [[w / t * n, (t - w) / t * n] for w, t, n in zip(weights, totals, counts)]
    columns = [sum(column) for column in zip(*table)]
    everything = sum(counts)
    if min(columns) <= 0:
        return 1
    crossed = table[0][0] * table[1][1] - table[0][1] * table[1][0]
    squared = (everything - 1) * crossed**2 / (counts[0] * counts[1] * columns[0] * columns[1])
    return normal_tail(math.sqrt(squared))


def discoveries(chances, rate=0.05):
    """Returns which of them Benjamini and Hochberg call discoveries: each whose adjusted chance is at most the rate."""
    order = sorted(range(len(chances)), key=lambda i: chances[i], reverse=True)
    called, least = [False] * len(chances), 1
    for place, i in enumerate(order):
        least = min(least, chances[i] * len(chances) / (len(chances) - place))
        called[i] = least <= rate
    return called


def told(frame):
    """Returns all that a file says of a frame."""
    return tuple(frame)


class Shown:
    """What is left of stacks: (what is shown of it, its weight) for each."""

    def __init__(self, stacks, chosen, metric):
        kept = [stack for stack in stacks if chosen.keeps_sample(stack)]
        show_native = chosen.native or not any(
            frame.kind in VIRTUAL for stack in kept for frame in stack.frames
        )
        self.kept = kept
        self.samples = len(kept)
        self.total = sum(stack.values[metric] for stack in kept)
        self.threads = {(stack.process, stack.thread) for stack in kept}
        self.stacks, self.lines_of = [], []
        self.frames = []  # with each: (the stack but its frames, the frames that are shown)
        for stack in kept:
            if chosen.keeps_stack(stack):
                shown = [f for f in stack.frames if chosen.shows(f, show_native)]
                frames = [identity(f) for f in shown]
                self.frames.append((stack._replace(frames=None), [told(f) for f in shown]))
                self.stacks.append((stack, frames or [HIDDEN], stack.values[metric]))
                self.lines_of.append([(f.file, f.at, identity(f)) for f in shown])

    def top(self):
        """Returns {function: (self, total)}."""
        own, total = collections.Counter(), collections.Counter()
        for _, frames, weight in self.stacks:
            own[frames[-1]] += weight
            for function in set(frames):
                total[function] += weight
        return {function: (own[function], total[function]) for function in total}

    def lines(self, function=None):
        """Returns {(file, line): (self, total)} and {file: (self, total)}, of one function or all."""
        sums = collections.defaultdict(lambda: [0, 0])
        files = collections.defaultdict(lambda: [0, 0])
        for (_, _, weight), lines in zip(self.stacks, self.lines_of):
            places = lines or [("<hidden>", 0, HIDDEN)]
            wanted = [(file, at) for file, at, owner in places if function in (None, owner)]
            for place in set(wanted):
                sums[place][1] += weight
            for file in {file for file, _ in wanted}:
                files[file][1] += weight
            if function in (None, places[-1][2]):
                sums[places[-1][:2]][0] += weight
                files[places[-1][0]][0] += weight
        return [{key: tuple(value) for key, value in each.items()} for each in (sums, files)]

    def relatives(self, function):
        """Returns {function: (self, total)} of callers, callees and descendants."""
        sums = [(collections.Counter(), collections.Counter()) for _ in range(3)]
        for _, frames, weight in self.stacks:
            if function not in frames:
                continue
            calls = list(zip(frames, frames[1:]))
            found = (
                [caller for caller, callee in calls if callee == function],
                [callee for caller, callee in calls if caller == function],
                [f for f in frames[frames.index(function) :] if f != function],
            )
            ends = (
                [frames[-2]] if len(frames) > 1 and frames[-1] == function else [],
                [frames[-1]] if len(frames) > 1 and frames[-2] == function else [],
                [frames[-1]] if frames[-1] != function else [],
            )
            for (own, total), each, end in zip(sums, found, ends):
                for relative in set(each):
                    total[relative] += weight
                for relative in end:
                    own[relative] += weight
        return [{f: (own[f], total[f]) for f in total} for own, total in sums]

    def paths(self, bottom_up=False, fold=False, group=None):
        """Returns {path from the root: (self, total)} of the tree."""
        own, total = collections.Counter(), collections.Counter()
        for stack, frames, weight in self.stacks:
            path = list(frames)
            if group:
                path = [group(stack)] + [frame for frame in path if frame != HIDDEN]
            if fold:
                path = [f for i, f in enumerate(path) if i == 0 or f != path[i - 1]]
            if bottom_up:
                path.reverse()
            own[tuple(path)] += weight
            for length in range(len(path) + 1):
                total[tuple(path[:length])] += weight
        return {path: (own[path], total[path]) for path in total}
