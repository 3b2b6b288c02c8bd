#!/usr/bin/env python3
"""Holds vmprof-info against anatomy.py, which takes the same bytes apart on its own, and against damage.

Arguments: the executable, the folder of profiles, that of the schemas, that of the goldens, the folder of vmprof_generator.
"""

import csv
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, "/usr/lib/python3/dist-packages")  # where Debian puts python3-jsonschema
sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import anatomy  # noqa: E402
import jsonschema  # noqa: E402

TOOL = PROFILES = SCHEMAS = GOLDENS = C = None
VECTORS = pathlib.Path("testdata/vectors").absolute()
UNREADABLE = ("newer",)  # exit 1, and nothing on standard output
BATCH = 400


def info(*arguments, data=None):
    """Runs vmprof-info; data, where given, comes by a pipe."""
    done = subprocess.run([str(TOOL), *map(str, arguments)], input=data, stdout=-1, stderr=-1, cwd=str(PROFILES),
                          stdin=subprocess.DEVNULL if data is None else None, timeout=120, check=False)
    assert done.returncode in (0, 1), done  # never a crash, never "wrong usage"
    return done


def document(*arguments, data=None):
    """What it says in JSON."""
    return json.loads(info("--format=json", *arguments, data=data).stdout.decode())


def table(*arguments):
    """What it says in CSV."""
    text = info("--format=csv", *arguments).stdout.decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def failed_checks(said):
    return {check["check"] for check in said["checks"] if check["result"] == "failed"}


# ---- profiles that are made byte by byte -----------------------------------------------------------------


def tables():
    """Chunks that define three functions and their stacks, and a thread."""
    return [(C.META, C.meta(program=b"x.py", values=["cpu:ns"], process_id=100, period_ns=1000)),
            (C.STRINGS, C.strings(1, b"m", b"x.py", b"f", b"g")),
            (C.FUNCTIONS, C.functions(1, (1, 2, 1, 1, 0x1000), (3, 2, 5, 1, 0x2000), (4, 2, 9, 1, 0x3000))),
            (C.LOCATIONS, C.pairs(1, (1, 2), (2, 6), (3, 10))),
            (C.STACKS, C.pairs(1, (1, 1), (1, 2), (2, 3))),
            (C.THREADS, C.threads(0, (100, 100, b"Main"), (101, 100, b"Other")))]


def sample_chunks(chunks, each):
    """SAMPLES chunks in several encodings and codecs; a sample weighs 10."""
    for index in range(chunks):
        first, encoding, codec = index * each, 1 + index % 4, index // 4 % 2
        columns = [C.column(number, values, encoding, codec) for number, values in (
            (1, [1 + i % 3 for i in range(each)]), (2, [i % 2 for i in range(each)]),
            (3, [1000 * (first + i) for i in range(each)]), (16, [10] * each))]
        yield C.SAMPLES, C.columns(first, each, *columns)


def assemble(chunks, session=None):
    """A file of (kind, payload) or (kind, payload, what C.chunk() takes)."""
    session = C.SESSION if session is None else session
    out, number = C.superblock(session), 0
    for kind, payload, *rest in chunks:
        options = dict(rest[0]) if rest else {}
        if kind not in (C.JOURNAL, C.PAD, C.CODES):
            options.setdefault("number", number)
            number = options["number"] + 1
        out += C.chunk(kind, payload, session=session, **options)
    return out


def four_kilobytes():
    return assemble(tables() + list(sample_chunks(14, 12)) + [(C.END, C.end(168, 3, 200000, 1680))])


def with_journal():
    """A recording that was killed: two samples in a chunk, three in the journal."""
    rows = [(J.ROW_THREAD, J.thread_row(100, 101, b"Other")),
            (J.ROW_CODE, J.code_row(1, b"jf", b"j.py"))]
    rows += [(J.ROW_SAMPLE, J.sample_row(10 * i, 101, [(1, 0)], values=(5,))) for i in range(3)]
    start = 3 * 65536 - 64
    words, head = J.ring(rows, start=start)
    samples = (C.SAMPLES, C.samples(0, (2, 0, 1000, 0, 10), (3, 0, 2000, 0, 10)))
    return assemble([tables()[0], (C.PAD, bytes(40)), (C.JOURNAL, J.journal(words, head, start)), *tables()[1:], samples])


def with_copies():
    """Chunks twice, as a writer leaves them that was killed while it moved them."""
    chunks = [(kind, payload, {"number": number}) for number, (kind, payload) in enumerate(
        tables() + list(sample_chunks(2, 12)))]
    return assemble(chunks[:5] + chunks[2:] + [(C.END, C.end(24, 0, 50000, 240), {"number": 8})])


def with_two_epochs():
    """Tables anew, after epochs that have nothing, and a thread that is renamed."""
    second = [(kind, payload, {"epoch": 30}) for kind, payload in tables()[1:5]]
    renamed = (C.THREADS, C.threads(1, (101, 100, b"Renamed"), (102, 100, b"New")), {"epoch": 30})
    samples = (C.SAMPLES, C.samples(12, (1, 2, 3000, 0, 5)), {"epoch": 30})
    return assemble(tables() + list(sample_chunks(1, 12)) + second
                    + [renamed, samples, (C.END, C.end(13, 0, 9000, 125), {"epoch": 30})])


def with_coded_columns():
    """A column in encoding 5, the example of 4.2, and one with a raw tail (codec 2)."""
    coded = bytes.fromhex("052404C0843DE80703006F6F0100002800")
    packed, labels = zlib.compress(bytes(3)), bytes([0, 0, 0, 0])
    samples = C.columns(0, 4, C.column(1, [1, 2, 3, 1]),
                        (struct.pack("<HBBIII", 2, 1, 2, 4, len(packed) + 1, 1), packed + b"\x01"),
                        (struct.pack("<HBBIII", 3, 5, 0, len(coded), len(coded), 0), coded),
                        C.column(16, [10] * 4),
                        # What is no tail, where the codec has none, is ignored.
                        (struct.pack("<HBBIII", 0x8001, 1, 0, 4, 4, 3), labels))
    return assemble(tables() + [(C.SAMPLES, samples), (C.END, C.end(4, 0, 2993000, 40))])


def made():
    """(name, bytes) of the profiles without damage that are made here."""
    yield "four_kilobytes", four_kilobytes()
    yield "with_journal", with_journal()
    yield "with_copies", with_copies()
    yield "with_two_epochs", with_two_epochs()
    yield "with_coded_columns", with_coded_columns()
    yield "two_sessions", four_kilobytes() + assemble(tables() + [(C.END, C.end(0, 0, 5))], 0x77)


class Made(unittest.TestCase):
    """A folder for files that a test makes."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, data):
        """Writes a file and returns its path."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def every_profile(self):
        """(path, bytes) of every profile without damage, also those that were killed."""
        for path in sorted(PROFILES.glob("*.prof")):
            if path.stem not in UNREADABLE + ("cut", "flipped"):
                yield path, path.read_bytes()
        for name, data in made():
            yield self.file(name + ".prof", data), data


# ---- figures ---------------------------------------------------------------------------------------------


class Figures(Made):
    """Every figure, against anatomy.py."""

    def compare_blocks(self, said, blocks):
        """Each block has what anatomy.py says of it, in the order of the file."""
        self.assertEqual(len(said), len(blocks))
        for got, expected in zip(said, blocks):
            columns = [{key: column[key] for key in ("column", "encoding", "codec", "raw_bytes", "stored_bytes",
                                                     "tail_bytes")} for column in got["columns"]]
            self.assertEqual(columns, expected["columns"], got)
            self.assertEqual({key: got.get(key) for key in expected if key != "columns"},
                             {key: expected[key] for key in expected if key != "columns"})
            for column in got["columns"]:
                self.assertEqual(column["encoding_name"], anatomy.ENCODINGS[column["encoding"]])
                self.assertEqual(column["codec_name"], anatomy.CODECS[column["codec"]])
                self.assertTrue(column["name"])

    def compare_session(self, got, expected):
        """A session has what its chunks say."""
        entries, end = expected.entries, expected.end
        for key, value in {
                "offset": expected.offset, "size_bytes": expected.size_bytes, "session_id": hex(expected.id),
                "read_version": expected.read_version, "write_version": expected.write_version,
                "start_unix_ns": expected.start, "finished": end is not None, "epochs": expected.epochs,
                "functions": entries[3], "locations": entries[4], "stacks": entries[5], "threads": expected.threads,
                "samples": entries[7] + got["journal_samples"], "program": expected.metadata.get("program"),
                "interpreter": expected.metadata.get("interpreter"),
                "interpreter_version": expected.metadata.get("interpreter_version"),
                "period_ns": expected.metadata.get("period_ns"),
                "journal_bytes": expected.journal and expected.journal["capacity_bytes"]}.items():
            self.assertEqual(got[key], value, key)
        self.assertEqual({pair["key"]: pair["value"] for pair in got["metadata"]}, expected.metadata)
        names = [value.split(":") for value in expected.metadata.get("values", ["samples:count"])]
        self.assertEqual([[value["name"], value["unit"]] for value in got["values"]], names)
        if end is not None:
            self.assertEqual(got["samples"], end["samples"])
            self.assertEqual(got["lost_samples"], end["lost_samples"])
            self.assertEqual(got["duration_ns"], end["duration_ns"])
            self.assertEqual([value["sum"] for value in got["values"]][:len(end["sums"])], end["sums"])

    def test_every_profile(self):
        for path, data in self.every_profile():
            with self.subTest(path.name):
                said = document(path)
                sessions, blocks = anatomy.take_apart(data)
                self.compare_blocks(said["blocks"], blocks)
                self.assertEqual(said["files"][0]["size_bytes"], len(data))
                self.assertEqual(len(said["sessions"]), len(sessions))
                for got, expected in zip(said["sessions"], sessions):
                    self.compare_session(got, expected)
                kinds = {row["name"]: {key: row[key] for key in ("count", "entries", "stored_bytes", "raw_bytes")}
                         for row in said["kinds"]}
                self.assertEqual(kinds, anatomy.kinds_of(blocks))
                self.assertEqual(sum(row["stored_bytes"] for row in said["kinds"]), len(data))
                columns = {(row["kind"], row["column"]): {
                    "chunks": row["chunks"], "encodings": set(row["encodings"].split(",")),
                    "codecs": set(row["codecs"].split(",")), "raw_bytes": row["raw_bytes"],
                    "stored_bytes": row["stored_bytes"]} for row in said["columns"]}
                self.assertEqual(columns, anatomy.column_sums(blocks))
                finished = all(session.end for session in sessions)
                self.assertEqual(said["verdict"], "sound" if finished else "unfinished")

    def test_journal(self):
        said = document(self.file("j.prof", with_journal()))
        self.assertEqual(said["sessions"][0]["journal_samples"], 3)
        self.assertEqual(said["sessions"][0]["samples"], 5)
        self.assertEqual(said["sessions"][0]["values"][0]["sum"], 35)
        self.assertEqual([thread["thread_id"] for thread in said["files"][0]["threads"]], [100, 101])

    def test_several_files_add_up(self):
        paths = [path for path, _ in self.every_profile()][:6]
        one_by_one = [document(path) for path in paths]
        together = document(*paths)
        for key in ("sessions", "blocks", "files", "checks"):
            self.assertEqual(together[key], [row for said in one_by_one for row in said[key]], key)
        self.assertEqual(together["profile"]["samples"], sum(said["profile"]["samples"] for said in one_by_one))
        for said in one_by_one:
            for row in said["kinds"]:
                total = next(other for other in together["kinds"] if other["name"] == row["name"])
                self.assertGreaterEqual(total["stored_bytes"], row["stored_bytes"])
        self.assertEqual(sum(row["stored_bytes"] for row in together["kinds"]),
                         sum(said["files"][0]["size_bytes"] for said in one_by_one))

    def test_csv_says_what_json_says(self):
        path = self.file("x.prof", four_kilobytes())
        said = document(path)

        def text(value):
            return "" if value is None else {True: "true", False: "false"}.get(value) if isinstance(
                value, bool) else str(value)

        for rows, expected in (
                (table(path), said["sessions"]), (table("--columns", path), said["columns"]),
                (table("--blocks", path), said["blocks"]), (table("--verify", path), said["checks"]),
                (table("--blocks", "--columns", path),
                 [column for block in said["blocks"] for column in block["columns"]])):
            self.assertEqual(len(rows), len(expected))
            for row, other in zip(rows, expected):
                self.assertEqual(row, {key: text(other[key]) for key in row})

    def test_standard_input(self):
        data = four_kilobytes()
        path = self.file("x.prof", b"before" + data)
        expected = json.dumps(document(self.file("y.prof", data))).replace(str(self.folder / "y.prof"), "-")
        self.assertEqual(json.dumps(document("-", data=data)), expected)
        with path.open("rb") as source:
            os.lseek(source.fileno(), len(b"before"), os.SEEK_SET)
            printed = subprocess.run([str(TOOL), "--format=json"], stdin=source, stdout=-1, check=True).stdout
        self.assertEqual(json.dumps(json.loads(printed.decode())), expected)


class NewerBlocks(Made):
    """What the format has and no table of this library decodes: it is described all the same."""

    def test_index_totals_modules_labels(self):
        chunks = tables() + list(sample_chunks(1, 12))
        chunks += [(13, C.columns(1, 1, C.column(1, [2]))), (15, C.columns(1, 1, C.column(1, [1]), C.column(2, [3]))),
                   (11, C.columns(0, 3, C.column(1, [1, 2, 3]), C.column(2, [4, 4, 4]), C.column(16, [40, 40, 40])))]
        said = document(self.file("n.prof", assemble(chunks)))
        _, blocks = anatomy.take_apart(assemble(chunks))
        names = [block["name"] for block in said["blocks"]][-3:]
        self.assertEqual(names, ["MODULES", "LABELS", "TOTALS"])
        self.assertEqual([block["entries"] for block in said["blocks"]], [block.get("entries") for block in blocks])
        self.assertEqual([column["name"] for column in said["blocks"][-1]["columns"]],
                         ["stack", "samples", "value 0"])

    def offsets(self, **wrong):
        """Whether the check of offsets passes in a file with an INDEX chunk."""
        body = assemble(tables() + list(sample_chunks(1, 12)))
        index = wrong.get("index", len(body))
        payload = C.columns(0, 0, *(C.column(1 + i, []) for i in range(8)), position=wrong.get("before", 0), lost=index)
        body += C.chunk(12, payload, number=7, critical=False)
        end = C.end(12, 0, 9, 120) + struct.pack("<QQ", wrong.get("end", len(body)), wrong.get("last", index))
        said = document(self.file("o.prof", body + C.chunk(C.END, end, number=8)))
        return "offsets" not in failed_checks(said)

    def test_offsets(self):
        self.assertTrue(self.offsets())
        for wrong in ({"index": 64}, {"before": 64}, {"end": 64}, {"last": 64}):
            self.assertFalse(self.offsets(**wrong), wrong)

    def totals(self, samples, sums):
        """(exit code, the check of totals) of a file with an INDEX chunk, whose every checksum and END are right."""
        chunks = tables() + list(sample_chunks(1, 12))
        chunks.append((11, C.columns(0, 3, C.column(1, [1, 2, 3]), C.column(2, samples), C.column(16, sums))))
        body = assemble(chunks)
        rows = [block for block in anatomy.take_apart(body)[1] if block["type"] == "chunk"]
        index = C.columns(0, len(rows), *(C.column(1 + i, [row[name] for row in rows]) for i, name in enumerate(
            ("offset", "size_bytes", "kind", "epoch", "sequence", "begin_ns", "end_ns"))),
            C.column(8, [12 if row["kind"] == 7 else 0 for row in rows]), lost=len(body))
        where = len(body)
        body += C.chunk(12, index, number=len(rows), critical=False)
        end = C.end(12, 0, 11000, 120) + struct.pack("<QQ", len(body), where)
        path = self.file("t.prof", body + C.chunk(C.END, end, number=len(rows) + 1))
        checks = document(path)["checks"]
        return info("--verify", path).returncode, [check for check in checks if check["check"] == "totals"][0]

    def test_totals_are_held_against_the_samples(self):
        code, check = self.totals([4, 4, 4], [40, 40, 40])
        self.assertEqual((code, check["result"], check["checked"]), (0, "passed", 3))
        for lie, stacks in (([4, 4, 4], [39, 41, 40]), 2), (([3, 5, 4], [40, 40, 40]), 2):
            code, check = self.totals(*lie)
            self.assertEqual((code, check["result"], check["failed"]), (1, "failed", stacks))


# ---- damage ------------------------------------------------------------------------------------------------


class Damage(Made):
    """No damage passes as sound."""

    def verify(self, data):
        """(exit code, document) of a damaged file; the document is None where nothing can be read."""
        path = self.file("damaged.prof", data)
        code = info("--verify", path).returncode
        printed = info("--format=json", path).stdout
        return code, json.loads(printed.decode()) if printed else None

    def test_one_byte_in_each_region(self):
        data = four_kilobytes()
        _, blocks = anatomy.take_apart(data)
        regions = [(0, 60, "superblocks"), (60, 64, "superblocks")]
        for block in blocks[1:]:
            at, size = block["offset"], block["size_bytes"]
            regions += [(at, at + 4, "chunk headers"), (at + 4, at + 52, "chunk headers"),
                        (at + 52, at + 56, "chunk headers"), (at + 56, at + 57, "payloads"),
                        (at + 57, at + size, "payloads")]
        for first, last, check in regions:
            at = (first + last) // 2
            with self.subTest(at=at, check=check):
                spoiled = bytearray(data)
                spoiled[at] ^= 1 << at % 8
                code, said = self.verify(spoiled)
                self.assertEqual(code, 1)
                self.assertIn(check, failed_checks(said))
                self.assertEqual(said["verdict"], "damaged")

    def test_what_no_checksum_covers(self):
        """Sound checksums over a content that breaks the rules."""
        samples = list(sample_chunks(2, 12))
        end = C.end(24, 0, 9, 240)
        bad_directory = bytearray(samples[1][1])
        struct.pack_into("<I", bad_directory, 32 + 8, 1)
        bad_stream = bytearray(list(sample_chunks(5, 12))[4][1])
        bad_stream[-1] ^= 1
        for check, chunks in (
                ("samples of the end", [*samples, (C.END, C.end(25, 0, 9, 240))]),
                ("sums of the end", [*samples, (C.END, C.end(24, 0, 9, 241))]),
                ("sums of the end", [*samples, (C.END, C.end(24, 0, 9, 240, 0))]),
                ("sequence", [samples[0], (*samples[1], {"number": 9}), (C.END, end)]),
                ("contents", [samples[0], (C.SAMPLES, bytes(bad_directory)), (C.END, end)]),
                ("contents", [*samples, (C.END, end + b"x")]),
                ("contents", [samples[0], (C.SAMPLES, samples[1][1] + b"x"), (C.END, end)]),
                ("decoding", [samples[0], (C.SAMPLES, C.columns(12, 12, C.column(1, [1] * 11))), (C.END, end)]),
                ("decoding", [(C.SAMPLES, bytes(bad_stream)), (C.END, C.end(0, 0, 9, 0))]),
                ("decoding", [samples[0], (C.SAMPLES, C.samples(12, (99, 0, 5, 0, 10))), (C.END, C.end(13, 0, 9, 130))]),
                ("end", samples)):
            with self.subTest(check):
                code, said = self.verify(assemble(tables() + chunks))
                self.assertEqual(code, 1)
                self.assertIn(check, failed_checks(said))
                self.assertNotEqual(said["verdict"], "sound")

    def test_lost_bytes(self):
        data = four_kilobytes()
        at = anatomy.take_apart(data)[1][4]["offset"]
        other = C.chunk(C.STRINGS, C.strings(1, b"old"), number=3, session=0x99)
        for junk in (b"junk", other, b"\x9eVMC" + bytes(60), b"\x89VMPF\r\n\x1a" + bytes(80)):
            code, said = self.verify(data[:at] + junk + data[at:])
            self.assertEqual(code, 1)
            lost = [block for block in said["blocks"] if block["type"] == "lost"]
            self.assertEqual([(block["offset"], block["size_bytes"]) for block in lost], [(at, len(junk))])
            self.assertEqual(failed_checks(said), {"chunk headers"})

    def test_copies_may_be_damaged_and_nothing_else_stands_behind_the_end(self):
        chunks = [(kind, payload, {"number": number}) for number, (kind, payload) in enumerate(
            tables() + list(sample_chunks(1, 12)) + [(C.END, C.end(12, 0, 9, 120))])]
        bad = (*chunks[2][:2], {"number": 2, "checksum": 1})
        code, said = self.verify(assemble(chunks[:5] + [bad] + chunks[5:]))
        self.assertEqual((code, failed_checks(said)), (0, set()))
        code, said = self.verify(assemble(chunks + chunks[3:5]))
        self.assertEqual((code, failed_checks(said)), (0, set()))
        for behind in (bad, (*chunks[2][:2], {"number": 8})):
            code, said = self.verify(assemble(chunks + [behind]))
            self.assertEqual((code, said["verdict"]), (1, "damaged"))
        self.assertEqual([block["type"] for block in said["blocks"]][-2:], ["chunk", "lost"])

    def test_an_epoch_that_is_over(self):
        chunks = tables() + [(kind, payload, {"epoch": 1}) for kind, payload in sample_chunks(1, 12)]
        code, said = self.verify(assemble(chunks + [(C.END, C.end(12, 0, 9, 120))]))
        self.assertEqual(code, 1)
        self.assertIn("contents", failed_checks(said))
        self.assertEqual(said["blocks"][-1]["rule"], "F-3-6")

    def test_an_unknown_critical_chunk(self):
        code, said = self.verify(assemble(tables() + [(40, b"abc", {"critical": True})]))
        self.assertEqual(code, 1)
        self.assertIsNone(said["profile"])
        self.assertIn("decoding", failed_checks(said))
        self.assertEqual((said["blocks"][-1]["kind"], said["blocks"][-1]["name"]), (40, None))

    def test_every_cut(self):
        data = four_kilobytes()
        self.assertGreater(len(data), 4000)
        readable = []
        for size in range(len(data)):
            path = self.file("cut%04d.prof" % size, data[:size])
            if size > 128:
                readable.append(path)
            else:
                self.assertEqual(info("--verify", path).returncode, 1, size)
        for start in range(0, len(readable), BATCH):
            batch = readable[start:start + BATCH]
            done = info("--verify", "--format=csv", *batch)
            self.assertEqual(done.returncode, 1)
            rows = csv.DictReader(io.StringIO(done.stdout.decode(), newline=""))
            bad = {row["file"] for row in rows if row["check"] == "end" and row["result"] == "failed"}
            self.assertEqual(bad, set(map(str, batch)))
        self.assertEqual(info("--verify", self.file("whole.prof", data)).returncode, 0)

    def test_strict(self):
        self.assertEqual(info("flipped.prof").returncode, 0)
        self.assertEqual(info("--strict", "flipped.prof").returncode, 1)
        self.assertEqual(info("--strict", "simple.prof").returncode, 0)
        self.assertEqual(info("--strict", "flipped.prof", "simple.prof").returncode, 1)


class Schema(Made):
    """Every JSON output, live and golden."""

    def test_schema(self):
        schemas = [json.loads((SCHEMAS / name).read_text()) for name in ("info.schema.json", "profile.schema.json")]
        for schema in schemas:
            jsonschema.Draft7Validator.check_schema(schema)
        resolver = jsonschema.RefResolver(base_uri=schemas[0]["$id"], referrer=schemas[0],
                                          store={schema["$id"]: schema for schema in schemas})
        check = jsonschema.Draft7Validator(schemas[0], resolver=resolver)
        said = [document(path) for path, _ in self.every_profile()]
        said += [document("cut.prof"), document("flipped.prof", "simple.prof"),
                 document(self.file("u.prof", assemble([(40, b"abc", {"critical": True})])))]
        golden = [path.read_text() for path in sorted(GOLDENS.glob("*.stdout"))]
        golden = [json.loads(text) for text in golden if text.startswith("{")]
        self.assertTrue(golden)
        for one in said + golden:
            check.validate(one)

    def test_what_only_a_verifying_reader_finds(self):
        """The vectors that other readers may take as whole."""
        named = 0
        for path in sorted(VECTORS.glob("*/*.json")):
            if json.loads(path.read_text()).get("verify"):
                named += 1
                with self.subTest(vector=path.stem):
                    self.assertEqual(info("--verify", path.with_suffix(".prof")).returncode, 1)
        self.assertGreater(named, 10)


if __name__ == "__main__":
    TOOL, PROFILES, SCHEMAS, GOLDENS, CRAFT = (pathlib.Path(p).absolute() for p in sys.argv[1:6])
    sys.path.insert(0, str(CRAFT))
    from vmprof_generator import craft as C, craft_journal as J
    unittest.main(argv=sys.argv[:1] + sys.argv[6:])
