#!/usr/bin/env python3
"""make_documents.py: marks of troff and of the shells in texts stay texts; prose of what a tool has not is refused."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path("tools/documents/make_documents.py").absolute()
HELP = "it's [a] \\ test: $(echo no) `no` 'x' 100% -- done\nof .TH; more"
COMMAND = {
    "name": "vmprof-x", "summary": "Does x.", "arguments": "[FILE...]", "examples": "  vmprof-x '.y' \\\n",
    "stops_at_argument": False,
    "groups": [{"title": "All:", "options": [
        {"name": "odd", "letter": "o", "value": "V:one|two|...", "help": HELP},
        {"name": "help", "letter": "h", "value": None, "help": "print this"},
    ]}],
}  # fmt: skip
SHARED = "# shared: x\n\n## [both]\n\nShared *words*.\n"
PAGE = """# vmprof-x: do x

## Description

.PP at the start, **bold** and *italic* \\n.

[both]

    code ' . \\x
    .second

term
    what it means

## Options

### --odd

First.

Second.

## See also

**vmprof**(1)
"""


class Make(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def make(self, form, page=PAGE, command=None, code=0):
        for name, text in (("p.md", page), ("s.md", SHARED), ("c.json", json.dumps(command or COMMAND))):
            (self.folder / name).write_text(text)
        done = subprocess.run(
            [sys.executable, str(PROGRAM), form, "c.json", "--page", "p.md", "--shared", "s.md"],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_page(self):
        page = self.make("man")
        self.assertIn("\n\\&.PP at the start, \\fBbold\\fR and \\fIitalic\\fR \\en.\n", page)
        self.assertIn("\n.PP\nShared \\fIwords\\fR.\n", page)
        self.assertIn("\n.PP\n.nf\n.RS 4\ncode \\(aq . \\ex\n\\&.second\n.RE\n.fi\n", page)
        self.assertIn("\n.TP\nterm\nwhat it means\n", page)
        self.assertIn("\n.TP\n\\fB\\-o\\fR \\fIV\\fR, \\fB\\-\\-odd\\fR=\\fIV\\fR\nIt\\(aqs [a] \\e test", page)
        self.assertIn("\nFirst.\n.IP\nSecond.\n", page)
        self.assertIn("\nvmprof\\-x \\(aq.y\\(aq \\e\n", page)
        self.assertNotIn("\n.TH;", page)

    def test_prose_of_no_option_is_refused(self):
        said = self.make("man", PAGE.replace("### --odd", "### --even"), code=1)
        self.assertIn("--even", said)
        self.assertIn("vmprof-y", self.make("man", PAGE.replace("# vmprof-x", "# vmprof-y"), code=1))
        self.make("man", PAGE.replace("[both]", "[none]"), code=1)

    def test_shells_take_texts_for_texts(self):
        self.assertIn("--odd", self.make("bash"))
        zsh = self.make("zsh")
        self.assertIn("'*--odd=[it'\\''s \\[a\\] \\\\ test]:V:(one two)'", zsh)
        self.assertIn("-l odd -x -a 'one two' -d 'it\\'s [a] \\\\ test'", self.make("fish"))

    def test_titles(self):
        (self.folder / "p.md").write_text(PAGE.replace(": do x", ': do "x"'))
        done = subprocess.run(
            [sys.executable, str(PROGRAM), "titles", "p.md"],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        self.assertEqual(done.stdout, '{"x", "do \\"x\\""},\n')


if __name__ == "__main__":
    unittest.main()
