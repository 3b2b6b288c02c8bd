#!/usr/bin/env python3
"""Holds vmprof-top against an oracle, its JSON against the schema, and its manners against cli.md.

Arguments: the executable, the folder of profiles, that of the schemas, that of the goldens.
"""

import csv
import io
import itertools
import json
import os
import pathlib
import pty
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, "/usr/lib/python3/dist-packages")  # where Debian puts python3-jsonschema
sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
import jsonschema  # noqa: E402
import oracle  # noqa: E402

TOOL = PROFILES = SCHEMAS = GOLDENS = None


def run(*arguments, **options):
    """Runs vmprof-top with nothing on standard input, unless options say otherwise."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("cwd", PROFILES)
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(
        [TOOL, *arguments], stderr=subprocess.PIPE, timeout=60, check=False, **options
    )


def load_json(*arguments):
    """Returns what vmprof-top --format=json prints."""
    result = run("--format=json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def validator():
    """Returns a validator of top's schema, which refers to the one beside it."""
    top = json.loads((SCHEMAS / "top.schema.json").read_text())
    profile = json.loads((SCHEMAS / "profile.schema.json").read_text())
    store = {profile["$id"]: profile, top["$id"]: top}
    resolver = jsonschema.RefResolver(base_uri=top["$id"], referrer=top, store=store)
    jsonschema.Draft7Validator.check_schema(top)
    jsonschema.Draft7Validator.check_schema(profile)
    return jsonschema.Draft7Validator(top, resolver=resolver)


def sources():
    """Returns (name, source) of each profile that is whole."""
    for path in sorted(PROFILES.glob("*.txt")):
        source = oracle.Source(path)
        if not source.spoiled:
            yield path.stem + ".prof", source


def readable():
    """Returns the profiles that are whole, and those that can be read in part."""
    return [path for path in sorted(PROFILES.glob("*.prof")) if path.stem != "newer"]


class Numbers(unittest.TestCase):
    """Against the oracle."""

    def compare(self, files, profiles, native):
        """Compares one output."""
        document = load_json(*(["--native"] if native else []), *files)
        metric, total, expected = oracle.top(profiles, native)
        profile = document["profile"]
        self.assertEqual([profile["metric"], profile["unit"]], metric)
        self.assertEqual(profile["total"], total)
        self.assertEqual(profile["samples"], sum(len(s.samples) for s in profiles))
        self.assertEqual(profile["lost_samples"], sum(s.lost for s in profiles))
        threads = {sample.thread for s in profiles for sample in s.samples}
        self.assertEqual(profile["threads"], len(threads))
        got = {}
        for row in document["functions"]:
            kind = "py" if row["kind"] == "jit" else row["kind"]
            got[(row["name"], row["file"], row["line"], kind)] = (row["self"], row["total"])
        self.assertEqual(got, expected)
        self.assertEqual(len(got), len(document["functions"]))
        self.assertEqual(sum(row["self"] for row in document["functions"]), total)

    def test_each_profile(self):
        for name, source in sources():
            for native in (False, True):
                with self.subTest(name=name, native=native):
                    self.compare([name], [source], native)

    def test_pairs_are_sums(self):
        known = {name: source for name, source in sources()}
        for names in itertools.combinations(known, 2):
            pair = [known[name] for name in names]
            if not any(value in pair[1].values for value in pair[0].values):
                continue
            with self.subTest(names=names):
                self.compare(list(names), pair, False)

    def test_order_of_files_does_not_matter(self):
        one = load_json("simple.prof", "other.prof", "recursion.prof")
        two = load_json("recursion.prof", "other.prof", "simple.prof")
        self.assertEqual(one["functions"], two["functions"])

    def test_rows_are_in_order(self):
        for sort in ("total", "self", "name"):
            rows = load_json(f"--sort={sort}", "many.prof")["functions"]
            keys = [row[sort] for row in rows]
            self.assertEqual(keys, sorted(keys, reverse=sort != "name"))


class Schema(unittest.TestCase):
    """Every JSON output, live and golden."""

    def test_live_output(self):
        check = validator()
        options = [[], ["--native"], ["--sort=self", "-n", "2"], ["--kind=native"], ["--focus=f"]]
        for path in readable():
            for extra in options:
                with self.subTest(path=path.name, options=extra):
                    result = run("--format=json", *extra, path.name)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    check.validate(json.loads(result.stdout))

    def test_goldens(self):
        check = validator()
        seen = 0
        for path in sorted(GOLDENS.glob("*.stdout")):
            text = path.read_text(errors="replace")
            if text.startswith("{"):
                check.validate(json.loads(text))
                seen += 1
        self.assertGreater(seen, 0)

    def test_csv_says_the_same(self):
        for path in readable():
            rows = load_json(path.name)["functions"]
            text = run("--format=csv", path.name).stdout.decode("utf-8", "replace")
            self.assertNotIn("\n", text.replace("\r\n", "").replace("two\nlines", ""))
            read = list(csv.DictReader(io.StringIO(text, newline="")))
            for column in ("self", "total", "kind", "file", "line"):
                self.assertEqual(
                    [row[column] for row in read], [str(row[column]) for row in rows], path.name
                )


class Manners(unittest.TestCase):
    """Streams, terminals and exit codes that a golden case cannot show."""

    def test_standard_input(self):
        expected = run("simple.prof").stdout
        profile = (PROFILES / "simple.prof").open("rb")
        with profile:
            self.assertEqual(run(stdin=profile).stdout, expected)
        piped = subprocess.run(
            [TOOL], input=(PROFILES / "simple.prof").read_bytes(), stdout=-1, check=False
        )
        self.assertEqual(piped.stdout, expected)

    def test_a_reader_that_goes_away_is_no_error(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as stdout:
            result = run("simple.prof", stdout=stdout)
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    def test_a_full_device_is_an_error(self):
        path = pathlib.Path("/dev/full")
        if not path.exists() or not stat.S_ISCHR(path.stat().st_mode):
            self.skipTest("this machine has no /dev/full; a closed output is tested below")
        with path.open("wb") as stdout:
            result = run("simple.prof", stdout=stdout)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"standard output", result.stderr)

    def test_a_closed_output_is_an_error(self):
        for option in ("simple.prof", "--help", "--version"):
            line = f'"{TOOL}" {option} >&-'
            result = subprocess.run(
                line, shell=True, cwd=PROFILES, stderr=subprocess.PIPE, check=False
            )
            self.assertEqual(result.returncode, 1)
            self.assertEqual(result.stderr.count(b"\n"), 1)

    def on_terminal(self, *arguments, **environment):
        """Returns what is sent to a terminal."""
        controller, terminal = pty.openpty()
        environment = {"TERM": "xterm", **environment}
        with subprocess.Popen(
            [TOOL, *arguments], stdin=terminal, stdout=terminal, cwd=PROFILES, env=environment
        ) as process:
            process.wait()
        os.close(terminal)
        text = b""
        while True:
            try:
                chunk = os.read(controller, 65536)
            except OSError:
                break
            if not chunk:
                break
            text += chunk
        os.close(controller)
        return text

    def test_colour_is_for_terminals(self):
        self.assertIn(b"\033[", self.on_terminal("simple.prof"))
        self.assertNotIn(b"\033[", self.on_terminal("simple.prof", NO_COLOR="1"))
        self.assertNotIn(b"\033[", self.on_terminal("simple.prof", TERM="dumb"))
        self.assertNotIn(b"\033[", self.on_terminal("--color=never", "simple.prof"))
        self.assertNotIn(b"\033[", run("simple.prof").stdout)
        self.assertIn(b"\033[", run("--color=always", "simple.prof").stdout)

    def test_names_do_not_drive_the_terminal(self):
        for option in ("--format=text", "--format=csv", "--format=json"):
            self.assertNotIn(b"\033", self.on_terminal("--color=never", option, "names.prof"))

    def test_lines_fit_the_terminal(self):
        for width in (40, 60, 80, 132):
            shown = self.on_terminal("--color=never", "names.prof", COLUMNS=str(width))
            lines = shown.decode().splitlines()[1:]
            self.assertTrue(any("..." in line for line in lines), width)
            if width >= 80:
                self.assertLessEqual(max(map(len, lines)), width)

    def test_a_thousand_files(self):
        document = load_json(*["simple.prof"] * 1000)
        self.assertEqual(document["profile"]["samples"], 100000)

    def test_without_a_file_on_a_terminal_out_prof_is_meant(self):
        controller, terminal = pty.openpty()
        result = run(stdin=terminal, cwd="/")
        os.close(controller)
        os.close(terminal)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"out.prof", result.stderr)


if __name__ == "__main__":
    TOOL, PROFILES, SCHEMAS, GOLDENS = (pathlib.Path(p).absolute() for p in sys.argv[1:5])
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
