"""Training of window classifiers: rows of items with their classes, as batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearparse.config import NetworkConfig
from clearparse.features.templates import Index
from clearparse.features.vocabulary import CASED, UNKNOWN, WHOLE_FORM, Encoder, Vocabulary
from clearparse.network.classifier import Parameters
from clearparse.network.training import Batch
from clearparse.stages.window import Window, WindowClassifier, compile_window
from clearparse.training.trainer import Trainer
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.ragged import take_rows


@dataclass(frozen=True)
class Items:
    """Keys (see Block.word_keys) and classes of items; those of row r are rows[r] : rows[r + 1]."""

    keys: Sequence[bytes]
    names: Sequence[str]
    rows: NDArray[np.int64]

    def take(self, which: Index) -> Items:
        """Some of the rows, in the given order."""
        rows, items = take_rows(self.rows, which)
        return Items([self.keys[i] for i in items.tolist()], [self.names[i] for i in items.tolist()], rows)


def initialise(
    template: str, items: Items, config: NetworkConfig, rng: np.random.Generator, vectors: Vectors | None = None
) -> WindowClassifier:
    """A window classifier with random parameters, for the symbols and classes of some items.

    vectors: initial embeddings of word forms; their words join the vocabulary.
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
    """Batches of items with their classes; each item occurs once per epoch.

    Word dropout: in each epoch, other items have UNKNOWN as their form, as unknown words will. Twice as many have
    UNKNOWN as their cased form and keep the lower-cased one, as words in titles or at the start of a sentence might.
    """

    def __init__(
        self, classifier: WindowClassifier, items: Items, config: NetworkConfig, rng: np.random.Generator
    ) -> None:
        self.window, self.config, self.rng = classifier.window, config, rng
        number = {name: i for i, name in enumerate(classifier.classes)}
        self.target = np.array([number[name] for name in items.names], np.intp)
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
        order = self.rng.permutation(n)
        for k in range(0, n, config.batch_size):
            now = order[k : k + config.batch_size]
            words = [type_of[where[now] + place] for place in self.window.places]
            w = self.window.slot_rows(words, [], self._type_rows)
            yield Batch(w, self.target[now], None, (epoch + k / n) / config.epochs)


def train(
    classifier: WindowClassifier,
    items: Items,
    config: NetworkConfig,
    rng: np.random.Generator,
    progress: Callable[[int], object] = lambda items: None,
) -> WindowClassifier:
    """The classifier trained on items; its parameters are the moving average after the last epoch.

    progress: called with the number of items of each batch.
    """
    batches = WindowBatches(classifier, items, config, rng)
    averages: list[Parameters] = []

    def count(J: float, B: int) -> None:
        progress(B)

    def end_epoch(epoch: int, average: Parameters) -> bool:
        averages[:] = [average]
        return False

    Trainer(config, classifier.params, rng).fit(batches.batches, count, end_epoch)
    return classifier.with_parameters(averages[0])
