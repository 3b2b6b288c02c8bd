"""What upstream's own reader and its Stats would say of a reading, counted anew from the reading alone: inclusive counts by name, and
the tree. It counts as upstream does, with its flaws, so that readings can be compared; section
10 of spec/vmprof-log.md says which they are."""

import collections

NATIVE, JIT = 4, 2


class Node:
    """A node of upstream's tree: its children by address."""

    def __init__(self, frame):
        self.name, self.address = name_of(frame), frame[4]
        self.count = self.self_count = 0
        self.lines = collections.Counter()
        self.children = {}


def is_machine_code(frame):
    """The machine code of a PyPy trace, which upstream's tree passes over."""
    return frame[0] == "<assembler>"


def name_of(frame):
    """A frame's name as a record of the log has it; upstream wrote `n:<native symbol ...>` for code whose name it lost, too."""
    name, file, line, kind = frame[:4]
    if is_machine_code(frame) or (not file and not line and name.startswith("0x")):
        return "<unknown code>"
    prefix = "n" if kind == NATIVE or name.startswith("<native symbol") else "py"
    return "%s:%s:%d:%s" % (prefix, name, line, file or "-")


def inclusive(samples):
    """How many samples each name is in."""
    return collections.Counter(name for sample in samples for name in {name_of(frame) for frame in sample["stack"]})


def tree(samples, with_lines):
    """The root: that of the first sample that has frames; all samples are below it. Neighbours of one address are one."""
    root = None
    for sample in samples:
        frames = [frame for frame in sample["stack"] if not is_machine_code(frame)]
        if not frames:
            continue
        if root is None:
            root = Node(frames[0])
        node = root
        for index, frame in enumerate(frames):
            if frame[4] != node.address:
                node = node.children.setdefault(frame[4], Node(frame))
                node.count += 1
            elif index != 0:
                continue
            if with_lines:
                node.lines[str(frame[5])] += 1
        node.self_count += 1
    root.count = len(samples)
    return root


def top_of(root):
    """Down the greatest children to the first `<module>`; the root where there is none."""
    node = root
    while not node.name.startswith("py:<module>") and node.children:
        node = max(node.children.values(), key=lambda child: child.count)
    return node if node.name.startswith("py:<module>") else root


def tree_faults(expected, node, with_names=True, where=""):
    """Where a tree differs from one of `expected/`: [name, address, count, self, meta, lines, children]."""
    name, address, count, self_count, _, lines, children = expected
    where = "%s/%s" % (where, name)
    found = [("address", str(node.address), address), ("count", node.count, count),
             ("self", node.self_count, self_count), ("lines", dict(node.lines), lines)]
    found += [("name", node.name, name)] if with_names else []
    for what, ours, theirs in found:
        if ours != theirs:
            yield "%s: %s is %.100r, not %.100r" % (where, what, ours, theirs)
    ours = {str(child.address): child for child in node.children.values()}
    theirs = {child[1]: child for child in children}
    if set(ours) != set(theirs):
        yield "%s: the children are %.200r, not %.200r" % (where, sorted(ours), sorted(theirs))
    for child in sorted(set(ours) & set(theirs)):
        yield from tree_faults(theirs[child], ours[child], with_names, where)
