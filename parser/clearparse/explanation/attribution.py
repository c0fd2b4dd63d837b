"""The numbers of one configuration: x, z, h, theta and y_hat; what each slot adds to a score; loss and deltas.

    m slots    d numbers in a row of L    H hidden units    C classes

Forward and backward are the classifier's own, for a batch of one. Then dJ/db_2 is delta_1 itself and dJ/db_1 delta_2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import Cache, Floats, Gradients, Parameters, backward, forward
from clearparse.transition.layout import Mask


class Computation(NamedTuple):
    """x (m, d), a row for each slot (the notes write them in one line, (1, m d)); z, h (1, H); theta, y_hat (1, C)."""

    x: Floats
    z: Floats
    h: Floats
    theta: Floats
    y_hat: Floats
    cache: Cache


class Attribution(NamedTuple):
    """A score as a sum: value = slots.sum() + b_1 + b_2.

    gradient (m, d): the notes' d theta_c / d L_{w_i}. slots (m,): what it gives times L_{w_i}, each slot's part. b_1,
    b_2: the parts of the two biases.
    """

    value: float
    gradient: Floats
    slots: Floats
    b_1: float
    b_2: float


class Loss(NamedTuple):
    """J, delta_1 (1, C) = dJ/dtheta, delta_2 (1, H) = dJ/dz, the gradients, and dJ/dL_{w_i} of each slot, (m, d)."""

    J: float
    delta_1: Floats
    delta_2: Floats
    gradients: Gradients
    by_slot: Floats


def compute(params: Parameters, w: NDArray[np.int32], legal: Mask) -> Computation:
    """The way of the rows w (m,) of L to y_hat, the softmax over the classes legal (C,)."""
    y_hat, cache = forward(params, w[None], legal=legal[None])
    x = params.L[w]
    z = x.reshape(1, -1) @ params.W + params.b_1
    return Computation(x, z, cache.h, cache.theta, y_hat, cache)


def attribute(
    params: Parameters, w: NDArray[np.int32], computation: Computation, c: int, against: int | None = None
) -> Attribution:
    """What each slot adds to theta_c, or to theta_c - theta_against.

    theta_c = h U_c + b_2c, and h = z where a unit is active, else 0. So theta_c is linear in x as long as the same
    units are active, and the gradient times x gives it back but for the biases:

        d theta_c / dz       = U_c^T o sgn(h)                    (1, H)
        d theta_c / dL_{w_i} = (d theta_c / dz) W_i^T            (1, d)
        theta_c              = sum over i of (d theta_c / dL_{w_i}) . L_{w_i} + (d theta_c / dz) . b_1 + b_2c
    """
    U_c, b_2 = params.U[:, c], params.b_2[0, c]
    if against is not None:
        U_c, b_2 = U_c - params.U[:, against], b_2 - params.b_2[0, against]
    dz = U_c * np.sign(computation.h[0])  # (H,)
    gradient = params.W.reshape(len(w), -1, len(dz)) @ dz  # (m, d)
    slots = (gradient * computation.x).sum(axis=1)  # (m,)
    b_1 = dz @ params.b_1[0]
    value = computation.theta[0, c] - (0 if against is None else computation.theta[0, against])
    return Attribution(float(value), gradient, slots, float(b_1), float(b_2))


def learn(params: Parameters, w: NDArray[np.int32], computation: Computation, target: int) -> Loss:
    """The loss and its gradients where the class `target` is the right one."""
    J, gradients = backward(params, computation.cache, np.array([target]))
    delta_2 = gradients.b_1
    by_slot = params.W.reshape(len(w), -1, delta_2.shape[1]) @ delta_2[0]  # dJ/dL_{w_i} = delta_2 W_i^T
    return Loss(J, gradients.b_2, delta_2, gradients, by_slot)
