"""The first layer in fixed-point arithmetic: sums of integers, which are the same in whatever order.

With N_i, the row of NULL in slot i, z = z_NULL + the sum over slots of (L_{w_i} - N_i) W_i, where W_i = W_{di:d(i+1)}:

    x' = round(a L_{w_i}) - round(a N_i)    W' = round(b W_i)    z' = round(c z'_NULL) + sum of round(c x' W')

a and b are powers of two. x' and W' are integers in float32, so small that every sum in x' W' is below 2^24. float32
represents these exactly, so x' W' does not depend on the order in which BLAS adds. All summands of z' are int16, and
|z'| is below 2^15. Sums of some of them may be larger: int16 addition is modulo 2^16.

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
Doubles = NDArray[np.float64]


class FixedPoint:
    """The first layer of a classifier in fixed-point arithmetic, with the parameters as they are now.

    rows: the rows of L that each of the m slots can show, that of NULL first. slots: those of each product x' W'.

    unit: the value of 1 in z'. z_null (1, H): z' if all slots are NULL.
    """

    def __init__(self, params: Parameters, rows: Sequence[slice], slots: Sequence[Sequence[int]]) -> None:
        self.L, W, d = params.L, params.W.reshape(len(rows), -1, params.W.shape[1]), params.L.shape[1]
        longest = {first: _longest(params.L[first:end]) for first, end in {(each.start, each.stop) for each in rows}}
        x = np.array([longest[each.start] for each in rows])
        w = np.sqrt(np.einsum("ikh,ikh->ih", W, W).astype(np.float64))
        self.a, b = _scales(x, w.max(axis=1), d, slots)
        self.parts: list[tuple[Floats, Floats]] = []  # of each product: W' (k d, H) and round(a N) (k d,)
        z_null = np.rint(params.b_1[0].astype(np.float64) * (self.a * b))
        for some in slots:
            part = np.concatenate([W[slot] for slot in some]).astype(np.float32, copy=False)
            part *= np.float32(b)
            null = (self.L[[rows[slot].start for slot in some]] * self.a).astype(np.float32).ravel()
            self.parts.append((np.rint(part, out=part), np.rint(null, out=null)))
            z_null += null @ part
        largest = (_bounds(self.a * x, b * w, d).sum(axis=0) + np.abs(z_null)).max()
        self.c = _rounded_down((LARGEST - (len(rows) + 1) / 2) / largest)  # each product and z'_NULL are rounded
        self.unit = 1 / (self.a * b * self.c)
        self.z_null = np.rint(self.c * z_null).astype(np.int16)[None]

    def product(self, number: int, rows: NDArray[np.int32]) -> Integers16:
        """round(c x' W') (n, H) of the product of this number, given the rows of L that its slots show (n, k)."""
        W, null = self.parts[number]
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


def _longest(rows: Floats) -> float:
    """The largest norm of a row of L (n, d), of NULL's, which is the first, and of their difference."""
    null = rows[0]
    squares, size = np.einsum("rk,rk->r", rows, rows), float(null @ null)
    return math.sqrt(max(float((squares - 2 * (rows @ null)).max()) + size, size))


def _scales(x: Doubles, w: Doubles, d: int, slots: Sequence[Sequence[int]]) -> tuple[float, float]:
    """a and b, so large as the sums in products allow. x, w (m,): the largest norm of a row and a column of a slot."""

    def largest(bounds: Doubles) -> float:
        return max(float(bounds[some].sum()) for some in slots)

    balance = np.linalg.norm(w) / (np.linalg.norm(x) or 1.0)  # rounding x adds about |w| / a to z, rounding W |x| / b
    ratio = EXACT / (largest(x * w) or 1.0)
    a = _power_of_two(math.sqrt(ratio * (balance or 1.0)))
    b = _power_of_two(ratio / a)
    while largest(_bounds(a * x, b * w, d)) >= EXACT:
        b /= 2
    return a, b


def _bounds(x: Doubles, w: Doubles, d: int) -> Doubles:
    """Bounds of x' W', given the norms of its factors before rounding: x (m,), w (m,) or (m, H)."""
    rounding = math.sqrt(d)  # a number of x' is off by at most 1, one of W' by at most 1/2
    return (x.reshape(-1, *[1] * (w.ndim - 1)) + rounding) * (w + rounding / 2)


def _power_of_two(number: float) -> float:
    """The largest power of two not above a positive number."""
    return math.ldexp(0.5, math.frexp(number)[1])


def _rounded_down(number: float) -> float:
    """A positive number, rounded down to 8 bits: the same on all processors, whose sums may differ a little."""
    step = _power_of_two(number) / 128
    return math.floor(number / step) * step
