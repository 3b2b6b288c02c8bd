"""What a reader can say of an input, or a part of it, that it cannot read."""

class FormatError(Exception):
    """Why an input, or the rest of it, cannot be read."""

    category = "damaged"

    def __init__(self, rule, offset, text):
        super().__init__("offset %d: %s [%s]" % (offset, text, rule))
        self.rule, self.offset, self.text = rule, offset, text


class NotOurs(FormatError):
    """The input is no profile of this format."""

    category = "not ours"


class Newer(FormatError):
    """A later version of the format wrote it."""

    category = "newer"


class Unsupported(FormatError):
    """It needs something that this reader does not know."""

    category = "unsupported"


class Damaged(FormatError):
    """So damaged that nothing can be read."""


class Broken(Exception):
    """A chunk or row breaks a rule: it alone is lost."""

    def __init__(self, rule, text):
        super().__init__(text)
        self.rule = rule


class Unknown(Exception):
    """A chunk has something that this reader does not know."""

    def __init__(self, rule, text):
        super().__init__(text)
        self.rule = rule


def require(condition, rule, text):
    if not condition:
        raise Broken(rule, text)
