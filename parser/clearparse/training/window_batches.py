"""Training of window classifiers, and their training data: rows of items with their classes."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clearparse.config import NetworkConfig
from clearparse.features.templates import Index
from clearparse.features.vocabulary import CASED, UNKNOWN, WHOLE_FORM, Encoder, Vocabulary
from clearparse.network.classifier import Parameters
from clearparse.network.training import Batch
from clearparse.stages.window import Window, WindowClassifier, compile_window
from clearparse.training.log import QUIET, Log
from clearparse.training.mixture import Mixture
from clearparse.training.trainer import Trainer
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.ragged import offsets, take_rows

NOMINAL_ITEMS = 50_000  # items for which the epochs of a config are meant


@dataclass(frozen=True)
class Items:
    """Keys (see word_keys) and classes of items; those of row r are rows[r] : rows[r + 1].

    learned: the indices of the items to learn from, default all; the others are only context.
    """

    keys: Sequence[bytes]
    names: Sequence[str]
    rows: NDArray[np.int64]
    learned: Index | None = None

    def __len__(self) -> int:
        """The number of items to learn from."""
        return len(self.keys) if self.learned is None else len(self.learned)

    def take(self, which: Index) -> Items:
        """The rows with these indices, in the given order; all their items are learned from."""
        rows, items = take_rows(self.rows, which)
        return Items([self.keys[i] for i in items.tolist()], [self.names[i] for i in items.tolist()], rows)

    def __add__(self, more: Items) -> Items:
        """The rows of both; all their items are learned from."""
        rows = offsets(np.concatenate((np.diff(self.rows), np.diff(more.rows))))
        return Items([*self.keys, *more.keys], [*self.names, *more.names], rows)


def initialize(
    template: str, items: Items, config: NetworkConfig, rng: np.random.Generator, vectors: Vectors | None = None
) -> WindowClassifier:
    """A window classifier with random parameters, for the symbols and classes of these items.

    vectors: initial embeddings of word forms; their words are added to the vocabulary.
    """
    compiled = compile_window(template)
    channels = compiled.channels
    vocabulary = Vocabulary.count(items.keys, channels, dict.fromkeys(channels, config.min_count))
    if vectors:
        vocabulary = vectors.widen(vocabulary)
    classes = [name for name, _ in sorted(Counter(items.names).items(), key=lambda item: (-item[1], item[0]))]
    window = Window(compiled, vocabulary)
    params = Parameters.initial(
        V=window.V, m=window.m, d=config.embedding_dim, H=config.hidden_size, C=len(classes), rng=rng
    )
    if vectors:
        vectors.fill(params.L, vocabulary, config.vector_scale)
    return WindowClassifier(params, window, classes)


class WindowBatches:
    """Batches of items with their classes. An epoch has each item once, and a sample of the silver ones: see Mixture.

    Silver items of a class that the classifier does not have are used as context only.
    Word dropout: in each epoch, a different random subset gets UNKNOWN as its form, as unknown words do. For twice as
    many, only the cased form is UNKNOWN, as it may be for words in titles or at the start of a sentence.
    """

    def __init__(
        self,
        classifier: WindowClassifier,
        items: Items,
        config: NetworkConfig,
        rng: np.random.Generator,
        silver: Items | None = None,
    ) -> None:
        self.window, self.config, self.rng = classifier.window, config, rng
        self.mixture = Mixture(items.rows, silver.rows if silver else None, config)
        number = {name: i for i, name in enumerate(classifier.classes)}
        items = items + silver if silver else items
        self.target = np.array([number.get(name, -1) for name in items.names], np.intp)
        self._learned = self.target >= 0
        if items.learned is not None:
            chosen = np.zeros(len(self.target), np.bool_)
            chosen[items.learned] = True
            self._learned &= chosen
        encoder = Encoder(classifier.vocabulary)
        self._types = encoder.types(items.keys)
        shown, first_row = encoder.rows(), classifier.vocabulary.first
        unknown, lower = shown.copy(), shown.copy()
        for place, (channel, first) in enumerate(first_row.items()):
            if channel in WHOLE_FORM:
                unknown[:, place] = first + UNKNOWN
            if channel == CASED and set(WHOLE_FORM) <= set(first_row):
                lower[:, place] = first + UNKNOWN
        self._rows, self._type_rows = items.rows, np.concatenate((shown, unknown, lower))

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, in random order."""
        config, n = self.config, len(self.target)
        drawn = self.rng.random(n)
        variant = np.where(drawn < config.word_dropout, 1, np.where(drawn < 3 * config.word_dropout, 2, 0))
        type_of, where = self.window.spread(self._types + variant * (len(self._type_rows) // 3), self._rows)
        order = self._order(epoch)
        for k in range(0, len(order), config.batch_size):
            now = order[k : k + config.batch_size]
            words = [type_of[where[now] + offset] for offset in self.window.offsets]
            w = self.window.slot_rows(words, [], self._type_rows)
            yield Batch(w, self.target[now], None, (epoch + k / len(order)) / config.epochs)

    def _order(self, epoch: int) -> Index:
        """The items of an epoch in random order."""
        _, items = take_rows(self._rows, self.mixture.sentences(epoch, self.rng))
        return self.rng.permutation(items[self._learned[items]])


def build_and_train(
    template: str,
    items: Items,
    config: NetworkConfig,
    seed: Sequence[int],
    vectors: Vectors | None = None,
    *,
    silver: Items | None = None,
    log: Log = QUIET,
    name: str = "",
) -> WindowClassifier:
    """Build and train a window classifier; its parameters are the moving average after the last epoch.

    With fewer than NOMINAL_ITEMS items, epochs are more and batches smaller.
    silver: more items to learn from. name: of the network, for the log.
    """
    n, started = len(items), time.monotonic()
    epochs = round(config.epochs * min(max((NOMINAL_ITEMS / n) ** 0.5, 1), 3))
    config = replace(config, epochs=epochs, batch_size=min(config.batch_size, 1 << max(6, round(math.log2(n / 100)))))
    rng = np.random.default_rng(seed)
    classifier = initialize(template, items, config, rng, vectors)
    batches, trainer = WindowBatches(classifier, items, config, rng, silver), Trainer(config, classifier.params, rng)
    with log.progress(batches.mixture.words() if silver else n * epochs, name, " items") as bar:
        trainer.fit(batches.batches, lambda J, B: bar.update(B), lambda epoch, average: False)
    log("", f"{name}: {n:,} items, {epochs} epochs, {time.monotonic() - started:,.0f} s")
    return classifier.with_parameters(trainer.average.parameters())
