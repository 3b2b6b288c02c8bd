"""A tool's command as tools/documents/describe.c prints it: its options, and what their values can be."""

import json
import re


class Option:
    """An option: name and letter ("" for none), value and help as in --help, and what completes the value.

    words: what the value can be. is_list: any number of them, with commas between; is_open: and others.
    files: "file" or "folder", else "".
    """

    def __init__(self, row):
        self.name = row["name"]
        self.letter = row["letter"]
        self.help = " ".join(row["help"].split())
        self.value, _, what = (row["value"] or "").partition(":")
        self.files = what if what in ("file", "folder") else ""
        self.is_list = "," in what
        words = [word for word in re.split("[|,]", what) if word and not self.files]
        self.is_open = "..." in words
        self.words = [word for word in words if word != "..."]

    def forms(self):
        """As they are written: --limit, -n."""
        return ["--" + self.name] + (["-" + self.letter] if self.letter else [])

    def brief(self):
        """Its help up to where it goes into detail."""
        return re.split(r"; |: | \(", self.help)[0] if not self.help.startswith("--") else self.help


class Command:
    """A tool: its name, summary, arguments, examples, and groups: (title, options)."""

    def __init__(self, path, tools=()):
        with open(path, encoding="utf-8") as file:
            row = json.load(file)
        self.name = row["name"]
        self.summary = row["summary"]
        self.arguments = row["arguments"]
        self.examples = row["examples"] or ""
        self.stops_at_argument = row["stops_at_argument"]
        self.tools = list(tools)  # of which it runs one
        self.groups = [
            (group["title"].rstrip(":"), [Option(option) for option in group["options"]])
            for group in row["groups"]
        ]

    def options(self):
        """All of them, in the order of --help."""
        return [option for _, options in self.groups for option in options]
