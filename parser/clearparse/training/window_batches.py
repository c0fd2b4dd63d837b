"""What a labeller learns from: rows of items with the class of each, as batches; and the labeller to begin with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
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
    """Keys (see Block.keys) and classes of items, those of row r from rows[r] to rows[r + 1]."""

    keys: Sequence[bytes]
    names: Sequence[str]
    rows: NDArray[np.int64]

    def take(self, which: Index) -> Items:
        """Some of the rows, in the order given."""
        rows, items = take_rows(self.rows, which)
        return Items([self.keys[i] for i in items.tolist()], [self.names[i] for i in items.tolist()], rows)


def new_window_classifier(
    template: str, items: Items, config: NetworkConfig, rng: np.random.Generator, vectors: Vectors | None = None
) -> WindowClassifier:
    """An untrained labeller for the symbols and classes of some items, and for forms of which there are vectors."""
    compiled = compile_window(template)
    channels = compiled.channels
    vocabulary = Vocabulary.count(items.keys, channels, dict.fromkeys(channels, config.min_count))
    if vectors:
        vocabulary = vectors.widen(vocabulary)
    classes = [name for name, _ in sorted(Counter(items.names).items(), key=lambda item: (-item[1], item[0]))]
    window = Window(compiled, vocabulary)
    params = Parameters.initial(V=window.V, m=window.m, d=config.d, H=config.H, C=len(classes), rng=rng)
    if vectors:
        vectors.fill(params.L, vocabulary, config.vector_scale)
    return WindowClassifier(params, window, classes)


class WindowBatches:
    """Makes the batches from which a labeller learns some items, each once in a pass.

    Of some items the form is hidden, anew in each pass: they are what unknown words will be. Of twice as many only
    the small letters are shown, where a network sees these too: such are words in titles and at the beginning.
    """

    def __init__(
        self, classifier: WindowClassifier, items: Items, config: NetworkConfig, rng: np.random.Generator
    ) -> None:
        self.window, self.config, self.rng = classifier.window, config, rng
        number = {name: i for i, name in enumerate(classifier.classes)}
        self.target = np.array([number[name] for name in items.names], np.intp)
        encoder = Encoder(classifier.vocabulary)
        self._types, _ = encoder.types(items.keys)
        shown, first_row = encoder.rows(), classifier.vocabulary.first
        hidden, small = shown.copy(), shown.copy()
        for place, (channel, first) in enumerate(first_row.items()):
            if channel in WHOLE_FORM:
                hidden[:, place] = first + UNKNOWN
            if channel == CASED and set(WHOLE_FORM) <= set(first_row):
                small[:, place] = first + UNKNOWN
        self._rows, self._type_rows = items.rows, np.concatenate((shown, hidden, small))

    def batches(self, epoch: int) -> Iterator[Batch]:
        """One pass over all items, in a random order."""
        config, n = self.config, len(self.target)
        drawn = self.rng.random(n)
        how = np.where(drawn < config.word_dropout, 1, np.where(drawn < 3 * config.word_dropout, 2, 0))
        type_of, where = self.window.spread(self._types + how * (len(self._type_rows) // 3), self._rows)
        order = self.rng.permutation(n)
        for k in range(0, n, config.batch):
            now = order[k : k + config.batch]
            words = [type_of[where[now] + place] for place in self.window.places]
            w = self.window.slot_rows(words, [], self._type_rows)
            yield Batch(w, self.target[now], None, (epoch + k / n) / config.epochs)


def trained(
    classifier: WindowClassifier, items: Items, config: NetworkConfig, rng: np.random.Generator
) -> WindowClassifier:
    """A labeller that has learned the items; what comes out is the moving average behind the last pass."""
    lessons = WindowBatches(classifier, items, config, rng)
    last: list[Parameters] = []

    def keep(epoch: int, average: Parameters) -> bool:
        last[:] = [average]
        return False

    Trainer(config, classifier.params, rng).fit(lessons.batches, lambda J, B: None, keep)
    return classifier.with_parameters(last[0])
