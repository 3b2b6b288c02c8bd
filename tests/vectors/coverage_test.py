#!/usr/bin/env python3
"""Every rule of the text has a good vector and a bad one, but for those that EXEMPT says cannot have one.

coverage_test.py SPEC EXEMPT FOLDER
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import source  # noqa: E402
import vectors  # noqa: E402

_RULE = re.compile(r"^- \[(F-[0-9.]+-[0-9]+)\]", re.MULTILINE)


def exemptions(text):
    """{rule: classes of vectors that it cannot have}: lines `RULE good|bad|both REASON`."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            rule, which, reason = line.split(None, 2)
            assert which in ("good", "bad", "both") and reason, line
            found[rule] = ("good", "bad") if which == "both" else (which,)
    return found


def covered(folder):
    """{"good": rules, "bad": rules} that the vectors name."""
    found = {"good": set(), "bad": set()}
    for vector in vectors.all_vectors(folder):
        found["good" if vector.kind == "good" else "bad"].update(source.rules(vector.source))
    return found


def faults(rules, exempt, by_class):
    """What is missing or too much, as lines."""
    for rule in rules:
        for which in ("good", "bad"):
            if which in exempt.get(rule, ()):
                if rule in by_class[which]:
                    yield "%s: it is said to have no %s vector, and has one" % (rule, which)
            elif rule not in by_class[which]:
                yield "%s: no %s vector" % (rule, which)
    for rule in sorted((by_class["good"] | by_class["bad"] | set(exempt)) - set(rules)):
        yield "%s: the text has no such rule" % rule


def main(arguments):
    spec, exempt, folder = (pathlib.Path(argument) for argument in arguments)
    rules = _RULE.findall(spec.read_text(encoding="utf-8"))
    assert len(rules) > 80, "the rules of the text were not found"
    found = list(faults(rules, exemptions(exempt.read_text(encoding="utf-8")), covered(folder)))
    print("\n".join(found) if found else "%d rules" % len(rules))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
