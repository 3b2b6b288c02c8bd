#!/usr/bin/env python3
"""What single rules of ../../spec/vmprof-format.md demand of both readers, on inputs that are made byte by byte.

Arguments: dump.
"""

import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import readers  # noqa: E402
from vmprof_generator import craft as C, craft_journal as J  # noqa: E402

DUMP = None
SECOND, THIRD = 0x99, 0x77
LAST_SUM = (1 << 63) - 1

META = (C.META, C.meta(program=b"x.py", values=["cpu:ns"], process_id=100))
TABLES = [
    (C.STRINGS, C.strings(1, b"x.py", b"f", b"g")),
    (C.FUNCTIONS, C.functions(1, (2, 1, 1, 1, 0x1000), (3, 1, 5, 1, 0x2000))),
    (C.LOCATIONS, C.pairs(1, (1, 2), (2, 6))),
    (C.STACKS, C.pairs(1, (1, 1), (1, 2))),
]
THREADS = (C.THREADS, C.threads(0, (100, 100, b"Main")))
SAMPLES = (C.SAMPLES, C.samples(0, (1, 0, 1000, 0, 10), (2, 0, 2000, 0, 20)))
CHUNKS = [META, *TABLES, THREADS, SAMPLES]
END = (C.END, C.end(2, 0, 5000, 30))
WHOLE = CHUNKS + [END]


def session(chunks, number=C.SESSION, superblock=None):
    """A session of (kind, payload) or (kind, payload, what C.chunk() takes); bytes are put in as they are."""
    out, sequence = C.superblock(number) if superblock is None else superblock, 0
    for item in chunks:
        if isinstance(item, bytes):
            out += item
            continue
        options = {"session": number}
        if item[0] not in (C.JOURNAL, C.PAD, C.CODES):
            options["number"] = sequence
            sequence += 1
        options.update(item[2] if len(item) > 2 else {})
        out += C.chunk(item[0], item[1], **options)
    return out


def samples(first, *values, epoch=0):
    """A SAMPLES chunk of these values."""
    return C.SAMPLES, C.samples(first, *((1, 0, 1000, 0, value) for value in values)), {"epoch": epoch}


def code(number, name=b"jf", **options):
    return J.ROW_CODE, J.code_row(number, name, b"j.py", **options)


def row(value=1, thread=100, number=1):
    """A SAMPLE row of one frame."""
    return J.ROW_SAMPLE, J.sample_row(3000, thread, ((number, 0),), values=(value,))


def journal(*rows, **fields):
    words, head = J.ring(rows)
    return C.JOURNAL, J.journal(words, head, **fields)


def codes(*rows):
    return C.CODES, C.columns(0, 0, C.text(1, b"".join(payload for _, payload in rows)))


def values(document, index=0):
    """The values of a session's samples."""
    return [sample["values"][0] for sample in document["sessions"][index]["samples"]]


def leaves(document):
    """The innermost names of the first session's samples."""
    return [sample["stack"][-1][0] for sample in document["sessions"][0]["samples"]]


class RulesTest(unittest.TestCase):
    """One rule, or a few that belong together, a test: of libvmprof_fmt."""

    @staticmethod
    def read(data):
        return readers.read_there(DUMP, [data])[0]

    def sound(self, document):
        self.assertEqual([document["error"], document["damaged"]], [None, False], document["damage"])

    def bad_chunks(self, document, count, found):
        """So many chunks are lost, and these samples are left."""
        self.assertIsNone(document["error"])
        self.assertEqual([document["damage"]["bad_chunks"], values(document)], [count, found])
        self.assertTrue(document["damaged"])

    def test_the_inputs_are_whole(self):
        document = self.read(session(WHOLE))
        self.sound(document)
        self.assertEqual(values(document), [10, 20])

    # ---- section 2

    def test_2_2_a_later_superblock_that_is_damaged(self):
        damaged = bytearray(session(WHOLE, SECOND))
        damaged[30] ^= 1
        document = self.read(session(WHOLE) + bytes(damaged))
        self.assertEqual([len(document["sessions"]), values(document, 1)], [2, [10, 20]])
        self.assertEqual(document["sessions"][1]["start_unix_ns"], 0)
        self.assertEqual([document["damaged"], document["damage"]["lost_bytes"]], [True, 64])
        # Of the same session: copies.
        damaged = bytearray(session(WHOLE))
        damaged[30] ^= 1
        document = self.read(session(WHOLE) + bytes(damaged))
        self.assertEqual([len(document["sessions"]), values(document), document["damage"]["lost_bytes"]],
                         [1, [10, 20], 64])

    def test_2_3_a_newer_session_is_refused_alone(self):
        # Nobody knows what chunks will look like.
        newer = session([*CHUNKS, b"strange", WHOLE[0] + ({"checksum": 1},), END], SECOND,
                        C.superblock(SECOND, read_version=2, size=4099))
        document = self.read(session(WHOLE) + newer + session(WHOLE, THIRD))
        self.assertEqual(document["error"], "newer")
        self.assertEqual([values(document, index) for index in range(3)], [[10, 20], [], [10, 20]])
        self.assertEqual([item["finished"] for item in document["sessions"]], [True, False, True])
        self.assertEqual(document["damage"], {"bad_chunks": 0, "lost_bytes": 0, "lost_samples": 0, "unfinished": True})

    def test_2_3_and_2_5_versions_and_ids_of_0(self):
        nothing = session(WHOLE, 0)
        self.assertEqual(self.read(nothing)["error"], "damaged")
        self.assertEqual(self.read(session(WHOLE, 0, C.superblock(0, read_version=2)))["error"], "newer")
        document = self.read(session(WHOLE) + nothing)
        self.assertEqual([len(document["sessions"]), document["damage"]["lost_bytes"]], [1, len(nothing)])
        document = self.read(session(WHOLE) + session(WHOLE, SECOND, C.superblock(SECOND, read_version=0)))
        self.assertEqual([len(document["sessions"]), document["damage"]["lost_bytes"]], [2, 64])
        document = self.read(session(WHOLE, C.SESSION, C.superblock(0)))
        self.assertEqual([values(document), document["damage"]["lost_bytes"]], [[10, 20], 64])

    # ---- section 3

    def test_3_3_a_size_over_the_limit_is_no_header(self):
        for kind, limit in ((C.META, 64 << 20), (C.JOURNAL, (64 << 20) + 192)):
            header = C.chunk(kind, b"", number=1, size=limit + 1)
            document = self.read(session([META, header, *CHUNKS[1:], END]))
            self.assertEqual([values(document), document["damage"]["lost_bytes"], document["damage"]["bad_chunks"]],
                             [[10, 20], 56, 0])

    def test_3_4_what_is_not_known_ends_the_session_alone(self):
        unknown_column = C.columns(2, 1, *(C.column(number, [1]) for number in (1, 2, 3, 16, 30)))
        unknown_codec = C.columns(4, 1, C.column(1, [1]), C.text(2, b"s", codec=77))
        unknown_encoding = C.columns(4, 1, C.column(1, [1], 77), C.text(2, b"s"))
        for chunk in ((40, b"", {"critical": True}), (C.SAMPLES, unknown_column), (C.STRINGS, unknown_codec),
                      (C.STRINGS, unknown_encoding)):
            document = self.read(session(CHUNKS + [chunk, samples(2, 5), END]) + session(WHOLE, SECOND))
            self.assertEqual([document["error"], len(document["sessions"])], ["unsupported", 2])
            self.assertEqual([values(document), values(document, 1)], [[10, 20], [10, 20]])
            self.assertEqual([item["finished"] for item in document["sessions"]], [False, True])
            self.assertEqual(document["damage"]["unfinished"], True)
        # Nor are rows of its journal given.
        document = self.read(session(CHUNKS + [journal(code(1), row()), (40, b"", {"critical": True})]))
        self.assertEqual([document["error"], values(document)], ["unsupported", [10, 20]])

    def test_3_8_what_is_not_known_in_a_chunk_that_is_not_critical(self):
        strange = (C.CODES, C.columns(0, 0, C.text(1, b"", codec=77)))
        document = self.read(session(CHUNKS + [strange, END]))
        self.sound(document)
        self.assertEqual(values(document), [10, 20])

    def test_3_5_numbers_that_mean_nothing(self):
        for number in (0, 3, 500, C.UNNUMBERED):
            options = {"number": number}
            document = self.read(session([META, (C.PAD, b"any", options), journal(code(1), row(7, number=2)) + (options,),
                                     codes(code(2, b"again")) + (options,), *CHUNKS[1:]]))
            self.assertEqual([values(document), leaves(document)], [[10, 20, 7], ["f", "g", "again"]], number)
            self.assertEqual(document["damage"], {"bad_chunks": 0, "lost_bytes": 0, "lost_samples": 0,
                                                  "unfinished": True}, number)
        document = self.read(session([META, (C.META, C.meta(note=b"n"), {"number": C.UNNUMBERED})] + CHUNKS[1:] + [END]))
        self.assertNotIn("note", document["sessions"][0]["metadata"])
        self.assertEqual(document["damage"]["bad_chunks"], 1)

    def test_3_5_a_damaged_copy_is_a_copy(self):
        copy = C.chunk(*WHOLE[1], number=1, checksum=1)
        document = self.read(session(CHUNKS[:4] + [copy] + [
            chunk + ({"number": 4 + index},) for index, chunk in enumerate(WHOLE[4:])]))
        self.sound(document)
        self.assertEqual(values(document), [10, 20])

    def test_3_5_a_gap_is_damage(self):
        document = self.read(session(CHUNKS + [END + ({"number": 9},)]))
        self.assertEqual([document["damaged"], document["damage"]["bad_chunks"], values(document)],
                         [True, 0, [10, 20]])

    def test_3_6_the_epoch_never_falls(self):
        later = [chunk + ({"epoch": 2},) for chunk in TABLES]
        for number in (0, 1):
            document = self.read(session(CHUNKS + later + [samples(2, 5, epoch=number), samples(2, 6, epoch=2)]))
            self.bad_chunks(document, 1, [10, 20, 6])
        document = self.read(session(CHUNKS + later + [(C.META, C.meta(note=b"n"), {"epoch": 1}), END + ({"epoch": 2},)]))
        self.bad_chunks(document, 1, [10, 20])
        self.assertNotIn("note", document["sessions"][0]["metadata"])

    # ---- section 5

    def test_5_1_1_all_of_a_chunk_or_nothing(self):
        entries = C.meta(note=b"n", program=b"other")
        for payload in (entries + b"\0", entries[:-1], struct.pack("<I", 3) + entries[4:] + b"\x01k\x09",
                        struct.pack("<I", 4097) + entries[4:], C.meta(note=b"n", big=bytes((16 << 20) + 1)),
                        C.meta(note=b"n", big=[""] * 65537)):
            document = self.read(session([META, (C.META, payload), *CHUNKS[1:], END]))
            self.bad_chunks(document, 1, [10, 20])
            self.assertEqual(document["sessions"][0]["metadata"],
                             {"program": "x.py", "values": ["cpu:ns"], "process_id": 100})
        document = self.read(session([META, (C.META, entries + b""), *CHUNKS[1:], END]))
        self.sound(document)
        self.assertEqual(document["sessions"][0]["metadata"]["program"], "other")

    def test_5_1_1_keys_of_a_session(self):
        many = [C.meta(**{"%s%d" % (letter, index): index for index in range(count)})
                for letter, count in (("a", 4095), ("b", 2))]
        document = self.read(session([(C.META, payload) for payload in many] + TABLES + [THREADS]))
        self.assertEqual(document["damage"]["bad_chunks"], 1)
        self.assertEqual(sorted(key[0] for key in document["sessions"][0]["metadata"]), ["a"] * 4095)

    def test_5_1_4_values(self):
        for wrong in (5, b"cpu:ns", [], ["cpu"], [":ns"], ["cpu:"], [""], ["cpu:ns"] * 9, ["a:ns", "b"]):
            document = self.read(session([(C.META, C.meta(note=b"n", values=wrong)), *CHUNKS[1:], END]))
            self.bad_chunks(document, 1, [10, 20])
            self.assertEqual([document["sessions"][0]["metadata"], document["sessions"][0]["value_types"]],
                             [{}, [["samples", "count"]]], wrong)
        for right, name, unit in ((["cpu:ns"], "cpu", "ns"), (["a:b:ns"], "a:b", "ns"), (["x:y"], "x", "y")):
            document = self.read(session([(C.META, C.meta(values=right)), *CHUNKS[1:], END]))
            self.sound(document)
            self.assertEqual(document["sessions"][0]["value_types"], [[name, unit]])

    def test_5_1_4_values_do_not_change_behind_samples(self):
        again = (C.META, C.meta(note=b"n", values=["cpu:ns"]))
        document = self.read(session(CHUNKS + [again, END]))
        self.sound(document)
        self.assertEqual(document["sessions"][0]["metadata"]["note"], "n")
        for other in (["cpu:bytes"], ["wall:ns"], ["cpu:ns", "b:ns"], ["b:ns", "cpu:ns"]):
            document = self.read(session(CHUNKS + [(C.META, C.meta(note=b"n", values=other)), END]))
            self.bad_chunks(document, 1, [10, 20])
            self.assertEqual(document["sessions"][0]["metadata"],
                             {"program": "x.py", "values": ["cpu:ns"], "process_id": 100})
            # A SAMPLES chunk that is lost is none.
            broken = (C.SAMPLES, b"")
            document = self.read(session([META, broken, (C.META, C.meta(values=other))] + TABLES))
            self.assertEqual(document["sessions"][0]["metadata"]["values"], other)

    def test_5_6_4_sums_stay_below_2_to_the_63(self):
        for first, second in ((LAST_SUM - 5, 6), (5, LAST_SUM - 4), (0, 1 << 63), (0, (1 << 64) - 1)):
            document = self.read(session(CHUNKS[:-1] + [samples(0, first), samples(1, second), samples(1, 1)]))
            self.bad_chunks(document, 1, [first, 1])
            document = self.read(session(CHUNKS[:-1] + [samples(0, first), journal(code(1), row(second), row(2))]))
            self.assertEqual([values(document), document["damage"]["lost_samples"]], [[first, 2], 1])
            document = self.read(session(CHUNKS[:-1] + [journal(code(1), row(first), row(second), row(2))]))
            self.assertEqual([values(document), document["damage"]["lost_samples"]], [[first, 2], 1])
        document = self.read(session(CHUNKS[:-1] + [samples(0, LAST_SUM - 1, 1), (C.END, C.end(2, 0, 9, LAST_SUM))]))
        self.sound(document)
        document = self.read(session(CHUNKS[:-1] + [samples(0, *[1 << 62] * 4)]))
        self.bad_chunks(document, 1, [])

    # ---- section 6

    def test_6_3_the_end_counts_chunks(self):
        document = self.read(session(CHUNKS + [journal(code(1), row(7)), END]))
        self.sound(document)
        self.assertEqual(values(document), [10, 20, 7])

    def test_6_4_what_stands_behind_the_end(self):
        copies = b"".join(C.chunk(*chunk, number=index) for index, chunk in enumerate(WHOLE))
        document = self.read(session(WHOLE) + copies)
        self.sound(document)
        self.assertEqual(values(document), [10, 20])
        more = C.chunk(*samples(2, 5)[:2], number=len(WHOLE))
        for other in (more, b"anything", C.chunk(C.PAD, b"any"), C.chunk(*WHOLE[3], number=3, checksum=1)):
            document = self.read(session(WHOLE) + other + copies + session(WHOLE, SECOND))
            self.assertEqual([values(document), values(document, 1)], [[10, 20], [10, 20]])
            self.assertEqual([document["damaged"], document["damage"]["lost_bytes"]], [True, len(other)])
            self.assertEqual([item["finished"] for item in document["sessions"]], [True, True])

    # ---- section 7

    def test_7_1_1_a_journal_whose_fixed_part_is_wrong(self):
        kind, payload = journal(code(1), row(7))

        def fixed(offset, field):
            changed = payload[:offset] + field + payload[offset + len(field):24]
            return changed + struct.pack("<I", C.zlib.crc32(changed)) + payload[28:]

        for wrong in (payload + bytes(8), payload[:-8], fixed(4, struct.pack("<I", 200)), fixed(16, b"\x09"),
                      fixed(8, struct.pack("<Q", 32768)), payload[:24] + b"\0" + payload[25:]):
            document = self.read(session(CHUNKS + [(kind, wrong)]))
            self.bad_chunks(document, 1, [10, 20])
        # Another layout: only its rows are not known.
        other = (kind, fixed(0, b"\2"))
        document = self.read(session(CHUNKS + [other]))
        self.assertEqual([document["error"], values(document), document["damage"]["bad_chunks"]], [None, [10, 20], 0])
        self.assertTrue(document["damage"]["unfinished"])
        self.sound(self.read(session(CHUNKS + [other, END])))

    def test_7_1_3_a_second_journal(self):
        document = self.read(session(CHUNKS + [journal(code(1), row(7)), journal(code(1), row(8))]))
        self.bad_chunks(document, 1, [10, 20, 7])

    def test_7_2_4_texts(self):
        four = struct.pack("<4I", 0x10FFFF, 0x110000, 0x41, 0xFFFFFFFF)
        document = self.read(session(CHUNKS + [journal(code(1, four, name_encoding=4), row())]))
        self.assertEqual(leaves(document)[-1], "\U0010ffff\ufffdA\ufffd".encode().decode("latin-1"))
        for name, encoding in ((b"abc", 2), (b"abcdef", 4), (b"abc", 3), (b"abcd", 5), (b"abcd", 255)):
            for options in ({"name_encoding": encoding}, {"file_encoding": encoding}):
                rows = (J.ROW_CODE, J.code_row(1, name, name, **options))
                document = self.read(session(CHUNKS + [journal(rows, row())]))
                self.assertEqual([leaves(document)[-1], document["damage"]["lost_samples"]], ["<lost>", 1])
                document = self.read(session(CHUNKS + [journal(row()), codes(code(1), rows)]))
                self.assertEqual([leaves(document)[-1], document["damage"]["bad_chunks"]], ["<lost>", 1])
                document = self.read(session(CHUNKS + [journal(row()), codes(rows), codes(code(1))]))
                self.assertEqual([leaves(document)[-1], document["damage"]["bad_chunks"]], ["jf", 1])

    def test_7_2_6_the_check_of_a_row_that_is_not_committed(self):
        for check, lost in ((0, 0), (5, 1)):
            dead = J.row(0, *code(9), committed=False, check=check)
            document = self.read(session(CHUNKS + [journal(dead, code(1), row(7))]))
            self.assertEqual([values(document), document["damage"]["lost_samples"]], [[10, 20, 7], lost])

    def test_7_5_6_the_threads_of_rows(self):
        rows = [code(1), row(7, thread=100)]
        renamed = J.ROW_THREAD, J.thread_row(100, 100, b"new")
        document = self.read(session(CHUNKS + [journal(renamed, *rows)]))
        self.assertEqual(document["threads"], [[100, 100, "new"]])
        document = self.read(session(CHUNKS + [journal((J.ROW_THREAD, J.thread_row(5, 100, b"child")), *rows)]))
        self.assertEqual(document["threads"], [[100, 100, "Main"], [5, 100, "child"]])
        self.assertEqual(document["sessions"][0]["samples"][2]["thread"], [100, 100, "Main"])

    def test_7_5_6_the_threads_of_rows_without_metadata(self):
        lost = META + ({"checksum": 1},)
        rows = [code(1), row(7, thread=100)]

        def threads_with(*entries):
            return (C.THREADS, C.threads(0, *entries))

        for entries, row_entry, expected in (
                ([(100, 42, b"A")], None, [42, 100, "A"]),
                ([(100, 42, b"A"), (101, 42, b"B")], None, [42, 100, "A"]),
                ([(100, 42, b"A"), (100, 43, b"B")], None, [0, 100, ""]),
                ([(101, 42, b"B")], None, [0, 100, ""]),
                ([(101, 42, b"B")], (44, 100, b"C"), [44, 100, "C"]),
                ([(100, 42, b"A")], (44, 100, b"C"), [0, 100, ""])):
            first = [] if row_entry is None else [(J.ROW_THREAD, J.thread_row(*row_entry))]
            document = self.read(session([lost, *TABLES, threads_with(*entries), SAMPLES, journal(*first, *rows)]))
            self.assertEqual(document["sessions"][0]["samples"][2]["thread"], expected, entries)
            self.assertEqual(len(document["threads"]), len(entries) + len(first) + (expected[0] == 0))


class ReferenceRulesTest(RulesTest):
    """The same of the reader that was written from the text alone."""

    @staticmethod
    def read(data):
        return readers.read_here(data)


if __name__ == "__main__":
    DUMP = str(pathlib.Path(sys.argv[1]).absolute())
    unittest.main(argv=sys.argv[:1], verbosity=2)
