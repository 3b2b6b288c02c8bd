#!/usr/bin/env python3
"""reference_test.py REFERENCE HEADER...: every public function, struct and enum of the headers stands in the reference,
with a text above it (a type may have its text inside)."""
import re
import sys
import unittest

REFERENCE = ""
HEADERS = ""


def blocks():
    """(text above, code) of each piece of code in the reference."""
    parts = re.split(r"^```c?$", REFERENCE, flags=re.M)
    above = [re.sub(r"<a id=.*|^#.*", "", part, flags=re.M).strip() for part in parts[0::2]]
    return list(zip(above, parts[1::2]))


def block_of(pattern):
    return [(above, code) for above, code in blocks() if re.search(pattern, code)]


class Reference(unittest.TestCase):
    def test_functions(self):
        declarations = [line for line in HEADERS.replace("\n   ", " ").split("\n") if line.startswith("VMPF_API ")]
        self.assertGreater(len(declarations), 40)
        for declaration in declarations:
            name = re.search(r"(\w+)\(", declaration).group(1)
            found = block_of(r"VMPF_API[^;]*\b%s\(" % name)
            self.assertEqual(len(found), 1, name)
            self.assertNotEqual(found[0][0], "", "%s has no comment" % name)

    def test_types(self):
        names = re.findall(r"^(?:typedef )?((?:struct|enum) \w+) \{", HEADERS, flags=re.M)
        self.assertGreater(len(names), 20)
        for name in names:
            found = block_of(r"\b%s \{" % name)
            self.assertEqual(len(found), 1, name)
            body = re.search(r"\b%s \{.*?^\}" % name, found[0][1], flags=re.M | re.S).group(0)
            self.assertTrue(found[0][0] or "/*" in body, "%s has no comment" % name)

    def test_constants(self):
        for name in re.findall(r"^#define (VMPF_\w+) ", HEADERS, flags=re.M):
            if name != "VMPF_API":
                self.assertEqual(len(block_of(r"#define %s\b" % name)), 1, name)

    def test_links(self):
        anchors = re.findall(r'<a id="(.*?)">', REFERENCE)
        self.assertEqual(len(anchors), len(set(anchors)))
        self.assertEqual(sorted(anchors), sorted(re.findall(r"\]\(#(.*?)\)", REFERENCE)))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as reference:
        REFERENCE = reference.read()
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as header:
            HEADERS += header.read()
    unittest.main(argv=sys.argv[:1])
