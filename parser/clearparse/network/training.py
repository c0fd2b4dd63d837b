"""The training loop: batches in, better parameters out.

It knows examples, steps and epochs; what an example means and how good the parameters are, its callers tell it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from clearparse.errors import ClearparseError
from clearparse.network.classifier import Booleans, Floats, Integers, Parameters, backward, forward
from clearparse.network.optimizers import MovingAverage, Optimizer, clip_by_norm


class Batch(NamedTuple):
    """w (B, m): rows of L. target: (B,) classes or a distribution (B, C). legal (B, C) or None.

    progress: from 0 to 1 over all passes.
    """

    w: Integers
    target: Integers | Floats
    legal: Booleans | None
    progress: float


class Schedule(NamedTuple):
    """The learning rate: up to `peak` over the first `warm_up` of all steps, then down linearly to `end` times it."""

    peak: float
    warm_up: float
    end: float

    def __call__(self, progress: float) -> float:
        if progress < self.warm_up:
            return self.peak * max(progress / self.warm_up, 0.01)
        return self.peak * (1 - (1 - self.end) * (progress - self.warm_up) / (1 - self.warm_up))


class DivergedError(ClearparseError):
    """The loss, or a parameter, is not a finite number any more."""

    def __init__(self, step: int, lr: float) -> None:
        super().__init__(step, lr)  # both, so that the error survives pickling between processes
        self.step, self.lr = step, lr

    def __str__(self) -> str:
        return (
            f"step {self.step:,}: the loss is no finite number any more, at a learning rate of {self.lr:g};"
            " try a tenth of it (--learning-rate), or --clip-norm 1"
        )


def fit(
    params: Parameters,
    batches: Callable[[int], Iterable[Batch]],
    *,
    first: int = 0,
    epochs: int,
    optimizer: Optimizer,
    average: MovingAverage,
    schedule: Schedule,
    dropout: float,
    slot_dropout: float,
    max_norm: float,
    rng: np.random.Generator,
    log: Callable[[float, int], None],
    stop: Callable[[int, Parameters], bool],
) -> None:
    """Train params in place, batches(epoch) after batches(epoch), until stop(epoch, averaged parameters).

    first: the epoch to begin with. log(J, B) hears the loss of every batch. max_norm 0: gradients are not clipped.
    Raises DivergedError.
    """
    for epoch in range(first, epochs):
        for batch in batches(epoch):
            lr = schedule(batch.progress)
            _, cache = forward(params, batch.w, legal=batch.legal, dropout=dropout, slot_dropout=slot_dropout, rng=rng)
            J, gradients = backward(params, cache, batch.target)
            if not math.isfinite(J):
                raise DivergedError(optimizer.t + 1, lr)
            if max_norm:
                clip_by_norm(gradients, max_norm)
            optimizer.step(params, gradients, lr)
            average.update(params, gradients)
            log(J, len(batch.w))
        averages = average.parameters()
        if not all(np.isfinite(theta).all() for theta in averages):
            raise DivergedError(optimizer.t, schedule((epoch + 1) / epochs))
        if stop(epoch, averages):
            break
