#!/usr/bin/env python3
"""Holds libvmprof_fmt against the reference reader: on profiles, on what is left of spoiled ones, and on inputs
that are made byte by byte.

Arguments: dump, the folder of profiles.
"""

import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import readers  # noqa: E402
from vmprof_generator import craft as C, craft_journal as J  # noqa: E402

SEED = 20
READER = "spec/reference/vmprof_reader"
DUMP = PROFILES = None
OTHER_SESSION = 0x99


# ---- inputs that are made byte by byte -------------------------------------------------------------------

META = (C.META, C.meta(program=b"x.py", values=["cpu:ns"], process_id=100))
TABLES = [
    (C.STRINGS, C.strings(1, b"m", b"x.py", b"f", b"g")),
    (C.FUNCTIONS, C.functions(1, (1, 2, 1, 1, 0x1000), (3, 2, 5, 1, 0x2000), (4, 2, 9, 1, 0x3000))),
    (C.LOCATIONS, C.pairs(1, (1, 2), (2, 6), (3, 10))),
    (C.STACKS, C.pairs(1, (1, 1), (1, 2), (2, 3))),
]
THREADS = (C.THREADS, C.threads(0, (100, 100, b"Main")))
SAMPLES = (C.SAMPLES, C.samples(0, (2, 0, 1000, 0, 10), (3, 0, 2000, 1, 20)))
CHUNKS = [META, *TABLES, THREADS, SAMPLES]
END = (C.END, C.end(2, 0, 5000, 30))


def file(chunks, session=C.SESSION, superblock=None):
    """A file of chunks: (kind, payload) or (kind, payload, what C.chunk() takes); bytes are put in as they are."""
    out, number = C.superblock(session) if superblock is None else superblock, 0
    for item in chunks:
        if isinstance(item, bytes):
            out += item
            continue
        options = dict(item[2]) if len(item) > 2 else {}
        if item[0] not in (C.JOURNAL, C.PAD, C.CODES):
            options.setdefault("number", number)
            number = options["number"] + 1
        out += C.chunk(item[0], item[1], session=session, **options)
    return out


def numbered(chunks):
    """The chunks with the numbers that they have in a file, so that they can be copied."""
    return [(kind, payload, {"number": index}) for index, (kind, payload) in enumerate(chunks)]


def chunk_cases():
    """Sections 2 to 6."""
    whole = CHUNKS + [END]
    yield "plain", file(whole)
    yield "two sessions", file(whole) + file(whole, OTHER_SESSION)
    yield "a session that was cut, and one more", file(whole)[:-20] + file(whole, OTHER_SESSION)
    yield "a session cut within its chunks, and one more", file(whole)[:700] + file(whole, OTHER_SESSION)
    yield "a superblock alone", C.superblock()
    yield "a session without chunks, and one more", C.superblock() + file(whole, OTHER_SESSION)
    yield "other bytes between sessions", file(whole) + b"hello" + file(whole, OTHER_SESSION)
    yield "other bytes between chunks", file(CHUNKS[:3] + [b"junk"] + CHUNKS[3:] + [END])
    yield "other bytes behind the end", file(whole) + b"hello"
    yield "a long superblock", file(whole, superblock=C.superblock(size=4096))
    yield "a superblock that is too long", file(whole, superblock=C.superblock(size=4097))
    yield "a later writer", file(whole, superblock=C.superblock(write_version=9))
    yield "a later version", file(whole, superblock=C.superblock(read_version=2))
    yield "a later version behind", file(whole) + C.superblock(OTHER_SESSION, read_version=2)
    yield "no values given", file(CHUNKS[1:] + [END])
    yield "kinds that are passed over", file(CHUNKS + [(40, b"abc"), (41, b""), (0xFFFF, b"y")] + [END])
    yield "a kind that is not", file(CHUNKS + [(40, b"abc", {"critical": True})] + [END])
    yield "PAD", file([META, (C.PAD, b"anything"), *CHUNKS[1:], END])
    every = numbered(whole)
    yield "copies", file(every[:4] + every[1:])
    yield "copies behind the end", file(every + every[5:])
    for index, chunk in enumerate(every):
        yield "chunk %d is missing" % index, file(every[:index] + every[index + 1:])
        bad = (chunk[0], chunk[1], {"number": index, "checksum": 1})
        yield "chunk %d is bad" % index, file(every[:index] + [bad] + every[index + 1:])
        yield "chunk %d is bad, a copy is not" % index, file(every[:index] + [bad] + every[max(index - 1, 0):])
    second = [(kind, payload, {"epoch": 1}) for kind, payload in TABLES]
    yield "two epochs", file(CHUNKS + second + [
        (C.SAMPLES, C.samples(2, (1, 0, 3000, 0, 5)), {"epoch": 1}), (C.END, C.end(3, 4, 9000, 35), {"epoch": 1})])
    yield "a thread of another process", file(CHUNKS[:-1] + [
        (C.THREADS, C.threads(0, (100, 100, b"renamed"), (300, 300, b"child"))),
        (C.SAMPLES, C.samples(0, (2, 1, 1000, 0, 10))), (C.END, C.end(1, 0, 9, 10))])
    yield "no samples, and a position", file(CHUNKS + [(C.SAMPLES, C.samples(2, position=64))] + [END])
    yield "metadata replaced", file(CHUNKS + [(C.META, C.meta(program=5, note=b"n"))] + [END])
    for first in (1, 3, 1000):
        yield "strings from %d" % first, file([META, (C.STRINGS, C.strings(first, b"m", b"x.py", b"f", b"g"))]
                                              + CHUNKS[2:] + [END])
    for name, end in (("samples", C.end(5, 0, 9, 60)), ("sums", C.end(2, 0, 9, 31)), ("lost", C.end(2, 7, 9, 30))):
        yield "another end: " + name, file(CHUNKS + [(C.END, end)])


def column_cases():
    """Section 4."""
    times = [10 * index * index for index in range(8)]
    stacks = [1, 1, 1, 2, 3, 3, 2, 1]
    for encoding in (C.PLAIN, C.DELTA, C.RUNS, C.DELTA_RUNS):
        for codec in (0, 1):
            payload = C.columns(0, 8, *(C.column(number, values, encoding, codec) for number, values in (
                (1, stacks), (2, [0] * 8), (3, times), (16, [5] * 8))))
            yield "encoding %d, codec %d" % (encoding, codec), file(
                CHUNKS[:-1] + [(C.SAMPLES, payload), (C.END, C.end(8, 0, 9, 40))])

    def with_times(*parts):
        base = (C.column(1, [2, 3]), C.column(2, [0, 0]), C.column(16, [10, 20]))
        return file(CHUNKS[:-1] + [(C.SAMPLES, C.columns(0, 2, *base, *parts)), END])

    def stored(data, raw_size, encoding=C.PLAIN):
        return struct.pack("<HBBIII", 3, encoding, 1, raw_size, len(data), 0), data

    packed = C.column(3, [1, 2], codec=1)[1]
    for name, part in {
            "largest integer": C.column(3, b"\xff" * 9 + b"\x01\x02"),
            "too large an integer": C.column(3, b"\xff" * 9 + b"\x02\x02"),
            "too long an integer": C.column(3, b"\x81" + b"\x80" * 9 + b"\x00\x02"),
            "an integer longer than need be": C.column(3, b"\x81\x80\x00\x02"),
            "steps that wrap": C.column(3, b"\x01\x02", C.DELTA),
            "one entry too few": C.column(3, [1]),
            "one entry too many": C.column(3, [1, 2, 3]),
            "a run that is too long": C.column(3, b"\x01\x02", C.RUNS),
            "a run beyond 64 bits": C.column(3, b"\x01" + b"\xff" * 9 + b"\x01", C.RUNS),
            "integers as bytes": C.column(3, b"\x01\x02", C.BYTES),
            "another encoding": C.column(3, b"\x01\x02", 6),
            "another codec": C.column(3, [1, 2], codec=3),
            "inflates to less": stored(packed, 3),
            "inflates to more": stored(packed, 1),
            "a stream without its checksum": stored(packed[:-4], 2),
            "a stream with a wrong checksum": stored(packed[:-1] + bytes([packed[-1] ^ 1]), 2),
            "sizes that differ": C.column(3, [1, 2], raw_size=3),
    }.items():
        yield "column: " + name, with_times(part)
    time_column = C.column(3, [1, 2])
    yield "column: unknown, may be skipped", with_times(time_column, C.column(0x8005, [1]))
    yield "column: unknown", with_times(time_column, C.column(9, [1, 1]))
    yield "column: twice", with_times(time_column, time_column)
    yield "column: missing", with_times()
    for count in (60, 61):
        yield "column: %d more" % count, with_times(
            time_column, *(C.column(0x8100 + index, [0]) for index in range(count)))


def journal_file(rows=(), start=0, chunks=(), after=(), payload=None, **fields):
    """A file with a journal."""
    if payload is None:
        words, head = J.ring(rows, start=start)
        payload = J.journal(words, fields.pop("head", head), fields.pop("tail", start), **fields)
    return file([META, *chunks, (C.JOURNAL, payload), *after])


def code(number, **options):
    fields = {"name": b"jf%d" % number, "file": b"j.py", "first_line": 10 * number, "address": 0x5000 + 16 * number}
    fields.update(options)
    return J.ROW_CODE, J.code_row(number, **fields)


def sample(time_ns, frames=((1, 0),), **options):
    return J.ROW_SAMPLE, J.sample_row(time_ns, 200, frames, **options)


THREAD = (J.ROW_THREAD, J.thread_row(100, 200, b"W"))
ROWS = [THREAD, code(1), code(2)] + [sample(10 * index, ((2, 4), (1, 2))) for index in range(5)]


def codes(*rows, codec=0):
    return C.CODES, C.columns(0, len(rows), C.text(1, b"".join(payload for _, payload in rows), codec))


def journal_cases():
    """Section 7, but for texts and line tables."""
    yield "journal", journal_file(ROWS)
    yield "journal behind chunks", journal_file(ROWS, chunks=CHUNKS[1:])
    yield "journal that is empty, and an end", journal_file(after=[*CHUNKS[1:], END])
    yield "journal and another session", journal_file(ROWS) + file(CHUNKS + [END], OTHER_SESSION)
    for left in (8, 16, 100 * 8, 56 * 8):
        yield "journal that wraps, %d" % left, journal_file(ROWS, start=3 * 65536 - left)
    yield "journal, lost samples", journal_file(ROWS, lost=5)
    yield "journal, renamed", journal_file(ROWS + [(J.ROW_THREAD, J.thread_row(100, 200, b"N")), sample(70)])
    yield "journal, unknown thread", journal_file([code(1), sample(5)])
    yield "journal, unknown code", journal_file([THREAD, sample(5, ((9, 0), (8, 2)))])
    yield "journal, code twice", journal_file([THREAD, code(1), code(1, name=b"other"), sample(5)])
    yield "journal, empty stack", journal_file([THREAD, sample(5, ())])
    yield "journal, unknown rows", journal_file([THREAD, (77, bytes(16)), code(1), (0, bytes(8)), sample(5)])
    yield "journal, zero words", journal_file([THREAD, code(1), bytes(64), sample(5)])
    # What is in chunks, is taken from there.
    words, head = J.ring(ROWS)
    last = head - len(J.row(0, *ROWS[-1]))
    taken = (C.SAMPLES, C.samples(0, (2, 0, 1000, 0, 10), position=last))
    yield "journal, position", journal_file(ROWS, after=[*CHUNKS[1:-1], taken])
    yield "journal, position and codes", journal_file(
        ROWS, after=[*CHUNKS[1:-1], codes(code(1), code(2)), taken])
    yield "journal, position and compressed codes", journal_file(
        ROWS, after=[*CHUNKS[1:-1], codes(code(1), code(2), codec=1), taken])
    yield "journal, codes of another name", journal_file(ROWS, after=[codes(code(1, name=b"zz"), code(1))])
    yield "journal, bad codes", journal_file(ROWS[3:], after=[(*codes(code(1)), {"checksum": 3})])
    # Rows that are not whole.
    uncommitted = J.row(0, *sample(9), committed=False)
    yield "journal, sample not committed", journal_file(ROWS[:4] + [uncommitted] + ROWS[4:])
    yield "journal, last sample not committed", journal_file(ROWS + [uncommitted])
    yield "journal, code not committed", journal_file([THREAD, J.row(0, *code(1), committed=False), sample(5)])
    yield "journal, reserved only", journal_file(ROWS, head=head + 160)
    bad_frames = struct.pack("<QIIII", 5, 200, 9, 0, 1) + struct.pack("<Q", 1)
    yield "journal, frames that do not fit", journal_file([THREAD, code(1), (J.ROW_SAMPLE, bad_frames), sample(6)])
    yield "journal, code that does not fit", journal_file(
        [THREAD, (J.ROW_CODE, J.code_row(1, b"a" * 20, b"b")[:-16]), sample(6)])
    rng = random.Random(SEED)
    for _ in range(120):
        damaged, bit = bytearray(words), rng.randrange(8 * head)
        damaged[bit // 8] ^= 1 << bit % 8
        yield "journal, bit %d" % bit, journal_file(payload=J.journal(bytes(damaged), head))
    whole = journal_file(ROWS)
    ring_begins = len(whole) - len(words)
    for cut in sorted(rng.sample(range(ring_begins - 192, ring_begins + head + 8), 40)):
        yield "journal, cut to %d" % cut, whole[:cut]
    # The journal's own fields.
    for name, payload in {
            "layout's checksum": J.journal(words, head, session=5),
            "head before tail": J.journal(words, head, tail=head + 8),
            "head uneven": J.journal(words, head + 3),
            "tail uneven": J.journal(words, head, tail=3),
            "head too far": J.journal(words, head + 65536),
            "small ring": J.journal(words[:32768], head),
            "uneven ring": J.journal(words + bytes(8), head),
    }.items():
        yield "journal, " + name, journal_file(payload=payload)


def text_cases():
    """[F-7.2-4]"""
    for name, (data, encoding) in {
            "utf-8": (b"caf\xc3\xa9", 0), "not utf-8": (b"\xff\xfe", 0), "latin-1": (b"caf\xe9", 1),
            "ucs-2": ("h\u00e9\u65e5".encode("utf-16-le"), 2), "ucs-4": ("\U0001f600x".encode("utf-32-le"), 4),
            "ucs-2 byte": (b"\x80\xdca\x00", 2), "ucs-2 surrogate": (b"\x00\xd8a\x00", 2),
            "ucs-2 zero": (b"\x00\x00a\x00", 2), "ucs-4 byte": (struct.pack("<I", 0xDCFE), 4),
            "ucs-4 surrogate": (struct.pack("<I", 0xD800), 4), "empty": (b"", 2),
    }.items():
        for field in ("name", "file"):
            options = {field: data, field + "_encoding": encoding}
            yield "text, %s as %s" % (name, field), journal_file([THREAD, code(1, **options), sample(5)])
    for kind in (0, 7, 8, 255):
        yield "kind %d" % kind, journal_file([THREAD, code(1, kind=kind), sample(5)])


def line_cases():
    """Section 7.4: each table at many offsets."""
    def steps(*values):
        return bytes(value & 0xFF for value in values)

    def entry(number, units, *rest):
        return steps(0x80 | number << 3 | units - 1, *rest)

    tables = [
        (0, b""), (9, steps(2, 2)),
        (1, steps(0, 1, 2, 1, 0, 200, 4, 255, 0, 3, 6, 128)), (1, steps(2, 1, 4)), (1, b""),
        (2, steps(0, 1, 2, 1, 0, 127, 4, -128, 0, -3, 6, -1)), (2, steps(2, -50, 2, 1)),
        (3, steps(2, 0, 2, 1, 0, 5, 4, -128, 2, -2, 2, 100)), (3, steps(2, -128, 2, 1, 2, -128)),
        (3, steps(2, 1, 4)), (3, b""),
        (4, entry(0, 1, 9) + entry(11, 2, 1, 2) + entry(13, 1, 10) + entry(14, 1, 7, 1, 2, 3) + entry(15, 1)
         + entry(10, 1, 0, 0) + entry(12, 3, 1, 1)),
        (4, entry(13, 1, 0x7E, 1) + entry(14, 2, 0x41, 2, 0x7F, 1, 5, 6) + entry(15, 8)),
        (4, entry(15, 2) + entry(11, 2, 1, 1) + entry(15, 2)),
        (4, entry(11, 1, 1, 1) + entry(13, 1)), (4, entry(11, 1, 1, 1) + entry(11, 4, 1)),
        (4, entry(11, 1, 1, 1) + entry(14, 4, 10, 1)), (4, entry(11, 1, 1, 1) + steps(3) + entry(11, 1, 1, 1)),
        (4, b""),
    ]
    offsets = [*range(0, 24), 50, 0xFFFFFFFE, 0xFFFFFFFF]
    for encoding, table in tables:
        rows = [THREAD, code(1, line_encoding=encoding, lines=table, first_line=100)]
        yield "lines %d %s" % (encoding, table.hex()), journal_file(
            rows + [sample(offset, ((1, offset),)) for offset in offsets])
    rng = random.Random(SEED)
    for encoding in (1, 2, 3, 4):
        for _ in range(25):
            table = bytes(rng.choice((2, 4, 0x80 | rng.randrange(128), rng.randrange(128)))
                          for _ in range(rng.randrange(1, 30)))
            rows = [THREAD, code(1, line_encoding=encoding, lines=table, first_line=100000)]
            yield "lines %d %s" % (encoding, table.hex()), journal_file(
                rows + [sample(offset, ((1, offset),)) for offset in offsets])


def moves():
    """What a writer that is killed while it moves chunks may leave [F-7.6-1]."""
    start = C.superblock() + C.chunk(*META, number=0)
    journal = C.chunk(C.PAD, bytes(20)) + C.chunk(C.JOURNAL, J.journal(bytes(65536), 640, 640))
    body = [C.chunk(kind, payload, number=index + 1) for index, (kind, payload) in enumerate(CHUNKS[1:] + [END])]
    data = bytearray(start + journal + body[0] + C.chunk(*codes(code(1))) + b"".join(body[1:]))
    at = len(start)
    for index, chunk in enumerate(body):
        half = bytearray(data)
        half[at:at + len(chunk) // 2] = chunk[:len(chunk) // 2]
        yield "chunk %d is being moved" % index, bytes(half)
        data[at:at + len(chunk)] = chunk
        at += len(chunk)
        yield "chunk %d was moved" % index, bytes(data)
    yield "all were moved", bytes(data[:at])


# ---- tests -------------------------------------------------------------------------------------------------

class ReferenceTest(unittest.TestCase):
    """Both readers on the same inputs."""

    maxDiff = None

    def compare(self, named, **options):
        """Both readers say the same of inputs of (name, bytes)."""
        failures, count = readers.Comparison(DUMP).failures(named, **options)
        self.assertEqual(failures, "")
        return count

    @staticmethod
    def profiles():
        """(name, bytes) of each profile."""
        found = [(path.name, path.read_bytes()) for path in sorted(PROFILES.glob("*.prof"))]
        assert len(found) > 10
        return found

    def test_profiles(self):
        self.compare(self.profiles())

    def test_whole_profiles_are_whole(self):
        for name, data in self.profiles():
            source = (PROFILES / (name[:-len(".prof")] + ".txt")).read_text().split("\n")
            words = [line.split(" ")[0] for line in source]
            spoiled = any(word in words for word in ("cut", "flip", "set", "killed", "version"))
            self.assertEqual(readers.read_here(data)["damaged"], spoiled, name)

    def test_spoiled_profiles(self):
        for name, data in self.profiles():
            # Each byte of them is under a checksum, so that no damage may go unseen.
            self.compare(readers.spoiled(name, data, SEED, cuts=15, flips=30), must_be_damaged=True)

    def test_concatenated_profiles(self):
        named = self.profiles()
        joined = [("%s and %s" % (a[0], b[0]), a[1] + b[1]) for a, b in zip(named, named[1:] + named[:1])]
        self.compare(joined)
        for name, data in joined[:6]:
            self.compare(readers.spoiled(name, data, SEED, cuts=8, flips=0))

    def test_made_inputs(self):
        for cases in (chunk_cases, column_cases, journal_cases, text_cases, line_cases):
            with self.subTest(cases.__name__):
                self.compare(cases())

    def test_moved_chunks(self):
        cases = list(moves())
        self.compare(cases)
        for name, data in cases:
            document = readers.read_here(data)
            self.assertEqual([len(document["sessions"]), len(document["sessions"][0]["samples"])], [1, 2], name)
            self.assertTrue(document["sessions"][0]["finished"], name)
            self.assertEqual(document["damage"]["lost_samples"], 0, name)

    def test_other_inputs_are_not_taken_for_profiles(self):
        inputs = [("text", b"hello, world\n" * 10), ("zeros", bytes(4096)), ("part of the magic", C.MAGIC[:5]),
                  ("magic", C.MAGIC), ("empty", b"")]
        self.compare(inputs, must_be_damaged=True)


class ReaderTest(unittest.TestCase):
    """The reference reader alone."""

    def run_reader(self, *arguments):
        return subprocess.run([sys.executable, READER, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)

    def test_command_line(self):
        profile = str(PROFILES / "simple.prof")
        first, second = self.run_reader(profile), self.run_reader(profile)
        self.assertEqual([first.returncode, first.stdout], [0, second.stdout])
        self.assertEqual(len(json.loads(first.stdout)["sessions"][0]["samples"]), 100)
        lines = self.run_reader(profile, "--summary")
        self.assertEqual([lines.returncode, lines.stdout.count(b"\n")], [0, 1])
        for wrong in ((), ("--what",), (profile, profile)):
            self.assertEqual(self.run_reader(*wrong).returncode, 2, wrong)
        for unreadable in ("newer.prof", "text.data", "empty.data", "missing"):
            result = self.run_reader(str(PROFILES / unreadable))
            self.assertEqual(result.returncode, 1, unreadable)
            self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)

    def test_errors_have_a_rule_and_a_class(self):
        with self.assertRaises(readers.vmprof_reader.NotOurs) as raised:
            readers.vmprof_reader.read(b"other")
        self.assertEqual(raised.exception.rule, "F-2-1")
        with self.assertRaises(readers.vmprof_reader.Newer):
            readers.vmprof_reader.read(C.superblock(read_version=2))
        with self.assertRaises(readers.vmprof_reader.Damaged):
            readers.vmprof_reader.read(C.superblock()[:-1])
        refused = readers.vmprof_reader.read(file(CHUNKS + [(40, b"", {"critical": True})])).sessions[0].refused
        self.assertIsInstance(refused, readers.vmprof_reader.Unsupported)

    def test_hostile_inputs_take_no_time(self):
        begin = time.monotonic()
        count = (1 << 20) // 8
        words = struct.pack("<%dQ" % count, *(
            1 << 63 | count - index | 2 << 24 | 5 << 32 for index in range(count)))
        readers.vmprof_reader.read(journal_file(payload=J.journal(words, len(words))))
        for first in (1 << 20, 0xFFFFFFF0, 0xFFFFFFFF, 1 << 40):
            readers.vmprof_reader.read(file([META, (C.STRINGS, C.strings(first, b"a", b"b")), *CHUNKS[2:]]))
        bomb = C.column(1, bytes(1 << 20), codec=1, raw_size=4)
        readers.vmprof_reader.read(file([META, (C.STRINGS, C.columns(1, 4, bomb, C.text(2, b"")))]))
        self.assertLess(time.monotonic() - begin, 30)

    def test_standard_input(self):
        data = (PROFILES / "simple.prof").read_bytes()
        result = subprocess.run([sys.executable, READER, "-"], input=data, stdout=subprocess.PIPE,
                                timeout=60, check=False)
        self.assertEqual(result.returncode, 0)
        with tempfile.NamedTemporaryFile() as empty:
            self.assertEqual(self.run_reader(empty.name).returncode, 1)


if __name__ == "__main__":
    DUMP, PROFILES = str(pathlib.Path(sys.argv[1]).absolute()), pathlib.Path(sys.argv[2]).absolute()
    unittest.main(argv=sys.argv[:1], verbosity=2)
