#!/usr/bin/env python3
"""What must hold of the analysis tools for every profile: random ones, against definitions.py, under random filters.

Arguments: mkprofile, the folder of the reference reader, that of the schemas, then the tools.
"""

import itertools
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
MAKE = SCHEMAS = FOLDER = None
TOOLS = {}


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
    for i in range(rng.randint(1, 200)):
        if i == 20:
            lines.append("thread late 100 101 worker")
        values = "%d,%d" % (rng.choice([1000000, rng.randint(0, 5000000)]), rng.randint(0, 9))
        lines.append(
            "sample t%d %d %s %s" % (rng.randrange(3), 1000 * i + rng.randint(0, 9), values, rng.choice(pool))
        )
    lines.append("lost %d" % rng.randint(0, 5))
    return "\n".join(lines + ["end 1000000", ""])


def make(rng, name, **options):
    """Makes a random profile; returns its path."""
    path = FOLDER / (name + ".prof")
    text = FOLDER / (name + ".txt")
    text.write_text(random_text(rng, **options))
    # It frees nothing before it ends, which is for a sanitizer's build to know.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    subprocess.run([MAKE, text, path], env=environment, check=True)
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


class Laws(unittest.TestCase):
    """Over random profiles."""

    def cases(self, count=PROFILES, files=1):
        """Gives (random numbers, files, what is shown of them, options, metric) of many profiles."""
        for seed in range(count):
            rng = random.Random("%s %d" % (self.id(), seed))
            made = [make(rng, "p%d" % i, native_only=seed % 10 == 9) for i in range(files)]
            chosen = random_filter(rng) if seed % 4 else definitions.Filter()
            metric = rng.choice(["cpu", "wall"])
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

    def test_top(self):
        for _, made, shown, options in self.cases():
            said = document("top", *options, *made)
            self.check_profile(said, shown)
            self.assertEqual(table(said["functions"]), shown.top())

    def test_tree(self):
        schema = validator("tree")
        for _, made, shown, options in self.cases():
            for bottom_up, fold in itertools.product((False, True), repeat=2):
                extra = ["--bottom-up"] * bottom_up + ["--fold-recursion"] * fold
                said = document("tree", *extra, *options, *made)
                schema.validate(said)
                self.check_profile(said, shown)
                expected = shown.paths(bottom_up, fold) or {(): (0, 0)}
                self.assertEqual(paths(said["root"]), expected, extra)

    def test_tree_by_thread_and_process(self):
        groups = {
            "process": lambda stack: ("process [%d]" % stack.process, "", 0, "unknown"),
            "thread": lambda stack: (
                "%s [%d]" % (stack.thread_name or "thread", stack.thread), "", 0, "unknown"
            ),
        }
        for _, made, shown, options in self.cases():
            for by, group in groups.items():
                said = document("tree", "--by=" + by, *options, *made)
                self.check_profile(said, shown)
                expected = shown.paths(group=group) or {(): (0, 0)}
                self.assertEqual(paths(said["root"]), expected, by)

    def test_tree_shows_the_heaviest(self):
        for rng, made, shown, options in self.cases(10):
            everything = paths(document("tree", *options, *made)["root"])
            limit, depth, share = rng.randint(1, 9), rng.randint(1, 4), rng.choice([0, 0.1, 0.3])
            said = paths(document("tree", "-n", limit, *options, *made)["root"])
            self.assertLessEqual(set(said.items()), set(everything.items()))
            self.assertEqual(len(said), min(limit + 1, len(everything)))
            left = [total for path, (_, total) in everything.items() if path not in said]
            self.assertGreaterEqual(min(total for _, total in said.values()), max(left or [0]))
            said = paths(document("tree", "--depth=%d" % depth, *options, *made)["root"])
            self.assertEqual(said, {k: v for k, v in everything.items() if len(k) <= depth})
            said = paths(document("tree", "--min-share=%g" % share, *options, *made)["root"])
            least = share * shown.total
            self.assertEqual(said, {k: v for k, v in everything.items() if v[1] >= least or not k})

    def test_func(self):
        schema = validator("func")
        for rng, made, shown, options in self.cases():
            functions = shown.top()
            for function in rng.sample(sorted(functions), min(4, len(functions))):
                places = [f for f in functions if f[:3] == function[:3]]
                if len(places) > 1:
                    continue
                wanted = "<hidden>" if function == definitions.HIDDEN else "%s:%s:%d" % function[:3]
                said = document("func", *options, *made, wanted)
                schema.validate(said)
                self.check_profile(said, shown)
                own, total = functions[function]
                self.assertEqual(table([said["function"]]), {function: (own, total)})
                expected = shown.relatives(function)
                for key, rows in zip(("callers", "callees", "descendants"), expected):
                    self.assertEqual(table(said[key]), rows, (key, wanted))
                below = sum(row["self"] for row in said["descendants"])
                self.assertEqual(own + below, total)

    def test_lines(self):
        schema = validator("lines")
        for rng, made, shown, options in self.cases():
            said = document("lines", *options, *made)
            schema.validate(said)
            self.check_profile(said, shown)
            everything = shown.lines()
            self.assertEqual(lines(said), everything)
            self.assertEqual(sum(own for own, _ in everything[0].values()), sum(w for _, _, w in shown.stacks))
            for function in rng.sample(sorted(shown.top()), min(3, len(shown.top()))):
                if function != definitions.HIDDEN and sum(f[:3] == function[:3] for f in shown.top()) == 1:
                    said = document("lines", *options, "--func=%s:%s:%d" % function[:3], *made)
                    self.assertEqual(lines(said), shown.lines(function))
            limit = rng.randint(1, 5)
            said = lines(document("lines", *options, "-n", limit, "--sort=self", *made))[0]
            self.assertEqual(len(said), min(limit, len(everything[0])))
            left = [own for place, (own, _) in everything[0].items() if place not in said]
            self.assertGreaterEqual(min([own for own, _ in said.values()] or [0]), max(left or [0]))

    def test_diff(self):
        schema = validator("diff")
        for _, made, both, options in self.cases(files=2):
            before, after = (document("top", *options, path) for path in made)
            tops = [{**table(each["functions"])} for each in (before, after)]
            totals = [each["profile"]["total"] for each in (before, after)]
            for absolute in (False, True):
                said = document("diff", *["--absolute"] * absolute, *options, *made)
                schema.validate(said)
                self.assertEqual(said["normalised"], not absolute)
                self.assertEqual([said[key]["total"] for key in ("profile", "profile_after")], totals)
                scale = 1 if absolute or not totals[1] else totals[0] / totals[1]
                found = {function_of(row): row for row in said["functions"]}
                self.assertEqual(len(found), len(said["functions"]))
                for function in set(tops[0]) | set(tops[1]):
                    (own, total), (own_after, total_after) = (top.get(function, (0, 0)) for top in tops)
                    own_after, total_after = (int(each * scale + 0.5) for each in (own_after, total_after))
                    row = found.pop(function, None)
                    if row is None:
                        self.assertLessEqual(abs(own_after - own) + abs(total_after - total), 1 if scale != 1 else 0)
                        continue
                    self.assertEqual((row["self_before"], row["before"]), (own, total))
                    self.assertAlmostEqual(row["self_after"], own_after, delta=1)
                    self.assertAlmostEqual(row["after"], total_after, delta=1)
                    self.assertEqual(row["delta"], row["after"] - row["before"])
                    self.assertEqual(row["self_delta"], row["self_after"] - row["self_before"])
                self.assertEqual(found, {})
                same = document("diff", *["--absolute"] * absolute, *options, made[0], made[0])
                self.assertEqual(same["functions"], [])

    def test_func_finds_by_address_and_name(self):
        for _, made, shown, options in self.cases(10, files=2):
            rows = document("top", *options, *made)["functions"]
            names = [row["name"] for row in rows]
            for row in rows:
                wanted = [row["name"]] if names.count(row["name"]) == 1 else []
                addresses = [other["addr"] for other in rows]
                # Both files use the same few addresses: one that two functions had has to be refused.
                if row["addr"] and len(made) == 1 and addresses.count(row["addr"]) == 1:
                    wanted.append(row["addr"])
                for each in wanted:
                    said = document("func", *options, *made, each)
                    self.assertEqual(function_of(said["function"]), function_of(row))

    def test_an_address_of_two_functions_lists_them(self):
        refused = 0
        for _, made, _, _ in self.cases(10, files=2):
            one, two = ({f.address: definitions.identity(f) for s in definitions.read([path])[0]
                         for f in s.frames} for path in made)
            for address in set(one) & set(two):
                done = subprocess.run(
                    [TOOLS["func"], "--native", *made, hex(address)],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                )
                same = one[address] == two[address]
                self.assertEqual(done.returncode, 0 if same else 1)
                if not same:
                    refused += 1
                    for function in (one[address], two[address]):
                        self.assertIn(("%s:%s:%d" % function[:3]).encode(), done.stderr)
        self.assertGreater(refused, 0)

    def test_the_order_of_flags_is_immaterial(self):
        for rng, made, shown, options in self.cases():
            words = options + [str(path) for path in made]
            for tool in ("top", "tree"):
                self.assertEqual(run(tool, *words), run(tool, *shuffled(rng, options), *made))
            if shown.top():
                name = sorted(shown.top())[0][0]
                codes = [
                    subprocess.run(
                        [TOOLS["func"], *order, made[0], name],
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                    ).stdout
                    for order in (options, shuffled(rng, options))
                ]
                self.assertEqual(*codes)

    def test_self_sums_to_the_total(self):
        for _, made, shown, options in self.cases():
            chosen = sum(weight for _, _, weight in shown.stacks)
            rows = document("top", *options, *made)["functions"]
            self.assertEqual(sum(row["self"] for row in rows), chosen)
            for extra in ([], ["--bottom-up"], ["--by=thread"], ["--fold-recursion"]):
                nodes = paths(document("tree", *extra, *options, *made)["root"])
                self.assertEqual(sum(own for own, _ in nodes.values()), chosen)

    def test_merged_is_what_the_files_are_together(self):
        for rng, made, shown, options in self.cases(files=3):
            merged = FOLDER / "merged.prof"
            run("merge", "-o", merged, *made)
            self.assertEqual(merged.read_bytes(), b"".join(path.read_bytes() for path in made))
            for tool in ("top", "tree"):
                one, two = (document(tool, *options, *files) for files in ([merged], made))
                one["profile"].pop("files")
                two["profile"].pop("files")
                self.assertEqual(one, two)
            self.assertEqual(table(document("top", *options, merged)["functions"]), shown.top())

    def test_what_is_written_anew_says_the_same(self):
        for rng, made, _, _ in self.cases(files=2):
            cut = FOLDER / "cut.prof"
            data = made[0].read_bytes()
            cut.write_bytes(data[: rng.randint(len(data) // 2, len(data) - 1)])
            merged = FOLDER / "merged.prof"
            run("merge", "-o", merged, cut, made[1])
            self.assertEqual(definitions.read([merged]), definitions.read([cut, made[1]]))
            self.assertTrue(merged.read_bytes().endswith(made[1].read_bytes()))
            again = FOLDER / "again.prof"
            run("merge", "-o", again, cut, made[1])
            self.assertEqual(again.read_bytes(), merged.read_bytes())

    def test_sums(self):
        for rng, made, shown, options in self.cases(files=3):
            summed = FOLDER / "sum.prof"
            run("merge", "--sum", *options, "-o", summed, *made)
            metric = options[0].split("=")[1]
            stacks, lost = definitions.read([summed])
            self.assertEqual(lost, definitions.read(made)[1])
            unfiltered = definitions.Filter()
            unfiltered.native = True
            again = definitions.Shown(stacks, unfiltered, metric)
            # --virtual-only is the default of the other tools, and not of this one.
            if "--virtual-only" in options or "--native" in options:
                self.assertEqual(again.top(), shown.top())
                self.assertEqual(again.paths(), shown.paths())
            chosen = sum(weight for _, _, weight in shown.stacks)
            self.assertEqual((again.total, again.samples), (chosen, len(shown.stacks)))

    def test_sums_are_associative_and_commutative(self):
        for rng, made, _, options in self.cases(files=3):
            a, b, c = made
            left, right, other, all_at_once = (FOLDER / name for name in "lrox")
            run("merge", "--sum", *options[:1], "-o", all_at_once, a, b, c)
            run("merge", "--sum", *options[:1], "-o", left, a, b)
            run("merge", "--sum", *options[:1], "-o", right, left, c)
            run("merge", "--sum", *options[:1], "-o", left, c, b)
            run("merge", "--sum", *options[:1], "-o", other, left, a)
            self.assertEqual(right.read_bytes(), all_at_once.read_bytes())
            self.assertEqual(other.read_bytes(), all_at_once.read_bytes())


if __name__ == "__main__":
    MAKE, _, SCHEMAS = (pathlib.Path(path).absolute() for path in sys.argv[1:4])
    TOOLS = {
        path.name.split("-")[1]: path for path in (pathlib.Path(p).absolute() for p in sys.argv[4:10])
    }
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[10:])
