#!/usr/bin/env python3
"""The stacks that are made of callgrind's costs: files of random stacks, whose costs by line and by call have to come back; what
callgrind itself wrote, beside what callgrind_annotate says of it; our own export; graphs with more paths than atoms. Arguments:
vmprof-convert, mkprofile."""

import collections
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import profiles  # noqa: E402
import tool  # noqa: E402
from costs import Seen  # noqa: E402

FOLDER = None
SECONDS = 120
REAL = pathlib.Path("testdata/foreign/callgrind-3.19.0.out")
PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void *a, const void *b) { return strcmp(a, b); }
int main(void) {
    char (*texts)[16] = malloc(999 * sizeof(*texts));
    for (int i = 0; i < 999; i++) snprintf(texts[i], 16, "%d", i * 7919 % 1000);
    qsort(texts, 999, sizeof(*texts), compare);
    return puts(texts[0]) < 0;
}
"""


def written(name, data):
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


# ---- graphs ------------------------------------------------------------------------------------------------------------------------


def summed(stacks):
    """A file of callgrind's that holds what stacks of (function, line), the root first, come to. A function counts once a stack."""
    lines, calls = collections.Counter(), collections.Counter()
    for stack, cost in stacks:
        lines[stack[-1]] += cost
        for (caller, line), (callee, _) in set(zip(stack, stack[1:])):
            calls[caller, line, callee] += cost
    out = collections.defaultdict(list)
    for (function, line), cost in lines.items():
        out[function].append("%d %d" % (line, cost))
    for (caller, line, callee), cost in calls.items():
        out[caller].append("cfn=%s\ncalls=1 1\n%d %d" % (callee, line, cost))
    return "events: Ir\n" + "".join("fl=%s.c\nfn=%s\n%s\n" % ("x", function, "\n".join(body)) for function, body in out.items())


class Graphs(unittest.TestCase):
    def check(self, stacks, functions):
        """Lines are exact; totals are, of the functions that are in no circle."""
        seen = Seen(written("g.out", summed(stacks)))
        lines, total, calls = collections.Counter(), collections.Counter(), collections.Counter()
        for stack, cost in stacks:
            lines[stack[-1][0], "x.c", stack[-1][1]] += cost
            for function in {function for function, _ in stack}:
                total[function, "x.c"] += cost
            for call in {((a, "x.c"), (b, "x.c")) for (a, _), (b, _) in zip(stack, stack[1:])}:
                calls[call] += cost
        self.assertEqual(seen.lines, lines)
        for function in functions:
            self.assertEqual(seen.total[function, "x.c"], total[function, "x.c"], function)
        for (caller, callee), cost in calls.items():
            if caller[0] in functions and callee[0] in functions:
                self.assertEqual(seen.calls[caller, callee], cost, (caller, callee))
        return seen

    def test_random(self):
        """Without circles: what is called comes later in the alphabet."""
        rng = random.Random(2)
        for size, count in ((4, 5), (10, 50), (30, 3000), (200, 2000)):
            names = ["f%03d" % i for i in range(size)]
            stacks = []
            for _ in range(count):
                depth = rng.randint(1, min(size, 20))
                stack = [(name, rng.randint(1, 4)) for name in sorted(rng.sample(names, depth))]
                stacks.append((stack, rng.randint(1, 1 << rng.randint(1, 40))))
            self.check(stacks, names)

    def test_recursion(self):
        """Of a function that calls itself, and of a circle: what is in none of them keeps its total."""
        main, f, g, h = (lambda line, name=name: (name, line) for name in ("main", "f", "g", "h"))
        self.check([([main(1), f(2), f(2), f(3)], 7), ([main(1), f(2), h(1)], 20), ([main(2)], 1)], ["main", "h"])
        seen = self.check([([main(1), f(2), g(2), f(3)], 7), ([main(1), f(2), g(3), h(1)], 20), ([main(1), g(2), f(4), h(1)], 4)], ["main", "h"])
        self.assertEqual(sum(seen.stacks.values()), 31)
        self.assertTrue(all(len(set(stack)) == len(stack) for stack in seen.stacks), "a function is in a stack once")

    def test_one_function_that_calls_itself_keeps_its_total(self):
        seen = Seen(written("r.out", "events: Ir\nfn=main\n1 1\ncfn=f\ncalls=1 1\n1 30\nfn=f\n2 30\ncfn=f\ncalls=9 1\n2 145\n"))
        self.assertEqual(seen.total, {("main", ""): 31, ("f", ""): 30})

    def test_costs_are_split_as_they_are(self):
        """Nobody can know which of two callers' calls cost what: each gets its part of both."""
        text = "events: Ir\n" + "".join("fn=%s\ncfn=m\ncalls=1 1\n1 500\n" % name for name in "ab")
        text += "fn=m\n" + "".join("cfn=%s\ncalls=1 1\n1 500\n" % name for name in "xy") + "fn=x\n1 500\nfn=y\n1 500\n"
        found = {tuple(name for name, _ in stack): cost for stack, cost in Seen(written("h.out", text)).stacks.items()}
        self.assertEqual(found, {("a", "m", "x"): 250, ("a", "m", "y"): 250, ("b", "m", "x"): 250, ("b", "m", "y"): 250})

    def test_calls_that_do_not_fit(self):
        """A call that says more than its callee costs, or less: own costs are exact all the same."""
        text = "events: Ir\nfn=a\n1 1\ncfn=b\ncalls=1 1\n1 %d\nfn=b\n2 10\n"
        for said, a, both in ((5, 6, 5), (10, 11, 10), (900, 11, 10), (0, 1, 0), (2**63 - 1, 11, 10)):
            seen = Seen(written("m.out", text % said))
            self.assertEqual((seen.itself[("a", "")], seen.itself[("b", "")], seen.total[("a", "")], seen.total[("b", "")]), (1, 10, a, 10))
            self.assertEqual(seen.calls[("a", ""), ("b", "")], both)

    def test_endless_paths(self):
        """2^300 ways from the first to the last; and a circle, a chain, and everybody calling everybody."""
        ladder = ["events: Ir"]
        for i in range(300):
            ladder += ["fn=n%d" % i] + ["cfn=%s%d\ncalls=1 1\n%d %d" % (side, i, line, 10**12) for line, side in enumerate("ab", 1)]
            ladder += ["fn=%s%d\ncfn=n%d\ncalls=1 1\n1 %d" % (side, i, i + 1, 10**12) for side in "ab"]
        ladder += ["fn=n300\n1 1\n2 %d" % (2 * 10**12 - 1)]
        for cost in (10**12, 3):
            seen = Seen(written("l.out", "\n".join(ladder).replace(str(10**12), str(cost)).replace(str(2 * 10**12 - 1), str(2 * cost - 1))))
            self.assertEqual(seen.itself, {("n300", ""): 2 * cost})
            self.assertEqual({seen.total["n%d" % i, ""] for i in range(301)}, {2 * cost})
            self.assertEqual({seen.total["a%d" % i, ""] for i in range(300)}, {cost})
        count = 100000
        chain = "events: Ir\n" + "".join("fn=f%d\n1 1\ncfn=f%d\ncalls=1 1\n2 %d\n" % (i, i + 1, count - i) for i in range(count)) + "fn=f%d\n1 1\n" % count
        for text in (chain, chain + "cfn=f0\ncalls=1 1\n1 1\n"):
            out = tool.convert("--callgrind", written("c.out", text))  # which need not write each stack
            self.assertIn(b"\nsummary: %d\n" % (count + 1), out)
        crowd = ["events: Ir"]
        for i in range(300):
            crowd += ["fn=f%d\n1 1" % i] + ["cfn=f%d\ncalls=1 1\n1 %d" % (k, 7 + k) for k in range(300) if k > i or i % 2]
        self.assertEqual(sum(Seen(written("w.out", "\n".join(crowd))).itself.values()), 300)


class Clients(unittest.TestCase):
    def annotated(self, text):
        """{(name, file): cost} of callgrind_annotate's table of the first event, with the totals of the program left out."""
        found = {}
        for line in text.splitlines():
            match = re.match(r"\s*([\d,]+)(?:\s+[\d,.]+)*  (\S.*?):((?:[^:]|::)+?)(?: \[.*\])?$", line)
            if match:
                found[match.group(3), match.group(2)] = int(match.group(1).replace(",", ""))
        return found

    def check(self, path, itself, inclusive, folder=""):
        """What the profile says equals what callgrind_annotate does; it puts functions without a file together by name."""
        seen = Seen(path)
        objects = {line.split(") ")[-1].split("=")[-1] for line in path.read_text().splitlines() if line.startswith(("ob=", "cob="))}

        def plain(costs):
            out = collections.Counter()
            for (name, file), cost in costs.items():
                file = "???" if file in objects or not file else file
                out[name, file[len(folder):] if file.startswith(folder) else file] += cost
            return out
        said = self.annotated(itself)
        self.assertEqual(plain(seen.itself), +collections.Counter(said))
        circles = self.circles(path)
        totals, count = plain(seen.total), 0
        for (name, file), cost in self.annotated(inclusive).items():
            if name not in circles and (name, file) in totals and (name, file) in said and file != "???":
                self.assertEqual(totals[name, file], cost, (name, file))
                count += 1
        self.assertGreater(count, 3)
        return seen

    def circles(self, path):
        """The names of functions that reach themselves."""
        names, calls, caller = {}, collections.defaultdict(set), None
        for line in path.read_text().splitlines():
            match = re.match(r"(c?)fn=(?:\((\d+)\))? ?(.*)", line)
            if match:
                if match.group(2) and match.group(3):
                    names[match.group(2)] = match.group(3)
                name = match.group(3) or names[match.group(2)]
                if match.group(1):
                    calls[caller].add(name)
                else:
                    caller = name
        found = set()
        for start in list(calls):
            reached, todo = set(), list(calls[start])
            while todo:
                name = todo.pop()
                if name not in reached:
                    reached.add(name)
                    todo += calls.get(name, ())
            found |= {start} if start in reached else set()
        return found

    def test_of_callgrind(self):
        seen = self.check(REAL, REAL.with_suffix(".self").read_text(), REAL.with_suffix(".inclusive").read_text())
        self.assertEqual(seen.profile.values, ["%s:count" % name for name in "Ir Dr Dw I1mr D1mr D1mw ILmr DLmr".split()])
        self.assertEqual([sum(sample.values[i] for sample in seen.profile.samples) for i in range(8)], [2530, 228, 229, 5, 1, 4, 5, 1])
        self.assertEqual(self.circles(REAL), {"down'2", "even", "even'2", "odd", "odd'2"})

    def test_what_callgrind_writes(self):
        if not all(map(shutil.which, ("valgrind", "callgrind_annotate", "cc"))):
            self.skipTest("valgrind (Debian: valgrind) or a compiler is not installed")
        source, program, out = written("p.c", PROGRAM), FOLDER / "p", FOLDER / "callgrind.out"
        subprocess.run(["cc", "-g", "-O1", "-o", str(program), str(source)], check=True, timeout=SECONDS)
        for more in ([], ["--dump-instr=yes", "--collect-jumps=yes"], ["--compress-strings=no", "--compress-pos=no"], ["--separate-threads=yes"]):
            for old in FOLDER.glob("callgrind.out*"):
                old.unlink()
            done = subprocess.run(["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=%s" % out] + more + [str(program)], check=False,
                                  timeout=SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            path, = list(FOLDER.glob("callgrind.out-01")) or [out]
            self.assertTrue(path.exists(), done.stderr.decode())
            itself, inclusive = (subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no", "--inclusive=" + which, str(path)],
                                                check=True, timeout=SECONDS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
                                 for which in ("no", "yes"))
            seen = self.check(path, itself, inclusive, str(pathlib.Path.cwd()) + "/")
            self.assertIn(("compare", str(source)), seen.total)

    def test_out_and_back(self):
        """Our own export: own costs by line are kept, and totals of what calls nobody that calls it. Names are made to differ there."""
        for path in tool.names():
            ours = collections.Counter()
            for frames, weight in profiles.samples_of(profiles.read(tool.convert(path))):
                ours[frames[-1].line] += weight
            seen = Seen(written("o.out", tool.convert("--callgrind", path)))
            back = collections.Counter()
            for (_, _, line), cost in seen.lines.items():
                back[line] += cost
            self.assertEqual(+back, +ours, path)


if __name__ == "__main__":
    tool.use(*sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        FOLDER = pathlib.Path(scratch)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
