"""Sums of a few rows of a table for each of many items, what parsing spends most of its time on; and flat indices."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 1 << 18  # numbers to add: for fewer, a sparse matrix costs more to set up than it saves


def sums_of_rows(
    P: NDArray[np.int16], rows: NDArray[np.integer[Any]], zero: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.int16]:
    """(B, H) The sum, modulo 2^16, of the rows of P (n, H) that each item names; rows (B, m).

    zero (m,): the row in each column that is all zeros and need not be added; -1 for none.
    """
    B, m = rows.shape
    if rows.size * P.shape[1] <= FEW:
        few = P.take(rows, axis=0, mode="clip")  # clipping nothing, and faster than raising errors
        sums: NDArray[np.int16] = np.add.reduce(few, axis=1, dtype=np.int16)
        return sums
    from scipy.sparse import csr_array  # its import takes longer than parsing a sentence, which does not need it

    if zero is None:
        index, end = rows.ravel(), np.arange(0, B * m + 1, m, dtype=np.int32)
    else:
        there = rows != zero
        index, end = rows[there], np.zeros(B + 1, np.int32)
        there.sum(axis=1, dtype=np.int32).cumsum(out=end[1:])
    S = csr_array((np.ones(len(index), np.int16), index.astype(np.int32, copy=False), end), (B, len(P)))
    sums = S @ P
    return sums


@lru_cache(maxsize=16)  # a step of the parser needs them twice, mostly for the same shapes
def row_starts(rows: int, columns: int) -> NDArray[np.intp]:
    """(rows,) Where each row of a matrix begins in its flat form. Not to be written to."""
    starts = np.arange(0, rows * columns, columns)
    starts.flags.writeable = False
    return starts
