#!/usr/bin/env python3
"""Every rule of the text has a good vector and a bad one, but for those that EXEMPT says cannot have one. The ids of the
text are unique, stand in their order under their sections, and no id is named, there or elsewhere, that it has not.

coverage_test.py SPEC EXEMPT FOLDER TEXT...
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import source  # noqa: E402
import vectors  # noqa: E402

_RULE = re.compile(r"^- \[(F-[0-9.]+-[0-9]+)\]", re.MULTILINE)
_SECTION = re.compile(r"^##+ ([0-9]+(?:\.[0-9]+)?)\.? ")
_NAMED = re.compile(r"\bF-[0-9]+(?:\.[0-9]+)?-[0-9]+")


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


def numbers(section):
    """"5.10" as (5, 10)."""
    return tuple(int(part) for part in section.split("."))


def order_faults(text):
    """Sections that do not grow; rules that stand in another section than their id says (that of its subsections counts as
    a section's own), or that are not numbered from 1 in their order."""
    section, last = (0,), {}
    for line in text.splitlines():
        heading, rule = _SECTION.match(line), _RULE.match(line)
        if heading:
            if numbers(heading.group(1)) <= section:
                yield "section %s stands behind section %s" % (heading.group(1), ".".join(map(str, section)))
            section = numbers(heading.group(1))
        elif rule:
            place, number = rule.group(1)[2:].split("-")
            if numbers(place) not in (section, section[:1]):
                yield "%s stands in section %s" % (rule.group(1), ".".join(map(str, section)))
            if int(number) != last.get(place, 0) + 1:
                yield "%s stands behind F-%s-%d" % (rule.group(1), place, last.get(place, 0))
            last[place] = int(number)


def named_faults(rules, paths):
    """Ids that a file names and the text does not have."""
    for path in paths:
        named = set(_NAMED.findall(path.read_text(encoding="utf-8", errors="replace")))
        for rule in sorted(named - set(rules)):
            yield "%s: the text has no %s" % (path, rule)


def main(arguments):
    spec, exempt, folder, *others = (pathlib.Path(argument) for argument in arguments)
    text = spec.read_text(encoding="utf-8")
    rules = _RULE.findall(text)
    assert len(rules) > 80, "the rules of the text were not found"
    found = list(order_faults(text)) + list(named_faults(rules, [spec, exempt, *others]))
    found += faults(rules, exemptions(exempt.read_text(encoding="utf-8")), covered(folder))
    print("\n".join(found) if found else "%d rules" % len(rules))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
