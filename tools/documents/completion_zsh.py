"""A completion for zsh: a function that calls _arguments."""


def quoted(text):
    """One word for zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def plain(text):
    """Text in which _arguments finds none of its own marks."""
    for mark in "\\[]:":
        text = text.replace(mark, "\\" + mark)
    return text


def action(option):
    """What completes the value, as _arguments is told it."""
    if option.files:
        return "_files" if option.files == "file" else "_files -/"
    if option.is_list:
        return "_values -s , %s %s" % (option.value, " ".join(option.words))
    return "(%s)" % " ".join(option.words).replace(":", "\\:") if option.words else " "


def specs(option):
    """One for each form. An option that has a value may be repeated: the last one counts, or each does."""
    out = []
    for form in option.forms():
        mark = ("=" if form[1] == "-" else "+") if option.value else ""
        spec = ("*" if option.value else "") + form + mark + "[%s]" % plain(option.brief())
        if option.value:
            spec += ":%s:%s" % (option.value, action(option))
        elif option.letter:
            spec = "(%s)" % " ".join(option.forms()) + spec
        out.append(quoted(spec))
    return out


def arguments(command):
    """What stands behind the options."""
    if command.tools:
        return [quoted("1:tool:(%s help)" % " ".join(command.tools)), quoted("*::argument:->tool")]
    if command.stops_at_argument:
        return [quoted("(-)1:program:_command_names -e"), quoted("*::argument:_normal")]
    return [quoted("*:file:_files")]


TOOL = """\
if [[ $state == tool ]]; then
    local tool=$words[1]
    if [[ $tool == help ]]; then
        _arguments ':tool:({tools})'
    elif (( $+functions[_{name}-$tool] )); then
        words[1]={name}-$tool
        service={name}-$tool
        _{name}-$tool
    fi
fi
"""


def completion(command):
    """The file that zsh autoloads."""
    rows = [spec for option in command.options() for spec in specs(option)] + arguments(command)
    out = "#compdef %s\n# Made from the options of %s.\n" % (command.name, command.name)
    if command.tools:
        out += "local curcontext=$curcontext state line\ntypeset -A opt_args\n"
    flags = "-s -S" + (" -A '-*'" if command.stops_at_argument else "") + (" -C" if command.tools else "")
    out += "_arguments %s : \\\n    " % flags + " \\\n    ".join(rows) + "\n"
    if command.tools:
        out += TOOL.format(name=command.name, tools=" ".join(command.tools))
    return out
