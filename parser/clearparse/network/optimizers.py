"""Optimizers and an exponential moving average of the parameters. Arrays are updated in place.

SGD with momentum (Polyak 1964), AdaGrad (Duchi, Hazan & Singer 2011) and Adam (Kingma & Ba 2015).

A gradient is an array of the parameter's shape, or `Rows`: then only these rows and their moments are updated. A row
that does not occur in a batch keeps its value and its moments. Adam's bias correction counts the optimizer's steps, not
those of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import Floats, Gradients, Parameters, Rows

MIN_DECAY = 1e-8  # of the moving average: half the spacing of float32 at 1 is 6e-8
BLOCK = 1 << 15  # numbers updated at a time, so that a parameter and its moments stay in the processor's cache
State = dict[str, NDArray[Any]]


class Optimizer:
    """Base class: learning rate, L2 regularization, the number t of steps and the moments of each parameter.

    A subclass declares the names of its moments and defines `update`.
    """

    moments: tuple[str, ...] = ()

    def __init__(self, lr: float, l2: float = 0.0) -> None:
        self.lr, self.l2, self.t = lr, l2, 0
        self._state: State = {}

    def step(self, params: Parameters, gradients: Gradients, lr: float | None = None) -> None:
        """Update the parameters in place. lr: the learning rate of this step, default the constructor's."""
        self.t += 1
        rate = self.lr if lr is None else lr
        each: tuple[Floats | Rows, ...] = tuple(gradients)
        for name, theta, gradient in zip(params._fields, params, each, strict=True):
            arrays = [theta, *(self._moment(name, moment, theta) for moment in self.moments)]
            if isinstance(gradient, Rows):
                seen = [array[gradient.index] for array in arrays]
                self._move(rate, gradient.values, seen)
                for array, rows in zip(arrays, seen, strict=True):
                    array[gradient.index] = rows
            else:
                self._move(rate, gradient, arrays)

    def state(self) -> State:
        """The number of steps and all moments, as copies."""
        return {"t": np.array(self.t), **{name: array.copy() for name, array in self._state.items()}}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore the state that `state` returned."""
        self.t = int(state["t"])
        self._state = {name: array.copy() for name, array in state.items() if name != "t"}

    def _moment(self, name: str, moment: str, theta: Floats) -> Floats:
        key = f"{name}.{moment}"
        if key not in self._state:
            self._state[key] = np.zeros_like(theta)
        return self._state[key]

    def _move(self, lr: float, gradient: Floats, arrays: list[Floats]) -> None:
        for g, theta, *moments in in_blocks(gradient, *arrays):
            if self.l2:
                g = g + self.l2 * theta
            self.update(lr, g, theta, *moments)

    def update(self, lr: float, g: Floats, theta: Floats, *moments: Floats) -> None:
        """Update theta and the moments in place; all arrays have the shape of the gradient g."""
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent with momentum (Polyak 1964): velocity = momentum velocity + g, theta -= lr velocity."""

    moments = ("velocity",)

    def __init__(self, lr: float = 0.01, momentum: float = 0.0, l2: float = 0.0) -> None:
        super().__init__(lr, l2)
        self.momentum = momentum

    def update(self, lr: float, g: Floats, theta: Floats, *moments: Floats) -> None:
        (velocity,) = moments
        velocity *= self.momentum
        velocity += g
        theta -= lr * velocity


class AdaGrad(Optimizer):
    """Duchi, Hazan & Singer 2011, the diagonal form: theta -= lr g / (sqrt(sum of all g^2) + eps)."""

    moments = ("sum",)

    def __init__(self, lr: float = 0.01, eps: float = 1e-6, l2: float = 0.0) -> None:
        super().__init__(lr, l2)
        self.eps = eps

    def update(self, lr: float, g: Floats, theta: Floats, *moments: Floats) -> None:
        (total,) = moments
        total += g * g
        theta -= lr * g / (np.sqrt(total) + self.eps)


class Adam(Optimizer):
    """Kingma & Ba 2015, algorithm 1, in the more efficient formulation at the end of section 2."""

    moments = ("m", "v")

    def __init__(
        self, lr: float = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999, eps: float = 1e-8, l2: float = 0.0
    ) -> None:
        super().__init__(lr, l2)
        self.beta_1, self.beta_2, self.eps = beta_1, beta_2, eps

    def update(self, lr: float, g: Floats, theta: Floats, *moments: Floats) -> None:
        m, v = moments
        correction_1, correction_2 = 1 - self.beta_1**self.t, (1 - self.beta_2**self.t) ** 0.5
        m *= self.beta_1
        m += (1 - self.beta_1) * g
        v *= self.beta_2
        v += (1 - self.beta_2) * g * g
        theta -= lr * correction_2 / correction_1 * m / (np.sqrt(v) + self.eps * correction_2)


OPTIMIZERS: dict[str, type[Optimizer]] = {"adam": Adam, "adagrad": AdaGrad, "sgd": SGD}


class MovingAverage:
    """Exponential moving average: a_t = D_t a_(t-1) + (1 - D_t) theta_t, D_t = min(decay, (1 + t) / (10 + t)).

    A decay of 0, or one so small that it makes no difference to float32, keeps the parameters of the last step.
    """

    def __init__(self, params: Parameters, decay: float) -> None:
        self.decay, self.t, self.weight = decay, 0, 1.0
        self._last = Parameters(*(theta.copy() for theta in params))
        self._debt = Parameters(*(np.zeros_like(theta) for theta in params))

    def update(self, params: Parameters, gradients: Gradients) -> None:
        """Add the parameters after a step with these gradients."""
        self.t += 1
        for theta, last, debt, gradient in zip(params, self._last, self._debt, gradients, strict=True):
            if isinstance(gradient, Rows):
                new = theta[gradient.index]
                debt[gradient.index] += self.weight * (last[gradient.index] - new)
                last[gradient.index] = new
            else:
                for now, then, owed in in_blocks(theta, last, debt):
                    owed += self.weight * (then - now)
                    then[...] = now
        if self.decay < MIN_DECAY:
            for debt in self._debt:
                debt[...] = 0
            return
        self.weight /= min(self.decay, (1 + self.t) / (10 + self.t))
        while self.weight > 2.0**20:
            self.weight *= 2.0**-20
            for debt in self._debt:
                debt *= 2.0**-20

    def state(self) -> State:
        """The number of steps, their weight and all sums, as copies."""
        arrays = {"t": np.array(self.t), "weight": np.array(self.weight)}
        for kind, of in (("last", self._last), ("debt", self._debt)):
            arrays |= {f"{name}.{kind}": array.copy() for name, array in of._asdict().items()}
        return arrays

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore the state that `state` returned."""
        self.t, self.weight = int(state["t"]), float(state["weight"])
        self._last, self._debt = (
            Parameters(*(state[f"{name}.{kind}"].copy() for name in Parameters._fields)) for kind in ("last", "debt")
        )

    def parameters(self) -> Parameters:
        """The averages of all parameters, as new arrays."""
        return Parameters(*(last + debt / self.weight for last, debt in zip(self._last, self._debt, strict=True)))


def clip_by_norm(gradients: Gradients, max_norm: float) -> None:
    """Scale all gradients, in place, so that their norm as one vector is at most max_norm (Pascanu et al. 2013)."""
    values = [gradient.values if isinstance(gradient, Rows) else gradient for gradient in gradients]
    norm = float(np.sqrt(sum(float(np.vdot(value, value)) for value in values)))
    if norm > max_norm:
        for value in values:
            value *= max_norm / norm


def in_blocks(*arrays: Floats) -> Iterator[tuple[Floats, ...]]:
    """Yield flat views of BLOCK numbers at a time, the same of each array; arrays are contiguous, of equal shape."""
    flat = [array.reshape(-1) for array in arrays]
    for first in range(0, flat[0].size, BLOCK):
        yield tuple(array[first : first + BLOCK] for array in flat)
