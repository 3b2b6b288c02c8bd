"""A completion for fish: a line an option."""


def quoted(text):
    """One word for fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def value_words(option):
    """What says how the value is completed."""
    if option.files == "file":
        return ["-r", "-F"]
    if option.files == "folder":
        return ["-x", "-a", quoted("(__fish_complete_directories)")]
    if option.is_list:
        return ["-x", "-a", quoted("(__fish_append , %s)" % " ".join(option.words))]
    if option.words:
        return ["-x", "-a", quoted(" ".join(option.words))]
    return ["-x"]


TOOL = """\
function __{function}_rest
    set -l words (commandline -opc)
    complete -C (string join ' ' -- {name}-$words[2] (string escape -- $words[3..]) (commandline -ct))
end
complete -c {name} -f
complete -c {name} -n '__fish_use_subcommand' -a {choices}
complete -c {name} -n '__fish_seen_subcommand_from help' -a {tools}
complete -c {name} -n 'not __fish_use_subcommand; and not __fish_seen_subcommand_from help' -a '(__{function}_rest)'
"""


def completion(command):
    """The file that fish reads."""
    out = "# Made from the options of %s.\n" % command.name
    condition = ["-n", "__fish_use_subcommand"] if command.tools else []
    for option in command.options():
        row = ["complete", "-c", command.name] + condition
        row += ["-s", option.letter] if option.letter else []
        row += ["-l", option.name] + (value_words(option) if option.value else [])
        out += " ".join(row + ["-d", quoted(option.brief())]) + "\n"
    if command.tools:
        tools = " ".join(command.tools)
        out += TOOL.format(
            name=command.name,
            function=command.name.replace("-", "_"),
            choices=quoted(tools + " help"),
            tools=quoted(tools),
        )
    elif command.stops_at_argument:
        out += "complete -c %s -x -a '(__fish_complete_subcommand)'\n" % command.name
    return out
