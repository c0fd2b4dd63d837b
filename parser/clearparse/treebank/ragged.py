"""Ragged arrays: rows of different lengths, one after another in a flat array, with the offsets where they begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Offsets = NDArray[np.int64]


def offsets(lengths: ArrayLike) -> Offsets:
    """(S + 1,) The offsets at which S sentences, or other rows, begin, and the last one ends; lengths (S,)."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def take_rows(rows: Offsets, which: NDArray[np.intp]) -> tuple[Offsets, Offsets]:
    """The rows `which`, in that order: the offsets at which they then begin, and the indices of their items."""
    lengths = np.diff(rows)[which]
    begin = offsets(lengths)
    return begin, np.arange(begin[-1]) + np.repeat(rows[:-1][which] - begin[:-1], lengths)
