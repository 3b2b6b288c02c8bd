#!/usr/bin/env python3
"""reference.py HEADER...: the reference of the C API, as Markdown, made from the headers: each comment as text, and
below it the declarations that it speaks of. What follows a comment without a blank line between is its own."""
import re
import sys

SECTION = re.compile(r"/\* -{4,} (.*?) -{4,} \*/$")
FUNCTION = re.compile(r"\b(?:VMPF_API|static inline)\b[^;{]*?\b(vmpf_\w+)\(")
TYPE = re.compile(r"^(?:typedef )?((?:struct|enum) vmpf_\w+) \{", re.M)


class Group:
    """A comment, the declarations below it, and the header's section that they stand in."""

    def __init__(self, section, comment, code):
        self.section = section
        self.comment = comment
        self.code = code
        self.names = TYPE.findall(code) + [name + "()" for name in FUNCTION.findall(code)]


def comment_text(lines):
    text = "\n".join(lines).strip()
    text = re.sub(r"^/\*|\*/$", "", text)
    return "\n".join(re.sub(r"^ \*( |$)|^ ", "", line) for line in text.split("\n")).strip()


def paragraphs(text):
    """The lines of a header's part that stand together, one list each."""
    part, depth, in_comment = [], 0, False
    for line in text.split("\n"):
        if not line.strip() and depth == 0 and not in_comment:
            if part:
                yield part
            part = []
            continue
        part.append(line)
        code = re.sub(r"/\*.*?\*/", "", line)
        depth += code.count("{") - code.count("}")
        in_comment = ("/*" in code or in_comment) and "*/" not in code
    if part:
        yield part


def split_comment(lines):
    """The comment that a paragraph begins with, and the rest."""
    if not lines[0].startswith("/*"):
        return "", lines
    end = next(i for i, line in enumerate(lines) if "*/" in line)
    return comment_text(lines[:end + 1]), lines[end + 1:]


def split_code(lines):
    """A paragraph may hold several comments, each with its declarations."""
    part, depth, in_comment = [], 0, False
    for line in lines:
        if line.startswith("/*") and depth == 0 and part and not in_comment:
            yield part
            part = []
        part.append(line)
        code = re.sub(r"/\*.*?\*/", "", line)
        depth += code.count("{") - code.count("}")
        in_comment = ("/*" in code or in_comment) and "*/" not in code
    yield part


def is_public(line):
    """Not what only the compiler reads: includes, the guard, checks of the layout."""
    return not re.match(r"#include|#ifndef|#endif|#define VMPROF_\w+_H$|_Static_assert", line)


def anchor(name):
    return re.sub(r"\W+", "-", name).strip("-")


def groups(text):
    section = ""
    # What VMPF_API is for which compiler, and extern "C", is of no interest either.
    text = re.sub(r"^#if(?:def)? (?:.|\n)*?^#endif$", "", text, flags=re.M)
    for paragraph in paragraphs(text):
        for lines in split_code(paragraph):
            heading = SECTION.match(lines[0])
            if heading:
                section = heading.group(1)
                continue
            comment, code = split_comment(lines)
            code = [line for line in code if is_public(line)]
            if comment or code:
                yield Group(section, comment, "\n".join(code))


def markdown(headers):
    """headers: pairs of a file's name and its text."""
    body, index, section = [], [], None
    for name, text in headers:
        body.append("## `vmprof/%s`\n" % name)
        section = ""
        for group in groups(text):
            if group.section != section:
                section = group.section
                body.append("### %s\n" % (section[:1].upper() + section[1:]))
            index += group.names
            body += ['<a id="%s"></a>' % anchor(entry) for entry in group.names]
            if group.comment:
                body.append(group.comment + "\n")
            if group.code:
                body.append("```c\n%s\n```\n" % group.code)
    links = ", ".join("[%s](#%s)" % (entry, anchor(entry)) for entry in sorted(set(index)))
    return "# libvmprof_fmt\n\nMade from the headers.\n\n%s\n\n%s" % (links, "\n".join(body))


def main():
    headers = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as header:
            headers.append((path.rsplit("/", 1)[-1], header.read()))
    sys.stdout.write(markdown(headers))


if __name__ == "__main__":
    main()
