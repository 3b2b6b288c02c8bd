"""The tools, by the name of their folder. Each is installed, and checked by //tests/golden."""

TOOLS = [
    "convert",
    "diff",
    "func",
    "info",
    "lines",
    "merge",
    "record",
    "symbolize",
    "top",
    "tree",
]
