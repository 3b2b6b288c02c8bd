"""Section 6: names."""

import re

from .frames import NATIVE, PY, VM
from .records import NATIVE_SYMBOLS, VIRTUAL_IP

_NAME = re.compile(rb"(?:([a-z]{1,8}):)?(.*)\Z", re.DOTALL)
_LINE = re.compile(rb"(-?)([0-9]+)\Z")
MAX_LINE = 0xFFFFFFFF


def taken_apart(text):
    """(prefix, name, file, line) [L-6-3] [L-6-4]"""
    prefix, rest = _NAME.match(text).groups()
    fields = rest.split(b":")
    for index, field in enumerate(fields[1:], 1):
        found = _LINE.match(field)
        if found:
            line = 0 if found.group(1) else int(found.group(2))
            file = b":".join(fields[index + 1:])
            return prefix, b":".join(fields[:index]), b"" if file == b"-" else file, line if line <= MAX_LINE else 0
    return prefix, rest, b"", 0


class Function:
    """What a frame is of, in the terms of the profile format."""

    def __init__(self, name, file, first_line, kind, address):
        self.name, self.file, self.first_line, self.kind, self.address = name, file, first_line, kind, address


class Names:
    """The names that the records of a log give."""

    def __init__(self, log):
        self.by_marker = {VIRTUAL_IP: {}, NATIVE_SYMBOLS: {}}
        for record in log.records:
            if record.marker in self.by_marker:
                ident, name = record.fields
                self.by_marker[record.marker].setdefault(ident, []).append((record.offset, name))

    def _found(self, marker, ident, offset):
        """The first behind the sample, else the last before it [L-6-2]."""
        records = self.by_marker[marker].get(ident, [])
        return next((name for place, name in records if place > offset), records[-1][1] if records else None)

    def _text(self, frame, offset):
        """The name's record [L-6-1]: (text or None, whether it is of VIRTUAL_IP)."""
        if not frame.may_have_name:
            return None, False
        order = [VIRTUAL_IP, NATIVE_SYMBOLS]
        if frame.without_name is not None:
            order = [VIRTUAL_IP]
        elif frame.kind == NATIVE:
            order.reverse()
        for marker in order:
            text = self._found(marker, frame.ident, offset)
            if text is not None:
                return text, marker == VIRTUAL_IP
        return None, False

    def function(self, frame, offset):
        """The function of a frame of the sample at this offset."""
        text, is_code = self._text(frame, offset)
        if text is None:  # [L-6-6]
            return Function(frame.without_name or b"0x%x" % frame.ident, b"", 0, frame.kind, frame.ident)
        prefix, name, file, line = taken_apart(text)
        kind = frame.kind
        if kind == PY and is_code and prefix not in (None, b"py"):  # [L-6-5]
            kind = VM
        return Function(name, file, line, kind, frame.ident)
