"""Plain text by paragraphs: a blank line or U+2029 ends a paragraph, other line ends are spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from clearparse.errors import FileError
from clearparse.io.files import PathLike, open_input, shown_name

BLOCK_BYTES = 1 << 20
MAX_BLOCKS = 8  # of a paragraph without a line end

_SPACE = re.compile(r"\s+")
_PARAGRAPH_END = re.compile(r"[\n\u2028]\s*[\n\u2028]|\u2029")


def split_paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a text, with one space for each run of white space."""
    for paragraph in _PARAGRAPH_END.split(text):
        if plain := _SPACE.sub(" ", paragraph).strip():
            yield plain


def read_paragraphs(
    path: PathLike, block_bytes: int = BLOCK_BYTES, *, stream: BinaryIO | None = None
) -> Iterator[list[str]]:
    """The paragraphs of a file (``-``: standard input) in lists of about block_bytes.

    If there is no blank line in block_bytes, a line end also ends a paragraph. If there is no line end either, the
    paragraph continues; after MAX_BLOCKS blocks it ends at the last space, or else at the last complete character.
    stream: of the file, if it has been opened. Raises FileError if the file is missing, damaged or not UTF-8.
    """
    name = shown_name(path)
    with stream or open_input(path) as opened:
        line, rest = 1, b""
        while block := opened.read(block_bytes):
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
    try:
        return text.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise FileError(path, "not UTF-8", line + text[: error.start].count(b"\n")) from None
