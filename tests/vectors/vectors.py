"""The vectors: ../../testdata/vectors/README.md says what they are."""

import json

KINDS = ("good", "reject", "unsupported")


class Vector:
    """KIND/NAME: a source, the bytes that it stands for, and how they are to be read."""

    def __init__(self, path):
        self.kind, self.name = path.parent.name, path.parent.name + "/" + path.stem
        self.path = path
        self.source = path.read_text(encoding="utf-8")

    @property
    def profile_path(self):
        return self.path.with_suffix(".prof")

    @property
    def reading_text(self):
        return self.path.with_suffix(".json").read_text(encoding="utf-8")

    @property
    def reading(self):
        return json.loads(self.reading_text)


def all_vectors(folder):
    """Every vector below a folder, in the order of their names."""
    found = [Vector(path) for kind in KINDS for path in sorted((folder / kind).glob("*.vec"))]
    if not found:
        raise AssertionError("no vectors in %s" % folder)
    return found
