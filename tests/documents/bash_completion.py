"""Drives a completion in a real bash, without a terminal."""

import subprocess

SCRIPT = """
source "$1"; shift
function=$1 COMP_CWORD=$2; shift 2
COMP_WORDS=("$@")
"$function"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(path, words, folder):
    """What bash would offer for the last of words, which it has split at `=`."""
    name = path.name.replace("-", "_")
    command = ["bash", "--norc", "-uc", SCRIPT, "bash", str(path), "_" + name, str(len(words) - 1)]
    done = subprocess.run(
        command + list(words), cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )
    if done.stderr:
        raise AssertionError(f"{path.name}: {words}: {done.stderr}")
    return [line for line in done.stdout.split("\n") if line]
