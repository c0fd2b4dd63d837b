"""Section 4 of "Computing Neural Network Gradients" (Kevin Clark), line by line, in NumPy.

The dense reference implementation: gather x, multiply. Training uses `classifier.py`, which computes the same numbers
faster; tests, the gradient check and the web page compare it with this module.

    B examples in a batch    m features (slots)    d size of a row of L    H hidden units    C classes    V rows of L
    (the notes have B = 1 and write D_h for H, N_c for C and |V| for V)

    L (V, d)    W (m d, H)    b_1 (1, H)    U (H, C)    b_2 (1, C)

The numbers in brackets are those of the identities in section 3 of the notes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clearparse.network.classifier import Booleans, Floats, Integers, Parameters


class Forward(NamedTuple):
    """x (B, m d), z (B, H), h (B, H), theta (B, C) and y_hat (B, C)."""

    x: Floats
    z: Floats
    h: Floats
    theta: Floats
    y_hat: Floats


class Backward(NamedTuple):
    """J and its derivatives: each has the shape of the variable it is taken with respect to.

    delta_1 = dJ/dtheta and delta_2 = dJ/dz. In dx (B, m d), the ith block of d numbers is dJ/dL_{w_i}.
    """

    J: float
    delta_1: Floats
    delta_2: Floats
    dU: Floats
    db_2: Floats
    dW: Floats
    db_1: Floats
    dx: Floats
    dL: Floats


def relu(x: Floats) -> Floats:
    """ReLU(x) = max(x, 0). Its derivative is sgn(ReLU(x)), which is 0 at x = 0."""
    return np.asarray(np.maximum(x, 0))


def softmax(theta: Floats) -> Floats:
    """y_hat_i = exp(theta_i) / sum over k of exp(theta_k), in each row; the largest theta is subtracted first."""
    exponents = np.exp(theta - theta.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def cross_entropy(y: Floats, y_hat: Floats) -> float:
    """CE(y, y_hat) = - sum over i of y_i log y_hat_i, the mean over the batch. y (B, C): one-hot, or a distribution."""
    possible = y > 0  # elsewhere the term is 0, even if y_hat is
    return float(-(y[possible] * np.log(y_hat[possible])).sum() / len(y))


def one_hot(classes: Integers, C: int, dtype: np.dtype[np.floating]) -> Floats:
    """y (B, C) for the correct classes (B,)."""
    return np.asarray(np.eye(C, dtype=dtype)[classes])


def forward(params: Parameters, w: Integers, legal: Booleans | None = None) -> Forward:
    """The forward pass for the rows w (B, m) of L; legal (B, C): the classes of the softmax, default all."""
    L, W, b_1, U, b_2 = params
    x = L[w].reshape(len(w), -1)                                  # x = [L_{w_0}, L_{w_1}, ..., L_{w_{m-1}}]
    z = x @ W + b_1                                               # z = x W + b_1
    h = relu(z)                                                   # h = ReLU(z), left out in the notes by mistake
    theta = h @ U + b_2                                           # theta = h U + b_2
    allowed = theta if legal is None else np.where(legal, theta, theta.dtype.type(-np.inf))
    y_hat = softmax(allowed)                                      # y_hat = softmax(theta)
    return Forward(x, z, h, theta, y_hat)


def backward(params: Parameters, w: Integers, computed: Forward, y: Floats) -> Backward:
    """The gradients of J for the rows w (B, m) of L and the target y (B, C).

    J is the mean over the batch: delta_1 is divided by B, and gradients are summed over the examples.
    """
    L, W, _, U, _ = params
    x, _, h, _, y_hat = computed
    B = y_hat.dtype.type(len(y))
    J = cross_entropy(y, y_hat)                                   # J = CE(y, y_hat)
    delta_1 = (y_hat - y) / B                                     # delta_1 = dJ/dtheta = y_hat - y           (7)
    delta_2 = (delta_1 @ U.T) * np.sign(h)                        # delta_2 = dJ/dz = delta_1 U^T o sgn(h)    (2) (4)
    dU = h.T @ delta_1                                            # dJ/dU = h^T delta_1                       (6)
    db_2 = delta_1.sum(axis=0, keepdims=True)                     # dJ/db_2 = delta_1                         (3)
    dW = x.T @ delta_2                                            # dJ/dW = x^T delta_2                       (6)
    db_1 = delta_2.sum(axis=0, keepdims=True)                     # dJ/db_1 = delta_2                         (3)
    dx = delta_2 @ W.T                                            # dJ/dL_{w_i} = delta_2 (W_{di:d(i+1)})^T   (2)
    dL = np.zeros_like(L)
    np.add.at(dL, w.ravel(), dx.reshape(-1, L.shape[1]))          # a row that occurs several times in w gets the sum
    return Backward(J, delta_1, delta_2, dU, db_2, dW, db_1, dx, dL)
