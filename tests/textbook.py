"""The textbook form of the classifier: gather x, one large product with W, dense gradients. The reference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import Gradients, Parameters, Rows


def forward(params: Parameters, w: NDArray[Any], legal: NDArray[np.bool_] | None = None) -> tuple[NDArray[Any], ...]:
    """x, h, theta and y_hat of the notes' section 4."""
    L, W, b_1, U, b_2 = params
    x = L[w].reshape(len(w), -1)
    h = np.maximum(x @ W + b_1, 0)
    theta = h @ U + b_2
    shown = theta if legal is None else np.where(legal, theta, -np.inf)
    y_hat = np.exp(shown - shown.max(axis=1, keepdims=True))
    return x, h, theta, y_hat / y_hat.sum(axis=1, keepdims=True)


def gradients(
    params: Parameters, w: NDArray[Any], target: NDArray[Any], legal: NDArray[np.bool_] | None = None
) -> Gradients:
    """The notes' gradients for the mean loss; that of L has all rows."""
    x, h, _, y_hat = forward(params, w, legal)
    B, C = y_hat.shape
    y = np.eye(C, dtype=y_hat.dtype)[target] if target.ndim == 1 else target
    delta_1 = (y_hat - y) / y_hat.dtype.type(B)
    delta_2 = (delta_1 @ params.U.T) * np.sign(h)
    dx = (delta_2 @ params.W.T).reshape(-1, params.L.shape[1])
    dL = np.zeros_like(params.L)
    np.add.at(dL, w.ravel(), dx)
    b_1, b_2 = delta_2.sum(axis=0, keepdims=True), delta_1.sum(axis=0, keepdims=True)
    return Gradients(Rows(np.arange(len(dL)), dL), x.T @ delta_2, b_1, h.T @ delta_1, b_2)
