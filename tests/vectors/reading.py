"""The expected readings: JSON that people can review, one sample or thread a line, members in their order."""

import json


def _inline(value):
    return json.dumps(value, sort_keys=True)


def _lines(value, indentation):
    """A member of a reading: what is in `sessions`, `samples` and `threads` each on its own lines."""
    inner = indentation + "  "
    if isinstance(value, list) and value:
        items = [inner + _block(item, inner) for item in value]
        return "[\n%s\n%s]" % (",\n".join(items), indentation)
    return _inline(value)


def _block(value, indentation):
    if not (isinstance(value, dict) and "samples" in value):
        return _inline(value)
    return _document(value, indentation)


def _document(value, indentation):
    inner = indentation + "  "
    members = []
    for key in sorted(value):
        printed = _lines(value[key], inner) if key in ("sessions", "samples", "threads") else _inline(value[key])
        members.append("%s%s: %s" % (inner, json.dumps(key), printed))
    return "{\n%s\n%s}" % (",\n".join(members), indentation)


def printed(document):
    """The text of a .json file."""
    return _document(document, "") + "\n"
