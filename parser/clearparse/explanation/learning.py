"""One step of stochastic gradient descent (SGD) on a single example, on a copy of a parser's parameters."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.explanation.attribution import compute, loss
from clearparse.network.classifier import Parameters
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.layout import Mask


class Learned(NamedTuple):
    """A parser after a step: J and the probability of the target, each before and after it."""

    parser: TransitionParser
    J: tuple[float, float]
    p: tuple[float, float]


def learn(parser: TransitionParser, w: NDArray[np.int32], legal: Mask, target: int, learning_rate: float) -> Learned:
    """Each parameter minus the learning rate times its gradient, for the rows w (m,) of L, legal (C,) and the target.

    The parser itself does not change. Raises ClearparseError if a parameter or the loss is no longer finite.
    """
    with np.errstate(all="ignore"):  # too high a learning rate
        computed = compute(parser.params, w, legal)
        before = loss(parser.params, w, computed, target)
        gradients = Parameters(before.dL, before.dW, before.db_1, before.dU, before.db_2)
        params = Parameters(
            *(array - learning_rate * gradient for array, gradient in zip(parser.params, gradients, strict=True))
        )
        recomputed = compute(params, w, legal)
        after = loss(params, w, recomputed, target)
    if not (math.isfinite(before.J) and math.isfinite(after.J) and all(np.isfinite(array).all() for array in params)):
        raise ClearparseError("the loss is not finite: choose a lower learning rate, or a more probable transition")
    p = float(computed.y_hat[0, target]), float(recomputed.y_hat[0, target])
    return Learned(parser.with_parameters(params), (before.J, after.J), p)
