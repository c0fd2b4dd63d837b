"""A training step (forward, backward, Adam) in several forms, on the same batches in turn."""

from __future__ import annotations

import importlib.util
import itertools
import statistics
import time
from typing import Any, Protocol

import numpy as np

from benchmarks.peers import missing
from benchmarks.pytorch import PyTorch
from clearparse.config import PRESETS
from clearparse.errors import ClearparseError
from clearparse.io.resources import CHECKOUT
from clearparse.network.classifier import Gradients, Parameters, backward, forward
from clearparse.network.optimizers import Adam, MovingAverage
from clearparse.network.training import Batch
from clearparse.training.data import read_treebanks
from clearparse.training.parser_batches import ParserBatches, Treebank
from clearparse.training.run import start

STEPS = 12  # batches; the first is not counted
SAME = 1e-3  # how far apart, relatively, the losses of two forms may be on the first batch


class Form(Protocol):
    """One way to take a step; it returns J."""

    def __call__(self, batch: Batch) -> float: ...


class Distinct:
    """Ours: each different pair of slot and row once; the moving average is part of the step."""

    def __init__(self, params: Parameters, lr: float, decay: float) -> None:
        self.params = Parameters(*(array.copy() for array in params))
        self.adam, self.average = Adam(lr), MovingAverage(self.params, decay)

    def __call__(self, batch: Batch) -> float:
        J, gradients = self.gradients(batch)
        self.adam.step(self.params, gradients)
        self.average.update(self.params, gradients)
        return J

    def gradients(self, batch: Batch) -> tuple[float, Gradients]:
        """J and all gradients."""
        return backward(self.params, forward(self.params, batch.w, legal=batch.legal)[1], batch.target)


class Textbook(Distinct):
    """The notes' equations as they stand: x by gathering rows, x W as one product, a dense gradient of L."""

    def gradients(self, batch: Batch) -> tuple[float, Gradients]:
        """J and all gradients."""
        reference = _textbook()
        y_hat = reference.forward(self.params, batch.w, batch.legal)[-1]
        J = -np.log(y_hat[np.arange(len(y_hat)), batch.target]).mean()
        return float(J), reference.gradients(self.params, batch.w, batch.target, batch.legal)


def steps(train: str, preset: str) -> dict[str, Any]:
    """Milliseconds of a step in each form: medians, and how many times as long as ours, the median of the ratios."""
    data = read_treebanks([train])
    config = PRESETS[preset].for_data(data.words, data.nonprojective / data.sentences)
    treebank, rng = Treebank.of(data.blocks), np.random.default_rng(config.seed)
    parser = start(treebank, config, rng)
    batches = list(itertools.islice(ParserBatches(parser, treebank, config, rng).batches(0), STEPS))
    forms: dict[str, Form] = {
        "distinct pairs": Distinct(parser.params, config.learning_rate, config.ema_decay),
        "textbook": Textbook(parser.params, config.learning_rate, config.ema_decay),
    }
    if not missing("torch"):
        forms["PyTorch, dense"] = PyTorch(parser.params, config.learning_rate, sparse=False)
        forms["PyTorch, sparse"] = PyTorch(parser.params, config.learning_rate, sparse=True)
    seconds = _in_turn(forms, batches)
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


def _in_turn(forms: dict[str, Form], batches: list[Batch]) -> dict[str, list[float]]:
    """Seconds of each step. Raises ClearparseError where two forms do not compute the same."""
    seconds: dict[str, list[float]] = {name: [] for name in forms}
    for number, batch in enumerate(batches):
        J = {}
        for name, step in forms.items():
            start = time.perf_counter()
            J[name] = step(batch)
            seconds[name].append(time.perf_counter() - start)
        if number == 0 and max(J.values()) - min(J.values()) > SAME * min(J.values()):
            raise ClearparseError(f"the forms of the training step differ in their first loss: {J}")
    return {name: times[1:] for name, times in seconds.items()}


def _textbook() -> Any:
    """The textbook form of the step, which lives with the tests as the reference."""
    path = CHECKOUT / "tests" / "textbook.py"
    spec = importlib.util.spec_from_file_location("textbook", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ClearparseError(f"{path}: not there; the benchmark needs a checkout with its tests")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
