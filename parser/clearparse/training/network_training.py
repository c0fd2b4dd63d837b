"""Training of one network, with model selection on dev and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clearparse.config import Config
from clearparse.errors import ClearparseError
from clearparse.network.classifier import Parameters
from clearparse.network.training import Batch
from clearparse.stages.stored import check_parameters
from clearparse.stages.transition_parser import TransitionParser
from clearparse.stages.validation import check
from clearparse.training.checkpoint import Checkpoint, Part
from clearparse.training.data import Dataset
from clearparse.training.log import Log
from clearparse.training.parser_batches import ParserBatches, Treebank
from clearparse.training.restored import check_arrays, check_epochs, check_place, is_count
from clearparse.training.scoring import score
from clearparse.training.trainer import Trainer


def is_result(part: Part) -> bool:
    """Return True if a part of a checkpoint is the result of a finished run, not the state of a running one."""
    return "random" not in part[1]


@dataclass
class NetworkTraining:
    """Trains the parser of one network; keeps the scores of each epoch and the parameters of the best one.

    silver: automatically parsed sentences to learn from in addition to the treebank (see ParserBatches).
    name: key in the checkpoint, which is written periodically; if it has the key, training resumes from there.
    """

    parser: TransitionParser
    config: Config
    treebank: Treebank
    dev: Dataset
    rng: np.random.Generator
    silver: Treebank | None = None
    log: Log = field(default_factory=Log)
    name: str = "network 1"
    prefix: str = ""  # of the lines in the log
    epochs: list[dict[str, Any]] = field(default_factory=list)
    best: Parameters | None = None
    _loss: float = 0.0  # summed over the examples of this epoch
    _examples: int = 0

    def train(self, checkpoint: Checkpoint) -> None:
        """Train until the last epoch, or until dev LAS has not improved for `patience` epochs.

        With silver sentences all epochs are trained: the last ones, over the treebank alone, matter most.
        Raises DivergedError; ClearparseError if the treebank has labels that the parser does not know.
        """
        config, self.checkpoint = self.config, checkpoint
        self.batches = ParserBatches(self.parser, self.treebank, config, self.rng, self.silver)
        self.trainer = Trainer(config, self.parser.params, self.rng)
        self.started = time.monotonic()
        first = self._restore()
        if first < config.epochs and not self._has_stalled():
            with self.log.progress(len(self.treebank.keys) * config.epochs) as self.bar:
                self.trainer.fit(self._epoch, self._add_loss, self._end_epoch, first)
            self._log_early_stop()
            checkpoint.save(self.name, *self.result())
        del self.batches, self.trainer  # an ensemble would hold the optimizer state of every network

    def _epoch(self, epoch: int) -> Iterator[Batch]:
        self.bar.set_description(f"{self.prefix}epoch {epoch + 1}/{self.config.epochs}")
        for section in self.batches.sections(epoch):
            self.trainer.check_parameters(epoch / self.config.epochs)  # the parser is about to parse the section
            if self.batches.place == 0:
                self._loss, self._examples = 0.0, 0
            elif self.checkpoint.due():
                self.checkpoint.save(self.name, *self._state(epoch))
            for batch in section:
                yield batch
                self.bar.update(round(batch.progress * self.bar.total) - self.bar.n)

    def _add_loss(self, J: float, B: int) -> None:
        self._loss, self._examples = self._loss + J * B, self._examples + B
        self.bar.set_postfix_str(f"loss {self._loss / self._examples:.4f}", refresh=False)

    def _end_epoch(self, epoch: int, average: Parameters) -> bool:
        """Score the averaged parameters on dev; return True to stop training."""
        scores = score(self.parser.with_parameters(average), self.dev)
        loss = self._loss / max(self._examples, 1)  # no examples where every transition is forced
        self.epochs.append({"epoch": epoch + 1, "loss": loss, **scores})
        is_best = self.best_epoch() is self.epochs[-1]
        if is_best:
            self.best = average
        self.log.line(
            f"{self.prefix}epoch {epoch + 1:>2}  loss {loss:.4f}  dev UAS {scores['UAS']:.2f}  LAS {scores['LAS']:.2f}"
            f"  {time.monotonic() - self.started:,.0f} s{'  best so far' if is_best else ''}"
        )
        if self.checkpoint.due():
            self.checkpoint.save(self.name, *self._state(epoch + 1))
        return self._has_stalled()

    def _has_stalled(self) -> bool:
        patience = 0 if self.silver else self.config.patience
        return bool(patience and self.epochs) and self.epochs[-1]["epoch"] - self.best_epoch()["epoch"] >= patience

    def _log_early_stop(self) -> None:
        if self._has_stalled() and len(self.epochs) < self.config.epochs:
            self.log.line(
                f"{self.prefix}stopped early: dev LAS has not improved for {self.config.patience} epochs;"
                f" best epoch {self.best_epoch()['epoch']}"
            )

    def _state(self, epoch: int) -> Part:
        """The state needed to resume from the current position in this epoch."""
        arrays, values = self.result()
        values |= {
            "epoch": epoch,
            "place": self.batches.place,
            "loss": self._loss,
            "examples": self._examples,
            "random": self.rng.bit_generator.state,
        }
        return {**arrays, "order": self.batches.order, **self.trainer.state()}, values

    def result(self) -> Part:
        """Scores by epoch and the parameters of the best one, as a part of a checkpoint."""
        best = self.best._asdict() if self.best else {}
        arrays = {f"best.{name}": array for name, array in best.items()}
        epochs = [list(each.items()) for each in self.epochs]  # pairs, since the file would sort keys
        return arrays, {"epoch": self.config.epochs, "epochs": epochs}

    def load_result(self, checkpoint: Checkpoint) -> Part:
        """Load scores and best parameters from the checkpoint, if it has them; return its part."""
        arrays, values = checkpoint.load(self.name) or ({}, {"epoch": 0, "epochs": []})
        with checkpoint.reading(self.name):
            epochs = list(map(dict, values["epochs"]))
            check_epochs(epochs)
            check_arrays(arrays, self.parser.params)
            check(is_count(values["epoch"], self.config.epochs), "the epoch")
            if len(epochs) > len(self.epochs):
                self.best = Parameters(*(arrays[f"best.{name}"] for name in Parameters._fields))
                check_parameters(self.name, self.best)
                self.epochs = epochs
        return arrays, values

    def _restore(self) -> int:
        """Load the state or the result from the checkpoint, if any; return the epoch to continue with."""
        arrays, values = self.load_result(self.checkpoint)
        if not is_result((arrays, values)):
            with self.checkpoint.reading(self.name):
                check_place(arrays["order"], values, len(self.batches.treebank))
                self.trainer.restore(arrays)
                self.batches.order, self.batches.place = arrays["order"], values["place"]
                self._loss, self._examples = values["loss"], values["examples"]
                self.rng.bit_generator.state = values["random"]
        epoch: int = values["epoch"]
        return epoch

    def best_parameters(self) -> Parameters:
        """The parameters of the best epoch. Raises ClearparseError if no epoch was finished."""
        if self.best is None:
            raise ClearparseError("no epoch was finished")
        return self.best

    def best_epoch(self) -> dict[str, Any]:
        """Number, loss and scores of the epoch with the highest dev LAS, the earliest in case of a tie."""
        return max(self.epochs, key=lambda each: (each["LAS"], -each["epoch"]))
