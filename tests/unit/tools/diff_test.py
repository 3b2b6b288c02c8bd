#!/usr/bin/env python3
"""What must hold of vmprof-diff for every two profiles: random ones, against definitions.py and the other tools."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
from laws import Law, document, function_of, main, nodes, paths, table, validator  # noqa: E402
import definitions  # noqa: E402: laws says where its reader is


class Laws(Law):
    """Over random pairs of profiles."""

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

    def trees_of_both(self, made, options, shape=()):
        """Returns the two trees, path by path, each from its file alone, and what the shares are of."""
        extra = list(shape)
        trees = [document("tree", *extra, *options, path) for path in made]
        totals = [tree["profile"]["total"] for tree in trees]
        return [paths(tree["root"]) for tree in trees], totals

    def check_node(self, path, row, trees, scale):
        """Compares a node with what the trees say of its path."""
        (own, total), (own_after, total_after) = (tree.get(path, (0, 0)) for tree in trees)
        self.assertEqual((row["self_before"], row["before"]), (own, total))
        self.assertAlmostEqual(row["self_after"], own_after * scale, delta=0 if scale == 1 else 1)
        self.assertAlmostEqual(row["after"], total_after * scale, delta=0 if scale == 1 else 1)
        self.assertEqual(row["delta"], row["after"] - row["before"])
        self.assertEqual(row["self_delta"], row["self_after"] - row["self_before"])

    def test_diff_tree(self):
        schema = validator("diff_tree")
        for rng, made, both, options in self.cases(files=2):
            absolute, fold, up = (rng.random() < 0.5 for _ in range(3))
            shape = ["--fold-recursion"] * fold + ["--bottom-up"] * up
            extra = ["--tree"] + ["--absolute"] * absolute + shape + options
            trees, totals = self.trees_of_both(made, options, shape)
            said = document("diff", *extra, *made)
            schema.validate(said)
            self.assertEqual(said["normalised"], not absolute)
            self.assertEqual([said[key]["total"] for key in ("profile", "profile_after")], totals)
            scale = 1 if absolute or not totals[1] else totals[0] / totals[1]
            found = nodes(said["root"])
            for path, row in found.items():
                self.check_node(path, row, trees, scale)
            differs = lambda row: row["delta"] or row["self_delta"]  # noqa: E731
            for path in set(trees[0]) | set(trees[1]):
                if path not in found:
                    (own, total), (own_after, total_after) = (tree.get(path, (0, 0)) for tree in trees)
                    near = 0 if scale == 1 else 1
                    self.assertAlmostEqual(own, own_after * scale, delta=near)
                    self.assertAlmostEqual(total, total_after * scale, delta=near)
            for path, row in found.items():
                below = [r for p, r in found.items() if p[: len(path)] == path]
                self.assertTrue(any(map(differs, below)) or not path)
            for path in made:
                same = document("diff", *extra, path, path)
                self.assertEqual(same["root"]["children"], [])
                self.assertFalse(differs(same["root"]))

    def test_diff_tree_bottom_up_against_the_definition(self):
        differing = 0
        for rng, made, _, options in self.cases(files=2):
            fold = rng.random() < 0.5
            extra = ["--tree", "--absolute", "--bottom-up"] + ["--fold-recursion"] * fold + options
            said = nodes(document("diff", *extra, *made)["root"])
            metric = options[0].split("=")[1]
            shown = [definitions.Shown(definitions.read([path])[0], self.chosen, metric) for path in made]
            trees = [each.paths(bottom_up=True, fold=fold) for each in shown]
            sums = {p: [tree.get(p, (0, 0)) for tree in trees] for p in set(trees[0]) | set(trees[1]) | {()}}
            changed = {p for p, (one, two) in sums.items() if one != two}
            wanted = {p for p in sums if any(c[: len(p)] == p for c in changed)} | {()}
            self.assertEqual(set(said), wanted)
            for path, row in said.items():
                pairs = [(row["self_before"], row["before"]), (row["self_after"], row["after"])]
                self.assertEqual(pairs, sums[path])
                differing += pairs[0] != pairs[1]
        self.assertGreater(differing, 100)

    def test_diff_tree_swapped(self):
        for rng, made, _, options in self.cases(files=2):
            for absolute in (True, False):
                extra = ["--tree"] + ["--absolute"] * absolute + ["--bottom-up"] * (rng.random() < 0.5) + options
                said, swapped = (document("diff", *extra, *each) for each in (made, made[::-1]))
                one, two = (nodes(each["root"]) for each in (said, swapped))
                totals = [each["profile"]["total"] for each in (said, swapped)]
                if absolute:
                    self.assertEqual(set(one), set(two))
                for path in set(one) & set(two):
                    self.assertEqual(one[path]["significant"], two[path]["significant"])
                    self.assertEqual(one[path]["self_significant"], two[path]["self_significant"])
                    for key in ("delta", "self_delta"):
                        if absolute:
                            self.assertEqual(one[path][key], -two[path][key])
                        elif all(totals):
                            shares = one[path][key] / totals[0], -two[path][key] / totals[1]
                            self.assertAlmostEqual(*shares, delta=1 / min(totals))

    def test_diff_tree_is_significant_where_the_definition_says_so(self):
        marked = 0
        for rng, made, _, options in self.cases(40, files=2):
            absolute = rng.random() < 0.5
            shape = ["--bottom-up"] * (rng.random() < 0.5)
            said = nodes(document("diff", "--tree", *["--absolute"] * absolute, *shape, *options, *made)["root"])
            trees, totals = self.trees_of_both(made, options, shape)
            metric = options[0].split("=")[1]
            counts = []
            for path in made:
                shown = definitions.Shown(definitions.read([path])[0], self.chosen, metric)
                squares = sum(stack.values[metric] ** 2 for stack in shown.kept)
                counts.append(shown.total**2 / squares if squares else 0)
            compared = sorted(set(trees[0]) | set(trees[1]) | {()})
            if not absolute:
                compared.remove(())
            for key, which in (("self_significant", 0), ("significant", 1)):
                pairs = [[tree.get(path, (0, 0))[which] for tree in trees] for path in compared]
                chances = [definitions.chance(pair, totals, counts, absolute) for pair in pairs]
                called = definitions.discoveries(chances)
                for path, wanted in zip(compared, called):
                    if path in said:
                        self.assertEqual(said[path][key], wanted, (path, key))
                        marked += wanted
        self.assertGreater(marked, 20)

    def test_diff_tree_shows_what_differs_most(self):
        for rng, made, _, options in self.cases(20, files=2):
            extra = ["--tree"] + ["--absolute"] * (rng.random() < 0.5) + options
            document_of = lambda *words: nodes(document("diff", *words, *extra, *made)["root"])  # noqa: E731
            everything = document_of()
            size = lambda row: max(abs(row["delta"]), abs(row["self_delta"]))  # noqa: E731
            leads = {p: max(size(r) for q, r in everything.items() if q[: len(p)] == p) for p in everything}
            limit, depth, share = rng.randint(1, 9), rng.randint(1, 4), rng.choice([0.1, 0.3])
            said = document_of("-n", limit)
            self.assertLessEqual(said.items(), everything.items())
            self.assertEqual(len(said), min(limit + 1, len(everything)))
            left = [leads[path] for path in everything if path not in said]
            self.assertGreaterEqual(min(leads[path] for path in said), max(left or [0]))
            said = document_of("--depth=%d" % depth)
            self.assertEqual(said, {p: r for p, r in everything.items() if len(p) <= depth})
            said = document_of("--significant")
            marked = [p for p, r in everything.items() if r["significant"] or r["self_significant"]]
            wanted = {p for p in everything if any(m[: len(p)] == p for m in marked)} | {()}
            self.assertEqual(set(said), wanted)
            trees, totals = self.trees_of_both(made, options)
            said = document_of("--min-share=%g" % share)
            heavy = lambda p: any(  # noqa: E731
                t.get(p, (0, 0))[1] >= max(share * w, 1) for t, w in zip(trees, totals)
            )
            self.assertEqual(set(said), {p for p in everything if heavy(p) or not p})


if __name__ == "__main__":
    main()
