"""The numbers of one configuration: x, z, h, theta and y_hat; each slot's part of a score; the loss and its gradients.

    m slots    d size of a row of L    H hidden units    C classes

Forward and backward pass are those of `network.notes`, for a batch of one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.network import notes
from clearparse.network.classifier import Floats, Parameters
from clearparse.transition.layout import Mask


class Attribution(NamedTuple):
    """A score as a sum: value = slots.sum() + b_1 + b_2.

    gradient (m, d): d theta_c / d L_{w_i} of each slot. slots (m,): each slot's part, the gradient times L_{w_i}.
    b_1, b_2: the parts of the two biases.
    """

    value: float
    gradient: Floats
    slots: Floats
    b_1: float
    b_2: float


def compute(params: Parameters, w: NDArray[np.int32], legal: Mask) -> notes.Forward:
    """x (1, m d), z and h (1, H), theta and y_hat (1, C) for the rows w (m,) of L and the legal classes (C,)."""
    return notes.forward(params, w[None], legal[None])


def loss(params: Parameters, w: NDArray[np.int32], computed: notes.Forward, target: int) -> notes.Backward:
    """The loss and its gradients if `target` is the correct class. dx (1, m d) has dJ/dL_{w_i} of each slot."""
    y = notes.one_hot(np.array([target]), computed.y_hat.shape[1], computed.y_hat.dtype)
    return notes.backward(params, w[None], computed, y)


def attribute(
    params: Parameters, w: NDArray[np.int32], computed: notes.Forward, c: int, against: int | None = None
) -> Attribution:
    """Each slot's part of theta_c, or of theta_c - theta_against: gradient times input.

    theta_c = h U_c + b_2c, where h = z for the units that are active and 0 for the others. So theta_c is linear in x
    while the same units are active, and gradient times x plus the biases' parts is exactly theta_c:

        d theta_c / dz       = U_c^T o sgn(h)                    (1, H)
        d theta_c / dL_{w_i} = (d theta_c / dz) W_i^T            (1, d)
        theta_c              = sum over i of (d theta_c / dL_{w_i}) . L_{w_i} + (d theta_c / dz) . b_1 + b_2c
    """
    U_c, b_2 = params.U[:, c], params.b_2[0, c]
    if against is not None:
        U_c, b_2 = U_c - params.U[:, against], b_2 - params.b_2[0, against]
    dz = U_c * np.sign(computed.h[0])  # (H,)
    gradient = params.W.reshape(len(w), -1, len(dz)) @ dz  # (m, d)
    slots = (gradient * params.L[w]).sum(axis=1)  # (m,)
    b_1 = dz @ params.b_1[0]
    value = computed.theta[0, c] - (0 if against is None else computed.theta[0, against])
    return Attribution(float(value), gradient, slots, float(b_1), float(b_2))
