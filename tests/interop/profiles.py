"""What exports must say of a profile, worked out from what the reference reader reads: one pass over the samples."""

import collections
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path("spec/reference").absolute()))
sys.dont_write_bytecode = True
import vmprof_reader  # noqa: E402

KINDS = ["unknown", "py", "jit", "vm", "native", "kernel", "gc", "jit-internal"]
MACHINE = {4, 5}  # native, kernel
Frame = collections.namedtuple("Frame", "name file first_line kind line module")


def text(field):
    """A field of the dump, whose characters are bytes, as UTF-8 with U+FFFD for what is none."""
    return field.encode("latin-1").decode("utf-8", "replace")


def read(data):
    """The dump of the reference reader, as Python has it."""
    return json.loads(vmprof_reader.dump(vmprof_reader.read(data)))


def frames_of(sample):
    """The frames of a sample, root first."""
    return [
        Frame(text(name), text(file), first, kind, line, text(module[0]) if module else "")
        for (name, file, first, kind, _, line), module in zip(sample["stack"], sample["modules"])
    ]


def samples_of(profile, metric=None):
    """(frames, weight) of each sample, root first; the metric is cpu, or else the first."""
    for session in profile["sessions"]:
        names = [name for name, _ in session["value_types"]]
        column = names.index(metric or ("cpu" if "cpu" in names else names[0]))
        for sample in session["samples"]:
            frames = frames_of(sample)
            yield frames or [Frame("<hidden>", "", 0, 0, 0, "")], sample["values"][column]


def collapsed_frame(frame):
    """A frame as design has it for collapsed stacks."""
    name = (frame.name or "-").replace(";", ",").replace("\n", " ").replace("\r", " ")
    place = frame.file.replace(";", ",").replace("\n", " ").replace("\r", " ")
    if frame.kind in MACHINE and (frame.module or place):
        base = (frame.module or place).split("/")[-1]
        return "%s %s" % (name, base if base.startswith("[") and base.endswith("]") else "[%s]" % base)
    return "%s (%s:%d)" % (name, place, frame.first_line) if place else name


def stacks_of(profile, label=collapsed_frame, metric=None):
    """The weight of each stack, a stack being a tuple of what label says of its frames."""
    stacks = collections.Counter()
    for frames, weight in samples_of(profile, metric):
        stacks[tuple(label(frame) for frame in frames)] += weight
    return +stacks


def function_of(frame):
    """What makes two frames one function: py and jit share theirs."""
    kind = 1 if frame.kind == 2 else frame.kind
    return (frame.name, frame.file, frame.first_line, kind)


def sums_of(profile):
    """{function: [self, total]}, a function counted once a stack."""
    sums = collections.defaultdict(lambda: [0, 0])
    for frames, weight in samples_of(profile):
        sums[function_of(frames[-1])][0] += weight
        for function in {function_of(frame) for frame in frames}:
            sums[function][1] += weight
    return sums
