"""The reference reader of the vmprof profile format: ../../vmprof-format.md, section by section.

It was written from that text alone and shares no code with libvmprof_fmt: where the two disagree, one of
them or the text is wrong. It is for people who write readers, and for tests. It prefers clarity to speed.

    profile = vmprof_reader.read(data)        # bytes; raises FormatError where nothing can be read
    python3 spec/reference/vmprof_reader FILE # its reading as JSON; exit code 0: read; 1: not readable; 2: wrong usage

Names are byte strings, since [F-1-5] a name need not be UTF-8. The names of rules, as in "F-3-1", stand
where the rule is enforced, and in what is said of an input that breaks it.

To follow it, begin with recovery.py (sessions and chunks in an input) and session.py (the chunks of a session);
a module stands for each section that says what is in a chunk.
"""

from .errors import Damaged, FormatError, Newer, NotOurs, Unsupported
from .model import Profile
from .printing import dump, summary
from .recovery import read

__all__ = ["Damaged", "FormatError", "Newer", "NotOurs", "Profile", "Unsupported", "dump", "read", "summary"]
