"""Raw text, paragraph by paragraph: a blank line or U+2029 ends a paragraph, other line ends are spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from clearparse.errors import FileError
from clearparse.io.files import PathLike, open_input, shown_name

BLOCK_BYTES = 1 << 20
MOST_BLOCKS = 8  # how many a paragraph may go on for without a line end

_SPACE = re.compile(r"\s+")
_PARAGRAPH_END = re.compile(r"[\n\u2028]\s*[\n\u2028]|\u2029")


class Paragraphs(NamedTuple):
    """Some paragraphs, and the number that the first of them has."""

    texts: list[str]
    first: int


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a text, with one space wherever there is any."""
    for paragraph in _PARAGRAPH_END.split(text):
        if plain := _SPACE.sub(" ", paragraph).strip():
            yield plain


def read_paragraphs(path: PathLike, block_bytes: int = BLOCK_BYTES) -> Iterator[list[str]]:
    """The paragraphs of a file (`-`: standard input), those of about block_bytes at a time.

    Where so much text has no blank line, a line end ends a paragraph too; where it has no line end either, the
    paragraph goes on, but after MOST_BLOCKS times as much the last space ends it, or the last character.
    Raises FileError: missing, damaged, not UTF-8.
    """
    name = shown_name(path)
    with open_input(path) as stream:
        line, rest = 1, b""
        while block := stream.read(block_bytes):
            rest += block.replace(b"\r\n", b"\n")
            end = max(rest.rfind(b"\n\n") + 2, 0) if b"\n\n" in rest else rest.rfind(b"\n") + 1
            if not end and len(rest) >= MOST_BLOCKS * block_bytes:
                end = rest.rfind(b" ") + 1 or _last_character(rest)
            if end:
                yield list(paragraphs(decoded(rest[:end], name, line)))
                line += rest[:end].count(b"\n")
                rest = rest[end:]
        yield list(paragraphs(decoded(rest, name, line)))


def _last_character(text: bytes) -> int:
    """Where the last character begins that is not the first."""
    starts = (i for i in range(len(text) - 1, 0, -1) if text[i] & 0xC0 != 0x80)
    return next(starts, len(text))


def decoded(text: bytes, path: str, line: int) -> str:
    """The characters of some lines. Raises FileError with the number of the first line that is not UTF-8."""
    try:
        return text.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise FileError(path, "not UTF-8", line + text[: error.start].count(b"\n")) from None
