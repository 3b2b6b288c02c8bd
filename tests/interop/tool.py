"""vmprof-convert and mkprofile, as the tests run them."""

import pathlib
import subprocess
import tempfile

SECONDS = 120
TOOL = None
MKPROFILE = None
PROFILES = pathlib.Path("testdata/profiles")
# Those that nothing can be read of, and one whose files all end in another way.
UNREADABLE = {"newer"}


def use(tool, mkprofile):
    """Names the executables, before all else."""
    global TOOL, MKPROFILE
    TOOL, MKPROFILE = pathlib.Path(tool).absolute(), pathlib.Path(mkprofile).absolute()


def run(*arguments, **options):
    """Runs vmprof-convert with nothing on standard input, unless options say otherwise."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    command = [str(TOOL)] + [str(argument) for argument in arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, timeout=SECONDS, check=False, **options)


def convert(*arguments, **options):
    """What it writes to standard output; it has to succeed."""
    done = run(*arguments, **options)
    if done.returncode != 0:
        raise AssertionError("%r: exit %d: %s" % (arguments, done.returncode, done.stderr.decode()))
    return done.stdout


def names():
    """The profiles of testdata that can be read."""
    return [path for path in sorted(PROFILES.glob("*.prof")) if path.stem not in UNREADABLE]


def make(source, path):
    """A profile from a text, as testdata/profiles/README.md describes it."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(source)
        file.flush()
        subprocess.run([str(MKPROFILE), file.name, str(path)], check=True, timeout=SECONDS)
    return path


def weight_of_lines(lines):
    """{stack: weight} of collapsed stacks."""
    stacks = {}
    for line in lines:
        stack, weight = line.rsplit(" ", 1)
        frames = tuple(stack.split(";"))
        stacks[frames] = stacks.get(frames, 0) + int(weight)
    return stacks
