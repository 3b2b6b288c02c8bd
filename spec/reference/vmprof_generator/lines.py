"""Line tables (section 7.4): made from what lines they are for."""

from . import craft as C

NO_OFFSET = C.U32_MAX
NO_LINE = -128


class LineTable:
    """A random line table: (end of a range of offsets, line or None) of each range."""

    def __init__(self, rng):
        self.encoding = rng.randrange(5)
        self.first_line = rng.randrange(1000, 100000)
        self.ranges = []
        offset, line = 0, self.first_line
        for _ in range(rng.randrange(8)):
            offset += 2 * rng.choice((1, 2, 8, rng.randrange(1, 500)))
            least = 0 if self.encoding in (0, 1) else -900
            line += rng.choice((0, 1, 5, rng.randrange(least, 900)))
            has_line = self.encoding in (1, 2) or rng.random() < 0.8
            self.ranges.append((offset, line if has_line else None))
        self.data = (lambda: b"", self.unsigned_pairs, self.signed_pairs, self.covering_pairs,
                     self.entries)[self.encoding]()

    def random_offset(self, rng):
        """An offset at a border, within, behind the end, or none."""
        ends = [0] + [end for end, _ in self.ranges]
        return rng.choice((rng.choice(ends), max(0, rng.choice(ends) - 1), rng.randrange(ends[-1] + 20), NO_OFFSET))

    def line(self, offset):
        """The line at an offset. In the encodings 1 and 2 a line begins where a range ends, else it ends there."""
        found = self.first_line
        if self.encoding == 0 or offset == NO_OFFSET:
            return found
        begin = 0
        for end, line in self.ranges:
            if offset < (end if self.encoding in (1, 2) else begin):
                break
            found = found if line is None else line
            begin = end
        return found

    def pairs(self, least, most):
        """(offset step, line step), with as many steps as the limits of a byte need."""
        offset, line = 0, self.first_line
        for end, at in self.ranges:
            offset_step, line_step = end - offset, at - line
            while offset_step > 255:
                yield 255, 0
                offset_step -= 255
            while not least <= line_step <= most:
                part = least if line_step < 0 else most
                yield offset_step, part
                offset_step, line_step = 0, line_step - part
            yield offset_step, line_step
            offset, line = end, at

    def unsigned_pairs(self):
        return b"".join(bytes(pair) for pair in self.pairs(0, 255))

    def signed_pairs(self):
        return b"".join(bytes([a, b & 0xFF]) for a, b in self.pairs(-128, 127))

    def covering_pairs(self):
        """Encoding 3: the line step counts before the entry's own range."""
        out, offset, line = bytearray(), 0, self.first_line
        for end, at in self.ranges:
            size = end - offset
            steps = [] if at is None else [at - line]
            while steps and not -127 <= steps[-1] <= 127:
                part = -127 if steps[-1] < 0 else 127
                steps[-1:] = [part, steps[-1] - part]
            for step in steps[:-1]:
                out += bytes([0, step & 0xFF])
            last = steps[-1] if steps else NO_LINE
            while size > 255:
                out += bytes([254, last & 0xFF])
                size, last = size - 254, 0 if steps else NO_LINE
            out += bytes([size, last & 0xFF])
            offset, line = end, line if at is None else at
        return bytes(out)

    def entries(self):
        """Encoding 4. Of several entries for one range only the first has a step."""
        out, offset, line = bytearray(), 0, self.first_line
        for index, (end, at) in enumerate(self.ranges):
            units = (end - offset) // 2
            step = None if at is None else at - line
            while units:
                size = min(8, units)
                out += self.entry(step, size, index)
                units -= size
                step = None if at is None else 0
            offset, line = end, line if at is None else at
        return bytes(out)

    @staticmethod
    def entry(step, size, index):
        """One location entry; `index` chooses among the ways to write a step."""
        def first(code):
            return bytes([0x80 | code << 3 | size - 1])

        def signed_varint(number):
            return sixes(2 * number if number >= 0 else -2 * number + 1)

        def sixes(number):
            out = bytearray()
            while number >= 0x40:
                out.append(number & 0x3F | 0x40)
                number >>= 6
            out.append(number)
            return bytes(out)

        if step is None:
            return first(15)
        if step == 0 and index % 3 == 0:
            return first(index % 10) + b"\x21"
        if 0 <= step <= 2 and index % 3 == 1:
            return first(10 + step) + b"\x01\x02"
        if index % 2:
            return first(13) + signed_varint(step)
        return first(14) + signed_varint(step) + sixes(index) + sixes(70) + sixes(5000)
