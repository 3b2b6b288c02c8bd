"""Why nothing of an input can be read, and what is damaged in one that can."""


class LogError(Exception):
    """category: `not ours`, `newer`, `unsupported` or `damaged` (the table of section 8)."""

    def __init__(self, category, rule, offset, text):
        super().__init__("offset %d: %s [%s]" % (offset, text, rule))
        self.category, self.rule, self.offset, self.text = category, rule, offset, text


class Damage:
    """A place where something is lost [L-8-7]."""

    def __init__(self, rule, offset, lost_bytes, lost_samples=0):
        self.rule, self.offset = rule, offset
        self.lost_bytes, self.lost_samples = lost_bytes, lost_samples
