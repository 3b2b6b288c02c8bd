#!/usr/bin/env python3
"""Every rule of the text of logs has a good vector and a bad one, but for those that EXEMPT says cannot have one. The ids of the
text stand in their order under their sections, and no id is named, there or elsewhere, that it has not.

coverage_test.py SPEC EXEMPT FOLDER TEXT...
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent.parent / "vectors"))
sys.dont_write_bytecode = True
import coverage_test as coverage  # noqa: E402

_RULE = re.compile(r"^- \[L-([0-9.]+)-([0-9]+)\]", re.MULTILINE)
_SECTION = re.compile(r"^##+ ([0-9]+(?:\.[0-9]+)?)\.? ", re.MULTILINE)
_NAMED = re.compile(r"\bL-[0-9]+(?:\.[0-9]+)?-[0-9]+")
ENOUGH_RULES = 50


def order_faults(text):
    """Rules that stand in another section than their id says, or are not numbered from 1 in their order."""
    section, last = None, {}
    for line in text.splitlines():
        heading, rule = _SECTION.match(line), _RULE.match(line)
        if heading:
            section = heading.group(1)
        elif rule:
            place, number = rule.group(1), int(rule.group(2))
            if place != section:
                yield "L-%s-%d stands in section %s" % (place, number, section)
            if number != last.get(place, 0) + 1:
                yield "L-%s-%d stands behind L-%s-%d" % (place, number, place, last.get(place, 0))
            last[place] = number


def main(arguments):
    spec, exempt, folder, *others = (pathlib.Path(argument) for argument in arguments)
    text = spec.read_text(encoding="utf-8")
    rules = ["L-%s-%s" % rule for rule in _RULE.findall(text)]
    assert len(rules) > ENOUGH_RULES, "the rules of the text were not found"
    found = list(order_faults(text))
    for path in (spec, exempt, *others):
        named = set(_NAMED.findall(path.read_text(encoding="utf-8", errors="replace")))
        found += ["%s: the text has no %s" % (path, rule) for rule in sorted(named - set(rules))]
    found += coverage.faults(rules, coverage.exemptions(exempt.read_text(encoding="utf-8")), coverage.covered(folder))
    print("\n".join(found) if found else "%d rules" % len(rules))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
