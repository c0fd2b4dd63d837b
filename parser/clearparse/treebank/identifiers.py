"""The ID column of CoNLL-U: words 1..n, ranges a-b over words, and empty nodes i.j between words.
All rows of a text are checked at once (https://universaldependencies.org/format.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clearparse.errors import FileError
from clearparse.treebank.columns import DOT, FORM, HYPHEN, ID, MOST_DIGITS, Mask, Offsets, Rows, as_codes, numbers


class _Pairs(NamedTuple):
    """IDs of two numbers, 2-3 or 2.1: all arrays (pairs,)."""

    row: Offsets
    first: Offsets
    second: Offsets
    so_far: Offsets  # words of the sentence before this row
    words: Offsets  # words of the sentence
    sentence: Offsets

    def where(self, mask: Mask) -> _Pairs:
        return _Pairs(*(array[mask] for array in self))


class _Problems:
    """What is wrong with rows; the first in the order of the file is raised, of one row what was added first."""

    def __init__(self, text: bytes, rows: Rows, path: str) -> None:
        self._text, self._rows, self._path = text, rows, path
        self._found: list[tuple[int, str]] = []

    def add(self, row: Offsets, bad: Mask, message: Callable[[int, str], str]) -> None:
        """bad (n,) marks wrong ones among the rows row (n,); message(i, ID) says what is wrong with row[i]."""
        if bad.any():
            i = int(np.argmax(bad))
            start, end = self._rows.fields[row[i], ID : FORM + 1].tolist()
            self._found.append((int(row[i]), message(i, quoted(self._text[start : end - 1]))))

    def raise_first(self) -> None:
        if self._found:
            row, message = min(self._found, key=lambda found: found[0])
            raise FileError(self._path, message, int(self._rows.line[row]))


def quoted(value: bytes, most: int = 30) -> str:
    """A value as an error message shows it: in quotes, on one line, not too long."""
    text = value.decode(errors="replace")
    return repr(text if len(text) <= most else text[: most - 3] + "...")


def find_words(text: bytes, rows: Rows, path: str) -> Mask:
    """(rows,) Which rows are words. Raises FileError at the first row whose ID does not fit the rows before it."""
    problems = _Problems(text, rows, path)
    value = numbers(text, rows.fields[:, ID], rows.fields[:, FORM] - 1)
    word = value >= 0
    first_row = np.flatnonzero(np.diff(rows.sentence, prepend=-1))
    before: Offsets = np.cumsum(word) - word
    so_far: Offsets = before - before[first_row][rows.sentence]
    words = np.bincount(rows.sentence, word, len(first_row)).astype(np.int64)
    which = np.flatnonzero(word)
    problems.add(which, value[which] != so_far[which] + 1, lambda i, id_: _about_word(id_, so_far[which[i]]))
    if len(which) < len(word):
        pairs = _split_pairs(text, rows, np.flatnonzero(~word), so_far, words)
        _check_pairs(text, pairs, rows, problems)
        problems.add(first_row, words == 0, lambda i, id_: "a sentence without words")
    problems.raise_first()
    return word


def _about_word(id_: str, so_far: int) -> str:
    if id_ == "'1'":
        return f"ID 1 where {so_far + 1} is expected: is the blank line between two sentences missing?"
    return f"ID {id_[1:-1]} where {so_far + 1} is expected"


def _split_pairs(text: bytes, rows: Rows, which: Offsets, so_far: Offsets, words: Offsets) -> _Pairs:
    """The two numbers of the IDs of the rows `which`; -1 for what is no number."""
    codes = as_codes(text)
    start, end = rows.fields[which, ID], rows.fields[which, FORM] - 1
    width = min(max(int((end - start).max()), 1), 2 * MOST_DIGITS)  # behind that no separator is of use
    places = np.minimum(start[:, None] + np.arange(width), end[:, None])
    separators = (codes[places] == HYPHEN) | (codes[places] == DOT)
    middle = start + np.argmax(separators, axis=1)  # the start itself if there is none: then no first number
    first, second = numbers(text, start, middle), numbers(text, middle + 1, end)
    sentence = rows.sentence[which]
    return _Pairs(which, first, second, so_far[which], words[sentence], sentence)


def _check_pairs(text: bytes, pairs: _Pairs, rows: Rows, problems: _Problems) -> None:
    bad = (pairs.first < 0) | (pairs.second < 0)
    problems.add(pairs.row, bad, lambda i, id_: f"ID {id_} is not a word (2), a range (2-3) or an empty node (2.1)")
    pairs = pairs.where(~bad)
    separator = rows.fields[pairs.row, ID] + _digits(pairs.first)
    is_range = as_codes(text)[separator] == HYPHEN
    _check_ranges(pairs.where(is_range), problems)
    _check_empty_nodes(pairs.where(~is_range), problems)


def _digits(value: Offsets) -> Offsets:
    """(n,) How many digits each number has."""
    return np.searchsorted(10 ** np.arange(1, MOST_DIGITS), value, side="right") + 1


def _check_ranges(ranges: _Pairs, problems: _Problems) -> None:
    row, first, second, so_far, words, sentence = ranges
    problems.add(row, first > second, lambda i, id_: f"range {id_[1:-1]} runs backwards")
    problems.add(row, second > words, lambda i, id_: f"range {id_[1:-1]} in a sentence of {_words(int(words[i]))}")
    problems.add(row, first != so_far + 1, lambda i, id_: f"range {id_[1:-1]} does not stand before word {first[i]}")
    overlap = np.zeros(len(row), bool)
    overlap[1:] = (first[1:] <= second[:-1]) & (sentence[1:] == sentence[:-1])
    problems.add(row, overlap, lambda i, id_: f"range {id_[1:-1]} overlaps the range before it")


def _words(count: int) -> str:
    return f"{count} word{'s' * (count != 1)}"


def _check_empty_nodes(nodes: _Pairs, problems: _Problems) -> None:
    row, first, second, so_far, _, sentence = nodes
    problems.add(row, first != so_far, lambda i, id_: f"empty node {id_[1:-1]} does not stand behind word {first[i]}")
    place = np.arange(len(row))
    opens = np.ones(len(row), bool)  # the first behind its word
    opens[1:] = (so_far[1:] != so_far[:-1]) | (sentence[1:] != sentence[:-1])
    expected = place - np.maximum.accumulate(np.where(opens, place, 0)) + 1
    problems.add(
        row,
        second != expected,
        lambda i, id_: f"empty node {id_[1:-1]} where {so_far[i]}.{expected[i]} is expected",
    )
