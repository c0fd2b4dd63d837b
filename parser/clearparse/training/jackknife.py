"""Jackknifing: the tags of each sentence of a treebank, predicted by networks that did not see the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clearparse.config import NetworkConfig
from clearparse.features.templates import Index
from clearparse.io.parallel import map_in_order
from clearparse.stages.tagger import marked_tags
from clearparse.stages.window import WindowClassifier
from clearparse.training.checkpoint import CLASSIFIER, LINES, Checkpoint, WorkerCheckpoint
from clearparse.training.log import QUIET, Log
from clearparse.training.typography import altered_rows
from clearparse.training.window_batches import Items, build_and_train
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.ragged import take_rows


@dataclass(frozen=True)
class Jackknife:
    """Trains one of the tagger's networks on all sentences, and once without each fold.

    Each fold is tagged by the network trained without it, so that the next network learns from realistic tagging
    errors. All networks also learn from the silver items.
    """

    template: str
    items: Items
    config: NetworkConfig
    seed: int
    vectors: Vectors | None
    silver: Items | None = None
    log: Log = QUIET

    def run(self, name: str, jobs: int, checkpoint: Checkpoint, folds: int) -> tuple[WindowClassifier, list[bytes]]:
        """The network trained on all sentences, and each word's marked_tags by the network trained without its fold.

        name: key of the network in the checkpoint, and prefix of the folds' keys.
        """
        fold_of = np.random.default_rng([self.seed, 4]).permutation(len(self.items.rows) - 1) % max(folds, 1)
        held_out = [np.flatnonzero(fold_of == fold) for fold in np.unique(fold_of)] if folds else []
        names = [f"{name} without fold {k}" for k in range(1, len(held_out) + 1)]
        tasks = zip([name, *names], [np.empty(0, np.intp), *held_out], strict=True)
        missing = [(each, fold) for each, fold in tasks if checkpoint.load(each) is None]
        self._train(missing, jobs, checkpoint)
        tags: list[bytes] = [b""] * len(self.items.keys)
        for each, fold in zip(names, held_out, strict=True):
            found = checkpoint.get(each, LINES)
            _, words = take_rows(self.items.rows, fold)
            for word, of in zip(words.tolist(), found, strict=True):
                tags[word] = of
        return checkpoint.get(name, CLASSIFIER), tags

    def _train(self, missing: Sequence[tuple[str, Index]], jobs: int, checkpoint: Checkpoint) -> None:
        """Train a network without each of these folds, `jobs` at a time; each is saved as soon as it is trained."""
        if jobs > 1 and len(missing) > 1:
            in_worker, names = replace(self, log=QUIET), [name for name, _ in missing]
            results = map_in_order(in_worker, missing, min(jobs, len(missing)), checkpoint.receive)
            with self.log.progress(len(missing), names[0], " networks") as bar:
                for name, _ in zip(names, results, strict=True):
                    self.log("", name)
                    bar.update()
        else:
            for name, fold in missing:
                self.train_without(fold, name, checkpoint)

    def __call__(self, task: tuple[str, Index]) -> None:
        """Train a network in a worker process, given its name and fold."""
        name, fold = task
        self.train_without(fold, name, WorkerCheckpoint())

    def train_without(self, fold: Index, name: str, checkpoint: Checkpoint) -> None:
        """Train a network without a fold and save its tags for the fold; if the fold is empty, save the network."""
        rest = np.setdiff1d(np.arange(len(self.items.rows) - 1), fold)
        items = self.items.take(rest) if len(fold) and len(rest) else self.items
        items = altered_rows(items, np.random.default_rng([self.seed, 7]))
        classifier = build_and_train(
            self.template,
            items,
            self.config,
            [self.seed, 5],
            self.vectors,
            silver=self.silver,
            log=self.log,
            name=name,
        )
        if len(fold):
            held = self.items.take(fold)
            checkpoint.save(name, *LINES.encode(marked_tags(classifier, held.keys, held.rows)))
        else:
            checkpoint.save(name, *CLASSIFIER.encode(classifier))
