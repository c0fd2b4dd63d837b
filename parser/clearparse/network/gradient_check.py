"""Checks the notes' identities and every gradient of the classifier against central differences in float64.

Errors are relative: |analytic - numeric| / max(|analytic|, |numeric|, FLOOR), the largest over all entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from clearparse.errors import ClearparseError
from clearparse.network import notes
from clearparse.network.classifier import Floats, Integers, Parameters, Rows, backward, forward

STEP = 1e-5  # of central differences, whose error is about STEP**2 + 1e-16 / STEP
FLOOR = 1e-3  # the errors of smaller entries are relative to this
KINK = 1e-3  # a network with a hidden unit closer to ReLU's kink is resampled
DRAWS = 1000  # random networks drawn at most
BOUND = 1e-6
DIMS = {"B": 4, "m": 3, "d": 2, "H": 5, "C": 4, "V": 6}


class Check(NamedTuple):
    """A comparison: its name, the shape of the arrays, the largest relative error and its bound."""

    name: str
    shape: tuple[int, ...]
    error: float
    bound: float = BOUND

    @property
    def passed(self) -> bool:
        """Return True if the error is within its bound; NaN is not."""
        return self.error <= self.bound


def relative_error(analytic: Floats, numeric: Floats) -> float:
    """The largest relative error over all entries of two arrays of one shape."""
    scale = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), FLOOR)
    return float((np.abs(analytic - numeric) / scale).max())


def jacobian(f: Callable[[Floats], Floats], x: Floats) -> Floats:
    """df/dx (outputs, inputs) by central differences; x, of any shape, is changed in place and restored."""
    columns = []
    flat = x.reshape(-1)
    for k in range(flat.size):
        value = flat[k]
        flat[k] = value + STEP
        above = f(x).ravel().copy()
        flat[k] = value - STEP
        columns.append((above - f(x).ravel()) / (2 * STEP))
        flat[k] = value
    return np.array(columns).T


def check_identities(rng: np.random.Generator, n: int = 4, m: int = 3) -> Iterator[Check]:
    """The seven identities of section 3 of the notes, each on random numbers."""
    W, x, row = rng.normal(size=(n, m)), rng.normal(size=(m, 1)), rng.normal(size=(1, n))
    off_kink = rng.uniform(0.1, 1, size=(1, n)) * rng.choice([-1, 1], size=(1, n))  # of ReLU
    delta, delta_m = rng.normal(size=(1, n)), rng.normal(size=(1, m))
    y, theta = np.eye(n)[[int(rng.integers(n))]], rng.normal(size=(1, n))

    def check(name: str, analytic: Floats, f: Callable[[Floats], Floats], at: Floats) -> Check:
        return Check(name, analytic.shape, relative_error(analytic, jacobian(f, at).reshape(analytic.shape)))

    yield check("(1) z = W x: dz/dx = W", W, lambda x: W @ x, x)
    yield check("(2) z = x W: dz/dx = W^T", W.T, lambda row: row @ W, row)
    yield check("(3) z = x: dz/dx = I", np.eye(n), lambda row: row, row)
    yield check(
        "(4) z = ReLU(x): dz/dx = diag(ReLU'(x))", np.diag(np.sign(notes.relu(off_kink))[0]), notes.relu, off_kink
    )
    yield check("(5) z = W x: dJ/dW = delta^T x^T", delta.T @ x.T, lambda W: delta @ (W @ x), W)
    yield check("(6) z = x W: dJ/dW = x^T delta", row.T @ delta_m, lambda W: (row @ W) @ delta_m.T, W)
    yield check("(7) J = CE(y, softmax(theta)): dJ/dtheta = y_hat - y", notes.softmax(theta) - y,
                lambda theta: np.array(notes.cross_entropy(y, notes.softmax(theta))), theta)  # fmt: skip


def random_problem(rng: np.random.Generator, dims: dict[str, int]) -> tuple[Parameters, Integers, Integers]:
    """Parameters, rows w (B, m) of L and classes (B,), with no hidden unit near ReLU's kink.

    Raises ClearparseError if all of DRAWS random networks have such a unit, because B times H is too large.
    """
    B, m, d, H, C, V = (dims[name] for name in "BmdHCV")
    w, target = rng.integers(0, V, size=(B, m)), rng.integers(0, C, size=B)
    shapes = Parameters.initial(V=V, m=m, d=d, H=H, C=C, rng=rng, dtype=np.float64)
    for _ in range(DRAWS):
        params = Parameters(*(rng.normal(size=array.shape) for array in shapes))
        if np.abs(notes.forward(params, w).z).min() > KINK:
            return params, w, target
    raise ClearparseError(f"--dims: with {B * H:,} hidden units (B times H), one is always at ReLU's kink; use fewer")


def check_gradients(
    params: Parameters, w: Integers, target: Integers | Floats, loss: Callable[[Parameters], float], **options: object
) -> Iterator[Check]:
    """Compare each gradient of `backward`, entry by entry, with central differences of loss(params).

    options are those of `forward`. The parameters are changed in place and restored.
    """
    _, cache = forward(params, w, **options)  # type: ignore[arg-type]  # any options of forward
    _, gradients = backward(params, cache, target)
    for name in ("U", "b_2", "W", "b_1", "L"):
        theta, gradient = getattr(params, name), getattr(gradients, name)
        if isinstance(gradient, Rows):
            dense = np.zeros_like(theta)
            dense[gradient.index] = gradient.values
            gradient = dense
        numeric = jacobian(lambda _: np.array(loss(params)), theta).reshape(theta.shape)
        yield Check(f"dJ/d{name}", theta.shape, relative_error(gradient, numeric))


def all_checks(seed: int, dims: dict[str, int]) -> Iterator[Check]:
    """The seven identities, then the gradients of a random network of these sizes."""
    rng = np.random.default_rng(seed)
    yield from check_identities(rng)
    params, w, target = random_problem(rng, dims)
    y = notes.one_hot(target, dims["C"], params.U.dtype)
    yield from check_gradients(params, w, target, lambda params: notes.cross_entropy(y, notes.forward(params, w).y_hat))
