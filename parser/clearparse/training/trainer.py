"""Training of the parameters of one network with the optimizer and the settings of its config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.config import NetworkConfig
from clearparse.network.classifier import Parameters
from clearparse.network.optimizers import OPTIMIZERS, MovingAverage, State
from clearparse.network.training import Batch, DivergedError, Schedule, fit, has_diverged


class Trainer:
    """Trains parameters in place; holds all training state except that of the random generator."""

    def __init__(self, config: NetworkConfig, params: Parameters, rng: np.random.Generator) -> None:
        self.config, self.params, self.rng = config, params, rng
        self.optimizer = OPTIMIZERS[config.optimizer](config.learning_rate, l2=config.l2)
        self.average = MovingAverage(params, config.ema_decay)
        self.schedule = Schedule(config.learning_rate, config.warmup, config.final_learning_rate)

    def fit(
        self,
        batches: Callable[[int], Iterable[Batch]],
        log: Callable[[float, int], None],
        stop: Callable[[int, Parameters], bool],
        first: int = 0,
    ) -> None:
        """Run the training loop (network.training.fit) with the settings of the config. Raises DivergedError.

        NumPy's warnings of overflow are off: DivergedError reports the same.
        """
        config = self.config
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            fit(
                self.params,
                batches,
                first=first,
                epochs=config.epochs,
                optimizer=self.optimizer,
                average=self.average,
                schedule=self.schedule,
                dropout=config.dropout,
                slot_dropout=config.slot_dropout,
                max_norm=config.clip_norm,
                rng=self.rng,
                log=log,
                stop=stop,
            )

    def check_parameters(self, progress: float) -> None:
        """Raise DivergedError if a parameter is so large that scores may overflow; progress: see Batch."""
        if has_diverged(self.params):
            raise DivergedError(self.optimizer.t, self.schedule(progress))

    def state(self) -> State:
        """Copies of parameters, optimizer state and moving average by name, for `restore`."""
        params = {name: array.copy() for name, array in self.params._asdict().items()}
        parts = {"params": params, "optimizer": self.optimizer.state(), "average": self.average.state()}
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore a `state`; the parameters change in place."""
        for name, theta in self.params._asdict().items():
            theta[...] = state[f"params.{name}"]
        for part, target in (("optimizer", self.optimizer), ("average", self.average)):
            prefix = f"{part}."
            arrays = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
            target.restore(arrays)
