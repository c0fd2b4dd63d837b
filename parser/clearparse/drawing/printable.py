"""Text without control characters, for terminals and logs."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text on one line, without control characters, which could move the cursor or worse."""
    replaced = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in replaced else c for c in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, whose line ends stay; tabs become spaces."""
    return "\n".join(map(printable, text.expandtabs().split("\n")))
