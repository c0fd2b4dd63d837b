"""Jackknifing: the tags of each sentence of a treebank, predicted by networks that did not see the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from clearparse.config import NetworkConfig
from clearparse.features.templates import Index
from clearparse.stages.tagger import marked_tags
from clearparse.stages.window import WindowClassifier
from clearparse.training.checkpoint import CLASSIFIER, LINES, Checkpoint
from clearparse.training.log import Log
from clearparse.training.parallel_steps import Step
from clearparse.training.typography import altered_rows
from clearparse.training.window_batches import Items, build_and_train
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.ragged import take_rows


@dataclass(frozen=True)
class Jackknife:
    """Trains one of the tagger's networks on all sentences, and once without each fold.

    Each fold is tagged by the network trained without it, so that the next network learns from realistic tagging
    errors. All networks also learn from the silver items.

    name: key of the network in the checkpoint, and prefix of the folds' keys. folds: how many; 0 for no jackknifing.
    fold_config, fold_vectors: of the networks trained without a fold. Word vectors of a file may be of a teacher that
    has learned from all of the treebank; with them, the tags of a fold would have too few errors.
    """

    name: str
    folds: int
    template: str
    items: Items
    config: NetworkConfig
    fold_config: NetworkConfig
    seed: int
    vectors: Vectors | None
    fold_vectors: Vectors | None
    silver: Items | None = None

    def steps(self, checkpoint: Checkpoint) -> dict[str, Step]:
        """The trainings that the checkpoint lacks, of the network on all sentences and without each fold, by name."""
        steps: dict[str, Step] = {self.name: self.train_on_all}
        steps |= {name: partial(self.train_without, fold, name) for name, fold in self._held_out.items()}
        return {name: step for name, step in steps.items() if checkpoint.load(name) is None}

    def results(self, checkpoint: Checkpoint) -> tuple[WindowClassifier, list[bytes]]:
        """The network trained on all sentences, and each word's marked_tags by the network trained without its fold."""
        tags: list[bytes] = [b""] * len(self.items.keys)
        for each, fold in self._held_out.items():
            found = checkpoint.get(each, LINES)
            _, words = take_rows(self.items.rows, fold)
            for word, of in zip(words.tolist(), found, strict=True):
                tags[word] = of
        return checkpoint.get(self.name, CLASSIFIER), tags

    @cached_property
    def _held_out(self) -> dict[str, Index]:
        """The sentences of each fold, by its key in the checkpoint."""
        fold_of = np.random.default_rng([self.seed, 4]).permutation(len(self.items.rows) - 1) % max(self.folds, 1)
        numbers = np.unique(fold_of).tolist() if self.folds else []
        return {f"{self.name} without fold {k}": np.flatnonzero(fold_of == fold) for k, fold in enumerate(numbers, 1)}

    def train_on_all(self, checkpoint: Checkpoint, log: Log) -> None:
        """Train the network on all sentences and save it."""
        classifier = self._trained(self.items, self.config, self.vectors, self.name, log)
        checkpoint.save(self.name, *CLASSIFIER.encode(classifier))

    def train_without(self, fold: Index, name: str, checkpoint: Checkpoint, log: Log) -> None:
        """Train a network without a fold, unless the fold is the whole treebank, and save its tags for the fold."""
        rest, held = np.setdiff1d(np.arange(len(self.items.rows) - 1), fold), self.items.take(fold)
        items = self.items.take(rest) if len(rest) else self.items
        classifier = self._trained(items, self.fold_config, self.fold_vectors, name, log)
        checkpoint.save(name, *LINES.encode(marked_tags(classifier, held.keys, held.rows)))

    def _trained(
        self, items: Items, config: NetworkConfig, vectors: Vectors | None, name: str, log: Log
    ) -> WindowClassifier:
        items = altered_rows(items, np.random.default_rng([self.seed, 7]))
        seed = [self.seed, 5]
        return build_and_train(self.template, items, config, seed, vectors, silver=self.silver, log=log, name=name)
