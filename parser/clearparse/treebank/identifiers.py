"""The ID column of CoNLL-U: words 1..n, multiword tokens a-b, and empty nodes i.j, checked for all rows at once.

Format: https://universaldependencies.org/format.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clearparse.errors import FileError
from clearparse.treebank.columns import DOT, FORM, HYPHEN, ID, MAX_DIGITS, Mask, TokenRows, as_codes, numbers
from clearparse.treebank.ragged import Offsets

MAX_QUOTED = 30  # characters of a value in an error message


class _Pairs(NamedTuple):
    """IDs with two numbers, 2-3 or 2.1: all arrays (pairs,)."""

    row: Offsets
    first: Offsets
    second: Offsets
    so_far: Offsets  # words of the sentence before this row
    words: Offsets  # words of the sentence
    sentence: Offsets

    def where(self, mask: Mask) -> _Pairs:
        return _Pairs(*(array[mask] for array in self))


class _Problems:
    """Problems of rows. The first one in the file is raised; of one row, the one that was added first."""

    def __init__(self, text: bytes, rows: TokenRows, path: str) -> None:
        self._text, self._rows, self._path = text, rows, path
        self._found: list[tuple[int, str]] = []

    def add(self, row: Offsets, bad: Mask, message: Callable[[int, str], str]) -> None:
        """bad (n,): which of the rows `row` (n,) have a problem; message(i, ID) describes that of row[i]."""
        if bad.any():
            i = int(np.argmax(bad))
            start, end = self._rows.fields[row[i], ID : FORM + 1].tolist()
            self._found.append((int(row[i]), message(i, quoted(self._text[start : end - 1]))))

    def raise_first(self) -> None:
        if self._found:
            row, message = min(self._found, key=lambda found: found[0])
            raise FileError(self._path, message, int(self._rows.line[row]))


def quoted(value: bytes) -> str:
    """A value for an error message: in quotes, on one line, shortened if it is long."""
    text = value.decode(errors="replace")
    return repr(text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 3] + "...")


def find_words(text: bytes, rows: TokenRows, path: str) -> Mask:
    """(rows,) Which rows are words. Raises FileError at the first row whose ID does not follow from the rows before."""
    problems = _Problems(text, rows, path)
    value = numbers(text, rows.fields[:, ID], rows.fields[:, FORM] - 1)
    word = value >= 0
    first_row = np.flatnonzero(np.diff(rows.sentence, prepend=-1))
    before: Offsets = np.cumsum(word) - word
    so_far: Offsets = before - before[first_row][rows.sentence]
    words = np.bincount(rows.sentence, word, len(first_row)).astype(np.int64)
    which = np.flatnonzero(word)
    problems.add(which, value[which] != so_far[which] + 1, lambda i, id_: _word_problem(id_, so_far[which[i]]))
    if len(which) < len(word):
        pairs = _split_pairs(text, rows, np.flatnonzero(~word), so_far, words)
        _check_pairs(text, pairs, rows, problems)
        problems.add(first_row, words == 0, lambda i, id_: "a sentence without words")
    problems.raise_first()
    return word


def _word_problem(id_: str, so_far: int) -> str:
    if id_ == "'1'":
        return f"ID 1 where {so_far + 1} is expected: is the blank line between two sentences missing?"
    return f"ID {id_[1:-1]} where {so_far + 1} is expected"


def _split_pairs(text: bytes, rows: TokenRows, which: Offsets, so_far: Offsets, words: Offsets) -> _Pairs:
    """The two numbers of the IDs of the rows `which`; -1 for what is not a number."""
    codes = as_codes(text)
    start, end = rows.fields[which, ID], rows.fields[which, FORM] - 1
    width = min(max(int((end - start).max()), 1), 2 * MAX_DIGITS)  # a separator after that is too late
    places = np.minimum(start[:, None] + np.arange(width), end[:, None])
    separators = (codes[places] == HYPHEN) | (codes[places] == DOT)
    middle = start + np.argmax(separators, axis=1)  # if there is none, the start: then there is no first number
    first, second = numbers(text, start, middle), numbers(text, middle + 1, end)
    sentence = rows.sentence[which]
    return _Pairs(which, first, second, so_far[which], words[sentence], sentence)


def _check_pairs(text: bytes, pairs: _Pairs, rows: TokenRows, problems: _Problems) -> None:
    bad = (pairs.first < 0) | (pairs.second < 0)
    problems.add(
        pairs.row, bad, lambda i, id_: f"ID {id_} is not a word (2), a multiword token (2-3) or an empty node (2.1)"
    )
    pairs = pairs.where(~bad)
    separator = rows.fields[pairs.row, ID] + _digits(pairs.first)
    is_multiword = as_codes(text)[separator] == HYPHEN
    _check_multiword_tokens(pairs.where(is_multiword), problems)
    _check_empty_nodes(pairs.where(~is_multiword), problems)


def _digits(value: Offsets) -> Offsets:
    """(n,) The number of digits of each number."""
    return np.searchsorted(10 ** np.arange(1, MAX_DIGITS), value, side="right") + 1


def _check_multiword_tokens(tokens: _Pairs, problems: _Problems) -> None:
    row, first, second, so_far, words, sentence = tokens

    def add(bad: Mask, message: Callable[[int], str]) -> None:
        problems.add(row, bad, lambda i, id_: f"multiword token {id_[1:-1]} {message(i)}")

    add(first > second, lambda i: "ends before it begins")
    add(second > words, lambda i: f"in a sentence of {_words(int(words[i]))}")
    add(first != so_far + 1, lambda i: f"must come just before word {first[i]}")
    overlap = np.zeros(len(row), bool)
    overlap[1:] = (first[1:] <= second[:-1]) & (sentence[1:] == sentence[:-1])
    add(overlap, lambda i: "overlaps the one before it")


def _words(count: int) -> str:
    return f"{count} word{'s' * (count != 1)}"


def _check_empty_nodes(nodes: _Pairs, problems: _Problems) -> None:
    row, first, second, so_far, _, sentence = nodes
    problems.add(row, first != so_far, lambda i, id_: f"empty node {id_[1:-1]} must come after word {first[i]}")
    place = np.arange(len(row))
    opens = np.ones(len(row), bool)  # the first after its word
    opens[1:] = (so_far[1:] != so_far[:-1]) | (sentence[1:] != sentence[:-1])
    expected = place - np.maximum.accumulate(np.where(opens, place, 0)) + 1
    problems.add(
        row,
        second != expected,
        lambda i, id_: f"empty node {id_[1:-1]} where {so_far[i]}.{expected[i]} is expected",
    )
