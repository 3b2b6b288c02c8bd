"""SAMPLES and TOTALS (sections 5.6 and 5.9)."""


def stack_columns(encoder, stacks, threads):
    """The stacks of a chunk in one of the two ways [F-5.6-5]."""
    if encoder.rng.random() < 0.4:
        return [encoder.column(1, stacks)]
    return [encoder.list(number, column) for number, column in enumerate(runs_of(encoder, stacks, threads), 5)]


def runs_of(encoder, stacks, threads):
    """Lengths, kinds, ages and nodes of runs [F-5.6-6], [F-5.6-7]."""
    rng = encoder.rng
    by_thread = {}
    for stack, thread in zip(stacks, threads):
        by_thread.setdefault(thread, []).append(stack)
    lengths, kinds, ages, nodes, before = [], [], [], [], []
    for thread in sorted(by_thread):
        named = []  # the stacks of this thread's runs that were not told by their age
        rest = by_thread[thread]
        while rest:
            stack = rest[0]
            most = next((index for index, other in enumerate(rest) if other != stack), len(rest))
            length = most if rng.random() < 0.9 else rng.randrange(1, most + 1)
            rest = rest[length:]
            ways = [1]
            same = [index for index, other in enumerate(before) if other == stack]
            if same:
                ways += [0, 0]
            if named and stack > max(named):
                ways += [1 + stack - max(named)] * 2
            kind = rng.choice(ways)
            encoder.used.add("run of kind %d" % min(kind, 2))
            if kind == 0:
                ages.append(len(before) - rng.choice(same))
            else:
                named.append(stack)
            if kind == 1:
                nodes.append(stack)
            lengths.append(length - 1)
            kinds.append(kind)
            before.append(stack)
    return lengths, kinds, ages, nodes


class Covered:
    """The SAMPLES chunks of an epoch, and which of them no TOTALS chunk covers yet."""

    def __init__(self):
        self.chunks = []  # (first, count, [(stack, values)])

    def add(self, first, rows):
        self.chunks.append((first, len(rows), rows))

    def totals(self, rng):
        """Takes some chunks that follow each other: (first, behind, rows of stack, samples, sums...), or None."""
        if not self.chunks:
            return None
        begin = rng.randrange(len(self.chunks))
        end = rng.randrange(begin, len(self.chunks)) + 1
        taken, self.chunks = self.chunks[begin:end], self.chunks[end:]  # what is before stays without totals
        by_stack = {}
        for stack, values in (row for chunk in taken for row in chunk[2]):
            sums = by_stack.setdefault(stack, [0] * (1 + len(values)))
            sums[0] += 1
            for index, value in enumerate(values, 1):
                sums[index] += value
        rows = [[stack, *sums] for stack, sums in sorted(by_stack.items())]
        return taken[0][0], taken[-1][0] + taken[-1][1], rows


def totals_payload(encoder, first, rows, value_count):
    """The payload of TOTALS."""
    columns = [[row[index] for row in rows] for index in range(2 + value_count)]
    return encoder.columns(first, len(rows), [
        encoder.column(number, column)
        for number, column in zip((1, 2, *range(16, 16 + value_count)), columns)])
