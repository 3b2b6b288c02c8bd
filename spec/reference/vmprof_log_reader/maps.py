"""Section 7: the text of maps."""

import re

_LINE = re.compile(rb"([0-9a-fA-F]{1,16})-([0-9a-fA-F]{1,16}) +(\S{4}) +([0-9a-fA-F]{1,16}) +(\S+) +(\S+) +(\S.*)\Z")


MAX_FILES = 65536


class Module:
    """A file that machine code came from."""

    def __init__(self, path, address, size, offset, device, inode):
        self.path, self.address, self.size, self.offset = path, address, size, offset
        self.device, self.inode = device, inode


def modules(text):
    """[L-7-1]"""
    found = []
    for line in text.split(b"\n"):
        match = _LINE.match(line)
        if match and match.group(3)[2:3] == b"x":
            begin, end, offset = (int(match.group(index), 16) for index in (1, 2, 4))
            if begin < end:
                found.append(Module(match.group(7), begin, end - begin, offset, match.group(5), match.group(6)))
    return found


def mapped_files(found):
    """[L-7-3]"""
    files = []
    for module in found:
        file = b" ".join((module.device, module.inode, module.path))
        if module.inode != b"0" and files[-1:] != [file]:
            files.append(file)
    return files[:MAX_FILES]


def module_of(found, address):
    """[L-7-2]"""
    return next((module for module in found if 0 <= address - module.address < module.size), None)
