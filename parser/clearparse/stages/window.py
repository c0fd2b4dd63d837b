"""Sequence labeling with a window: the class of each item of a sequence, given the items around it.

The items are the words of sentences or the characters of paragraphs; a character counts as a word of one letter. Items
are classified independently of each other. Slot i holds one channel of the item at one offset from the classified item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.features.precompute import CLOSE
from clearparse.features.row_sums import row_starts
from clearparse.features.templates import Index, Slot, Template, TemplateError, WordSlots, channel_lines
from clearparse.features.type_cache import TypeCache
from clearparse.features.vocabulary import CHANNELS, Vocabulary
from clearparse.network.classifier import Booleans, Floats, Parameters
from clearparse.stages.stored import StoredNetwork
from clearparse.stages.validation import check_texts

BATCH_SIZE = 1024  # items scored at a time: their scores stay in the processor's cache
PART = 1 << 16  # items whose windows are in memory at a time
MAX_OFFSET = 100  # items on either side
Arrays = tuple[NDArray[Any], ...]  # of equal length
NO_VALUES = np.empty((0, 0), np.intp)  # of state slots, which windows do not have
_OFFSET = re.compile(r"-?[0-9]{1,3}")


def compile_window(text: str) -> Template:
    """Compile a template such as `form: -1 0 1`: a channel and its offsets. Raises TemplateError."""
    slots = []
    for channel, listed in channel_lines(text, CHANNELS):
        for offset in listed:
            if not _OFFSET.fullmatch(offset) or abs(int(offset)) > MAX_OFFSET:
                raise TemplateError(f"template: {offset[:60]!r} is not an offset from -{MAX_OFFSET} to {MAX_OFFSET}")
            slots.append(Slot(channel, str(int(offset))))
    return Template(text, tuple(slots))


class Window(WordSlots):
    """A compiled window template. offsets (A,): the items that it looks at. reach: the largest absolute offset."""

    def __init__(self, template: Template, vocabulary: Vocabulary) -> None:
        super().__init__(template, vocabulary)
        self.offsets = np.array([int(address) for address in self.addresses], np.intp)
        self.reach = max(int(np.abs(self.offsets).max()), 1)
        self._columns = self.offsets[:, None]

    def spread(self, values: NDArray[np.integer], sequences: NDArray[np.int64]) -> tuple[Index, Index]:
        """Values (n,) padded with `reach` NULLs around each sequence, and the index of each item in the result (n,).

        sequences (S + 1,): the items of sequence s are sequences[s] : sequences[s + 1].
        """
        where: Index = np.arange(self.reach, self.reach + len(values))
        if len(sequences) > 2:
            padding = np.arange(0, self.reach * (len(sequences) - 1), self.reach)  # before all but the first
            where += padding.repeat(sequences[1:] - sequences[:-1])
        spread = np.zeros(len(values) + self.reach * len(sequences), np.intp)  # NULL is 0
        spread[where] = values
        return spread, where

    def around(self, spread: Index, where: Index) -> Index:
        """What is at each offset (A, B) from the items at these places (B,) of the result of `spread`."""
        return spread.take(where + self._columns)


class WindowClassifier:
    """A network that predicts the class of each item of a sequence; `classes` are their names."""

    def __init__(self, params: Parameters, window: Window, classes: Sequence[str]) -> None:
        self.params, self.window, self.classes = params, window, list(classes)
        self.vocabulary = window.vocabulary
        self.cache = TypeCache(params, window)

    @cached_property
    def encoded_classes(self) -> list[bytes]:
        """The names of the classes in UTF-8."""
        return [name.encode() for name in self.classes]

    def __reduce__(self) -> tuple[type[WindowClassifier], tuple[Parameters, Window, list[str]]]:
        return WindowClassifier, (self.params, self.window, self.classes)

    def with_parameters(self, params: Parameters) -> WindowClassifier:
        """The same classifier with other parameters."""
        return WindowClassifier(params, self.window, self.classes)

    def classify(
        self,
        keys: Sequence[bytes],
        sequences: NDArray[np.int64],
        which: Index,
        items: Index | None = None,
    ) -> Index:
        """The index of the best class of each item (B,); it depends on the item's own sequence only.

        keys: those of the items (see word_keys), each once. which (n,): the index of each item's key among them.
        sequences (S + 1,): the items of sequence s are sequences[s] : sequences[s + 1].
        items (B,): which of the n items to classify, by default all.
        Thread-safe: calls are serialized by a lock.
        """
        if items is not None and not len(items):
            return np.empty(0, np.intp)
        (best,) = self._classify(keys, sequences, which, items, lambda types: (self._best(types),))
        return best

    def classify_with_margin(
        self, keys: Sequence[bytes], sequences: NDArray[np.int64], which: Index, margin: float
    ) -> tuple[Index, Booleans]:
        """The index of the best class of each item (n,), and is its score `margin` or more above all others (n,)?

        The arguments are those of classify. Thread-safe.
        """
        best, sure = self._classify(keys, sequences, which, None, partial(self._best_with_margin, margin=margin))
        return best, sure

    def _classify(
        self,
        keys: Sequence[bytes],
        sequences: NDArray[np.int64],
        which: Index,
        items: Index | None,
        best: Callable[[Index], Arrays],
    ) -> Arrays:
        """What best(types) gives for some items: an array or two (B,), given the types at each offset (A, B)."""
        spread, where = self.window.spread(which + 1, sequences)
        where = where if items is None else where[items]
        with self.cache.lock:
            return self._classify_at(where, spread, keys, best)

    def _classify_at(
        self, where: Index, spread: Index, keys: Sequence[bytes], best: Callable[[Index], Arrays]
    ) -> Arrays:
        """Like `_classify` for the items at some places in `spread`; in parts if the cache has too few types.

        spread: see Window.spread; its values are the numbers of keys from 1 on.
        """
        half = len(where) // 2
        if len(where) <= PART:
            first = range(0, max(len(where), 1), BATCH_SIZE)
            windows = [self.window.around(spread, where[k : k + BATCH_SIZE]) for k in first]
            seen = np.zeros(len(keys) + 1, np.bool_)
            for window in windows:
                seen[window] = True
            seen[0] = False
            shown = seen.nonzero()[0]
            if len(shown) <= self.cache.layer.max_types or not half:
                types = np.zeros(len(seen), np.intp)
                types[shown] = self.cache.types([keys[k - 1] for k in shown.tolist()])
                return _joined([best(types.take(window)) for window in windows])
        return _joined([self._classify_at(some, spread, keys, best) for some in (where[:half], where[half:])])

    def _best(self, types: Index) -> Index:
        """The best class of each item (B,). types (A, B): see theta."""
        theta = self.cache.layer.theta(types, NO_VALUES)
        best: Index = theta.argmax(axis=1)
        self._break_ties(best, theta, types)
        return best

    def _break_ties(self, best: Index, theta: Floats, types: Index) -> None:
        """Correct the best classes where rounding may have decided: see PrecomputedLayer.break_ties."""
        self.cache.layer.break_ties(
            best, theta, lambda some: (np.True_, types[:, some], np.empty((0, len(some)), np.intp))
        )

    def _best_with_margin(self, types: Index, margin: float) -> tuple[Index, Booleans]:
        """The best class of each item (B,), and is its score `margin` or more above all others (B,)? types: see theta.

        Scores depend on the batch in their last digits: where these decide, they are computed in double precision.
        """
        theta = self.cache.layer.theta(types, NO_VALUES)
        best: Index = theta.argmax(axis=1)
        place = best + row_starts(*theta.shape)
        top = theta.take(place)
        theta.put(place, -np.inf)
        lead = top - theta.max(axis=1)
        if np.count_nonzero(lead <= 2 * CLOSE):
            theta.put(place, top)
            self._break_ties(best, theta, types)
        found: Booleans = lead >= margin
        close = (np.abs(lead - margin) <= CLOSE).nonzero()[0]
        if len(close):
            exact = np.sort(self.cache.layer.exact_theta(types[:, close], NO_VALUES), axis=1)
            found[close] = exact[:, -1] - exact[:, -2] >= margin
        return best, found

    def theta(self, keys: Sequence[bytes], sequences: NDArray[np.int64]) -> Floats:
        """The scores of all classes (n, C), given the key of each item; sequences: see classify. Not thread-safe."""
        spread, where = self.window.spread(self.cache.types(keys), sequences)
        parts = [where[k : k + BATCH_SIZE] for k in range(0, len(where), BATCH_SIZE)]
        return np.concatenate([self.cache.layer.theta(self.window.around(spread, part), NO_VALUES) for part in parts])

    def to_stored(self) -> StoredNetwork:
        """The network as a model file stores it."""
        return StoredNetwork.of(self.params, self.window.template.text, self.vocabulary, classes=self.classes)

    @classmethod
    def from_stored(
        cls, network: StoredNetwork, name: str = "network", check_class: Callable[[str], None] | None = None
    ) -> WindowClassifier:
        """The classifier of a stored network. name: for error messages.

        check_class: raises ValueError if the stage cannot have this class.
        Raises ValueError or TemplateError if the network is inconsistent, KeyError if something is missing.
        """
        network.check(name)
        classes = network.metadata["classes"]
        check_texts(classes, f"classes of {name!r}", minimum=1)
        if check_class:
            for each in classes:
                check_class(each)
        window = Window(compile_window(network.metadata["template"]), network.vocabulary())
        network.check_shapes(window, len(classes))
        return cls(network.params, window, classes)


def _joined(parts: Sequence[Arrays]) -> Arrays:
    """The arrays of several parts, one after another."""
    return parts[0] if len(parts) == 1 else tuple(map(np.concatenate, zip(*parts, strict=True)))
