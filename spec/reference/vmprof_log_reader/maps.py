"""Section 7: the text of maps."""

import re

_LINE = re.compile(rb"([0-9a-fA-F]{1,16})-([0-9a-fA-F]{1,16}) +(\S{4}) +([0-9a-fA-F]{1,16}) +(\S+) +(\S+) +(\S.*)\Z")


class Module:
    """A file that machine code came from."""

    def __init__(self, path, address, size, offset):
        self.path, self.address, self.size, self.offset = path, address, size, offset


def modules(text):
    """[L-7-1]"""
    found = []
    for line in text.split(b"\n"):
        match = _LINE.match(line)
        if match and match.group(3)[2:3] == b"x":
            begin, end, offset = (int(match.group(index), 16) for index in (1, 2, 4))
            if begin < end:
                found.append(Module(match.group(7), begin, end - begin, offset))
    return found


def module_of(found, address):
    """[L-7-2]"""
    return next((module for module in found if 0 <= address - module.address < module.size), None)
