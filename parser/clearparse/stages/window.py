"""Sequence labeling with a window: the class of each item of a sequence, given the items around it.

The items are the words of sentences or the characters of paragraphs; a character counts as a word of one letter. Items
are classified independently of each other. Slot i holds one channel of the item at one offset from the classified item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from clearparse.features.precompute import CLOSE
from clearparse.features.templates import Index, Slot, Template, TemplateError, WordSlots, channel_lines
from clearparse.features.type_cache import TypeCache, end_of_part
from clearparse.features.vocabulary import CHANNELS, Vocabulary, factorize
from clearparse.network.classifier import Booleans, Floats, Parameters, distinct
from clearparse.stages.stored import StoredNetwork
from clearparse.stages.validation import check_texts
from clearparse.treebank.ragged import offsets

BATCH_SIZE = 1024  # items scored at a time: their scores stay in the processor's cache
MAX_OFFSET = 100  # items on either side
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
        self.reach = int(np.abs(self.offsets).max())

    def spread(self, values: NDArray[np.integer], sequences: NDArray[np.int64]) -> tuple[Index, Index]:
        """Values (n,) padded with `reach` NULLs around each sequence, and the index of each item in the result (n,).

        sequences (S + 1,): the items of sequence s are sequences[s] : sequences[s + 1].
        """
        where = self._places(sequences)
        spread = np.zeros(len(values) + self.reach * len(sequences), np.intp)  # NULL is 0
        spread[where] = values
        return spread, where

    def _places(self, sequences: NDArray[np.int64]) -> Index:
        """The index of each item (n,) if there are `reach` NULLs around each sequence."""
        lengths = sequences[1:] - sequences[:-1]
        before = self.reach * np.arange(1, len(sequences))
        places: Index = np.arange(sequences[-1]) + before.repeat(lengths)
        return places

    def seen(self, wanted: Booleans, sequences: NDArray[np.int64]) -> Booleans:
        """The items (n,) that are at most `reach` away from one of those wanted (n,), in the same sequence."""
        where = self._places(sequences)
        seen = np.zeros(len(wanted) + self.reach * len(sequences), np.bool_)
        seen[where[wanted] + np.arange(-self.reach, self.reach + 1)[:, None]] = True
        return seen[where]


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
        which: Index | None = None,
        wanted: Booleans | None = None,
    ) -> Index:
        """The index of the best class of each of n items (n,); it depends on the item's own sequence only.

        keys: the items' keys (see Block.word_keys); with `which`, the distinct keys.
        which (n,): the index of each item's key among the distinct keys.
        sequences (S + 1,): the items of sequence s are sequences[s] : sequences[s + 1].
        wanted (n,): the items to classify, by default all; the others get class 0.
        Thread-safe: calls are serialized by a lock.
        """
        if which is None:
            keys, which = factorize(keys)
        if wanted is None:
            return self._classify(keys, sequences, which, 0.0, None)[0]
        classes = np.zeros(len(which), np.intp)
        if not np.count_nonzero(wanted):  # several times as fast as any()
            return classes
        seen = self.window.seen(wanted, sequences)
        shown, number = distinct(which[seen], len(keys))
        keys, ends = [keys[k] for k in shown.tolist()], offsets(seen)[sequences]
        classes[seen], _ = self._classify(keys, ends, number.astype(np.intp), 0.0, wanted[seen])
        return classes

    def classify_with_margin(
        self, keys: Sequence[bytes], sequences: NDArray[np.int64], which: Index, margin: float
    ) -> tuple[Index, Booleans]:
        """The index of the best class of each item (n,), and is its score `margin` or more above all others (n,)?

        keys: the distinct keys. The other arguments are those of classify. Thread-safe.
        """
        return self._classify(keys, sequences, which, margin, None)

    def _classify(
        self,
        keys: Sequence[bytes],
        sequences: NDArray[np.int64],
        which: Index,
        margin: float,
        wanted: Booleans | None,
    ) -> tuple[Index, Booleans]:
        """Like classify_with_margin for the items that are wanted, in parts if the cache has too few types."""
        with self.cache.lock:
            if len(keys) <= self.cache.layer.max_types:
                return self._classify_part(keys, sequences, which, margin, wanted)
            return self._classify_in_parts(keys, sequences, which, margin, wanted)

    def _classify_in_parts(
        self, keys: Sequence[bytes], sequences: NDArray[np.int64], which: Index, margin: float, wanted: Booleans | None
    ) -> tuple[Index, Booleans]:
        """Like `_classify`, in parts of at most max_types distinct items, their context included."""
        reach, n, first = self.window.reach, len(which), 0
        classes, sure = np.zeros(n, np.intp), np.zeros(n, np.bool_)
        while first < n:
            last = end_of_part(which, first, max(self.cache.layer.max_types - 2 * reach, 1))
            begin, end = max(first - reach, 0), min(last + reach, n)
            here, which_here = np.unique(which[begin:end], return_inverse=True)
            keys_here = [keys[k] for k in here.tolist()]
            bounds = np.unique(np.clip(sequences, begin, end)) - begin
            wanted_here = None if wanted is None else wanted[begin:end]
            part = self._classify_part(keys_here, bounds, which_here, margin, wanted_here)
            classes[first:last], sure[first:last] = (each[first - begin : last - begin] for each in part)
            first = last
        return classes, sure

    def _classify_part(
        self, keys: Sequence[bytes], sequences: NDArray[np.int64], which: Index, margin: float, wanted: Booleans | None
    ) -> tuple[Index, Booleans]:
        n = len(which) if wanted is None else np.count_nonzero(wanted)
        found, sure, first = np.empty(n, np.intp), np.ones(n, np.bool_), 0
        for theta, types in self.theta(keys, sequences, which, wanted):
            here = slice(first, first + len(theta))
            best: Index = theta.argmax(axis=1)
            self.cache.layer.break_ties(best, theta, _any, partial(np.take, types, axis=1), _no_values)
            found[here], first = best, here.stop
            if margin:
                sure[here] = self._has_margin(theta, best, types, margin)
        if wanted is None:
            return found, sure
        classes, has_margin = np.zeros(len(which), np.intp), np.zeros(len(which), np.bool_)
        classes[wanted], has_margin[wanted] = found, sure
        return classes, has_margin

    def _has_margin(self, theta: Floats, best: Index, types: Index, margin: float) -> Booleans:
        """Is the best score `margin` or more above all others (B,)? Changes theta (B, C). types (A, B): see theta.

        Scores depend on the batch in their last digits: where these decide, they are computed in double precision.
        """
        items = np.arange(len(best))
        top = theta[items, best]
        theta[items, best] = -np.inf
        lead = top - theta.max(axis=1)
        found: Booleans = lead >= margin
        close = (np.abs(lead - margin) <= CLOSE).nonzero()[0]
        if len(close):
            exact = np.sort(self.cache.layer.exact_theta(types[:, close], NO_VALUES), axis=1)
            found[close] = exact[:, -1] - exact[:, -2] >= margin
        return found

    def theta(
        self,
        keys: Sequence[bytes],
        sequences: NDArray[np.int64],
        which: Index | None = None,
        wanted: Booleans | None = None,
    ) -> Iterator[tuple[Floats, Index]]:
        """Yield, for BATCH_SIZE items at a time, the scores of all classes (B, C) and the types at each offset (A, B).

        The arguments are those of classify.
        """
        types = self.cache.types(keys)
        types = types if which is None else types[which]
        type_of, where = self.window.spread(types, sequences)
        where = where if wanted is None else where[wanted]
        for k in range(0, len(where), BATCH_SIZE):
            around = type_of[where[k : k + BATCH_SIZE] + self.window.offsets[:, None]]
            yield self.cache.layer.theta(around, NO_VALUES), around

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


def _any(some: Index) -> Booleans:
    """Mask (n, 1) that allows every class, for `PrecomputedLayer.break_ties`."""
    return np.ones((len(some), 1), np.bool_)


def _no_values(some: Index) -> Index:
    """A window has no state slots."""
    return NO_VALUES
