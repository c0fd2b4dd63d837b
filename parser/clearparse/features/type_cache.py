"""A cache of the types of word that a classifier has seen, with their precomputed rows."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from clearparse.features import precompute
from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.templates import Index, WordSlots
from clearparse.features.vocabulary import NULL, ROOT
from clearparse.io.locks import renew_lock_after_fork
from clearparse.network.classifier import Parameters

FIRST = ROOT + 1  # type of a word
SMALL = 0.25  # part of the types of other caches that the cache of a network has whose items are of few types
MAX_KEY_BYTES = 16 << 20  # of all keys; when there are more, the cache is cleared: words may be very long


class TypeCache:
    """The types of word and the precomputed layer of one classifier, which always have the same types.

    If there are more types than fit into the memory, the least recently used ones are evicted.

    Hold `lock` while using what `types` and `layer` give: threads share them.

    An exception can come at any moment: Ctrl-C, a MemoryError, or a fork that leaves this thread behind. If one comes
    while types are added, the next call clears the cache first.
    """

    layer_type: ClassVar[type[PrecomputedLayer]] = PrecomputedLayer

    def __init__(self, params: Parameters, features: WordSlots) -> None:
        self._params, self._features = params, features
        self._memory: int | None = None  # see PrecomputedLayer
        self._clear()
        self.lock = threading.Lock()
        renew_lock_after_fork(self)

    def limit(self, memory: int) -> None:
        """Set the memory of the precomputed layer; if it changes, the cache is cleared."""
        with self.lock:
            if memory != self._memory:
                self._memory, self._consistent = memory, False
                self._clear()

    def _clear(self) -> None:
        self.layer: PrecomputedLayer = self.layer_type(self._params, self._features, self._memory)
        self._types: dict[bytes, int] = {}
        self._keys: list[bytes] = []  # of the types after ROOT
        self._used: NDArray[np.int64] = np.zeros(0, np.int64)  # (room,) the last call that had each type
        self._call = self._key_bytes = 0
        self._consistent = True

    def types(self, keys: Sequence[bytes]) -> Index:
        """The types of words (words,), given their keys (see word_keys); their rows in `layer` are ready."""
        if not self._consistent:
            self._clear()
        self._consistent = False  # as long as the lines below run
        self._call += 1
        types = self._find(keys)
        missing = (types < 0).nonzero()[0]
        if len(missing) or not self.layer.room:
            self._used[types[types >= 0]] = self._call  # these are not evicted
            self._add_missing(keys, types, missing)
        self._used[types] = self._call
        self._consistent = True
        return types

    def _find(self, keys: Sequence[bytes]) -> Index:
        """The types of words (words,), -1 for a key that has none."""
        return np.fromiter(map(self._types.get, keys, itertools.repeat(-1)), np.intp, len(keys))

    def _add_missing(self, keys: Sequence[bytes], types: Index, missing: Index) -> None:
        """Give types to the keys at the places `missing` (n,), and write them to types (words,)."""
        without = [keys[k] for k in missing.tolist()]
        new = list(dict.fromkeys(without))
        if not self._have_room(len(new) + int(np.count_nonzero(self._used == self._call))):
            self._clear()
            self._consistent = False
            without, missing, new = list(keys), np.arange(len(keys)), list(dict.fromkeys(keys))
        if self.layer.room:
            self._add(new)
        else:
            self._add_first(new)
        types[missing] = self._find(without)

    def _have_room(self, n: int) -> bool:
        """Is there room for the n different keys of a call, if others are evicted?"""
        fit = n <= self.layer.max_types and self._key_bytes <= MAX_KEY_BYTES
        return fit and not self.layer.oversized

    def _add_first(self, new: list[bytes]) -> None:
        """Fill the empty tables with NULL, ROOT and these keys."""
        vocabulary = self._features.vocabulary
        special = np.array([vocabulary.special(row) for row in (NULL, ROOT)], np.int32)
        self.layer.extend(np.concatenate((special, vocabulary.encode(new))))
        self._used = np.zeros(self.layer.room, np.int64)
        self._name(new, np.arange(FIRST, FIRST + len(new)))

    def _add(self, new: list[bytes]) -> None:
        """Give each new key a type; if there is no room, that of the least recently used key."""
        n = len(self._keys)
        fresh = min(len(new), self.layer.room - FIRST - n)
        if fresh < len(new):
            oldest = np.argsort(self._used[FIRST : FIRST + n], kind="stable")[: len(new) - fresh]
        else:
            oldest = np.arange(0)
        for place in oldest.tolist():
            del self._types[self._keys[place]]
            self._key_bytes -= len(self._keys[place])
        types = FIRST + np.concatenate((oldest, np.arange(n, n + fresh)))
        self.layer.extend(self._features.vocabulary.encode(new), types)
        self._name(new, types)

    def _name(self, keys: Sequence[bytes], types: Index) -> None:
        """Note the types (n,) of new keys."""
        self._keys += [b""] * (int(types.max(initial=FIRST - 1)) + 1 - FIRST - len(self._keys))
        for key, number in zip(keys, types.tolist(), strict=True):
            self._types[key] = number
            self._keys[number - FIRST] = key
        self._key_bytes += sum(map(len, keys))


def end_of_part(types: Index, begin: int, max_types: int) -> int:
    """The end of the longest part of the words, from `begin` on, with at most max_types types. types (words,)."""
    if len(types) - begin <= max_types:
        return len(types)
    met_first = np.sort(np.unique(types[begin:], return_index=True)[1])
    return begin + int(met_first[max_types]) if len(met_first) > max_types else len(types)


def share_memory(caches: Sequence[TypeCache], small: Collection[TypeCache]) -> None:
    """Limit the caches of a model to MEMORY together, so that each has as many types.

    small: those of the caches that have SMALL times as many.
    """
    layers = [cache.layer for cache in caches]
    part = [SMALL if cache in small else 1.0 for cache in caches]
    of_types = sum(some * layer.type_bytes for some, layer in zip(part, layers, strict=True))
    types = (precompute.MEMORY - sum(layer.fixed_bytes for layer in layers)) / of_types
    for cache, some, layer in zip(caches, part, layers, strict=True):
        cache.limit(max(layer.fixed_bytes + int(some * types) * layer.type_bytes, 0))
