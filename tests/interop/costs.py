"""What a profile that was read from costs of lines and calls says of these."""

import collections

import imported


class Seen:
    """What a profile says: {(name, file): cost itself}, with all below it, {(name, file, line): itself}, {(caller, callee): cost}."""

    def __init__(self, path, value=0):
        self.profile = imported.read(path)
        self.itself, self.total, self.lines, self.calls = (collections.Counter() for _ in range(4))
        self.stacks = collections.Counter()
        for sample in self.profile.samples:
            cost = sample.values[value]
            names = [(frame[0], frame[1]) for frame in sample.stack]
            self.stacks[tuple(names)] += cost
            self.itself[names[-1]] += cost
            self.lines[names[-1] + (sample.stack[-1][3],)] += cost
            for name in set(names):
                self.total[name] += cost
            for call in set(zip(names, names[1:])):
                self.calls[call] += cost
