"""The network over a row of items: the class of each from the items around it, all at once.

The items are words, or the characters of a text, which here are words of one letter. No class depends on another, so
there is no state: slot i shows one channel of the item at one place around the item in question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from parser.network.classifier import Parameters
from parser.tables import Tables
from parser.treebank.slots import Index, Slot, TemplateError, WordSlots, channel_lines, check_slots
from parser.treebank.vocabulary import CHANNELS, NULL, Encoder, Vocabulary

AT_ONCE = 4096  # items whose scores are in memory at once
FARTHEST = 100  # places away from an item


def parse_window(text: str) -> list[Slot]:
    """The slots of a template such as `form: -1 0 1`: places around an item. Raises TemplateError."""
    slots = []
    for channel, places in channel_lines(text, CHANNELS):
        for place in places:
            if not place.removeprefix("-").isdecimal() or int(place) > FARTHEST:
                raise TemplateError(f"template: {place!r} is not a place of a window, such as -1")
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


class Labeller:
    """A trained (or, at first, random) network that gives each item of a row one of some classes."""

    def __init__(self, params: Parameters, template: str, vocabulary: Vocabulary, classes: Sequence[str]) -> None:
        self.params, self.template, self.vocabulary, self.classes = params, template, vocabulary, list(classes)
        self.window = Window(template, vocabulary)
        self._encoder = Encoder(vocabulary)
        self._tables = Tables(params, self.window)

    def __reduce__(self) -> tuple[type[Labeller], tuple[Parameters, str, Vocabulary, list[str]]]:
        return Labeller, (self.params, self.template, self.vocabulary, self.classes)

    def with_parameters(self, params: Parameters) -> Labeller:
        """The same with other numbers."""
        return Labeller(params, self.template, self.vocabulary, self.classes)

    def label(self, keys: Sequence[bytes], rows: NDArray[np.int64]) -> Index:
        """The number of each item's best class, given the items' keys (see word_keys) and where the rows begin."""
        best = [theta.argmax(axis=1) for theta in self.theta(keys, rows)]
        return np.concatenate(best) if best else np.empty(0, np.intp)

    def theta(self, keys: Sequence[bytes], rows: NDArray[np.int64]) -> Iterator[NDArray[np.floating]]:
        """The scores of all classes (B, C) for some items after the others."""
        types, first = self._encoder.types(keys, self._tables.capacity)
        self._tables.fill(self._encoder.rows(first), first)
        type_of, where = self.window.spread(types, rows)
        rows_of = self._tables.rows_of(type_of)
        for k in range(0, len(where), AT_ONCE):
            here = where[k : k + AT_ONCE]
            yield self._tables.theta(
                [row_of[here + place] for row_of, place in zip(rows_of, self.window.places, strict=True)], []
            )
