"""The reference reader of the logs of upstream vmprof: ../../vmprof-log.md, section by section.

It was written from that text alone and shares no code with libvmprof_fmt: where the two disagree, one of them or the
text is wrong. It is for people who write readers, and for tests. It prefers clarity to speed.

    log = vmprof_log_reader.read(data)            # bytes; raises LogError where nothing can be read
    python3 spec/reference/vmprof_log_reader FILE # its reading as JSON; exit code 0: read; 1: not readable; 2: wrong usage

The JSON has the members that vmprof_reader prints too. The names of rules, as in "L-3.3-1", stand where the rule is
enforced, and in what is said of an input that breaks it.
"""

from .errors import LogError
from .printing import dump
from .profile import read

__all__ = ["LogError", "dump", "read"]
