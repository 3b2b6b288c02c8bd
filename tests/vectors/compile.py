#!/usr/bin/env python3
"""Makes a profile of a vector's source: compile.py SOURCE.vec [OUTPUT.prof].

The language is in ../../testdata/vectors/README.md, the format in ../../spec/vmprof-format.md.
"""

import pathlib
import struct
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import bodies  # noqa: E402
import source  # noqa: E402

MAGIC = b"\x89VMPF\r\n\x1a"
SYNC = b"\x9eVMC"
SUPERBLOCK_SIZE = 64
HEADER_SIZE = 56
KINDS = {"META": 1, "STRINGS": 2, "FUNCTIONS": 3, "LOCATIONS": 4, "STACKS": 5, "THREADS": 6, "SAMPLES": 7, "JOURNAL": 8,
         "PAD": 9, "END": 10, "TOTALS": 11, "INDEX": 12, "MODULES": 13, "CODES": 14, "LABELS": 15}
CRITICAL = range(1, 9), (KINDS["END"],)
WITHOUT_CHECKSUM = KINDS["JOURNAL"], KINDS["PAD"]
WITHOUT_NUMBER = KINDS["JOURNAL"], KINDS["PAD"], KINDS["CODES"]
NO_NUMBER = 0xFFFFFFFF
DEFAULT_SESSION = 0x1122334455667788
DEFAULT_START = 1700000000 * 10 ** 9


class Chunk:
    """What INDEX says of a chunk (section 5.10)."""

    def __init__(self, kind, offset, size, epoch, number, span, samples):
        self.kind, self.offset, self.size, self.epoch, self.number = kind, offset, size, epoch, number
        self.span, self.samples = span, samples


class Compiler:
    """The bytes so far, and what the next statement takes from those before it."""

    def __init__(self):
        self.out = bytearray()
        self.session_offset = 0
        self.session_id = DEFAULT_SESSION
        self.next_number = self.epoch = 0
        self.chunks = []            # of the session, that are numbered
        self.last_index = 0         # offset in the session of the last INDEX chunk
        self.listed = 0             # chunks and entries that INDEX chunks have listed
        self.announced_size = None  # of a payload that is cut

    def compile(self, statements):
        """The bytes of the statements."""
        for statement in statements:
            try:
                self._add(statement)
            except (ValueError, TypeError, LookupError, struct.error) as error:
                statement.fail("%s: %s" % (type(error).__name__, error))
            if statement.options:
                statement.fail("unknown: %s" % ", ".join(statement.options))
        return bytes(self.out)

    def _add(self, statement):
        if statement.name in self.STATEMENTS:
            self.STATEMENTS[statement.name](self, statement)
        else:
            self.out += bodies.compiled([statement], self)

    def _superblock(self, statement):
        """Section 2. A body comes behind the 64 bytes, and zeros behind it up to the size."""
        take = statement.take
        self.session_offset = len(self.out)
        self.session_id = take("session", DEFAULT_SESSION)
        self.next_number = self.epoch = 0
        self.chunks, self.last_index, self.listed = [], 0, 0
        body = bodies.compiled(statement.body, self)
        size = take("size", SUPERBLOCK_SIZE)
        fields = MAGIC + struct.pack("<HHIQQ", take("read", 1), take("write", 1), size, self.session_id,
                                     take("start", DEFAULT_START))
        fields += bytes([take("reserved", 0)]) * 28
        self.session_id = take("chunks", self.session_id)
        self.out += fields + self.checksum(statement, "crc", fields) + body
        if SUPERBLOCK_SIZE < size <= 8192:
            self.out += bytes(size - SUPERBLOCK_SIZE - len(body))

    @staticmethod
    def checksum(statement, option, data, expected=None):
        given = statement.take(option)
        right = zlib.crc32(data) if expected is None else expected
        value = right if given is None else right ^ 1 if given == "bad" else given
        return struct.pack("<I", value)

    def _number(self, statement, kind):
        """[F-3-5]"""
        number = statement.take("seq", NO_NUMBER if kind in WITHOUT_NUMBER else self.next_number)
        if kind not in WITHOUT_NUMBER and number != NO_NUMBER:
            self.next_number = number + 1
        return number

    def _chunk(self, statement):
        """Section 3."""
        take = statement.take
        name = statement.arguments[0]
        kind = KINDS.get(name, name)
        if not isinstance(kind, int):
            statement.fail("no chunk is called %s" % name)
        offset = len(self.out) - self.session_offset
        self.announced_size = None
        if take("align", 0):
            payload = bytes(-(len(self.out) + 2 * HEADER_SIZE) % 64)
        else:
            payload = bodies.compiled(statement.body, self)
        critical = take("critical", int(any(kind in kinds for kinds in CRITICAL)))
        self.epoch = take("epoch", self.epoch)
        number = self._number(statement, kind)
        announced = len(payload) if self.announced_size is None else self.announced_size
        span = take("begin", 0), take("end", 0)
        header = take("sync", SYNC) + struct.pack("<HHQII", kind, critical | take("flags", 0),
                                                  take("session", self.session_id), number, self.epoch)
        header += struct.pack("<I", bodies.adjusted(announced, take("size")))
        header += self.checksum(statement, "crc", payload, 0 if kind in WITHOUT_CHECKSUM else None)
        header += struct.pack("<QQI", *span, take("reserved", 0))
        self.out += header + self.checksum(statement, "header_crc", header) + payload
        self._note(kind, offset, len(payload), number, span, payload)

    def _note(self, kind, offset, size, number, span, payload):
        """What a later INDEX chunk has to say."""
        samples = struct.unpack_from("<I", payload, 8)[0] if kind == KINDS["SAMPLES"] and size >= 12 else 0
        if kind == KINDS["INDEX"]:
            self.last_index = offset
        elif kind not in WITHOUT_NUMBER and number != NO_NUMBER and kind != KINDS["END"]:
            self.chunks.append(Chunk(kind, offset, HEADER_SIZE + size, self.epoch, number, span, samples))

    # ---- what changes the bytes so far -------------------------------------------------------------

    def _cut(self, statement):
        """cut N: the last N bytes are gone."""
        del self.out[len(self.out) - statement.arguments[0]:]

    def _keep(self, statement):
        """keep N: only the first N bytes stay."""
        del self.out[statement.arguments[0]:]

    def _flip(self, statement):
        """flip OFFSET BIT: an offset below 0 counts from the end."""
        offset, bit = statement.arguments
        self.out[offset] ^= 1 << bit

    def _remove(self, statement):
        """remove OFFSET N: bytes in the middle are gone."""
        offset, count = statement.arguments
        offset = offset if offset >= 0 else len(self.out) + offset
        del self.out[offset:offset + count]

    STATEMENTS = {"superblock": _superblock, "chunk": _chunk, "cut": _cut, "keep": _keep, "flip": _flip,
                  "remove": _remove}


def compile_text(text):
    """The profile that a source describes."""
    return Compiler().compile(source.parse(text))


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: compile.py SOURCE.vec [OUTPUT.prof]", file=sys.stderr)
        return 2
    try:
        data = compile_text(pathlib.Path(arguments[0]).read_text(encoding="utf-8"))
    except source.SourceError as error:
        print("compile.py: %s: %s" % (arguments[0], error), file=sys.stderr)
        return 1
    if len(arguments) == 1:
        sys.stdout.buffer.write(data)
    else:
        pathlib.Path(arguments[1]).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
