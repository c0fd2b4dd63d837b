"""The first layer in fixed-point arithmetic: sums of integers, which are the same in whatever order.

With N_i, the row of NULL in slot i, z = z_NULL + the sum over slots of (L_{w_i} - N_i) W_i, where W_i = W_{di:d(i+1)}:

    x' = round(a L_{w_i}) - round(a N_i)    W' = round(b W_i)    z' = round(z_NULL / unit) + sums of round(c x' W')

a and b are powers of two; c = 1 / (a b unit). x' and W' are integers in float32, so small that every sum in x' W' is
below 2^24. float32 represents these exactly, so x' W' does not depend on the order in which BLAS adds. All summands of
z' are int16, and |z'| is below 2^15. Sums of some of them may be larger: int16 addition is modulo 2^16.

The bounds follow from the Cauchy-Schwarz inequality: |x . w| <= |x| |w| for a row x of L and a column w of W_i.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import Floats, Parameters

EXACT = 1 << 24  # float32 represents all integers up to this one
LARGEST = (1 << 15) - 1  # of int16
CHUNK = 512  # rows of a product computed at a time, so that the operands stay in the processor's cache

Integers16 = NDArray[np.int16]


class FixedPoint:
    """The first layer of a classifier in fixed-point arithmetic, with the parameters as they are now.

    rows: the rows of L that each of the m slots can show, that of NULL first. addresses: the slots of each address.

    unit: of z'. z_null (1, H): z' if all slots are NULL.
    """

    def __init__(self, params: Parameters, rows: Sequence[slice], addresses: Sequence[Sequence[int]]) -> None:
        self.L, self._null = params.L, [each.start for each in rows]
        W, null = params.W.reshape(len(rows), -1, params.W.shape[1]), params.L[self._null]
        longest = {each.start: np.linalg.norm(params.L[each] - params.L[each.start], axis=1).max() for each in rows}
        x = np.array([longest[first] for first in self._null], np.float64)
        w = np.sqrt(np.einsum("ikh,ikh->ih", W, W, dtype=np.float64))
        self.a, b = _scales(x, w.max(axis=1), params.L.shape[1], addresses)
        self.W = np.multiply(W, b, dtype=np.float32)
        np.rint(self.W, out=self.W)
        z_null = np.einsum("ik,ikh->h", np.rint(null * self.a), self.W, dtype=np.float64)
        z_null += np.rint(params.b_1[0] * (self.a * b))
        sums = _bounds(self.a * x, b * w, params.L.shape[1]).sum(axis=0) + np.abs(z_null)
        most = LARGEST - (len(rows) + 1) / 2  # each product and z_null are rounded
        self.c = _rounded_down(most / sums.max())
        self.unit = 1 / (self.a * b * self.c)
        self.z_null = np.rint(self.c * z_null).astype(np.int16)[None]

    def part(self, slots: Sequence[int]) -> tuple[Floats, Floats]:
        """What `products` needs of some slots: their part of W', (k d, H), and of round(a N), (k d,)."""
        null = self.L[[self._null[slot] for slot in slots]] * self.a
        return np.concatenate([self.W[slot] for slot in slots]), np.rint(null, dtype=np.float32).ravel()

    def products(self, rows: NDArray[np.int32], part: tuple[Floats, Floats]) -> Integers16:
        """round(c x' W') (n, H), given the rows of L that k slots show (n, k), and their part."""
        W, null = part
        found = np.empty((len(rows), W.shape[1]), np.int16)
        product = np.empty((min(len(rows), CHUNK), W.shape[1]), np.float32)
        for k in range(0, len(rows), CHUNK):
            x = np.multiply(self.L[rows[k : k + CHUNK]], self.a, dtype=np.float32).reshape(-1, len(W))
            np.rint(x, out=x)
            x -= null
            some = np.matmul(x, W, out=product[: len(x)])
            some *= np.float32(self.c)
            np.copyto(found[k : k + CHUNK], np.rint(some, out=some), casting="unsafe")
        return found


def _scales(x: Floats, w: Floats, d: int, addresses: Sequence[Sequence[int]]) -> tuple[float, float]:
    """a and b: powers of two, as large as the sums of an address's slots allow if they are to be exact.

    x (m,), w (m,): the largest norm of L_r - N_i and of a column of W_i in each slot.
    """
    a, b = (_power_of_two(EXACT / (norm.max() or 1.0)) for norm in (x, w))
    while max(_bounds(a * x, b * w, d)[slots].sum() for slots in addresses) >= EXACT:
        if a * np.linalg.norm(x) > b * np.linalg.norm(w):
            a /= 2
        else:
            b /= 2
    return a, b


def _bounds(x: Floats, w: Floats, d: int) -> Floats:
    """Bounds of x' W', given the norms of its factors (m,), (m,) or (m, H) before rounding."""
    rounding = math.sqrt(d)  # a number of x' is off by at most 1, one of W' by at most 1/2
    return (x.reshape(len(x), *[1] * (w.ndim - 1)) + rounding) * (w + rounding / 2)


def _power_of_two(number: float) -> float:
    """The largest power of two below a positive number."""
    return math.ldexp(1.0, math.frexp(number)[1] - 1)


def _rounded_down(number: float) -> float:
    """A positive number, rounded down to 8 bits, so that it is the same for whatever rounding of sums."""
    step = _power_of_two(number) / 128
    return math.floor(number / step) * step
