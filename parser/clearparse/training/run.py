"""One training run: read the treebanks, train, keep the best epoch, save it, and score the saved file again."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from sklearn.linear_model import LogisticRegression

from clearparse.config import Config
from clearparse.errors import ClearparseError, FileError
from clearparse.evaluation.counts import Counts, evaluate_block, right_arcs
from clearparse.evaluation.scores import main_scores
from clearparse.io.files import PathLike, atomic_output, checksum, open_input, remove_unfinished
from clearparse.io.progress import ProgressBar
from clearparse.model.model import Model, load
from clearparse.network.classifier import Parameters
from clearparse.network.training import Batch
from clearparse.stages.ensemble import Calibration, Ensemble, logit
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training.checkpoint import Checkpoint, Part, difference
from clearparse.training.data import Data
from clearparse.training.parser_batches import ParserBatches, Treebank, new_parser
from clearparse.training.trainer import Trainer
from clearparse.training.word_vectors import Vectors
from clearparse.transition.features import TEMPLATES
from clearparse.version import __version__


@dataclass
class Run:
    """A training run as it goes: scores by epoch, the best parameters so far. quiet: it prints nothing.

    silver: sentences with trees of a parser's making, to learn from besides the treebank (see ParserBatches).

    The part of the checkpoint by its name is brought up to date every so often; a run goes on from what it finds.
    """

    parser: TransitionParser
    config: Config
    treebank: Treebank
    dev: Data
    rng: np.random.Generator
    silver: Treebank | None = None
    quiet: bool = False
    name: str = "network 1"
    heading: str = ""  # of what it prints
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    best: Parameters | None = None
    _loss: float = 0.0
    _seen: int = 0

    def train(self, checkpoint: Checkpoint) -> None:
        """Train to the end, or until dev LAS has not risen for `patience` epochs; shows a bar on a terminal."""
        config, self.checkpoint = self.config, checkpoint
        self.parser_batches = ParserBatches(self.parser, self.treebank, config, self.rng, self.silver)
        self.trainer = Trainer(config, self.parser.params, self.rng)
        self.started = time.monotonic()
        first = self._restore()
        if first < config.epochs and not self._has_stalled():
            total = len(self.treebank.keys) * config.epochs
            hide = self.quiet or None  # None: unless it is a terminal
            with ProgressBar(total=total, unit="word", unit_scale=True, disable=hide, dynamic_ncols=True) as self.bar:
                self.trainer.fit(self._batches, self._log, self._stop, first)
            self.checkpoint.put(self.name, *self.result())
        del self.parser_batches, self.trainer  # the moments of several networks would be much to hold

    def _batches(self, epoch: int) -> Iterator[Batch]:
        self.bar.set_description(f"{self.heading}epoch {epoch + 1}/{self.config.epochs}")
        for section in self.parser_batches.sections(epoch):
            if self.parser_batches.place == 0:
                self._loss, self._seen = 0.0, 0
            elif self.checkpoint.due():
                self.checkpoint.put(self.name, *self._state(epoch))
            for batch in section:
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
            seconds = time.monotonic() - self.started
            ProgressBar.write(f"{self.heading}{told}  {seconds:,.0f} s{'  best so far' if better else ''}")
        if self.checkpoint.due():
            self.checkpoint.put(self.name, *self._state(epoch + 1))
        return self._has_stalled()

    def _has_stalled(self) -> bool:
        patience = self.config.patience
        return bool(patience and self.epochs) and self.epochs[-1]["epoch"] - self.best_epoch()["epoch"] >= patience

    def _state(self, epoch: int) -> Part:
        """All that decides what comes next, in this epoch, as arrays and JSON values."""
        arrays, values = self.result()
        values |= {
            "epoch": epoch,
            "place": self.parser_batches.place,
            "loss": self._loss,
            "seen": self._seen,
            "random": self.rng.bit_generator.state,
        }
        return {**arrays, "order": self.parser_batches.order, **self.trainer.state()}, values

    def result(self) -> Part:
        """What is left of a run that is over."""
        best = self.best._asdict() if self.best else {}
        arrays = {f"best.{name}": array for name, array in best.items()}
        epochs = [list(each.items()) for each in self.epochs]  # pairs: a file of arrays sorts the keys of dictionaries
        return arrays, {"epoch": self.config.epochs, "epochs": epochs}

    def _restore(self) -> int:
        """Goes on from its part of the checkpoint, if there is one; the epoch to go on with."""
        arrays, values = self.checkpoint.get(self.name) or ({}, {"epoch": 0, "epochs": []})
        self.epochs = list(map(dict, values["epochs"]))
        if self.epochs:
            self.best = Parameters(*(arrays[f"best.{name}"] for name in Parameters._fields))
        if "random" in values:
            self.trainer.restore(arrays)
            self.parser_batches.order, self.parser_batches.place = arrays["order"], values["place"]
            self._loss, self._seen = values["loss"], values["seen"]
            self.rng.bit_generator.state = values["random"]
        epoch: int = values["epoch"]
        return epoch

    def best_parameters(self) -> Parameters:
        """Those of the best epoch. Raises ClearparseError if none was finished."""
        if self.best is None:
            raise ClearparseError("no epoch was finished")
        return self.best

    def best_epoch(self) -> dict[str, Any]:
        """The record of the epoch with the highest dev LAS, the first of several."""
        return max(self.epochs, key=lambda each: (each["LAS"], -each["epoch"]))


def score(parser: TransitionParser | Ensemble, data: Data) -> dict[str, float]:
    """UAS, LAS and CLAS of a parser on annotated sentences, punctuation counted."""
    counts = sum((evaluate_block(block, *parser.parse(block)) for block in data.blocks), Counts())
    return {name: value for name, value in main_scores(counts).items() if name in ("UAS", "LAS", "CLAS")}


def calibrated(parser: Ensemble, data: Data) -> Ensemble:
    """The same parsers, whose confidence is how often it is right on annotated sentences (Platt 1999)."""
    probability, right = [], []
    for block in data.blocks:
        heads, deprels, p = parser.parse_with_probabilities(block)
        probability.append(p)
        right.append(right_arcs(block, heads, deprels))
    x, y = logit(np.concatenate(probability)).reshape(-1, 1), np.concatenate(right)
    if y.all() or not y.any():  # a few words; there is nothing to learn from them
        return parser
    curve = LogisticRegression(C=1e6).fit(x, y)
    return parser.with_calibration(Calibration(float(curve.coef_[0, 0]), float(curve.intercept_[0])))


def start(
    treebank: Treebank,
    config: Config,
    rng: np.random.Generator,
    vectors: Vectors | None = None,
    *,
    right_to_left: bool = False,
) -> TransitionParser:
    """The random parser that training begins with; the rows of forms begin with vectors, where there are any."""
    return new_parser(treebank, template_text(config.template), config, rng, vectors, right_to_left=right_to_left)


def template_text(name: str) -> str:
    """A template by its name, or from a file."""
    if name in TEMPLATES:
        return TEMPLATES[name]
    if not Path(name).is_file():
        raise ClearparseError(f"no template {name!r}: neither a file nor one of {', '.join(TEMPLATES)}")
    with open_input(name) as file:
        return file.read().decode("utf-8", errors="replace")


def facts(
    config: Config, options: Mapping[str, Any], train: Data, dev: Data, init: PathLike | None, raw_text: Sequence[str]
) -> dict[str, Any]:
    """What decides how a model comes out, known before it is trained; options: further ones of the command."""

    def sources(paths: Iterable[PathLike]) -> list[dict[str, Any]]:
        return [{"path": str(path), "sha256": checksum(path)} for path in paths]

    return {
        **options,
        "config": asdict(config),
        "template": hashlib.sha256(template_text(config.template).encode()).hexdigest(),
        "init": sources([init] if init else []),
        "train": train.sources,
        "raw_text": sources(raw_text),
        "dev": dev.sources[0],
        "versions": {
            "clearparse": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
    }


def record(command: str, facts: Mapping[str, Any], runs: Sequence[Run]) -> dict[str, Any]:
    """All that is needed to make the model again, and how good each parser was, epoch by epoch."""
    return {
        "command": command,
        **facts,
        "dev_scores": dict(runs[-1].best_epoch()),
        "epochs": [each for run in runs for each in run.epochs],
    }


def is_finished(path: PathLike, facts: Mapping[str, Any]) -> bool:
    """Is there a model that a training of these facts has made, and not one that was stopped?"""
    try:
        record = load(path).record
    except FileError:
        return False
    return "stopped" not in record and not difference({name: record.get(name) for name in facts}, facts)


def save_and_check(model: Model, path: Path, dev: Data) -> None:
    """Write model and record, load the model, and score dev again. Raises ClearparseError if the score differs."""
    for each in (path, f"{path}.json"):
        remove_unfinished(each)
    model.save(path)
    told = {**model.record, "model_sha256": checksum(path)}
    with atomic_output(f"{path}.json", follow_links=False) as file:
        file.write(json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n")
    again = score(load(path).stages.ensemble, dev)
    wanted = {name: model.record["dev_scores"][name] for name in again}
    if again != wanted:
        raise ClearparseError(f"{path}: the saved model scores {again} on dev, in training it was {wanted}")
