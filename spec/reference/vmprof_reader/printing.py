"""A profile as one line of JSON, or as a few lines for people."""

import json

from .model import LOST_THREAD
from .tables import LOST

def text(data):
    """A byte string for JSON: each byte is the character of that number."""
    return data.decode("latin-1")


def dump_thread(thread):
    """A thread as JSON can hold it."""
    return [thread.process_id, thread.thread_id, text(thread.name)]


def dump_module(module):
    """A module as JSON can hold it."""
    return None if module is None else [
        text(module.path), text(module.build_id), module.address, module.size, module.offset]


def dump_totals(totals):
    """The samples that are covered, and what each stack has, as JSON can hold it."""
    return [totals.first, totals.behind,
            [[stack, samples, *sums] for stack, (samples, sums) in sorted(totals.by_stack.items())]]


def dump_sample(session, sample):
    """A sample as JSON can hold it."""
    threads = session.threads
    return {
        "flags": sample.flags,
        "labels": {text(key): text(value) if isinstance(value, bytes) else value
                   for key, value in sample.labels.items()},
        "modules": [dump_module(function.module) for function, _ in sample.stack],
        "stack": [[text(f.name), text(f.file), f.first_line, f.kind, f.address, line] for f, line in sample.stack],
        "thread": dump_thread(LOST_THREAD if sample.thread == LOST else threads[sample.thread]),
        "time_ns": sample.time_ns,
        "values": list(sample.values),
    }


def dump_metadata(value):
    """A value of META as JSON can hold it."""
    if isinstance(value, bytes):
        return text(value)
    return [text(item) for item in value] if isinstance(value, list) else value


def dump_session(session):
    """A session as JSON can hold it."""
    return {
        "end_ns": session.end_ns if session.finished else None,
        "finished": session.finished,
        "lost_samples": session.lost_samples,
        "modules": [dump_module(module) for module in session.modules],
        "metadata": {text(key): dump_metadata(value) for key, value in session.metadata.items()},
        "samples": [dump_sample(session, sample) for sample in session.samples],
        "totals": [dump_totals(totals) for totals in session.totals],
        "start_unix_ns": session.start_unix_ns,
        "value_types": [[text(name), text(unit)] for name, unit in session.value_types],
    }


def dump_error(error):
    """An error as JSON can hold it."""
    return None if error is None else {
        "category": error.category, "rule": error.rule, "offset": error.offset, "text": error.text}


def dump_details(session):
    """What this reader alone says of a session."""
    return {
        "read_version": session.read_version,
        "write_version": session.write_version,
        "superblock_damaged": session.superblock_damaged,
        "superblock_size": session.superblock_size,
        "session_id": session.session_id,
        "damage": {
            "bytes": session.damage.bytes, "chunks": session.damage.chunks,
            "samples": session.damage.samples, "rows": session.damage.rows,
        },
        "refused": dump_error(session.refused),
        "notes": [list(note) for note in session.notes],
        "wrong_offers": [list(note) for note in session.wrong_offers],
    }


def dump(profile, error=None):
    """One line of JSON, the same for the same input always. All but `reference` is what any reader can say."""
    sessions = profile.sessions
    error = next((session.refused for session in sessions if session.refused), error)
    document = {
        "damage": {
            "bad_chunks": sum(session.damage.chunks for session in sessions),
            "lost_bytes": sum(session.damage.bytes for session in sessions),
            "lost_samples": sum(session.damage.samples for session in sessions),
            "unfinished": not all(session.finished for session in sessions),
        },
        "damaged": error is not None or not profile.whole,
        "error": error and error.category,
        "sessions": [dump_session(session) for session in sessions],
        "threads": [dump_thread(thread) for session in sessions for thread in session.threads],
        "reference": {
            "error": dump_error(error),
            "sessions": [dump_details(session) for session in sessions],
        },
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"


def summary(profile):
    """A few lines for people."""
    lines = []
    for index, session in enumerate(profile.sessions):
        lines.append("session %d: %d samples, %d threads, %s, %s" % (
            index, len(session.samples), len(session.threads),
            "finished" if session.finished else "not finished",
            "damaged" if session.damage else "not damaged"))
        lines += ["  offset %d: %s [%s]" % (offset, what, rule) for rule, offset, what in session.notes]
        if session.refused:
            lines.append("  %s: %s" % (session.refused.category, session.refused))
    return "".join(line + "\n" for line in lines)
