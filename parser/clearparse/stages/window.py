"""The network over a row of items: the class of each from the items around it, all at once.

The items are words, or the characters of a text, which here are words of one letter. No class depends on another, so
there is no state: slot i shows one channel of the item at one place around the item in question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import Index, Slot, TemplateError, WordSlots, channel_lines, check_slots
from clearparse.features.type_cache import TypeCache
from clearparse.features.vocabulary import CHANNELS, NULL, Vocabulary, factorize
from clearparse.network.classifier import Booleans, Floats, Parameters
from clearparse.stages.stored import StoredNetwork, StoredNetworks
from clearparse.stages.validation import check_texts

AT_ONCE = 4096  # items whose scores are in memory at once
FARTHEST = 100  # places away from an item
_PLACE = re.compile(r"-?[0-9]{1,3}")


def parse_window(text: str) -> list[Slot]:
    """The slots of a template such as `form: -1 0 1`: places around an item. Raises TemplateError."""
    slots = []
    for channel, places in channel_lines(text, CHANNELS):
        for place in places:
            if not _PLACE.fullmatch(place) or abs(int(place)) > FARTHEST:
                raise TemplateError(f"template: {place[:60]!r} is not a place of a window, such as -1")
            slots.append(Slot(channel, str(int(place))))
    check_slots(slots)
    return slots


class Window(WordSlots):
    """A compiled template of a window."""

    def __init__(self, template: str, vocabulary: Vocabulary) -> None:
        super().__init__(parse_window(template), vocabulary)
        self.places = [int(address) for address in self.addresses]
        self.reach = max(map(abs, self.places))

    def spread(self, values: NDArray[np.integer], rows: NDArray[np.int64]) -> tuple[Index, Index]:
        """Values (items,) with `reach` NULLs before each row and behind the last, and where each item then stands.

        rows (R + 1,): the items of row r are rows[r] : rows[r + 1]. Whatever stands outside its row is NULL.
        """
        lengths = np.diff(rows)
        where = np.arange(len(values)) + self.reach * np.repeat(np.arange(1, len(lengths) + 1), lengths)
        spread = np.full(len(values) + self.reach * (len(lengths) + 1), NULL, np.intp)
        spread[where] = values
        return spread, where


class WindowClassifier:
    """A trained (or, at first, random) network that gives each item of a row one of some classes."""

    def __init__(self, params: Parameters, template: str, vocabulary: Vocabulary, classes: Sequence[str]) -> None:
        self.params, self.template, self.vocabulary, self.classes = params, template, vocabulary, list(classes)
        self.window = Window(template, vocabulary)
        self.cache = TypeCache(params, self.window, vocabulary)

    def __reduce__(self) -> tuple[type[WindowClassifier], tuple[Parameters, str, Vocabulary, list[str]]]:
        return WindowClassifier, (self.params, self.template, self.vocabulary, self.classes)

    def with_parameters(self, params: Parameters) -> WindowClassifier:
        """The same with other numbers."""
        return WindowClassifier(params, self.template, self.vocabulary, self.classes)

    def classify(
        self,
        keys: Sequence[bytes],
        rows: NDArray[np.int64],
        which: Index | None = None,
        wanted: Booleans | None = None,
    ) -> Index:
        """The number of each item's best class (n,), given the items' keys (see Block.keys) and where the rows begin.

        which (n,): the number of each item's key, where `keys` are the different ones. wanted (n,): the items whose
        class is asked for; of the others class 0 is said.
        It depends on nothing but the row that the item is in. Several threads may call this; they take turns.
        """
        if which is None:
            keys, which = factorize(keys)
        wanted = np.ones(len(which), np.bool_) if wanted is None else wanted
        most, n = self.cache.layer.most_types, len(which)
        with self.cache.lock:
            if len(keys) <= most:
                return self._classify(keys, rows, which, wanted)
            # As many items at a time as there may be types, each time with those around them, which do not count.
            reach, found = self.window.reach, []
            for first in range(0, n, most):
                begin, end = max(first - reach, 0), min(first + most + reach, n)
                here, part_of = np.unique(which[begin:end], return_inverse=True)
                some = [keys[k] for k in here.tolist()]
                bounds = np.unique(np.clip(rows, begin, end)) - begin
                part = self._classify(some, bounds, part_of, wanted[begin:end])
                found.append(part[first - begin : first - begin + most])
        return np.concatenate(found)

    def _classify(self, keys: Sequence[bytes], rows: NDArray[np.int64], which: Index, wanted: Booleans) -> Index:
        found = [np.empty(0, np.intp)]
        for theta, types in self.theta(keys, rows, which, wanted):
            best: Index = theta.argmax(axis=1)
            self.cache.layer.break_ties(best, theta, _any, partial(_types, types), _no_values)
            found.append(best)
        labels = np.zeros(len(which), np.intp)
        labels[wanted] = np.concatenate(found)
        return labels

    def theta(
        self,
        keys: Sequence[bytes],
        rows: NDArray[np.int64],
        which: Index | None = None,
        wanted: Booleans | None = None,
    ) -> Iterator[tuple[Floats, list[Index]]]:
        """The scores of all classes (B, C) for some items after the others, and the types (B,) at each place."""
        types = self.cache.types(keys)
        types = types if which is None else types[which]
        type_of, where = self.window.spread(types, rows)
        where = where if wanted is None else where[wanted]
        rows_of = self.cache.layer.rows_of(type_of)
        for k in range(0, len(where), AT_ONCE):
            around = [where[k : k + AT_ONCE] + place for place in self.window.places]
            table_rows = [row_of[here] for row_of, here in zip(rows_of, around, strict=True)]
            yield self.cache.layer.theta(table_rows, []), [type_of[here] for here in around]

    def to_stored(self) -> StoredNetwork:
        """The network as a model file stores it."""
        return StoredNetwork.of(self.params, self.template, self.vocabulary, classes=self.classes)

    @classmethod
    def from_stored(cls, networks: StoredNetworks, name: str, check_class: Callable[[str], None]) -> WindowClassifier:
        """The classifier of a stored network. check_class raises ValueError for a class that the stage cannot have.

        Raises ValueError or TemplateError where something does not fit, KeyError if something is missing.
        """
        network = networks[name]
        network.check(name)
        classes = network.about["classes"]
        check_texts(classes, f"classes of {name!r}", least=1)
        for each in classes:
            check_class(each)
        vocabulary, template = network.vocabulary(), network.about["template"]
        network.check_shapes(Window(template, vocabulary), len(classes))
        return cls(network.params, template, vocabulary, classes)


def _any(some: Index) -> Booleans:
    """Every class is allowed: what `PrecomputedLayer.break_ties` asks for, (n, 1)."""
    return np.ones((len(some), 1), np.bool_)


def _types(types: Sequence[Index], some: Index) -> list[Index]:
    """For some of the items, the type at each place around them."""
    return [of[some] for of in types]


def _no_values(some: Index) -> list[Index]:
    """A window has no state slots."""
    return []
