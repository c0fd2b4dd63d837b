"""Plain text by paragraphs: a blank line or U+2029 ends a paragraph, other line ends are spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from clearparse.errors import FileError
from clearparse.io.compression import not_text
from clearparse.io.files import check_text
from clearparse.treebank.ranges import RawText

BLOCK_BYTES = 256 << 10  # about 47,000 words: with fewer the parser's batches get small, more take memory
MAX_BLOCKS = 4  # of a paragraph without a line end

_PARAGRAPH_END = re.compile(r"[\n\u2028\u2029](?:(?<=\u2029)|\s*[\n\u2028])")


def split_paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a text, with whitespace runs replaced by single spaces."""
    return (plain for _, plain in locate_paragraphs(text))


def locate_paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """The same paragraphs as split_paragraphs, each with its start in the text."""
    start = 0
    for end, following in [*(found.span() for found in _PARAGRAPH_END.finditer(text)), (len(text), len(text))]:
        paragraph = text[start:end]
        if plain := " ".join(paragraph.split()):
            yield start + len(paragraph) - len(paragraph.lstrip()), plain
        start = following


def read_raw_text(stream: BinaryIO, name: str, block_bytes: int = BLOCK_BYTES) -> Iterator[RawText]:
    """The text of a file in pieces of about block_bytes, each of whole paragraphs.

    If there is no blank line in block_bytes, a line end also ends a paragraph. If there is no line end either, the
    paragraph continues; after MAX_BLOCKS blocks it ends at the last space, or else at the last complete character.
    name: of the file. Raises FileError if it is damaged or not UTF-8.
    """
    line, place, rest = 1, 0, b""
    while block := stream.read(block_bytes):
        check_text(block, name)
        rest += block
        end = max(rest.rfind(b"\n\n") + 2, rest.rfind(b"\n\r\n") + 3)
        if end <= 2:
            end = rest.rfind(b"\n") + 1
        if not end and len(rest) >= MAX_BLOCKS * block_bytes:
            end = rest.rfind(b" ") + 1 or _last_character(rest)
        if end:
            raw = RawText(decoded(rest[:end], name, line), place)
            yield raw
            line, place = line + rest[:end].count(b"\n"), place + len(raw.text)
            rest = rest[end:]
    yield RawText(decoded(rest, name, line), place)


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
