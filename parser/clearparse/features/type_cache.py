"""The types of word that a classifier has met, with their pre-computed rows, kept from one call to the next."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.templates import Index, WordSlots
from clearparse.features.vocabulary import Encoder
from clearparse.io.locks import renew_lock_after_fork
from clearparse.network.classifier import Parameters


class TypeCache:
    """The encoder and the pre-computed layer of one classifier, always in step.

    Hold `lock` while using what `types` and `layer` give: threads share them.

    An exception can come at any moment: Ctrl-C, a MemoryError, or a fork that leaves this thread behind. If one comes
    while types are added, all of them are thrown away, and the next call begins anew.
    """

    def __init__(self, params: Parameters, features: WordSlots) -> None:
        self._params, self._features = params, features
        self._begin()
        self.lock = threading.Lock()
        renew_lock_after_fork(self)

    def _begin(self) -> None:
        self.layer = PrecomputedLayer(self._params, self._features)
        self._encoder = Encoder(self._features.vocabulary)
        self._in_step = True

    def types(self, keys: Sequence[bytes]) -> Index:
        """The types of words (words,), given their keys (see Block.word_keys); their rows in `layer` are ready."""
        if not self._in_step:
            self._begin()
        self._in_step = False  # as long as the lines below run
        types, first = self._encoder.types(keys, self.layer.capacity)
        self.layer.extend(self._encoder.rows(first), first)
        self._in_step = True
        return types
