"""Compares recorded stacks with what an interpreter itself says of the calls that a program makes."""
import collections
import json

import recording

PROGRAM = recording.harness.PROGRAMS / 'truth.py'
# Of the program's own main thread, before the work.
BEGIN = ('<module>', 'main', 'run', 'repeat')
ANYWHERE = ('Cycle.__del__', '__del__', 'handler')
# Works of one thread, whose samples have to come to what it used.
SIMPLE = ('mixed', 'generators', 'exceptions', 'recursion', 'made', 'garbage', 'libraries', 'signals', 'faults')
# Where a stack does not begin in the program, it is looked at if it begins in this file: the oracle does not see what else
# runs, such as another interpreter's start.
OTHER = {'interpreters': '<string>'}


class Stacks(recording.Profile):
    """How many samples each stack has: millions are not kept one by one."""

    def __init__(self, path):
        self.counts = collections.Counter()
        self.weight = 0
        super().__init__(path)

    def _add(self, block):
        self.weight += sum(block.values[0][:block.count])
        # Numbers of stacks begin anew where the file does: names are read while they stand.
        for node, count in collections.Counter(block.stack[:block.count]).items():
            self.counts[self._stack(node)] += count


class Oracle:
    """What `truth.py edges` printed."""

    def __init__(self, text):
        told = json.loads(text)
        self.codes = {tuple(code[1:4]): (code[0], code[4], set(code[5])) for code in told['codes']}
        self.edges = set(map(tuple, told['edges']))
        self.pairs = set((caller, callee) for caller, _, callee in self.edges)
        self.roots = set(told['roots'])

    def number(self, frame):
        found = self.codes.get((frame.name, frame.file, frame.first_line))
        return found[0] if found else None


class Findings:
    """What is wrong with the stacks of a profile, in samples, with examples."""

    def __init__(self):
        self.samples = self.calls = self.without_frames = self.unseen = self.weight_ns = 0
        self.wrong = collections.Counter()
        self.examples = {}

    def note(self, kind, count, *what):
        self.wrong[kind] += count
        self.examples.setdefault(kind, collections.Counter())[' '.join(map(str, what))] += count

    def text(self):
        return '; '.join('%s: %d, such as %s' % (kind, count, self.examples[kind].most_common(3))
                         for kind, count in sorted(self.wrong.items()))


def _place(frame):
    return '%s (%s:%d) line %d' % (frame.name, frame.file, frame.first_line, frame.line)


def _check_call(oracle, caller, callee, is_leaf, count, findings):
    numbers = oracle.number(caller), oracle.number(callee)
    if None in numbers:
        findings.note('unknown', count, _place(caller if numbers[0] is None else callee))
        return
    findings.calls += count
    _, generator, _ = oracle.codes[callee[:3]]
    if (numbers[0], caller.line, numbers[1]) in oracle.edges or callee.name in ANYWHERE:
        return
    # To make a generator runs its first instructions, which sys.setprofile does not tell.
    if generator and is_leaf and callee.line == callee.first_line:
        return
    kind = 'wrong caller line' if numbers in oracle.pairs else 'impossible'
    findings.note(kind, count, _place(caller), '->', _place(callee))


def _check_stack(oracle, stack, count, findings):
    begin = tuple(frame.name.split('.')[-1] for frame in stack[:len(BEGIN)])
    work = stack
    if begin == BEGIN[:len(begin)] and stack[0].file == str(PROGRAM):
        work = stack[len(BEGIN) - 1:]
        if len(work) < 2:
            return
        first = oracle.number(work[1])
        if first is None:
            findings.note('unknown', count, _place(work[1]))
        work = work[1:]
    elif oracle.number(stack[0]) not in oracle.roots:
        findings.note('impossible', count, 'begins with', _place(stack[0]))
    for i in range(len(work) - 1):
        _check_call(oracle, work[i], work[i + 1], i + 2 == len(work), count, findings)
    leaf = work[-1]
    code = oracle.codes.get(leaf[:3])
    if code is not None and leaf.line not in code[2]:
        findings.note('wrong line', count, _place(leaf))


def check(text, profile, work):
    """text: what the oracle printed; profile: Stacks."""
    oracle, findings, other = Oracle(text), Findings(), OTHER.get(work)
    findings.weight_ns = profile.weight
    for stack, count in profile.counts.items():
        findings.samples += count
        stack = tuple(frame for frame in stack if frame.kind == 0 or frame.file)
        if not stack:
            findings.without_frames += count
        elif any('/vmprof/' in frame.file for frame in stack):
            findings.unseen += count
        elif other is not None and stack[0].file not in (str(PROGRAM), other):
            findings.unseen += count
        else:
            _check_stack(oracle, stack, count, findings)
    return findings
