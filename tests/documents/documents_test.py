#!/usr/bin/env python3
"""The options that --help shows, that the parser takes, and that the page and the completions name are the same.

Its arguments are the tools, their pages and their completions, in any order. --help is read as text, and the parser is
asked by running the tool: with every option, and with every word in the executable that could be one.
"""

import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

from bash_completion import complete

# What each name of a value in --help stands for, where not every text will do.
VALUES = {
    "N": "3", "TIME": "2ms", "RE": "^a", "PID": "17", "SHARE": "2%", "FORMAT": "json", "WHEN": "never",
    "ORDER": "self", "KINDS": "py,jit", "WHAT": "thread", "SIGNAL": "SIGUSR1",
}  # fmt: skip
HELP_OPTION = re.compile(r"^ {2,6}(?:-(\w), )?--([a-z][a-z-]*)(?:=(\S+))?", re.M)
UNKNOWN = re.compile(r"unknown (?:or ambiguous )?option|is not available in this version")
FORMS = ("bash", "zsh", "fish")
TOOLS = {}
SCRATCH = tempfile.TemporaryDirectory()


class Tool:
    """An executable with its documents: man, bash, zsh, fish."""

    def __init__(self, path):
        self.path = path
        self.name = path.name
        self.documents = {}
        self.help = self.run("--help").stdout.split("\nExamples:")[0]
        found = HELP_OPTION.findall(self.help)
        self.values = {"--" + name: value for _, name, value in found}
        self.values.update({"-" + letter: value for letter, _, value in found if letter})

    def run(self, *arguments):
        return subprocess.run(
            [str(self.path), *arguments],
            cwd=SCRATCH.name, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=60, check=False,
        )  # fmt: skip

    def text(self, form):
        return self.documents[form].read_text(encoding="utf-8")

    def complete(self, *words, folder=None):
        return complete(self.documents["bash"], (self.name,) + words, folder or SCRATCH.name)


def loaded(path):
    """The parts of an executable (ELF, 64 bits, little-endian) that are memory of the program: no debug information."""
    data = path.read_bytes()
    at, size, count = struct.unpack_from("<Q14xHH", data, 32)
    rows = [struct.unpack_from("<IIQQQQ", data, at + i * size) for i in range(count)]
    return b"\0".join(data[offset : offset + length] for kind, _, offset, _, _, length in rows if kind == 1)


def written(form, value):
    """An option as one or two arguments."""
    if not value:
        return [form]
    value = VALUES.get(value, "x")
    return [f"{form}={value}"] if form.startswith("--") else [form, value]


def man_options(page):
    """{option: name of its value} of the first lines of the paragraphs of OPTIONS."""
    options = page.replace("\\-", "-").split(".SH OPTIONS\n")[1].split("\n.SH ")[0]
    found = {}
    for line in re.findall(r"^\.TP\n(\\fB-.*)", options, re.M):
        plain = re.sub(r"\\f[BIR]", "", line)
        for form, value in re.findall(r"(?:^|, )(-[\w-]+)(?:[= ](\S+?))?(?=,|$)", plain):
            found[form] = value
    return found


def zsh_options(text):
    """{option: whether it has a value}"""
    specs = re.findall(r"^ +'(?:\([^)]*\))?\*?(-[\w-]+)([=+]?)\[", text, re.M)
    return {form: bool(mark) for form, mark in specs}


def fish_options(text):
    """{option: whether it has a value}"""
    found = {}
    for line in re.findall(r"^complete .* -d '.*'$", text, re.M):
        needs = re.search(r" -[rx]\b", line.split(" -d ")[0]) is not None
        for mark, dashes in (("s", "-"), ("l", "--")):
            name = re.search(rf" -{mark} ([\w-]+)", line)
            if name:
                found[dashes + name.group(1)] = needs
    return found


class Documents(unittest.TestCase):
    def test_every_tool_has_all_documents(self):
        self.assertGreaterEqual(len(TOOLS), 11)
        for tool in TOOLS.values():
            self.assertEqual(set(tool.documents), {"man", *FORMS}, tool.name)
            self.assertIn("--help", tool.values, tool.name)
            self.assertIn("Examples:", tool.run("--help").stdout)

    def test_the_parser_takes_what_help_shows(self):
        for tool in TOOLS.values():
            for form, value in tool.values.items():
                if form in ("-h", "--help", "--version"):
                    continue
                done = tool.run(*written(form, value), "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""), (tool.name, form, value))
                wrong = tool.run(form if value else form + "=x") if form[1] == "-" else None
                if wrong:
                    said = "needs a value" if value else "takes no value"
                    self.assertEqual(wrong.returncode, 2)
                    self.assertIn(said, wrong.stderr)

    def test_the_parser_takes_nothing_else(self):
        for tool in TOOLS.values():
            words = set(re.findall(rb"(?<![ -~])[a-z][a-z-]{1,23}(?=\0)", loaded(tool.path)))
            words = {word.decode() for word in words}
            longs = {form[2:] for form in tool.values if form.startswith("--")}
            self.assertLessEqual(longs, words, tool.name)
            for word in sorted(words - longs):
                if any(name.startswith(word) for name in longs):
                    continue  # an abbreviation
                said = tool.run("--" + word, "--no-such").stderr
                self.assertRegex(said, UNKNOWN, word)
                self.assertIn("--" + word, said)
            for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789":
                said = tool.run("-" + letter, "--no-such").stderr
                refused = UNKNOWN.search(said) and re.search(rf"-{letter}\b", said)
                self.assertEqual("-" + letter in tool.values, not refused, (tool.name, letter, said))

    def test_page(self):
        for tool in TOOLS.values():
            self.assertEqual(man_options(tool.text("man")), tool.values, tool.name)

    def test_zsh_and_fish_name_the_options(self):
        has_value = {tool.name: {form: bool(v) for form, v in tool.values.items()} for tool in TOOLS.values()}
        for tool in TOOLS.values():
            self.assertEqual(zsh_options(tool.text("zsh")), has_value[tool.name], tool.name)
            self.assertEqual(fish_options(tool.text("fish")), has_value[tool.name], tool.name)

    def test_bash_offers_the_options(self):
        for tool in TOOLS.values():
            offered = tool.complete("-")
            self.assertEqual(len(offered), len(set(offered)))
            expected = {f + "=" if f[1] == "-" and v else f for f, v in tool.values.items()}
            self.assertEqual(set(offered), expected, tool.name)
            self.assertEqual(tool.complete("--vers"), ["--version"])

    def test_values(self):
        for tool in TOOLS.values():
            seen = {}
            for form, value in tool.values.items():
                if not value or form[1] != "-":
                    continue
                words = tool.complete(form, "")
                self.assertEqual(tool.complete(form, "="), words)
                self.assertEqual(tool.complete(form, "=", ""), words)
                self.assertEqual(tool.complete(form + "="), [f"{form}={word}" for word in words])
                for word in words:
                    done = tool.run(f"{form}={word}", "--help")
                    self.assertEqual((done.returncode, done.stderr), (0, ""), (form, word))
                seen[form] = " ".join(words)
                for text in (tool.text("zsh").replace("\\:", ":"), tool.text("fish")):
                    self.assertIn(seen[form], text)
            if "--format" in seen:
                self.assertEqual(seen["--format"], "text json csv")
                self.assertEqual(tool.complete("--format", "=", "j"), ["json"])
                self.assertEqual(tool.complete("--format=j"), ["--format=json"])
                self.assertEqual(tool.run("--format=nonsense", "--help").returncode, 2)
            if "--kind" in seen:
                self.assertEqual(tool.complete("--kind", "=", "py,ji"), ["py,jit", "py,jit-internal"])

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "folder").mkdir()
            for name in ("a b.prof", "-x.prof", "folder/c"):
                (pathlib.Path(folder) / name).write_text("")
            for tool, words, offered in (
                ("top", ("a",), "a b.prof"),
                ("top", ("--addr", "a"), "a b.prof"),
                ("top", ("--", "-x"), "-x.prof"),
                ("top", ("--limit", ""), None),
                ("merge", ("-o", "a"), "a b.prof"),
                ("merge", ("--output=a",), "--output=a b.prof"),
                ("lines", ("--source-dir", ""), "folder"),
            ):
                found = TOOLS["vmprof-" + tool].complete(*words, folder=folder)
                self.assertEqual(found, [offered] if offered else [], (tool, words))

    def test_a_program_and_its_arguments(self):
        record = TOOLS["vmprof-record"]
        for before in ((), ("--",), ("-o", "x"), ("--output", "=", "x", "--follow"), ("--period=1ms", "--")):
            self.assertIn("bash", record.complete(*before, "bas"), before)
        self.assertEqual(record.complete("-o", "bas"), [])
        self.assertEqual(record.complete("bash", "--perio"), [])
        self.assertEqual(record.complete("--native", "--perio"), ["--period="])

    def test_the_multiplexer_hands_on(self):
        vmprof = TOOLS["vmprof"]
        names = sorted(name.partition("-")[2] for name in TOOLS if name != "vmprof")
        self.assertEqual(sorted(vmprof.complete("")), sorted(names + ["help"]))
        self.assertEqual(vmprof.complete("help", "tr"), ["tree"])
        self.assertEqual(vmprof.complete("no-such", ""), [])
        with tempfile.TemporaryDirectory() as folder:
            for tool in TOOLS.values():
                shutil.copy(tool.documents["bash"], folder)
            path = pathlib.Path(folder, "vmprof")
            for name in names:
                offered = complete(path, ("vmprof", name, "--"), folder)
                self.assertEqual(offered, [x for x in TOOLS["vmprof-" + name].complete("--")])
            self.assertEqual(complete(path, ("vmprof", "top", "--sort", "=", "s"), folder), ["self"])

    def test_man_has_nothing_to_say_against_the_pages(self):
        if not shutil.which("groff"):
            self.skipTest("there is no groff")
        for tool in TOOLS.values():
            command = ["groff", "-man", "-Tutf8", "-ww", "-P-c", str(tool.documents["man"])]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            shown = re.sub(".\b", "", done.stdout)
            for form in tool.values:
                self.assertRegex(shown, rf"(?m)^ +(.*, )?{re.escape(form)}\b")

    def test_the_shells_can_read_the_completions(self):
        for form in FORMS:
            with self.subTest(shell=form):
                if not shutil.which(form):
                    self.skipTest(f"there is no {form}")
                for tool in TOOLS.values():
                    command = [form, "-n", str(tool.documents[form])]
                    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))


def main():
    paths = [pathlib.Path(argument).absolute() for argument in sys.argv[1:]]
    documents = [path for path in paths if path.suffix == ".1" or path.parent.name in FORMS]
    for path in paths:
        if path not in documents:
            TOOLS[path.name] = Tool(path)
    for path in documents:
        form = "man" if path.suffix == ".1" else path.parent.name
        TOOLS[re.sub(r"^_|\.(1|fish)$", "", path.name)].documents[form] = path
    unittest.main(argv=sys.argv[:1], verbosity=1)


if __name__ == "__main__":
    main()
