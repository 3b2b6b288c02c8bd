#!/usr/bin/env python3
"""make_corpus.py FOLDER FILE...: the seeds of the fuzz targets whose input is not a profile.

journal_*: what journal_fuzz.c reads: options, then a ring of rows (spec 7.2) without checks, which the
target puts in. recovery_*: what recovery_fuzz.c reads: the kind of profile, then edits of 8 bytes. log_*: logs of
upstream vmprof."""
import gzip
import os
import struct
import sys

COMMITTED = 1 << 63
PAD, SAMPLE, CODE, THREAD = 1, 2, 3, 4
CHECKS, NEAR_THE_END, BAD_POSITIONS = 1, 2, 4
PLAIN, EPOCHS, JOINED, JOURNAL, MIXED = range(5)
FLIP, CUT, INSERT, DELETE, DUPLICATE, SWAP = range(6)
CHUNKS = 0x80


def padded(data):
    return data + b"\0" * (-len(data) % 8)


def row(kind, payload, committed=COMMITTED):
    payload = padded(payload)
    return struct.pack("<Q", committed | kind << 24 | 1 + len(payload) // 8) + payload


def code(number, name, lines=b"", line_encoding=0, name_encoding=0):
    head = struct.pack("<IIQBBBBIII", number, 10, 0x1000 * number, 1, line_encoding, name_encoding, 0,
                       len(name), 4, len(lines))
    return row(CODE, head + padded(name) + padded(b"a.py") + padded(lines))


def sample(time, thread, frames, values=(1000,), flags=0, committed=COMMITTED):
    head = struct.pack("<QIIII", time, thread, len(frames), flags, len(values))
    body = struct.pack("<%dQ" % len(values), *values)
    return row(SAMPLE, head + body + b"".join(struct.pack("<II", *f) for f in frames), committed)


def thread(process, number, name):
    return row(THREAD, struct.pack("<QII", process, number, len(name)) + name)


def journals():
    plain = (code(1, b"main") + code(2, b"work") + thread(7, 100, b"MainThread") +
             sample(5, 100, [(2, 0xFFFFFFFF), (1, 0xFFFFFFFF)]) + sample(9, 101, [(1, 4)]))
    ends = (sample(20, 100, [(1, 0)], committed=0) + b"\0" * 16 + row(9, b"unknown kind") +
            sample(21, 100, [], flags=1) + sample(22, 100, [(3, 0)], values=(1, 2, 3)))
    yield "plain", CHECKS, plain
    yield "ends", CHECKS, plain + ends
    yield "no_checks", 0, plain + ends
    yield "wrap", CHECKS | NEAR_THE_END, row(PAD, b"\0" * 56) + plain + ends
    yield "positions", CHECKS | BAD_POSITIONS, plain + struct.pack("<Q", 72)
    texts = [(b"h\xe9", 1), (struct.pack("<HH", 0x68, 0xDC80), 2), (struct.pack("<II", 0x68, 0x1F40D), 4)]
    yield "texts", CHECKS, b"".join(
        code(n, text, name_encoding=encoding) for n, (text, encoding) in enumerate(texts, 1)) + sample(
            1, 1, [(1, 0), (2, 0), (3, 0)])
    tables = [(1, b"\x04\x01\x06\x02"), (2, b"\x04\x01\x06\xfe"), (3, b"\x04\x01\x06\x80\x02\x7f"),
              (4, b"\x80\x00\xd8\x00\xe9\x02\x00\x00\x00\xf8\xd0\x03")]
    yield "lines", CHECKS, b"".join(
        code(n, b"f", lines, encoding) for n, (encoding, lines) in enumerate(tables, 1)) + b"".join(
            sample(t, 1, [(n, 2 * t) for n in range(1, 5)]) for t in range(8))


def edit(what, where=0, length=0, number=0):
    return struct.pack("<BHBHH", what, where & 0xFFFF, where >> 16, length, number)


def recoveries():
    names = ["plain", "epochs", "joined", "journal", "mixed"]
    for kind, name in enumerate(names):
        yield "sound_" + name, kind, b""
        yield "flip_" + name, kind, edit(FLIP, 700, 0, 3)
        yield "cut_" + name, kind, edit(CUT, 1500)
        yield "lost_chunk_" + name, kind, edit(DELETE | CHUNKS, 5, 1)
        yield "twice_" + name, kind, edit(DUPLICATE | CHUNKS, 4, 2, 1)
        yield "moved_" + name, kind, edit(SWAP | CHUNKS, 3, 2, 900)
    yield "hole", JOURNAL, edit(INSERT, 66000, 40, 0xEE) + edit(DELETE, 3000, 9)
    yield "no_superblock", JOINED, edit(DELETE | CHUNKS, 0, 1)
    yield "second_start", MIXED, edit(DUPLICATE | CHUNKS, 0, 1, 60000)


class Log:
    """A log of upstream vmprof (spec/vmprof-log.md), put together record by record."""

    def __init__(self, version, mode=0, name=b"cpython", word="Q", address="Q", start=b""):
        self.word, self.address, self.version = "<" + word, "<" + address, version
        self.data = b"".join(struct.pack(self.word, n) for n in (0, 3, 0, 990, word != address))
        head = struct.pack(">BH", 5, version) + (bytes([mode]) if version >= 4 else b"") if version else b"\x04"
        self.data += head + bytes([len(name)]) + start + name

    def add(self, marker, body):
        self.data += bytes([marker]) + body
        return self

    def text(self, data):
        return struct.pack(self.word, len(data)) + data

    def stack(self, words, tail=(0x77,)):
        return self.add(1, struct.pack(self.word, 1) + struct.pack(self.word, len(words)) + b"".join(
            struct.pack(self.address, word) for word in list(words) + list(tail)))

    def name(self, ident, name, marker=2):
        return self.add(marker, struct.pack(self.address, ident) + self.text(name))

    def time(self, marker, seconds):
        return self.add(marker, struct.pack("<qq8x", seconds, 5) if marker == 6 or self.version >= 5 else b"")

    def ended(self):
        return self.name(0x1000, b"py:main:1:a.py").name(0x2000, b"py:foo:5:a.py").time(3, 1500000010).data


def logs():
    maps = b"00400000-00500000 r-xp 00000000 08:01 1 /bin/pypy\n"
    counters = Log(0, name=b"pypy").stack([0x400010, 0x400010, 0x400020, 2, 0x77 << 56 | 16, 3, 0x77 << 56 | 33], ())
    yield "0_pypy", counters.name(0x77 << 56 | 16, b"py:f:1:a").name(0x77 << 56 | 32, b"py:g:2:a").ended() + maps
    yield "1", Log(1).stack([0x2000, 0x1000]).stack([0x1000]).ended()
    yield "1_snapshot", Log(1).stack([0x400000, 0x1000, 0x77], ()).stack([0x400001, 0x1000, 0x78], ()).ended() + maps
    yield "3_32", Log(3, word="I", address="I").stack([0x80002000, 0x1000], (1, 900)).stack([0x1000], (1,)).ended()
    yield "5_early", Log(5, start=struct.pack("<QQ5x", 1500000000, 1)).stack([0x1000]).name(0x1000, b"py:f:1:a").add(
        3, struct.pack("<QQ", 1500000001, 2)).data
    whole = Log(6, 1).time(6, 1500000000).add(7, struct.pack("<Q2sQ5s", 2, b"os", 5, b"linux"))
    whole.stack([0x3001, 0x2000, 0x1000], (0x77, 1000)).name(0x3001, b"n:cfun:0:-", 8).name(0x1000, b"py:old:9:b.py")
    whole = whole.stack([0x1000], (0x78, 1000)).ended()
    yield "6", whole
    yield "6_cut", whole[:200] + b"\x05\x99" + whole[200:-30]
    yield "6_gzip", gzip.compress(whole[:90], mtime=0) + gzip.compress(whole[90:], mtime=0) + b"\0\0"
    yield "6_lines_windows", Log(6, 2, word="I").stack([7, 0x2000, 3, 0x1000]).ended()
    yield "6_pypy", Log(6, 8, b"pypy").stack([6, 0x5550, 3, 0x2000, 3, 0x1000, 1, 0x1000], (0,)).stack(
        [2, 0, 4, 0, 5, 0, 7, 0x3001, 1, 0x1000], (0,)).ended()


def main():
    folder = sys.argv[1]
    seeds = {}
    for prefix, group in (("journal", journals()), ("recovery", recoveries())):
        for name, first, rest in group:
            seeds["%s_%s.seed" % (prefix, name)] = bytes([first]) + rest
    seeds.update(("log_%s.seed" % name, data) for name, data in logs())
    wanted = set(os.path.basename(path) for path in sys.argv[2:])
    if wanted and wanted != set(seeds):
        sys.exit("make_corpus.py: BUILD and this file differ in: %s" % sorted(wanted ^ set(seeds)))
    for name, data in seeds.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(data)


if __name__ == "__main__":
    main()
