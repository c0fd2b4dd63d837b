"""Training a stage's network as its config says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.config import NetworkConfig
from clearparse.network.classifier import Parameters
from clearparse.network.optimizers import OPTIMIZERS, MovingAverage, State
from clearparse.network.training import Batch, Schedule, fit


class Trainer:
    """Parameters that learn as a config says, with all else that a step changes but the random numbers' state."""

    def __init__(self, config: NetworkConfig, params: Parameters, rng: np.random.Generator) -> None:
        self.config, self.params, self.rng = config, params, rng
        self.optimizer = OPTIMIZERS[config.optimizer](config.learning_rate, l2=config.l2)
        self.average = MovingAverage(params, config.ema_decay)

    def fit(
        self,
        batches: Callable[[int], Iterable[Batch]],
        log: Callable[[float, int], None],
        stop: Callable[[int, Parameters], bool],
        first: int = 0,
    ) -> None:
        """`fit` with what the config says of it. Raises DivergedError, which tells what NumPy would warn of."""
        config = self.config
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            fit(
                self.params,
                batches,
                first=first,
                epochs=config.epochs,
                optimizer=self.optimizer,
                average=self.average,
                schedule=Schedule(config.learning_rate, config.warmup, config.final_learning_rate),
                dropout=config.dropout,
                slot_dropout=config.slot_dropout,
                max_norm=config.clip_norm,
                rng=self.rng,
                log=log,
                stop=stop,
            )

    def state(self) -> State:
        """Parameters, moments and sums by name: what `restore` goes on from."""
        params = {name: array.copy() for name, array in self.params._asdict().items()}
        parts = {"params": params, "optimizer": self.optimizer.state(), "average": self.average.state()}
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Goes on from what `state` gave; the parameters change in place."""
        for name, theta in self.params._asdict().items():
            theta[...] = state[f"params.{name}"]
        for part, target in (("optimizer", self.optimizer), ("average", self.average)):
            of = len(part) + 1
            target.restore({name[of:]: array for name, array in state.items() if name.startswith(f"{part}.")})
