"""Ragged arrays: rows of different lengths, one after another in a flat array, and the offsets at which they begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Offsets = NDArray[np.int64]


def offsets(lengths: ArrayLike) -> Offsets:
    """(S + 1,) where each of S sentences, or other rows, begins, and the last ends, given how long each is (S,)."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def take_rows(rows: Offsets, which: NDArray[np.intp]) -> tuple[Offsets, Offsets]:
    """Of some rows, in the order given, where each then begins (see offsets), and the items that are in them."""
    lengths = np.diff(rows)[which]
    begin = offsets(lengths)
    return begin, np.arange(begin[-1]) + np.repeat(rows[:-1][which] - begin[:-1], lengths)
