"""Text without annotation, a sentence or paragraph a line, as the words a treebank would make of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from clearparse.io.files import PathLike, open_input

# A word with what joins its parts, dots or dashes in a row, or any other single sign.
_PIECE = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*|\.\.+|--+|__+|[^\w\s]|_")
_JOINT = re.compile(r"(['\u2019.-])")
_APOSTROPHE = re.compile(r"['\u2019]")


def read_raw_text(path: PathLike, known: Iterable[str], normalize: Callable[[str], str] = str) -> Iterator[list[str]]:
    """The words of each line, cut as in a treebank with the known forms: `isn't` is two words where these are.

    normalize: applied to each line first.
    Raises FileError: missing, damaged. What is not UTF-8 is read as signs of its own.
    """
    cutter = _Cutter(frozenset(form.lower() for form in known))
    with open_input(path) as stream:
        for line in stream:
            text = normalize(line.decode("utf-8", errors="replace"))
            words = [word for piece in _PIECE.findall(text) for word in cutter[piece]]
            if words:
                yield words


class _Cutter(dict[str, list[str]]):
    """Each piece of text with the words it is, remembered."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def __missing__(self, piece: str) -> list[str]:
        words = self[piece] = self._cut(piece)
        return words

    def _cut(self, piece: str) -> list[str]:
        lower = piece.lower()
        if lower in self._known or not piece[0].isalnum():
            return [piece]
        for k in range(1, len(piece)):
            if lower[:k] in self._known and lower[k:] in self._known and _APOSTROPHE.search(piece[k:]):
                return [piece[:k], piece[k:]]
        return [part for part in _JOINT.split(piece) if part]
