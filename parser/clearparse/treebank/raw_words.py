"""The words of unannotated text, tokenized by rule and with the forms of a treebank; for word vectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from clearparse.io.files import PathLike, read_lines

# A word with joining characters inside, a run of dots or dashes, or any other single character.
_CANDIDATE = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*|\.\.+|--+|__+|[^\w\s]|_")
_JOINT = re.compile(r"(['\u2019.-])")
_APOSTROPHE = re.compile(r"['\u2019]")


def read_raw_words(path: PathLike, known: Iterable[str], normalize: Callable[[str], str] = str) -> Iterator[list[str]]:
    """The words of each line that has some. known: forms of a treebank; `isn't` is split if `is` and `n't` are known.

    normalize: applied to each line first. Raises FileError: see read_lines.
    """
    tokens_of = _Tokenizer(frozenset(form.lower() for form in known))
    for line in read_lines(path):
        words = [word for candidate in _CANDIDATE.findall(normalize(line)) for word in tokens_of[candidate]]
        if words:
            yield words


class _Tokenizer(dict[str, list[str]]):
    """A cache of the words of each candidate."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def __missing__(self, candidate: str) -> list[str]:
        words = self[candidate] = self._split(candidate)
        return words

    def _split(self, candidate: str) -> list[str]:
        lower = candidate.lower()
        if lower in self._known or not candidate[0].isalnum():
            return [candidate]
        for k in range(1, len(candidate)):
            if lower[:k] in self._known and lower[k:] in self._known and _APOSTROPHE.search(candidate[k:]):
                return [candidate[:k], candidate[k:]]
        return [part for part in _JOINT.split(candidate) if part]
