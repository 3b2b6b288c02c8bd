#!/usr/bin/env python3
"""What must hold of the analysis tools for every profile: random ones, against definitions.py, under random filters."""

import itertools
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
from laws import (  # noqa: E402
    Law,
    FOLDER,
    TOOLS,
    document,
    function_of,
    lines,
    main,
    make_of,
    nodes,
    paths,
    random_text,
    run,
    shuffled,
    table,
    validator,
)
import definitions  # noqa: E402: laws says where its reader is


class Laws(Law):
    """Over random profiles."""

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

    def test_tree_by_label(self):
        for _, made, shown, options in self.cases(files=2):
            for key in ("state", "user"):

                def group(stack):
                    value = stack.labels.get(key)
                    return ("<no %s>" % key if value is None else "%s=%s" % (key, value), "", 0, "unknown")

                said = document("tree", "--by=label:" + key, *options, *made)
                self.check_profile(said, shown)
                expected = shown.paths(group=group) or {(): (0, 0)}
                self.assertEqual(paths(said["root"]), expected, key)

    def test_labels_that_every_sample_has_one_of_add_up(self):
        for seed in range(5):
            rng, text, path = random.Random(seed), FOLDER / "sides.txt", FOLDER / "sides.prof"
            rows = random_text(rng).split("\n")
            first = next(i for i, row in enumerate(rows) if row.startswith("sample"))
            rows[first:first] = ["label a - side text a", "label b - side number 7", "label c b x text a"]
            rows = [
                " ".join(row.split()[:5] + [rng.choice("abc")]) if row.startswith("sample") else row for row in rows
            ]
            text.write_text("\n".join(rows))
            make_of(text, path)
            whole = document("top", "--native", path)
            sides = [document("top", "--native", "--label=side=" + side, path) for side in ("^a$", "7")]
            for key in ("total", "samples"):
                self.assertEqual(sum(said["profile"][key] for said in sides), whole["profile"][key])
            tables = [table(said["functions"]) for said in sides]
            for function, cost in table(whole["functions"]).items():
                parts = [each.get(function, (0, 0)) for each in tables]
                self.assertEqual(tuple(map(sum, zip(*parts))), cost)
            again = document("top", "--label=side=7", "--native", "--label=side=^a$", path)
            self.assertEqual(again, whole)
            self.assertEqual(document("top", "--label=side", "--native", path), whole)

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

    def test_what_filters_choose(self):
        several = 0
        for rng, made, shown, options in self.cases(40, files=2):
            words = [word for word in options[1:] if word != "--virtual-only"]
            chosen = self.chosen
            chosen.native, chosen.virtual_only = True, False
            wanted = definitions.Shown(definitions.read(made)[0], chosen, "cpu").frames
            merged, again = FOLDER / "merged.prof", FOLDER / "again.prof"
            run("merge", *shuffled(rng, words), "-o", merged, *made)
            stacks, lost = definitions.read([merged])
            self.assertEqual(lost, definitions.read(made)[1])
            found = [(s._replace(frames=None), [definitions.told(f) for f in s.frames]) for s in stacks]
            self.assertEqual(found, wanted)
            several += 0 < len(wanted) < len(definitions.read(made)[0])
            # To choose first and to merge first come to the same.
            run("merge", "-o", again, *made)
            rows = document("top", *words, "--native", *rng.choice([made, [again]]))["functions"]
            self.assertEqual(table(document("top", "--native", merged)["functions"]), table(rows))
            run("merge", *words, "-o", FOLDER / "chosen.prof", again)
            self.assertEqual(definitions.read([FOLDER / "chosen.prof"]), (stacks, lost))
        self.assertGreater(several, 10)

    def test_a_method_is_found_by_its_last_name(self):
        """Unless a function has that name; several are listed."""
        names = ["A.run", "B.run", "A.stop", "b", "A.b", "a.c.d", "space::C::e", "C::e2", "xstop", "A.s:t"]
        lines = ["block 7", "meta list values cpu:ns"]
        lines += ["function f%d %s x.py %d py %#x" % (i, name, i, 4096 * (i + 1)) for i, name in enumerate(names)]
        text, path = FOLDER / "parts.txt", FOLDER / "parts.prof"
        lines += ["thread t 100 101 -"] + ["sample t %d 1 f%d:1" % (i, i) for i in range(len(names))]
        text.write_text("\n".join(lines + ["end 99", ""]))
        make_of(text, path)
        cases = {"stop": "A.stop", "b": "b", "A.b": "A.b", "d": "a.c.d", "c.d": "a.c.d", "e": "space::C::e"}
        cases.update({"C::e": "space::C::e", "e2": "C::e2", "xstop": "xstop"})
        for wanted, found in cases.items():
            self.assertEqual(document("func", path, wanted)["function"]["name"], found)
        for wanted, said in (("run", ["A.run", "B.run"]), ("top", []), ("t", []), ("un", []), (".run", []), ("", [])):
            done = subprocess.run([TOOLS["func"], path, wanted], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1)
            listed = [line.split()[1].split(":")[0] for line in done.stderr.decode().splitlines()[1:]]
            self.assertEqual(sorted(listed), said)

    def test_a_thread_that_is_named_after_its_samples(self):
        text, path, chosen = (FOLDER / name for name in ("late.txt", "late.prof", "chosen.prof"))
        lines = ["block 7", "meta list values cpu:ns", "function f f x.py 1 py 0x1000", "thread t 100 101 -"]
        lines += ["sample t %d 1 f:1" % i for i in range(30)] + ["thread late 100 101 worker"]
        text.write_text("\n".join(lines + ["sample late 31 1 f:1", "end 32", ""]))
        make_of(text, path)
        for wanted, count in (("worker", 31), ("nobody", 0)):
            run("merge", "--thread=" + wanted, "-o", chosen, path)
            self.assertEqual(document("top", chosen)["profile"]["samples"], count)
            self.assertEqual(document("top", "--thread=" + wanted, path)["profile"]["samples"], count)

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
    main()
