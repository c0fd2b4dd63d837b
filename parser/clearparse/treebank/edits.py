"""New values of columns of a block, beside the bytes that it was read from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from clearparse.treebank.columns import NAMES
from clearparse.treebank.identifiers import quoted

ALL = slice(None)


class Edit(NamedTuple):
    """New values of the columns first to last, one value per word with tabs between its columns."""

    first: int
    last: int
    values: Sequence[bytes]  # (words,)

    def columns(self, first: int, last: int, words: slice = ALL) -> Sequence[bytes]:
        """(words,) Some of its columns, which must include them."""
        values = self.values[words]
        if (first, last) == (self.first, self.last):
            return values
        wanted = slice(first - self.first, last - self.first + 1)
        found = {value: b"\t".join(value.split(b"\t")[wanted]) for value in set(values)}  # far fewer than words
        return [found[value] for value in values]


@cache
def _columns(n: int) -> re.Pattern[bytes]:
    """A pattern for n columns, none of them empty."""
    return re.compile(b"\t".join([rb"[^\t\n\r]+"] * n))


def check_values(values: Iterable[bytes], first: int, last: int) -> None:
    """Raises ValueError if a value does not fit the columns first to last."""
    fits = _columns(last - first + 1).fullmatch
    for value in set(values):
        if not fits(value):
            names = NAMES[first] if first == last else f"{NAMES[first]} to {NAMES[last]}"
            raise ValueError(f"{names} cannot be {quoted(value)}")
