"""Random profiles and filters, and what tools say of them: for tests of what must hold for every profile.

Arguments of such a test: mkprofile, the folder of the reference reader, that of the schemas, then the tools.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, "/usr/lib/python3/dist-packages")  # where Debian puts python3-jsonschema
sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.path.insert(0, str(pathlib.Path(sys.argv[2]).absolute()))
sys.dont_write_bytecode = True
import definitions  # noqa: E402
import jsonschema  # noqa: E402

PROFILES = 20
NAMES = ["alpha", "beta", "gamma", "delta", "<module>"]
MAKE, _, SCHEMAS = (pathlib.Path(path).absolute() for path in sys.argv[1:4])
TOOLS = {path.name.split("-")[1]: path for path in (pathlib.Path(p).absolute() for p in sys.argv[4:10])}
SCRATCH = tempfile.TemporaryDirectory()
FOLDER = pathlib.Path(SCRATCH.name)


def run(tool, *arguments):
    """Returns what a tool prints; it must succeed."""
    done = subprocess.run(
        [TOOLS[tool], *[str(each) for each in arguments]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, (tool, arguments, done.stderr)
    return done.stdout


def document(tool, *arguments):
    """Returns what a tool prints as JSON."""
    return json.loads(run(tool, "--format=json", *arguments))


# ---- random profiles and filters -------------------------------------------------------------------


def random_labels(rng, lines):
    """Adds sets of labels to the lines; returns what a sample may say of them. Some have a key twice."""
    made = []
    for i in range(rng.randint(0, 8)):
        key, kind, value = rng.choice(
            [("state", "text", "running"), ("state", "text", "waiting"), ("state", "text", "waiting-gil")]
            + [("user", "number", rng.choice([0, 1, 21, 2**64 - 1])), ("user", "text", "1")]
        )
        lines.append("label l%d %s %s %s %s" % (i, rng.choice(made + ["-"]), key, kind, value))
        made.append("l%d" % i)
    return made + [""]


def random_text(rng, native_only=False):
    """Returns the text of a profile: few functions, so that stacks recur and names are shared."""
    kinds = ["native"] if native_only else ["py"] * 5 + ["jit", "native", "gc", "unknown", "vm"]
    lines = [
        "start 1700000000000000000",
        "block %d" % rng.choice([7, 32, 65536]),
        "meta string interpreter cpython",
        "meta integer period_ns 1000000",
        "meta list values wall:ns cpu:ns",
        "thread t0 100 100 MainThread",
        "thread t1 100 101 -",
        "thread t2 200 200 MainThread",
    ]
    count = rng.randint(3, 9)
    for i in range(count):
        lines.append(
            "function f%d %s %s.py %d %s %#x"
            % (i, rng.choice(NAMES), rng.choice("xy"), rng.randint(1, 2), rng.choice(kinds), 4096 * (i + 1))
        )
    pool = []
    for _ in range(rng.randint(1, 25)):
        depth = rng.choice([0, 1, 2, 3, 5, 9])
        frames = ["f%d:%d" % (rng.randrange(count), rng.randint(1, 3)) for _ in range(depth)]
        pool.append(";".join(frames) or "-")
    labels = random.Random(repr(rng.getstate()))  # what they are changes nothing else of the profile
    sets = random_labels(labels, lines)
    for i in range(rng.randint(1, 200)):
        if i == 20:
            lines.append("thread late 100 101 worker")
        values = "%d,%d" % (rng.choice([1000000, rng.randint(0, 5000000)]), rng.randint(0, 9))
        lines.append(
            "sample t%d %d %s %s %s"
            % (rng.randrange(3), 1000 * i + rng.randint(0, 9), values, rng.choice(pool), labels.choice(sets))
        )
    lines.append("lost %d" % rng.randint(0, 5))
    return "\n".join(lines + ["end 1000000", ""])


def make_of(text, path):
    """Makes the profile that a text describes."""
    # It frees nothing before it ends, which is for a sanitizer's build to know.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    subprocess.run([MAKE, text, path], env=environment, check=True)


def make(rng, name, **options):
    """Makes a random profile; returns its path."""
    path = FOLDER / (name + ".prof")
    text = FOLDER / (name + ".txt")
    text.write_text(random_text(rng, **options))
    make_of(text, path)
    return path


def random_filter(rng):
    """Returns a filter with any of the options."""
    chosen = definitions.Filter()
    often = lambda share: rng.random() < share  # noqa: E731
    chosen.threads = [rng.choice(["MainThread", "worker", "101", "nobody"])] if often(0.2) else []
    chosen.processes = [rng.choice([100, 200])] if often(0.2) else []
    chosen.begin = rng.randint(0, 90000) if often(0.2) else None
    chosen.end = rng.randint(90001, 200000) if often(0.2) else None
    chosen.focus = ["^a|mm"] if often(0.2) else []
    chosen.ignore = [rng.choice(["^be", "ta$"])] if often(0.2) else []
    chosen.hide = [rng.choice(["^g", "a$", "module"])] if often(0.3) else []
    chosen.kinds = set(rng.sample(definitions.KINDS[:5], 2)) if often(0.2) else set()
    if often(0.5):
        chosen.native = often(0.5)
        chosen.virtual_only = not chosen.native
    labels = [("state", None), ("state", "wait"), ("state", "^waiting$"), ("state", "ing"), ("user", "1")]
    chosen.labels = rng.sample(labels + [("user", "^1$"), ("nobody", None)], rng.choice([1, 1, 2, 3])) if often(0.3) else []
    return chosen


def shuffled(rng, words):
    """Returns the words in another order."""
    return rng.sample(words, len(words))


# ---- what tools say, as the definitions have it ------------------------------------------------------


def function_of(row):
    """Returns what makes a row's function."""
    kind = "py" if row["kind"] == "jit" else row["kind"]
    return (row["name"], row["file"], row["line"], kind)


def table(rows):
    """Returns {function: (self, total)}; a function must not be there twice."""
    found = {function_of(row): (row["self"], row["total"]) for row in rows}
    assert len(found) == len(rows)
    return found


def paths(root):
    """Returns {path: (self, total)} of a tree; siblings must differ."""
    found = {}
    waiting = [((), root)]
    while waiting:
        path, node = waiting.pop()
        assert path not in found
        found[path] = (node["self"], node["total"])
        waiting += [(path + (function_of(child),), child) for child in node["children"]]
    return found


def nodes(root):
    """Returns {path: node} of a tree; siblings must differ."""
    found = {}
    waiting = [((), root)]
    while waiting:
        path, node = waiting.pop()
        assert path not in found
        found[path] = {key: value for key, value in node.items() if key != "children"}
        waiting += [(path + (function_of(child),), child) for child in node["children"]]
    return found


def lines(said):
    """Returns {(file, line): (self, total)} and {file: (self, total)}; nothing must be there twice."""
    rows = [((file["file"], row["line"]), (row["self"], row["total"])) for file in said["files"] for row in file["lines"]]
    files = [(file["file"], (file["self"], file["total"])) for file in said["files"]]
    assert len(dict(rows)) == len(rows) and len(dict(files)) == len(files)
    return [dict(rows), dict(files)]


def validator(name):
    """Returns a validator of a schema, which refers to those beside it."""
    known = [json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")]
    store = {each["$id"]: each for each in known}
    schema = json.loads((SCHEMAS / (name + ".schema.json")).read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    resolver = jsonschema.RefResolver(base_uri=schema["$id"], referrer=schema, store=store)
    return jsonschema.Draft7Validator(schema, resolver=resolver)


class Law(unittest.TestCase):
    """A test over random profiles."""

    def cases(self, count=PROFILES, files=1):
        """Gives (random numbers, files, what is shown of them, options, metric) of many profiles."""
        for seed in range(count):
            rng = random.Random("%s %d" % (self.id(), seed))
            made = [make(rng, "p%d" % i, native_only=seed % 10 == 9) for i in range(files)]
            chosen = random_filter(rng) if seed % 4 else definitions.Filter()
            metric = rng.choice(["cpu", "wall"])
            self.chosen = chosen
            stacks, _ = definitions.read(made)
            shown = definitions.Shown(stacks, chosen, metric)
            options = ["--metric=" + metric] + chosen.options()
            try:
                yield rng, made, shown, options
            except GeneratorExit:
                print("failed with seed", seed, options, file=sys.stderr)
                raise

    def check_profile(self, said, shown):
        """Compares what is said of the whole."""
        self.assertEqual(said["profile"]["total"], shown.total)
        self.assertEqual(said["profile"]["samples"], shown.samples)
        self.assertEqual(said["profile"]["threads"], len(shown.threads))


def main():
    """Runs the tests of the program; what follows the tools names some of them."""
    with SCRATCH:
        unittest.main(argv=sys.argv[:1] + sys.argv[10:])
