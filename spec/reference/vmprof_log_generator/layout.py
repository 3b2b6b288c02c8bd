"""The records of ../../vmprof-log.md as bytes: sections 2 to 4."""

import struct


class Layout:
    """What decides how fields are written: word and address sizes, version, mode, interpreter, and the two layouts that had a
    version's number for a few days only."""

    def __init__(self, rng):
        self.word, self.address = rng.choice([(8, 8), (8, 8), (4, 4), (4, 8)])
        self.version = rng.randrange(7)
        self.interpreter = rng.choice([b"cpython", b"cpython", b"pypy", b"pypy", b"bf", b""])
        self.mode = rng.choice([0, 0, 1, 2, 3, 4, 6, 8, 9, 16, 20, 31]) if self.version >= 4 else 0
        self.snapshot = self.version == 1 and rng.random() < 0.5
        self.first_days = self.version == 5 and self.interpreter in (b"cpython", b"pypy") and rng.random() < 0.5
        self.period_us = rng.choice([0, 1, 990, 1000, 10 ** 9, 10 ** 9 + 1])
        self.named_first = self.version == 0 and rng.random() < 0.5  # by INTERP_NAME, not HEADER
        self.start = rng.randrange(1, 1 << 31), rng.randrange(10 ** 6)
        self.end = self.start[0] + rng.randrange(1000), rng.randrange(10 ** 6)

    @property
    def memory(self):
        return self.version == 3 or self.version >= 4 and self.mode & 1 == 1

    @property
    def pairs(self):
        return self.version >= 2 and (self.interpreter == b"pypy" or self.mode & 8 == 8)

    @property
    def lines(self):
        return self.mode & 2 == 2 and not self.pairs

    @property
    def counters(self):
        return self.version == 0 or self.snapshot

    def _w(self, value):
        return value.to_bytes(self.word, "little")

    def _a(self, value):
        return value.to_bytes(self.address, "little")

    def _string(self, text):
        return self._w(len(text)) + text

    def preamble(self):
        """Section 2."""
        return b"".join(self._w(value) for value in (0, 3, 0, self.period_us, int(self.word != self.address)))

    def header(self):
        """Section 3.1."""
        name = bytes([len(self.interpreter)])
        if self.named_first:
            return b"\4" + name + self.interpreter
        mode = bytes([self.mode]) if self.version >= 4 else b""
        start = self._w(self.start[0]) + self._w(self.start[1]) + bytes(5) if self.first_days else b""
        return b"\5\0" + bytes([self.version]) + mode + name + start + self.interpreter

    def time(self):
        """TIME_N_ZONE, where the log has one."""
        return b"\6" + struct.pack("<qq", *self.start) + b"CET\0\0\0\0\0" if self.version >= 5 and not self.first_days else b""

    def meta(self, key, value):
        return b"\7" + self._string(key) + self._string(value)

    def name(self, marker, ident, text):
        return bytes([marker]) + self._a(ident) + self._string(text)

    def trailer(self):
        if self.first_days:
            return b"\3" + self._w(self.end[0]) + self._w(self.end[1])
        return b"\3" + (struct.pack("<qq8x", *self.end) if self.version >= 5 else b"")

    def stack(self, words, thread, memory):
        """Section 4. memory None: it was left out."""
        words = words + [thread] if self.snapshot else words
        record = b"\1" + self._w(1) + self._w(len(words)) + b"".join(self._a(word) for word in words)
        if self.version >= 1 and not self.snapshot:
            record += self._a(thread)
        return record + (self._a(memory) if self.memory and memory is not None else b"")
