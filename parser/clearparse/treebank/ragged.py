"""Ragged arrays: rows of different lengths, one after another in a flat array, with the offsets where they begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Offsets = NDArray[np.int64]


def offsets(lengths: ArrayLike) -> Offsets:
    """(S + 1,) The offsets at which S sentences, or other rows, begin, and the last one ends; lengths (S,)."""
    lengths = np.asarray(lengths, np.int64)
    begin = np.zeros(len(lengths) + 1, np.int64)
    lengths.cumsum(out=begin[1:])
    return begin


def take_rows(rows: Offsets, which: NDArray[np.intp]) -> tuple[Offsets, Offsets]:
    """The rows `which`, in that order: the offsets at which they then begin, and the indices of their items."""
    first = rows[which]
    lengths = rows[which + 1] - first
    begin = offsets(lengths)
    return begin, np.arange(begin[-1]) + (first - begin[:-1]).repeat(lengths)
