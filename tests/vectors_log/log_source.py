"""Makes a log of a vector's source, in the language that ../../testdata/vectors_log/README.md has. The layout is that of
../../spec/vmprof-log.md; nothing is shared with the readers of logs."""

import struct
import zlib

import source

LITTLE, BIG = "little", "big"


class LogCompiler:
    """The bytes so far, and the layout that the statements before set."""

    def __init__(self):
        self.out = bytearray()
        self.word = self.address = 8
        self.order = LITTLE
        self.version = 0
        self.early = False

    def compile(self, statements):
        for statement in statements:
            try:
                self.STATEMENTS[statement.name](self, statement)
            except (ValueError, TypeError, LookupError, OverflowError, struct.error) as error:
                statement.fail("%s: %s" % (type(error).__name__, error))
            if statement.options:
                statement.fail("unknown: %s" % ", ".join(statement.options))
        return bytes(self.out)

    # ---- fields

    def _number(self, value, size, order=LITTLE):
        self.out += (value % (1 << 8 * size)).to_bytes(size, order)

    def _word(self, value):
        self._number(value, self.word, self.order)

    def _address(self, value):
        self._number(value, self.address)

    def _string(self, text, length=None):
        self._word(len(text) if length is None else length)
        self.out += text

    # ---- statements

    def _preamble(self, statement):
        """preamble [word=8] [address=word] [period=990] [words=0,3,0,N] [order=big]"""
        self.word = statement.take("word", 8)
        self.address = statement.take("address", self.word)
        order = statement.take("order", LITTLE)
        fifth = int(self.address != self.word)
        first, second, third, fifth = statement.take("words", (0, 3, 0, fifth))
        for value in (first, second, third, statement.take("period", 990), fifth):
            self._number(value, self.word, order)

    def _header(self, statement):
        """header VERSION [NAME] [mode=0] [length=N] [start=SECONDS,MICROSECONDS: the first days of version 5]"""
        self.version = statement.arguments[0]
        name = statement.arguments[1] if len(statement.arguments) > 1 else b"cpython"
        self.out += b"\x05" + struct.pack(">H", self.version)
        mode, start = statement.take("mode", 0), statement.take("start")
        if self.version >= 4:
            self.out.append(mode)
        self.out.append(statement.take("length", len(name)))
        if start is not None:
            self.early = True
            self._word(start[0])
            self._word(start[1])
            self.out += b"CET\0\0"
        self.out += name

    def _interpreter(self, statement):
        """interpreter NAME: the first record of version 0"""
        name = statement.arguments[0]
        self.out += b"\x04" + bytes([statement.take("length", len(name))]) + name

    def _time(self, statement):
        """time SECONDS MICROSECONDS [zone="CET"]"""
        self.out += b"\x06" + struct.pack("<qq8s", *statement.arguments, statement.take("zone", b""))

    def _meta(self, statement):
        """meta KEY VALUE"""
        self.out += b"\x07"
        for text in statement.arguments:
            self._string(text)

    def _stack(self, statement):
        """stack WORD... [thread=0x77] [memory=N] [count=1] [depth=N]: the thread is there from version 1 on, but for thread=none"""
        words = statement.arguments
        self.out += b"\x01"
        self._word(statement.take("count", 1))
        self._word(statement.take("depth", len(words)))
        for word in words:
            self._address(word)
        thread = statement.take("thread", 0x77 if self.version >= 1 else "none")
        if thread != "none":
            self._address(thread)
        memory = statement.take("memory")
        if memory is not None:
            self._address(memory)

    def _named(self, statement):
        """code ID NAME [length=N], native ID NAME [length=N]"""
        self.out += b"\x02" if statement.name == "code" else b"\x08"
        self._address(statement.arguments[0])
        self._string(statement.arguments[1], statement.take("length"))

    def _trailer(self, statement):
        """trailer [SECONDS MICROSECONDS]"""
        self.out += b"\x03"
        if self.early:
            for value in statement.arguments:
                self._word(value)
        elif self.version >= 5:
            self.out += struct.pack("<qq8x", *statement.arguments)

    def _bytes(self, statement):
        """bytes HEX..."""
        self.out += bytes.fromhex(" ".join(statement.arguments))

    def _text(self, statement):
        """text TEXT..."""
        for text in statement.arguments:
            self.out += text

    def _gzip(self, statement):
        """gzip [BEGIN]: all bytes so far, from BEGIN on, become one member. It is stored, not compressed: any zlib makes the same
        bytes."""
        begin = statement.arguments[0] if statement.arguments else 0
        content = bytes(self.out[begin:])
        stream = zlib.compressobj(0, zlib.DEFLATED, -15)
        self.out[begin:] = (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + stream.compress(content) + stream.flush()
                            + struct.pack("<II", zlib.crc32(content), len(content)))

    def _cut(self, statement):
        """cut N: the last N bytes are gone"""
        del self.out[len(self.out) - statement.arguments[0]:]

    def _keep(self, statement):
        """keep N: only the first N bytes stay"""
        del self.out[statement.arguments[0]:]

    def _set(self, statement):
        """set OFFSET BYTE: an offset below 0 counts from the end"""
        offset, value = statement.arguments
        self.out[offset] = value

    STATEMENTS = {"preamble": _preamble, "header": _header, "interpreter": _interpreter, "time": _time, "meta": _meta,
                  "stack": _stack, "code": _named, "native": _named, "trailer": _trailer, "bytes": _bytes,
                  "text": _text, "gzip": _gzip, "cut": _cut, "keep": _keep, "set": _set}


def compile_text(text):
    """The log that a source describes."""
    return LogCompiler().compile(source.parse(text))
