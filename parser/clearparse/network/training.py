"""The training loop: optimizes the parameters over batches.

It knows examples, steps and epochs. Callers define what an example means and how good the parameters are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from clearparse.errors import ClearparseError
from clearparse.network.classifier import MAX_MAGNITUDE, Booleans, Floats, Integers, Parameters, backward, forward
from clearparse.network.optimizers import MovingAverage, Optimizer, clip_by_norm


class Batch(NamedTuple):
    """w (B, m): rows of L. target: classes (B,) or distributions (B, C). legal (B, C): allowed classes, default all.

    progress: the fraction of training completed before this batch.
    """

    w: Integers
    target: Integers | Floats
    legal: Booleans | None
    progress: float


class Schedule(NamedTuple):
    """Learning rate: rises linearly to `peak` over the fraction `warmup` of training, then falls to `final` * peak."""

    peak: float
    warmup: float
    final: float

    def __call__(self, progress: float) -> float:
        if progress < self.warmup:
            return self.peak * max(progress / self.warmup, 0.01)
        return self.peak * (1 - (1 - self.final) * (progress - self.warmup) / (1 - self.warmup))


class DivergedError(ClearparseError):
    """The loss is no longer finite, or a parameter is huge: see has_diverged."""

    def __init__(self, step: int, lr: float) -> None:
        super().__init__(step, lr)  # both arguments, so that the error can be pickled
        self.step, self.lr = step, lr

    def __str__(self) -> str:
        return (
            f"step {self.step:,}: training has diverged, at a learning rate of {self.lr:g};"
            " try a tenth of it (--learning-rate), or --clip-norm 1"
        )


def has_diverged(params: Parameters) -> bool:
    """Is a parameter not finite, or so large that scores may overflow?"""
    return not all((np.abs(theta) < MAX_MAGNITUDE).all() for theta in params)


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
    """Train params in place over batches(epoch), until stop(epoch, averaged parameters) or the last of the epochs.

    first: the epoch to begin with. max_norm: clip gradients to this norm, 0 for no clipping. log(J, B) is called with
    the loss and the size of every batch. Raises DivergedError.
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
        if has_diverged(averages):
            raise DivergedError(optimizer.t, schedule((epoch + 1) / epochs))
        if stop(epoch, averages):
            break
