"""The classifier of "Computing Neural Network Gradients" (Kevin Clark): m rows of L in, one of C classes out.

The sum x W = L_{w_0} W_{0:d} + L_{w_1} W_{d:2d} + ..., with which the notes' section 4 splits W by rows, is
computed once for each different pair (slot, row) of a batch, forward and backward.

    B examples in a batch    m slots    d numbers in a row of L    H hidden units    C classes    V rows of L
    n different pairs (slot, row) in a batch, in the order of their slots    u different rows in a batch

    L (V, d)    W (m d, H)    b_1 (1, H)    U (H, C)    b_2 (1, C)    z, h (B, H)    theta, y_hat, delta_1 (B, C)

theta are the scores, not "all parameters"; delta_1 = dJ/dtheta and delta_2 = dJ/dz are the notes' error terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
Booleans = NDArray[np.bool_]


class Parameters(NamedTuple):
    """All parameters of the classifier: L (V, d), W (m d, H), b_1 (1, H), U (H, C), b_2 (1, C)."""

    L: Floats
    W: Floats
    b_1: Floats
    U: Floats
    b_2: Floats

    @classmethod
    def initial(
        cls, *, V: int, m: int, d: int, H: int, C: int, rng: np.random.Generator, dtype: Any = np.float32
    ) -> Parameters:
        """Random parameters to start from: L uniform in +-0.01, W and U after He et al. (2015), biases 0.

        W is uniform in +-sqrt(6 / (m d)) and U in +-sqrt(6 / (H + C)) (Glorot & Bengio 2010, eq. 16).
        """

        def uniform(bound: float, *shape: int) -> Floats:
            return ((2 * rng.random(shape, dtype=np.float32) - 1) * np.float32(bound)).astype(dtype)

        return cls(
            L=uniform(0.01, V, d),
            W=uniform((6 / (m * d)) ** 0.5, m * d, H),
            b_1=np.zeros((1, H), dtype),
            U=uniform((6 / (H + C)) ** 0.5, H, C),
            b_2=np.zeros((1, C), dtype),
        )


@dataclass(frozen=True)
class Rows:
    """The gradient of a few rows of a matrix: index (u,) ascending and without repeats, values (u, d)."""

    index: Integers
    values: Floats


class Gradients(NamedTuple):
    """dJ/dL of the rows named in the batch, and dJ/dW, dJ/db_1, dJ/dU, dJ/db_2 in the shapes of Parameters."""

    L: Rows
    W: Floats
    b_1: Floats
    U: Floats
    b_2: Floats


class Group(NamedTuple):
    """The n different pairs (slot, row) of a few slots side by side, in the order of the slots.

    row (n,): the row of each pair, as a place in `Batch.rows`; slots: each slot i with the slice of its pairs;
    S (B, n) has a one where an example has a pair: one in each line for each slot.
    """

    row: Integers
    slots: list[tuple[int, slice]]
    S: csr_array


class Batch(NamedTuple):
    """The different rows (u,) of L that a batch names, ascending, and its pairs (slot, row)."""

    rows: Integers
    groups: list[Group]


class Cache(NamedTuple):
    """What backward needs of forward; scale is 1 / (1 - p) of the dropout, log_sum (B, 1) the log of softmax's sum."""

    batch: Batch
    h: Floats
    scale: float
    theta: Floats
    log_sum: Floats
    y_hat: Floats
    legal: Booleans | None


def scores(params: Parameters, w: Integers) -> Floats:
    """theta (B, C), the scores of all classes for the rows w (B, m) of L: no dropout, no softmax."""
    h = hidden(params, distinct_pairs(w, len(params.L)), len(w))  # h = ReLU(x W + b_1)
    theta: Floats = h @ params.U + params.b_2                     # theta = h U + b_2
    return theta


def forward(
    params: Parameters,
    w: Integers,
    *,
    legal: Booleans | None = None,
    dropout: float = 0.0,
    rng: np.random.Generator | None = None,
) -> tuple[Floats, Cache]:
    """y_hat (B, C) for the rows w (B, m) of L, and the cache for `backward`.

    legal (B, C): the softmax is over these classes only, y_hat is exactly 0 elsewhere; at least one in each line.
    dropout p: each hidden unit is 0 with probability p, else divided by 1 - p (Srivastava et al. 2014, inverted);
    it needs rng.
    """
    batch = distinct_pairs(w, len(params.L))
    h = hidden(params, batch, len(w))                             # h = ReLU(x W + b_1)
    scale = drop(h, dropout, rng)                                 # h~ = h k / (1 - p)
    theta = h @ params.U                                          # theta = h U + b_2
    theta += params.b_2
    y_hat, log_sum = softmax(theta, legal)                        # y_hat = softmax(theta)
    return y_hat, Cache(batch, h, scale, theta, log_sum, y_hat, legal)


def backward(params: Parameters, cache: Cache, target: NDArray[Any]) -> tuple[float, Gradients]:
    """J = CE(y, y_hat), the mean over the batch, and its gradients.

    target: the right classes (B,), integers, or a distribution over the classes for each example (B, C).
    """
    batch, h = cache.batch, cache.h
    J, delta_1 = cross_entropy(cache, target)                     # dJ/dtheta = (y_hat - y) / B       (7)
    delta_2 = delta_1 @ params.U.T                                # dJ/dh = delta_1 U^T               (2)
    delta_2 *= h > 0                                              # dJ/dz = dJ/dh o sgn(h)            (4)
    delta_2 *= cache.scale
    dU = h.T @ delta_1                                            # dJ/dU = h^T delta_1               (6)
    db_2 = delta_1.sum(axis=0, keepdims=True)                     # dJ/db_2 = delta_1                 (3)
    db_1 = delta_2.sum(axis=0, keepdims=True)                     # dJ/db_1 = delta_2                 (3)
    d = params.L.shape[1]
    L_rows = params.L[batch.rows]
    dW = np.empty_like(params.W)
    dL = []
    for group in batch.groups:
        x = L_rows[group.row]
        dP = group.S.T @ delta_2
        dx = np.empty_like(x)
        for i, pairs in group.slots:
            W_i = params.W[d * i : d * (i + 1)]
            np.matmul(x[pairs].T, dP[pairs], out=dW[d * i : d * (i + 1)])   # x^T delta_2  (6)
            np.matmul(dP[pairs], W_i.T, out=dx[pairs])                   # dJ/dL_{w_i} = delta_2 W_i^T       (2)
        dL.append(dx)
    row = np.concatenate([group.row for group in batch.groups])
    n = len(row)
    same_row = csc_array((np.ones(n, h.dtype), row, np.arange(n + 1, dtype=np.int32)), (len(batch.rows), n))
    return J, Gradients(Rows(batch.rows, same_row @ np.concatenate(dL)), dW, db_1, dU, db_2)


SLOTS = 12


def distinct_pairs(w: Integers, V: int, dtype: Any = np.float32) -> Batch:
    """The different pairs (slot, row) of w (B, m)."""
    B, m = w.shape
    rows, row = distinct(w, V)
    u = len(rows)
    groups = []
    for first in range(0, m, SLOTS):
        last = min(first + SLOTS, m)
        k = last - first
        keys, pair = distinct(row[:, first:last] + np.arange(0, k * u, u, dtype=np.int32), k * u)
        start = np.searchsorted(keys, np.arange(k + 1) * u)
        S = csr_array((np.ones(B * k, dtype), pair.ravel(), np.arange(0, B * k + 1, k, dtype=np.int32)), (B, len(keys)))
        slots = [(first + i, slice(start[i], start[i + 1])) for i in range(k)]
        groups.append(Group((keys % u).astype(np.int32), slots, S))
    return Batch(rows, groups)


def distinct(values: Integers, size: int) -> tuple[Integers, Integers]:
    """The different values, ascending, and the place of each value among them; all values are below `size`."""
    present = np.zeros(size, np.bool_)
    present[values] = True
    found = np.flatnonzero(present)
    place = np.empty(size, np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return found, place[values]


def hidden(params: Parameters, batch: Batch, B: int) -> Floats:
    """h = ReLU(x W + b_1) (B, H)."""
    d, H = params.L.shape[1], params.W.shape[1]
    L_rows = params.L[batch.rows]
    z = np.repeat(params.b_1, B, axis=0)
    for group in batch.groups:
        x = L_rows[group.row]
        P = np.empty((len(x), H), z.dtype)
        for i, pairs in group.slots:
            np.matmul(x[pairs], params.W[d * i : d * (i + 1)], out=P[pairs])   # P_(i, r) = L_r W_{di:d(i+1)}
        z += group.S @ P                                          # x W = sum over i of L_{w_i} W_{di:d(i+1)}
    return np.maximum(z, 0, out=z)                                # h = ReLU(z)


def drop(h: Floats, p: float, rng: np.random.Generator | None) -> float:
    """Sets each number of h to 0 with probability p and divides the others by 1 - p, in place; returns 1 / (1 - p)."""
    if p == 0.0:
        return 1.0
    if rng is None or not 0 < p < 1:
        raise ValueError("dropout must be at least 0 and below 1, and needs a random generator")
    dropped = int(p * 65536)
    scale = 65536 / (65536 - dropped)
    h *= rng.integers(0, 65536, h.shape, dtype=np.uint16) >= dropped
    h *= scale
    return scale


def softmax(theta: Floats, legal: Booleans | None) -> tuple[Floats, Floats]:
    """y_hat (B, C) and the log of the sum it was divided by (B, 1), over the legal classes only."""
    if legal is None:
        shifted = theta
    else:
        if not legal.any(axis=1).all():
            raise ValueError("an example of the batch has no legal class")
        shifted = np.where(legal, theta, theta.dtype.type(-np.inf))
    top: Floats = shifted.max(axis=1, keepdims=True)
    y_hat: Floats = np.exp(shifted - top)
    total: Floats = y_hat.sum(axis=1, keepdims=True)
    y_hat /= total
    return y_hat, top + np.log(total)


def cross_entropy(cache: Cache, target: NDArray[Any]) -> tuple[float, Floats]:
    """J, the mean of -sum q log y_hat, and delta_1 = dJ/dtheta = (y_hat - q) / B (B, C)."""
    B = len(cache.y_hat)
    if target.ndim == 2:
        q = target.astype(cache.theta.dtype, copy=False)
        if cache.legal is not None and q[~cache.legal].any():
            raise ValueError("the target gives probability to a class that is not legal")
        J = float(cache.log_sum.sum() - (q * cache.theta).sum()) / B
        delta_1: Floats = cache.y_hat - q
    else:
        right = np.arange(B), target
        if cache.legal is not None and not cache.legal[right].all():
            raise ValueError("the target is a class that is not legal")
        J = float((cache.log_sum[:, 0] - cache.theta[right]).mean())
        delta_1 = cache.y_hat.copy()
        delta_1[right] -= 1
    delta_1 /= B
    return J, delta_1
