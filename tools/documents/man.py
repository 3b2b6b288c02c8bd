"""A manual page: the options as the tool describes them, the prose from its page.md."""

import re


class Prose:
    """A page.md: "# NAME: TITLE", then sections "## Name", of which Options has parts "### NAME".

    A paragraph that is [NAME] stands for the section of that name of the shared file.
    """

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        head, *sections = re.split(r"(?m)^## ", text)
        self.name, self.title = re.match(r"# ([\w-]+): (.*)", head).groups()
        self.sections = dict(self._titled(section) for section in sections)
        options = self.sections.pop("Options", "")
        self.options = dict(self._titled(part) for part in re.split(r"(?m)^### ", options)[1:])

    @staticmethod
    def _titled(text):
        title, _, body = text.partition("\n")
        return title.strip(), body.strip("\n")


def escaped(text):
    """Text that troff takes for nothing but text."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


def line(text):
    """A line that troff does not take for a request."""
    return "\\&" + text if text.startswith((".", "'")) else text


def marked(text):
    """**bold** and *italic*."""
    text = escaped(text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\\fB\1\\fR", text)
    return line(re.sub(r"\*(.+?)\*", r"\\fI\1\\fR", text))


def sentence(option):
    """An option's help as a sentence, with options and its value set apart."""
    text = option.help if option.help.startswith("--") else option.help[0].upper() + option.help[1:]
    text = escaped(text if text.endswith(".") else text + ".")
    text = re.sub(r"(?<![\w\\])(\\-\\-[a-z](?:[a-z]|\\-(?=[a-z]))*)", r"\\fB\1\\fR", text)
    if option.value:
        text = re.sub(r"(?<![\w-])%s(?!\w)" % re.escape(option.value), r"\\fI%s\\fR" % option.value, text)
    return line(text)


def paragraphs(text, shared, first=".PP"):
    """Paragraphs, "TERM", an indented text below it, and code, which is all indented."""
    out = []
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip("\n"))):
        head, *rest = paragraph.split("\n")
        if re.fullmatch(r"\[.*\]", paragraph):
            out += paragraphs(shared.sections[paragraph], shared, first if number == 0 else ".PP")
        elif head.startswith("    "):
            code = [line(escaped(row[4:])) for row in [head] + rest]
            out += [".PP", ".nf", ".RS 4"] + code + [".RE", ".fi"]
        elif rest and all(row.startswith("    ") for row in rest):
            out += [".TP", marked(head), marked(" ".join(row.strip() for row in rest))]
        else:
            out += [first if number == 0 else ".PP", marked(" ".join(paragraph.split("\n")))]
    return [row for row in out if row]


def option_lines(option, prose, shared):
    """One option: its forms, its help, and what the prose adds."""
    value = "\\fI%s\\fR" % option.value
    long = "\\fB%s\\fR" % escaped("--" + option.name) + ("=" + value if option.value else "")
    short = "\\fB%s\\fR" % escaped("-" + option.letter) + (" " + value if option.value else "")
    out = [".TP", short + ", " + long if option.letter else long, sentence(option)]
    more = prose.options.get("--" + option.name) or shared.options.get("--" + option.name)
    if more:
        # The first paragraph goes on where the help ends; further ones are indented as it is.
        out += [row if row != ".PP" else ".IP" for row in paragraphs(more, shared, first="")]
    return out


def group_lines(command, title, options, prose, shared):
    """A group of options, with what is said of all of them."""
    out = [".SS " + title]
    for suffix in ("", ", at its end"):
        said = prose.options.get(title + suffix) or shared.options.get(title + suffix)
        if suffix == "":
            out += paragraphs(said, shared, first="") if said else []
            for option in options:
                out += option_lines(option, prose, shared)
        elif said:
            out += paragraphs(said, shared)
    return [row.replace("{tool}", command.name.partition("-")[2]) for row in out]


def check(command, prose):
    """Prose of what the command has not is refused."""
    known = ["--" + option.name for option in command.options()]
    for title, _ in command.groups:
        known += [title, title + ", at its end"]
    for name in prose.options:
        if name not in known:
            raise SystemExit(f"{prose.name}: the page speaks of {name}, which the tool has not")
    if prose.name != command.name:
        raise SystemExit(f"the page is of {prose.name}, and the tool is {command.name}")


def arguments(text):
    """The arguments of the synopsis: names in italics."""
    return re.sub(r"([A-Z]{2,})", r"\\fI\1\\fR", escaped(text))


def manual(command, prose, shared):
    """The page, as text for man."""
    check(command, prose)
    out = [
        '.\\" Made from the options of %s and from its page.md.' % command.name,
        '.TH %s 1 "" "vmprof" "vmprof manual"' % escaped(command.name.upper()),
        ".SH NAME",
        "%s \\- %s" % (escaped(command.name), escaped(prose.title)),
        ".SH SYNOPSIS",
        "\\fB%s\\fR [\\fIOPTIONS\\fR] %s" % (escaped(command.name), arguments(command.arguments)),
    ]
    last = {"See also": prose.sections.get("See also", "")}
    for title, body in prose.sections.items():
        if title not in last:
            out += [".SH " + title.upper()] + paragraphs(body, shared, first="")
        if title == "Description":
            out.append(".SH OPTIONS")
            for group, options in command.groups:
                out += group_lines(command, group, options, prose, shared)
    if command.examples:
        rows = [line(escaped(row[2:])) for row in command.examples.rstrip("\n").split("\n")]
        out += [".SH EXAMPLES", ".nf"] + rows + [".fi"]
    out += [".SH SEE ALSO"] + paragraphs(last["See also"], shared, first="")
    return "\n".join(out) + "\n"
