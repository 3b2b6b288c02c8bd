"""A reading as one line of JSON, with the members that vmprof_reader has too."""

import json


def text(data):
    """A byte string for JSON: each byte is the character of that number."""
    return data.decode("latin-1")


def dump_module(module):
    return None if module is None else [text(module.path), "", module.address, module.size, module.offset]


def dump_metadata(value):
    if isinstance(value, bytes):
        return text(value)
    return [text(item) for item in value] if isinstance(value, list) else value


def dump_sample(sample):
    return {
        "flags": sample.flags,
        "labels": {},
        "modules": [dump_module(module) for _, _, module in sample.frames],
        "stack": [[text(f.name), text(f.file), f.first_line, f.kind, f.address, line] for f, line, _ in sample.frames],
        "thread": [0, sample.thread, ""],
        "time_ns": 0,  # [L-8-3]
        "values": sample.values,
    }


def dump_session(profile):
    return {
        "end_ns": profile.end_ns if profile.finished else None,
        "finished": profile.finished,
        "lost_samples": 0,
        "metadata": {text(key): dump_metadata(value) for key, value in profile.metadata.items()},
        "modules": [dump_module(module) for module in profile.modules],
        "samples": [dump_sample(sample) for sample in profile.samples],
        "start_unix_ns": profile.start_unix_ns,
        "value_types": [text(value).rsplit(":", 1) for value in profile.value_types],
    }


def dump(profile, error=None):
    """One line of JSON, the same for the same input always. All but `reference` is what any reader can say."""
    damage = [] if profile is None else profile.damage
    finished = profile is None or profile.finished
    document = {
        "damage": {
            "bad_chunks": len(damage),
            "lost_bytes": sum(item.lost_bytes for item in damage),
            "lost_samples": sum(item.lost_samples for item in damage),
            "unfinished": not finished,
        },
        "damaged": error is not None or bool(damage) or not finished,
        "error": error and error.category,
        "sessions": [] if profile is None else [dump_session(profile)],
        "threads": [] if profile is None else [[0, thread, ""] for thread in profile.threads],
        "reference": {
            "error": error and {"rule": error.rule, "offset": error.offset, "text": error.text},
            "notes": [[item.rule, item.offset, item.lost_bytes] for item in damage],
        },
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"
