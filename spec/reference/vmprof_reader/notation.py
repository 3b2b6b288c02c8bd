"""Section 1: terms and notation."""

import struct
import zlib

from .errors import Broken, require
from .limits import MAX_STRING, U32, U64

def crc32(data):
    """[F-1-3]"""
    return zlib.crc32(data) & U32


def unzigzag(value):
    """The signed number that zigzag makes this one of [F-1-2]."""
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


class Cursor:
    """Reads integers from a part of a payload, and never beyond its end."""

    def __init__(self, data, rule):
        self.data, self.position, self.rule = data, 0, rule

    def take(self, size):
        """The next bytes."""
        require(size <= len(self.data) - self.position, self.rule, "it ends too early")
        self.position += size
        return self.data[self.position - size:self.position]

    def fixed(self, layout):
        """Integers of fixed width [F-1-1]."""
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def varint(self):
        """[F-1-2]"""
        value = 0
        for index in range(10):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                require(value <= U64, "F-1-2", "an integer does not fit 64 bits")
                return value
        raise Broken("F-1-2", "an integer is longer than 10 bytes")

    def zigzag(self):
        """[F-1-2]"""
        return unzigzag(self.varint())

    def string(self):
        """A varint length and bytes."""
        size = self.varint()
        require(size <= MAX_STRING, "F-5.2-6", "a string is too long")
        return bytes(self.take(size))

    def rest(self):
        """All that is left."""
        return self.take(len(self.data) - self.position)

    def at_end(self):
        return self.position == len(self.data)
