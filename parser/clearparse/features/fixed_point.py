"""The first layer in fixed-point arithmetic: sums of integers, which are the same in whatever order.

With N_i, the row of NULL in slot i, z = z_NULL + the sum over slots of (L_{w_i} - N_i) W_i, where W_i = W_{di:d(i+1)}:

    x' = round(a L_{w_i}) - round(a N_i)    W' = round(b W_i)    z' = round(z_NULL / unit) + sum of round(c x' W')

a and b are powers of two; c = 1 / (a b unit). x' and W' are integers in float32, so small that every sum in x' W' is
below 2^24. float32 represents these exactly, so x' W' does not depend on the order in which BLAS adds. All summands of
z' are int16, and |z'| is below 2^15. Sums of some of them may be larger: int16 addition is modulo 2^16.

a and b follow from the Cauchy-Schwarz inequality, |x . w| <= |x| |w| for a row x of L and a column w of W_i; unit too,
but the products of the LONGEST rows of a slot are computed, and the inequality bounds those of the others only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import Floats, Parameters

EXACT = 1 << 24  # float32 represents all integers up to this one
LARGEST = (1 << 15) - 1  # of int16
LONGEST = 100  # rows of a slot whose products are computed to find unit
CHUNK = 512  # rows of a product computed at a time, so that the operands stay in the processor's cache

Integers16 = NDArray[np.int16]
Doubles = NDArray[np.float64]


class Factor(NamedTuple):
    """What a product x' W' of k slots needs: a, b, W' (k d, H) and round(a N) (k d,)."""

    a: float
    b: float
    W: Floats
    null: Floats


class Longest(NamedTuple):
    """The rows of a channel that differ most from that of NULL, N.

    norm: the largest of |L_r - N| and |N|. rows (LONGEST,): in L. next_norm: the largest |L_r - N| of the others.
    """

    norm: float
    rows: NDArray[np.intp]
    next_norm: float


class FixedPoint:
    """The first layer of a classifier in fixed-point arithmetic, with the parameters as they are now.

    rows: the rows of L that each of the m slots can show, that of NULL first. slots: those of each product x' W'.

    unit: the value of 1 in z'. z_null (1, H): z' if all slots are NULL.
    """

    def __init__(self, params: Parameters, rows: Sequence[slice], slots: Sequence[Sequence[int]]) -> None:
        self.L, W = params.L, params.W.reshape(len(rows), -1, params.W.shape[1])
        distinct = {each.start: each for each in rows}.values()
        longest = {each.start: _longest(params.L[each], each.start) for each in distinct}
        x = np.array([longest[each.start].norm for each in rows])
        w = np.sqrt(np.einsum("ikh,ikh->ih", W, W).astype(np.float64))
        self.factors: list[Factor] = []
        z_null = params.b_1[0].astype(np.float64)
        largest = np.zeros(W.shape[2])  # |z - z_NULL| at most
        for some in slots:
            factor = self._factor(x[some], w[some], np.concatenate([W[slot] for slot in some]), [rows[k] for k in some])
            self.factors.append(factor)
            z_null += (factor.null @ factor.W) / (factor.a * factor.b)
            for k, slot in enumerate(some):
                largest += self._largest(factor, k, longest[rows[slot].start], w[slot])
        rounding = (len(slots) + 1) / 2  # of each product and of z'_NULL
        self.unit = 1 / _rounded_down((LARGEST - rounding) / (float((largest + np.abs(z_null)).max()) or 1.0))
        self._c = [np.float32(1 / (each.a * each.b * self.unit)) for each in self.factors]
        self.z_null = np.rint(z_null / self.unit).astype(np.int16)[None]

    def _factor(self, x: Doubles, w: Doubles, W: Floats, rows: list[slice]) -> Factor:
        """x (k,), w (k, H): the largest norm of a row of L and the norms of the columns of W in each slot."""
        a, b = _scales(x, w.max(axis=1), self.L.shape[1])
        scaled = np.multiply(W, b, dtype=np.float32)
        return Factor(a, b, np.rint(scaled, out=scaled), self._scaled([each.start for each in rows], a).ravel())

    def _largest(self, factor: Factor, k: int, longest: Longest, w: Doubles) -> Doubles:
        """A bound of |x' W'| / (a b) (H,) in the k-th slot of a factor, given the longest rows that it can show."""
        d = self.L.shape[1]
        here = slice(k * d, (k + 1) * d)
        product = (self._scaled(longest.rows, factor.a) - factor.null[here]) @ factor.W[here]
        others = _bounds(factor.a * longest.next_norm, factor.b * w, d) if longest.next_norm else 0.0
        largest: Doubles = np.maximum(np.abs(product, out=product).max(axis=0), others)
        return largest / (factor.a * factor.b)

    def _scaled(self, rows: list[int] | NDArray[np.integer[Any]], a: float) -> Floats:
        """round(a L_r) (..., d) of rows r of L."""
        x = np.multiply(self.L[rows], a, dtype=np.float32)
        return np.rint(x, out=x)

    def product(self, number: int, rows: NDArray[np.int32]) -> Integers16:
        """round(c x' W') (n, H) of the product of this number, given the rows of L that its slots show (n, k)."""
        factor = self.factors[number]
        found = np.empty((len(rows), factor.W.shape[1]), np.int16)
        product = np.empty((min(len(rows), CHUNK), factor.W.shape[1]), np.float32)
        for k in range(0, len(rows), CHUNK):
            x = self._scaled(rows[k : k + CHUNK], factor.a).reshape(-1, len(factor.W))
            x -= factor.null
            some = np.matmul(x, factor.W, out=product[: len(x)])
            some *= self._c[number]
            np.copyto(found[k : k + CHUNK], np.rint(some, out=some), casting="unsafe")
        return found


def _longest(rows: Floats, first: int) -> Longest:
    """The longest rows of L, of those from `first` on (n, d), of which the first is that of NULL."""
    difference = rows - rows[0]
    norms = np.sqrt(np.einsum("rk,rk->r", difference, difference))
    largest = float(max(norms.max(), np.linalg.norm(rows[0])))
    if len(rows) <= LONGEST:
        return Longest(largest, first + np.arange(len(rows)), 0.0)
    order = np.argpartition(-norms, LONGEST)
    return Longest(largest, first + order[:LONGEST], float(norms[order[LONGEST]]))


def _scales(x: Doubles, w: Doubles, d: int) -> tuple[float, float]:
    """a and b, as large as the sums in a product allow, given the largest norm of a row and a column in its slots."""
    balance = math.sqrt(float(w @ w) / (float(x @ x) or 1.0))  # rounding x adds about |w| / a to z, rounding W |x| / b
    ratio = EXACT / (float(x @ w) or 1.0)
    a = _power_of_two(math.sqrt(ratio * (balance or 1.0)))
    b = _power_of_two(ratio / a)
    while float(_bounds(a * x, b * w, d).sum()) >= EXACT:
        if a * x.max() > b * w.max():
            a /= 2
        else:
            b /= 2
    return a, b


def _bounds(x: float | Doubles, w: Doubles, d: int) -> Doubles:
    """Bounds of x' W', given the norms of its factors before rounding."""
    rounding = math.sqrt(d)  # a number of x' is off by at most 1, one of W' by at most 1/2
    return (x + rounding) * (w + rounding / 2)


def _power_of_two(number: float) -> float:
    """The largest power of two not above a positive number."""
    return math.ldexp(0.5, math.frexp(number)[1])


def _rounded_down(number: float) -> float:
    """A positive number, rounded down to 8 bits: the same on all processors, whose sums may differ a little."""
    step = _power_of_two(number) / 128
    return math.floor(number / step) * step
