"""One training run: read the treebanks, train, keep the best epoch, save it, and score the saved file again."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from parser.config import Config
from parser.errors import ClearparseError
from parser.evaluation import Counts, evaluate_block, right_arcs
from parser.evaluation_report import main_scores
from parser.files import atomic_output, checksum, open_input
from parser.network.classifier import Parameters
from parser.network.training import Batch
from parser.pipeline import Model, load
from parser.stages.dependency import Calibration, DependencyParser, logit
from parser.stages.dependency_training import Lecturer, Treebank, new_parser
from parser.stages.fitting import fit_as
from parser.stages.word_vectors import Vectors
from parser.training_data import Data
from parser.transition.features import TEMPLATES
from parser.version import __version__


@dataclass
class Run:
    """A training run as it goes: scores by epoch, the best parameters so far. quiet: it prints nothing."""

    parser: DependencyParser
    config: Config
    treebank: Treebank
    dev: Data
    rng: np.random.Generator
    quiet: bool = False
    epochs: list[dict[str, Any]] = field(default_factory=list)
    best: Parameters | None = None
    _loss: float = 0.0
    _seen: int = 0

    def train(self) -> None:
        """Train to the end, or until dev LAS has not risen for `patience` epochs; shows a bar on a terminal."""
        config = self.config
        self.lecturer = Lecturer(self.parser, self.treebank, config, self.rng)
        self.started = time.monotonic()
        total = len(self.treebank.keys) * config.epochs
        hide = self.quiet or None  # None: unless it is a terminal
        with tqdm(total=total, unit="word", unit_scale=True, disable=hide, dynamic_ncols=True) as self.bar:
            fit_as(config, self.parser.params, self._batches, self.rng, self._log, self._stop)

    def _batches(self, epoch: int) -> Iterator[Batch]:
        self._loss, self._seen = 0.0, 0
        self.bar.set_description(f"epoch {epoch + 1}/{self.config.epochs}")
        for batch in self.lecturer.batches(epoch):
            yield batch
            self.bar.update(round(batch.progress * self.bar.total) - self.bar.n)

    def _log(self, J: float, B: int) -> None:
        self._loss, self._seen = self._loss + J * B, self._seen + B
        self.bar.set_postfix_str(f"loss {self._loss / self._seen:.4f}", refresh=False)

    def _stop(self, epoch: int, average: Parameters) -> bool:
        scores = score(self.parser.with_parameters(average), self.dev)
        loss = self._loss / max(self._seen, 1)  # where every move is forced there is nothing to learn
        self.epochs.append({"epoch": epoch + 1, "loss": loss, **scores})
        better = self.best_epoch() is self.epochs[-1]
        if better:
            self.best = average
        told = f"epoch {epoch + 1:>2}  loss {loss:.4f}  dev UAS {scores['UAS']:.2f}  LAS {scores['LAS']:.2f}"
        if not self.quiet:
            tqdm.write(f"{told}  {time.monotonic() - self.started:,.0f} s{'  best so far' if better else ''}")
        return bool(self.config.patience) and epoch + 1 - self.best_epoch()["epoch"] >= self.config.patience

    def best_parameters(self) -> Parameters:
        """Those of the best epoch. Raises ClearparseError if none was finished."""
        if self.best is None:
            raise ClearparseError("no epoch was finished")
        return self.best

    def best_epoch(self) -> dict[str, Any]:
        """The record of the epoch with the highest dev LAS, the first of several."""
        return max(self.epochs, key=lambda each: (each["LAS"], -each["epoch"]))


def score(parser: DependencyParser, data: Data) -> dict[str, float]:
    """UAS, LAS and CLAS of a parser on annotated sentences, punctuation counted."""
    counts = sum((evaluate_block(block, *parser.parse(block)) for block in data.blocks), Counts())
    return {name: value for name, value in main_scores(counts).items() if name in ("UAS", "LAS", "CLAS")}


def calibrated(parser: DependencyParser, data: Data) -> DependencyParser:
    """The same parser, whose confidence is how often it is right on annotated sentences (Platt 1999)."""
    certainty, right = [], []
    for block in data.blocks:
        heads, deprels, p = parser.parse_with_certainty(block)
        certainty.append(p)
        right.append(right_arcs(block, heads, deprels))
    x, y = logit(np.concatenate(certainty)).reshape(-1, 1), np.concatenate(right)
    if y.all() or not y.any():  # a few words; there is nothing to learn from them
        return parser
    curve = LogisticRegression(C=1e6).fit(x, y)
    return parser.with_calibration(Calibration(float(curve.coef_[0, 0]), float(curve.intercept_[0])))


def start(
    treebank: Treebank, config: Config, rng: np.random.Generator, vectors: Vectors | None = None
) -> DependencyParser:
    """The random parser that training begins with; the rows of forms begin with vectors, where there are any."""
    return new_parser(treebank, template_text(config.template), config, rng, vectors)


def template_text(name: str) -> str:
    """A template by its name, or from a file."""
    if name in TEMPLATES:
        return TEMPLATES[name]
    if not Path(name).is_file():
        raise ClearparseError(f"no template {name!r}: neither a file nor one of {', '.join(TEMPLATES)}")
    with open_input(name) as file:
        return file.read().decode("utf-8", errors="replace")


def record(
    config: Config, preset: str, command: str, runs: Sequence[Run], train: Data, raw_text: Sequence[str], threads: int
) -> dict[str, Any]:
    """All that is needed to make the model again, and how good each parser was, epoch by epoch."""
    return {
        "command": command,
        "preset": preset,
        "config": asdict(config),
        "threads": threads,
        "train": train.sources,
        "raw_text": [{"path": path, "sha256": checksum(path)} for path in raw_text],
        "dev": runs[0].dev.sources[0],
        "dev_scores": dict(runs[-1].best_epoch()),
        "epochs": [each for run in runs for each in run.epochs],
        "versions": {
            "clearparse": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
    }


def save_and_check(model: Model, path: Path, dev: Data) -> None:
    """Write model and record, load the model, and score dev again. Raises ClearparseError if the score differs."""
    model.save(path)
    with atomic_output(f"{path}.json") as file:
        file.write(json.dumps(model.record, indent=2, ensure_ascii=False).encode() + b"\n")
    again = score(load(path).parser, dev)
    wanted = {name: model.record["dev_scores"][name] for name in again}
    if again != wanted:
        raise ClearparseError(f"{path}: the saved model scores {again} on dev, in training it was {wanted}")
