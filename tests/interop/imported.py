"""What the tools make of the files of others: imported by vmprof-convert, read again by the reference reader."""

import collections

import profiles
import tool

UNKNOWN, PY, NATIVE, KERNEL, GC = (profiles.KINDS.index(kind) for kind in ("unknown", "py", "native", "kernel", "gc"))

# thread: (process, thread, name); stack: ((name, file, kind, line), ...), the root first.
Sample = collections.namedtuple("Sample", "thread time_ns stack values")
Profile = collections.namedtuple("Profile", "samples values period_ns end_ns lost said")


def sample_of(found):
    """A sample of the dump."""
    frames = tuple((profiles.text(name), profiles.text(file), kind, line) for name, file, _, kind, _, line in found["stack"])
    return Sample(tuple(found["thread"]), found["time_ns"], frames, tuple(found["values"]))


def read(*arguments, **options):
    """All that is in an input. It has to be readable; what is said of it is in `said`."""
    done = tool.run(*arguments, **options)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    session, = profiles.read(done.stdout)["sessions"]
    values = ["%s:%s" % tuple(each) for each in session["value_types"]]
    return Profile([sample_of(each) for each in session["samples"]], values, session["metadata"].get("period_ns"),
                   session["end_ns"], session["lost_samples"], done.stderr.decode())


def refusal(*arguments, **options):
    """The one line that an input is refused with."""
    done = tool.run("--json", *arguments, **options)
    if done.returncode != 1 or done.stderr.count(b"\n") != 1:
        raise AssertionError("exit %d: %s" % (done.returncode, done.stderr.decode()))
    return done.stderr.decode()


def survives(path):
    """A damaged input is read, and said to be damaged, or refused in one line. True: it was read."""
    done = tool.run("--json", path)
    if done.returncode not in (0, 1) or (done.returncode == 1 and done.stderr.count(b"\n") != 1):
        raise AssertionError("exit %d: %s" % (done.returncode, done.stderr.decode()))
    return done.returncode == 0


def differ(found, expected):
    """The first place where two long lists differ, to be None: unittest would compare all of them, for minutes."""
    for i, (here, there) in enumerate(zip(found, expected)):
        if here != there:
            return "at %d: %r, not %r" % (i, here, there)
    return None if len(found) == len(expected) else "%d, not %d" % (len(found), len(expected))
