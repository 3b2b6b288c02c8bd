"""A completion for bash."""

WORDS = """\
    mapfile -t COMPREPLY < <(compgen -P "$start" -W '{words}' -- "$word")"""
LIST = """\
    [[ $word == *,* ]] && start+=${{word%,*}},
    mapfile -t COMPREPLY < <(compgen -P "$start" -W '{words}' -- "${{word##*,}}")"""
FILES = """\
    mapfile -t COMPREPLY < <(compgen -P "$start" -{action} -- "$word")
    compopt -o filenames 2>/dev/null"""

# The word, and the option that it is a value of. `=` is a word by itself, unless COMP_WORDBREAKS has none.
HEAD = """\
# Made from the options of {name}.
{function}() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} option=${{COMP_WORDS[COMP_CWORD - 1]}} start='' i
    COMPREPLY=()
"""
VALUE = """\
    if [[ $word == --*=* ]]; then
        option=${word%%=*} start=$option= word=${word#*=}
    elif [[ $word == = ]]; then
        word=''
    elif [[ $option == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
"""
OPTIONS = """\
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '{options}' -- "$word")
        [[ ${{COMPREPLY[*]}} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi
"""
# After `--`, all are arguments.
PLAIN_ARGUMENTS = """\
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && option='' && break
    done
    if ((i == COMP_CWORD)); then
"""
# Where the first argument stands, with which the options end: i.
FIRST_ARGUMENT = """\
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${{COMP_WORDS[i]}} in
        --) ((i++)); break ;;
        {valued}) [[ ${{COMP_WORDS[i + 1]}} == = ]] && ((i++)); ((i++)) ;;
        -*) ;;
        *) break ;;
        esac
    done
"""
PROGRAM = """\
    if ((i < COMP_CWORD)); then
        if declare -F _command_offset >/dev/null; then
            _command_offset "$i"
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
        return
    fi
    if ((i == COMP_CWORD)) && [[ $word != -* || $option == -- ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
        return
    fi
"""
TOOL = """\
    local folder=${{BASH_SOURCE[0]%/*}} tool=${{COMP_WORDS[i]}}
    if ((i < COMP_CWORD)) && [[ $tool != help ]]; then
        [[ " {tools} " == *" $tool "* && -r $folder/{name}-$tool ]] || return
        . "$folder/{name}-$tool"
        COMP_WORDS=("{name}-$tool" "${{COMP_WORDS[@]:i + 1}}")
        ((COMP_CWORD -= i))
        "_{name}_$tool"
        return
    fi
    if [[ $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '{tools} help' -- "$word")
        return
    fi
"""


def value_action(option):
    """What completes a value; "" for nothing."""
    if option.files:
        return FILES.format(action="f" if option.files == "file" else "d")
    if option.words:
        return (LIST if option.is_list else WORDS).format(words=" ".join(option.words))
    return ""


def branch(options, action):
    """Where $option is one of these."""
    forms = "|".join(form for option in options for form in option.forms())
    inner = [action.replace("\n", "\n    ")] if action else []
    return ["    %s)" % forms] + ["    " + row for row in inner] + ["        return", "        ;;"]


def values(command):
    """The values of options: what stands after one is nothing else."""
    valued = [option for option in command.options() if option.value]
    free = [option for option in valued if not value_action(option)]
    out = ["    case $option in"]
    for option in valued:
        out += branch([option], value_action(option)) if option not in free else []
    out += branch(free, "") if free else []
    return "\n".join(out + ["    esac", ""]) if valued else ""


def option_words(command):
    """All forms; those that take a value end with `=`."""
    out = []
    for option in command.options():
        out += [form + ("=" if option.value and form[1] == "-" else "") for form in option.forms()]
    return " ".join(out)


def stopping(command):
    """A command whose options end with its first argument, which is a program or a tool."""
    valued = [form for option in command.options() if option.value for form in option.forms()]
    out = FIRST_ARGUMENT.format(valued="|".join(valued) or "''")
    if command.tools:
        return out + TOOL.format(tools=" ".join(command.tools), name=command.name)
    return out + PROGRAM + VALUE + values(command)


def completion(command):
    """The file that bash reads."""
    function = "_" + command.name.replace("-", "_")
    out = HEAD.format(name=command.name, function=function)
    options = OPTIONS.format(options=option_words(command))
    if command.stops_at_argument:
        out += stopping(command) + options
    else:
        inner = VALUE + values(command) + options
        out += PLAIN_ARGUMENTS + "".join("    " + row + "\n" for row in inner.splitlines()) + "    fi\n"
        out += FILES.format(action="f") + "\n"
    return out + "}\ncomplete -F %s %s\n" % (function, command.name)
