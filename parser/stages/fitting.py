"""Training a stage's network as its config says."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from parser.config import NetworkConfig
from parser.network.classifier import Parameters
from parser.network.optimizers import SGD, AdaGrad, Adam, MovingAverage, Optimizer
from parser.network.training import Batch, Schedule, fit

OPTIMIZERS: dict[str, type[Optimizer]] = {"adam": Adam, "adagrad": AdaGrad, "sgd": SGD}


def fit_as(
    config: NetworkConfig,
    params: Parameters,
    batches: Callable[[int], Iterable[Batch]],
    rng: np.random.Generator,
    log: Callable[[float, int], None],
    stop: Callable[[int, Parameters], bool],
) -> None:
    """`fit` with what the config says of it."""
    fit(
        params,
        batches,
        epochs=config.epochs,
        optimizer=OPTIMIZERS[config.optimizer](config.lr, l2=config.l2),
        average=MovingAverage(params, config.average),
        schedule=Schedule(config.lr, config.warm_up, config.lr_end),
        dropout=config.dropout,
        slot_dropout=config.slot_dropout,
        max_norm=config.max_norm,
        rng=rng,
        log=log,
        stop=stop,
    )
