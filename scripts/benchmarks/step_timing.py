"""Times several implementations of a training step (forward, backward, Adam) on the same batches, alternating."""

from __future__ import annotations

import itertools
import statistics
import time
from typing import Any, Protocol

import numpy as np

from benchmarks.compared import missing
from benchmarks.pytorch import PyTorch
from clearparse.config import PRESETS
from clearparse.errors import ClearparseError
from clearparse.network import notes
from clearparse.network.classifier import Gradients, Parameters, Rows, backward, forward
from clearparse.network.optimizers import Adam, MovingAverage
from clearparse.network.training import Batch
from clearparse.training.data import read_treebanks
from clearparse.training.parser_batches import ParserBatches, Treebank, initialize_parser

STEPS = 12  # batches; the first is not timed
TOLERANCE = 1e-3  # relative difference allowed between the losses on the first batch


class Step(Protocol):
    """One implementation of a training step; returns J."""

    def __call__(self, batch: Batch) -> float: ...


class DistinctPairs:
    """The step of clearparse: each distinct pair of slot and row once; updates the moving average too."""

    def __init__(self, params: Parameters, lr: float, decay: float) -> None:
        self.params = Parameters(*(array.copy() for array in params))
        self.adam, self.average = Adam(lr), MovingAverage(self.params, decay)

    def __call__(self, batch: Batch) -> float:
        J, gradients = self.gradients(batch)
        self.adam.step(self.params, gradients)
        self.average.update(self.params, gradients)
        return J

    def gradients(self, batch: Batch) -> tuple[float, Gradients]:
        """J and all gradients of a batch."""
        return backward(self.params, forward(self.params, batch.w, legal=batch.legal)[1], batch.target)


class Dense(DistinctPairs):
    """The equations of the notes as printed: x by gathering rows, x W as one product, a dense gradient of L."""

    def gradients(self, batch: Batch) -> tuple[float, Gradients]:
        """J and all gradients of a batch."""
        computed = notes.forward(self.params, batch.w, batch.legal)
        y = notes.one_hot(np.asarray(batch.target), computed.y_hat.shape[1], computed.y_hat.dtype)
        J, _, _, dU, db_2, dW, db_1, _, dL = notes.backward(self.params, batch.w, computed, y)
        return J, Gradients(Rows(np.arange(len(dL)), dL), dW, db_1, dU, db_2)


def time_steps(train: str, preset: str) -> dict[str, Any]:
    """Milliseconds per step of each implementation: medians, and the median ratio to distinct pairs."""
    data = read_treebanks([train])
    config = PRESETS[preset].for_data(data.words, data.nonprojective / data.sentences)
    treebank, rng = Treebank.of(data.blocks), np.random.default_rng(config.seed)
    parser = initialize_parser(treebank, config, rng)
    batches = list(itertools.islice(ParserBatches(parser, treebank, config, rng).batches(0), STEPS))
    steps: dict[str, Step] = {
        "distinct pairs": DistinctPairs(parser.params, config.learning_rate, config.ema_decay),
        "dense (the notes)": Dense(parser.params, config.learning_rate, config.ema_decay),
    }
    if not missing("torch"):
        steps["PyTorch, dense"] = PyTorch(parser.params, config.learning_rate, sparse=False)
        steps["PyTorch, sparse"] = PyTorch(parser.params, config.learning_rate, sparse=True)
    seconds = _time_alternating(steps, batches)
    ours = seconds["distinct pairs"]
    return {
        "batch": len(batches[0].w),
        "slots": parser.features.m,
        "milliseconds": {name: 1000 * statistics.median(times) for name, times in seconds.items()},
        "times as long": {
            name: statistics.median(slow / fast for slow, fast in zip(times, ours, strict=True))
            for name, times in seconds.items()
        },
    }


def _time_alternating(steps: dict[str, Step], batches: list[Batch]) -> dict[str, list[float]]:
    """Seconds per step, after the first. Raises ClearparseError if the losses on the first batch differ."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number, batch in enumerate(batches):
        J = {}
        for name, step in steps.items():
            start = time.perf_counter()
            J[name] = step(batch)
            seconds[name].append(time.perf_counter() - start)
        if number == 0 and max(J.values()) - min(J.values()) > TOLERANCE * min(J.values()):
            raise ClearparseError(f"the implementations differ in the loss of the first batch: {J}")
    return {name: times[1:] for name, times in seconds.items()}
