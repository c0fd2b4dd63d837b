r"""Where tokens are in the raw text, and the spaces around them, in the terms of UDPipe's MISC.

TokenRange=start:end counts code points; SpacesAfter, SpacesBefore and SpacesInToken escape a space as ``\s``, and tab,
CR, LF, ``|`` and backslash as ``\t``, ``\r``, ``\n``, ``\p`` and ``\\``.
(Keys: https://ufal.mff.cuni.cz/udpipe/1/users-manual#run_udpipe_tokenizer)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.ragged import Offsets

_IS_SPACE = np.array([chr(code).isspace() for code in range(0x3002)])  # U+3000 is the last space of Unicode
_ESCAPES = {" ": r"\s", "\t": r"\t", "\r": r"\r", "\n": r"\n", "|": r"\p", "\\": r"\\"}
_CHARACTERS = {escape: character for character, escape in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\[strnp\\]")
_KEYS = re.compile(rb"(?:SpaceAfter|SpacesAfter|SpacesBefore|SpacesInToken|TokenRange)=")
_MULTIWORD = re.compile(rb"^(\d+)-(\d+)\t([^\t\n]*)\t(?:[^\t\n]*\t){7}([^\t\n]*)$", re.MULTILINE)


class RawText(NamedTuple):
    """A raw text, or a piece of one that begins at code point `start`."""

    text: str
    start: int = 0


class MultiwordRow(NamedTuple):
    """The line of a multiword token. word: its first word in the table; words: how many it has.

    span: start and end of its MISC in the source.
    """

    word: int
    words: int
    form: bytes
    misc: bytes
    span: tuple[int, int]


class _Table(Protocol):
    @property
    def source(self) -> bytes: ...
    @property
    def fields(self) -> Offsets: ...


def multiword_rows(table: _Table) -> list[MultiwordRow]:
    """The multiword tokens of a table, in order."""
    found = list(_MULTIWORD.finditer(table.source))
    words = np.searchsorted(table.fields[:, 0], [each.start() for each in found]).tolist()
    return [
        MultiwordRow(word, int(each[2]) - int(each[1]) + 1, each[3], each[4], each.span(4))
        for word, each in zip(words, found, strict=True)
    ]


def token_ranges(raw: RawText, text: str, start: NDArray[np.intp], stop: NDArray[np.intp]) -> Offsets:
    """(T, 2) The ranges in the raw text of the tokens text[start : stop], (T,) each.

    text: the raw text with other whitespace between its words, and otherwise the same. Tokens neither begin nor end
    with whitespace, so the first and last characters of a token are found by counting those that are not.
    """
    if raw.text != text:
        solid, counted = (~_spaces(raw.text)).nonzero()[0], (~_spaces(text)).cumsum()
        start, stop = solid[counted[start] - 1], solid[counted[stop - 1] - 1] + 1
    return np.array((start, stop), np.int64).T + raw.start


def _spaces(text: str) -> NDArray[np.bool_]:
    """(len(text),) Which characters are whitespace."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    spaces: NDArray[np.bool_] = _IS_SPACE.take(codes, mode="clip")
    return spaces


def range_misc(
    raw: RawText, ranges: Offsets, tokens: Sequence[tuple[bytes, bytes]], *, with_ranges: bool, spaces: bool
) -> Iterator[bytes]:
    """The MISC of each token, with the keys of this module in place of earlier ones.

    ranges (T, 2); tokens (T,): form and MISC of each. with_ranges: write TokenRange; spaces: write the spaces.
    """
    text, end = raw.text, len(raw.text)
    starts, stops = (ranges - raw.start).T.tolist()
    for t, (form, misc) in enumerate(tokens):
        start, stop = starts[t], stops[t]
        given = [each for each in misc.split(b"|") if each != b"_" and (not _KEYS.match(each) or not spaces)]
        if spaces:
            given += _space_keys(text, start, stop, form.decode(), starts[t + 1] if t + 1 < len(starts) else end)
            if not t and start:
                given.append(f"SpacesBefore={escaped(text[:start])}".encode())
        if with_ranges:
            given = [each for each in given if not each.startswith(b"TokenRange=")]
            given.append(b"TokenRange=%d:%d" % (start + raw.start, stop + raw.start))
        yield b"|".join(given) or b"_"


def _space_keys(text: str, start: int, stop: int, form: str, following: int) -> Iterator[bytes]:
    """The keys of the spaces in and after the token text[start:stop]; `following`: where the next one begins."""
    after = text[stop:following]
    if not after:
        yield b"SpaceAfter=No"
    elif after != " ":
        yield f"SpacesAfter={escaped(after)}".encode()
    if stop - start != len(form) or text[start:stop] != form:
        yield f"SpacesInToken={escaped(text[start:stop])}".encode()


def escaped(spaces: str) -> str:
    r"""Whitespace as in MISC: ``\s\n`` for a space and a line feed."""
    return "".join(_ESCAPES.get(character, character) for character in spaces)


def unescaped(value: str) -> str:
    """The reverse of `escaped`."""
    return _ESCAPE.sub(lambda found: _CHARACTERS[found[0]], value)


def spaces_around(misc: Mapping[str, str]) -> tuple[str, str]:
    """The whitespace before and after a token, by its MISC."""
    after = misc.get("SpacesAfter", "" if misc.get("SpaceAfter") == "No" else r"\s")
    return unescaped(misc.get("SpacesBefore", "")), unescaped(after)
