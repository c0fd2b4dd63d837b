"""Plain text by paragraphs: a blank line or U+2029 ends a paragraph, other line ends are spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from clearparse.errors import FileError
from clearparse.io.compression import not_text
from clearparse.io.files import PathLike, check_text, open_input, shown_name

BLOCK_BYTES = 192 << 10  # about 35,000 words: enough to keep all stages busy, in little memory
MAX_BLOCKS = 4  # of a paragraph without a line end

_SPACE = re.compile(r"\s+")
_PARAGRAPH_END = re.compile(r"[\n\u2028]\s*[\n\u2028]|\u2029")


class Paragraphs(NamedTuple):
    """Consecutive paragraphs of a text. first: the number of the first one, counted from 1."""

    texts: list[str]
    first: int


def split_paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a text, with one space for each run of white space."""
    return (plain for _, plain in locate_paragraphs(text))


def locate_paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """The paragraphs as split_paragraphs gives them, each with its start in the text."""
    start = 0
    for end, following in [*(found.span() for found in _PARAGRAPH_END.finditer(text)), (len(text), len(text))]:
        paragraph = text[start:end]
        if plain := _SPACE.sub(" ", paragraph).strip():
            yield start + len(paragraph) - len(paragraph.lstrip()), plain
        start = following


def read_paragraphs(path: PathLike, block_bytes: int = BLOCK_BYTES) -> Iterator[list[str]]:
    """The paragraphs of a file (``-``: standard input) in lists of about block_bytes.

    If there is no blank line in block_bytes, a line end also ends a paragraph. If there is no line end either, the
    paragraph continues; after MAX_BLOCKS blocks it ends at the last space, or else at the last complete character.
    Raises FileError if the file is missing, damaged or not UTF-8.
    """
    name = shown_name(path)
    with open_input(path) as stream:
        line, rest = 1, b""
        while block := stream.read(block_bytes):
            check_text(block, path)
            rest += block.replace(b"\r\n", b"\n")
            end = max(rest.rfind(b"\n\n") + 2, 0) if b"\n\n" in rest else rest.rfind(b"\n") + 1
            if not end and len(rest) >= MAX_BLOCKS * block_bytes:
                end = rest.rfind(b" ") + 1 or _last_character(rest)
            if end:
                yield list(split_paragraphs(decoded(rest[:end], name, line)))
                line += rest[:end].count(b"\n")
                rest = rest[end:]
        yield list(split_paragraphs(decoded(rest, name, line)))


def _last_character(text: bytes) -> int:
    """The offset of the last UTF-8 character, or the end if there is only one."""
    starts = (i for i in range(len(text) - 1, 0, -1) if text[i] & 0xC0 != 0x80)
    return next(starts, len(text))


def decoded(text: bytes, path: str, line: int) -> str:
    """The decoded lines. Raises FileError with the number of the first line that is not UTF-8."""
    if line == 1 and (found := not_text(text)):
        raise FileError(path, f"this is {found}")
    try:
        return text.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise FileError(path, "not UTF-8", line + text[: error.start].count(b"\n")) from None
