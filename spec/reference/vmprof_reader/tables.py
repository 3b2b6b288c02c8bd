"""Section 5: the tables of an epoch, and how ids refer to them [F-5.2-1], [F-5.2-3]."""

from .errors import require
from .limits import MAX_DEPTH, MAX_MISSING, MAX_TABLE
from .model import LOST_FUNCTION, LOST_LABELS, LOST_MODULE, LOST_NAME, NO_FUNCTION


LOST = -1  # in place of an id; no table has such an entry


class Table:
    """Entries by id from 1. An id up to `last` that is not in `entries` is lost."""

    def __init__(self):
        self.entries = {}
        self.last = 0

    def begin(self, session, header, columns):
        """Checks where the entries of a chunk begin [F-5.2-1]."""
        require(columns.first > self.last, "F-5.2-1", "its first entry is there already")
        require(columns.first + columns.count - 1 <= MAX_TABLE, "F-4-5", "the table is too long")
        missing = columns.first - self.last - 1
        require(missing <= MAX_MISSING, "F-5.2-1", "too many entries before it are missing")
        if missing:
            session.note("F-5.2-1", header.offset, "%d entries before a %s chunk are lost" % (missing, header.name))

    def extend(self, columns, entries):
        """Adds the entries of a chunk that keeps all rules."""
        self.entries.update(zip(range(columns.first, columns.first + columns.count), entries))
        self.last = columns.first + columns.count - 1


class Tree(Table):
    """A table of nodes (parent, ...), each below its parent; 0 is the root of all."""

    def __init__(self):
        super().__init__()
        self.depths = {0: 0}

    def extend(self, columns, entries):
        """Also checks how deep they are [F-5.4-3]. What is above a lost node, nobody knows."""
        depths = {}
        for node, (parent, *_) in enumerate(entries, columns.first):
            depths[node] = 1 + (depths[parent] if parent in depths else self.depths.get(parent, 0))
            require(depths[node] <= MAX_DEPTH, "F-5.4-3", "a path is too long")
        self.depths.update(depths)
        super().extend(columns, entries)

    def path(self, node):
        """The entries from a node up to the root; None at the end where the rest is lost."""
        while node != 0:
            entry = self.entries.get(node)
            yield entry
            node = entry[0] if entry else 0


def parents_of(columns, distances):
    """The parent of each entry [F-5.4-2]."""
    parents = []
    for node, distance in enumerate(distances, columns.first):
        require(1 <= distance <= node, "F-5.4-2", "a distance leads before the root")
        parents.append(node - distance)
    return parents


class Tables:
    """What starts empty with each epoch [F-3-6]."""

    def __init__(self):
        self.strings, self.modules, self.functions, self.locations = Table(), Table(), Table(), Table()
        self.stacks, self.labels = Tree(), Tree()

    @staticmethod
    def defined(session, header, table, ids, rule):
        """The ids, with LOST in place of those that are not defined: a definition comes before its first use [F-3-7].
        It may have been in a lost chunk: it alone is shown as lost, not all that its user brings [F-5.2-3]."""
        if max(ids, default=0) <= table.last:
            return ids
        session.note(rule, header.offset, "a %s chunk names what is not defined" % header.name)
        return [index if index <= table.last else LOST for index in ids]

    def string(self, index):
        """A string for its id."""
        return b"" if index == 0 else self.strings.entries.get(index, LOST_NAME)

    def module(self, index):
        """A module for its id, or None."""
        return None if index == 0 else self.modules.entries.get(index, LOST_MODULE)

    def frame(self, location):
        """(function, line) for the id of a location."""
        if location == 0:
            return NO_FUNCTION, 0
        function, line = self.locations.entries.get(location, (None, 0))
        return NO_FUNCTION if function == 0 else self.functions.entries.get(function, LOST_FUNCTION), line

    def frames(self, node):
        """(function, line) of each frame of a stack, root first."""
        frames = [self.frame(entry[1]) if entry else (LOST_FUNCTION, 0) for entry in self.stacks.path(node)]
        frames.reverse()
        return frames

    def label_set(self, node):
        """The labels of a set: key to text or number. The nearest to the set's own end counts [F-5.7-2]."""
        labels = {}
        for entry in self.labels.path(node):
            _, key, value = entry or LOST_LABELS
            labels.setdefault(key, value)
        return labels
