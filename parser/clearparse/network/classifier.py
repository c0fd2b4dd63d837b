"""The classifier of "Computing Neural Network Gradients" (Kevin Clark): m rows of L in, one of C classes out.

`notes.py` is the reference implementation; this one, for training, is faster. Section 4 of the notes splits W by rows,
x W = L_{w_0} W_{0:d} + L_{w_1} W_{d:2d} + ..., and each product L_r W_{di:d(i+1)} is computed once for each distinct
pair (slot i, row r) of a batch, forward and backward.

    B examples in a batch    m features (slots)    d size of a row of L    H hidden units    C classes    V rows of L
    n distinct pairs (slot, row) in a batch, in the order of their slots    u distinct rows in a batch

    L (V, d)    W (m d, H)    b_1 (1, H)    U (H, C)    b_2 (1, C)    z, h (B, H)    theta, y_hat, delta_1 (B, C)

The logits theta are scores, not "all parameters"; delta_1 = dJ/dtheta and delta_2 = dJ/dz are the error terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
Booleans = NDArray[np.bool_]

MAX_MAGNITUDE = 1e6  # of a parameter: far beyond what training gives, and sums of such numbers fit float32


class Parameters(NamedTuple):
    """All parameters of the classifier: L (V, d), W (m d, H), b_1 (1, H), U (H, C), b_2 (1, C)."""

    L: Floats
    W: Floats
    b_1: Floats
    U: Floats
    b_2: Floats

    @classmethod
    def initial(
        cls, *, V: int, m: int, d: int, H: int, C: int, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> Parameters:
        """Random initial parameters.

        L is uniform in +-0.01, W in +-sqrt(6 / (m d)) (He et al. 2015), U in +-sqrt(6 / (H + C)) (Glorot & Bengio 2010,
        eq. 16); biases are 0.
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


def to_float16(params: Parameters) -> Parameters:
    """The same parameters, each rounded to the nearest float16; their dtype does not change."""
    return Parameters(*(array.astype(np.float16).astype(array.dtype) for array in params))


@dataclass(frozen=True)
class Rows:
    """The gradient of some rows of a matrix: index (u,), ascending and distinct, and values (u, d)."""

    index: Integers
    values: Floats


class Gradients(NamedTuple):
    """dJ/dL for the rows that occur in the batch, and dJ/dW, dJ/db_1, dJ/dU, dJ/db_2 in the shapes of Parameters."""

    L: Rows
    W: Floats
    b_1: Floats
    U: Floats
    b_2: Floats


class Pairs(NamedTuple):
    """The n distinct pairs (slot i, row r) of a batch.

    rows (u,): the distinct rows of L. row (n,): the row of each pair, as an index into `rows`. The pairs of slot i are
    start[i] : start[i + 1]. S (B, n), sparse: 1 where an example has a pair, m ones in each row.
    """

    rows: Integers
    row: Integers
    start: list[int]
    S: Any


class Cache(NamedTuple):
    """What `backward` needs from `forward`.

    scale: 1 / (1 - p) of the dropout. log_sum (B, 1): log of the softmax denominator.
    """

    pairs: Pairs
    L_rows: Floats
    h: Floats
    scale: float
    theta: Floats
    log_sum: Floats
    y_hat: Floats
    legal: Booleans | None


def scores(params: Parameters, w: Integers) -> Floats:
    """theta (B, C), the scores of all classes for the rows w (B, m) of L, without dropout and softmax."""
    pairs = distinct_pairs(w, len(params.L))
    h = hidden(params, pairs, params.L[pairs.rows[pairs.row]])
    return h @ params.U + params.b_2                              # theta = h U + b_2


def forward(
    params: Parameters,
    w: Integers,
    *,
    legal: Booleans | None = None,
    dropout: float = 0.0,
    slot_dropout: float = 0.0,
    rng: np.random.Generator | None = None,
) -> tuple[Floats, Cache]:
    """y_hat (B, C) for the rows w (B, m) of L, and the cache for `backward`.

    legal (B, C): the classes that the softmax is over, at least one in each row; y_hat is exactly 0 for the others.
    dropout: the rate p. A hidden unit is 0 with probability p, else divided by 1 - p (Srivastava et al. 2014).
    slot_dropout: the same for the m slots of x, each dropped as a whole. Both need rng.
    Raises ValueError if an example has no legal class.
    """
    pairs = distinct_pairs(w, len(params.L))
    drop(pairs.S.data, slot_dropout, rng)                         # x~_i = x_i k_i / (1 - p)
    L_rows = params.L[pairs.rows[pairs.row]]                      # (n, d)
    h = hidden(params, pairs, L_rows)                             # h = ReLU(x W + b_1)
    scale = drop(h, dropout, rng)                                 # h~ = h k / (1 - p)
    theta = h @ params.U + params.b_2                             # theta = h U + b_2
    y_hat, log_sum = softmax(theta, legal)                        # y_hat = softmax(theta)
    return y_hat, Cache(pairs, L_rows, h, scale, theta, log_sum, y_hat, legal)


def backward(params: Parameters, cache: Cache, target: Integers | Floats) -> tuple[float, Gradients]:
    """J = CE(y, y_hat), the mean over the batch, and its gradients.

    target: the correct classes (B,), integers, or a distribution over the classes for each example (B, C).
    Raises ValueError if a target is not legal.
    """
    from scipy.sparse import csc_array

    pairs, L_rows, h = cache.pairs, cache.L_rows, cache.h
    J, delta_1 = cross_entropy(cache, target)                     # dJ/dtheta = (y_hat - y) / B       (7)
    delta_2 = delta_1 @ params.U.T                                # dJ/dh~ = delta_1 U^T              (2)
    delta_2 *= (h > 0) * h.dtype.type(cache.scale)                # dJ/dz = dJ/dh~ o sgn(h) k/(1 - p) (4)
    dU = h.T @ delta_1                                            # dJ/dU = h^T delta_1               (6)
    db_2 = delta_1.sum(axis=0, keepdims=True)                     # dJ/db_2 = delta_1                 (3)
    db_1 = delta_2.sum(axis=0, keepdims=True)                     # dJ/db_1 = delta_2                 (3)
    dP = pairs.S.T @ delta_2                                      # dJ/dP = S^T delta_2               (6)
    dW = np.empty_like(params.W)
    dL_rows = np.empty_like(L_rows)
    for i, (p, W_i) in enumerate(blocks(pairs, params.W)):
        np.matmul(L_rows[p].T, dP[p], out=dW[i * len(W_i) : (i + 1) * len(W_i)])   # x^T delta_2  (6)
        np.matmul(dP[p], W_i.T, out=dL_rows[p])                   # dJ/dL_{w_i} = delta_2 W_i^T       (2)
    n = len(pairs.row)
    same_row = csc_array((np.ones(n, h.dtype), pairs.row, np.arange(n + 1, dtype=np.int32)), (len(pairs.rows), n))
    return J, Gradients(Rows(pairs.rows, same_row @ dL_rows), dW, db_1, dU, db_2)


def distinct_pairs(w: Integers, V: int) -> Pairs:
    """The distinct pairs (slot, row) of w (B, m)."""
    from scipy.sparse import csr_array  # here: its import takes longer than parsing a sentence, which does not need it

    B, m = w.shape
    rows, row = distinct(w, V)
    keys, pair = distinct(row + np.arange(0, m * len(rows), len(rows), dtype=np.int32), m * len(rows))
    start = np.searchsorted(keys, np.arange(m + 1) * len(rows))
    ones = np.ones(B * m, np.float32)
    S = csr_array((ones, pair.ravel(), np.arange(0, B * m + 1, m, dtype=np.int32)), (B, len(keys)))
    slot = np.repeat(np.arange(m), np.diff(start))
    return Pairs(rows, (keys - slot * len(rows)).astype(np.int32), start.tolist(), S)


def distinct(values: Integers, size: int) -> tuple[Integers, Integers]:
    """The distinct values, ascending, and the index of each value among them; values are below `size`."""
    present = np.zeros(size, np.bool_)
    present[values] = True
    found = present.nonzero()[0]
    place = np.empty(size, np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return found, place[values]


def blocks(pairs: Pairs, W: Floats) -> list[tuple[slice, Floats]]:
    """For each slot i, the slice of its pairs and its block W_{di:d(i+1)} (d, H) of W."""
    m = len(pairs.start) - 1
    return [
        (slice(first, last), W_i)
        for first, last, W_i in zip(pairs.start, pairs.start[1:], W.reshape(m, -1, W.shape[1]), strict=False)
    ]


def hidden(params: Parameters, pairs: Pairs, L_rows: Floats) -> Floats:
    """h = ReLU(x W + b_1) (B, H); L_rows (n, d) are the rows of the pairs."""
    P = np.empty((len(L_rows), params.W.shape[1]), params.W.dtype)
    for p, W_i in blocks(pairs, params.W):
        np.matmul(L_rows[p], W_i, out=P[p])                       # P_(i, r) = L_r W_{di:d(i+1)}
    z: Floats = pairs.S @ P                                       # x W = sum over i of L_{w_i} W_{di:d(i+1)}
    z += params.b_1                                               # z = x W + b_1
    return np.maximum(z, np.zeros_like(params.b_1), out=z)        # h = ReLU(z); NumPy is slower with the number 0


def drop(h: Floats, p: float, rng: np.random.Generator | None) -> float:
    """Set each unit of h to 0 with probability p and divide the others by 1 - p, in place; return 1 / (1 - p)."""
    if p == 0.0:
        return 1.0
    if rng is None or not 0 < p < 1:
        raise ValueError("the dropout rate must be at least 0 and below 1, and needs a random generator")
    scale = 1 / (1 - p)
    h *= (rng.random(h.shape, dtype=np.float32) >= p) * h.dtype.type(scale)
    return scale


def softmax(theta: Floats, legal: Booleans | None) -> tuple[Floats, Floats]:
    """y_hat (B, C) and the log of the softmax denominator (B, 1), over the legal classes (B, C), default all."""
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


def cross_entropy(cache: Cache, target: Integers | Floats) -> tuple[float, Floats]:
    """J, the mean of -sum y log y_hat, and delta_1 = dJ/dtheta = (y_hat - y) / B (B, C)."""
    B = len(cache.y_hat)
    if target.ndim == 2:
        y = target.astype(cache.theta.dtype, copy=False)
        if cache.legal is not None and y[~cache.legal].any():
            raise ValueError("the target gives probability to a class that is not legal")
        J = float(cache.log_sum.sum() - (y * cache.theta).sum()) / B
        delta_1: Floats = cache.y_hat - y
    else:
        right = np.arange(B), target
        if cache.legal is not None and not cache.legal[right].all():
            raise ValueError("the target is a class that is not legal")
        J = float((cache.log_sum[:, 0] - cache.theta[right]).mean())
        delta_1 = cache.y_hat.copy()
        delta_1[right] -= 1
    delta_1 /= B
    return J, delta_1
