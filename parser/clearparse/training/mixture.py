"""Sampling of the sentences of an epoch from a treebank and silver sentences (see silver.Silver)."""

from __future__ import annotations

import numpy as np

from clearparse.config import NetworkConfig
from clearparse.features.templates import Index
from clearparse.treebank.ragged import Offsets, offsets

GOLD_ONLY = 0.2  # of the epochs, the last ones, are over the treebank alone


class Mixture:
    """All sentences of the treebank and, in all epochs but the last GOLD_ONLY of them, a sample of the silver ones.

    gold (S + 1,), silver: offsets of the sentences' words; silver sentences are indexed after those of the treebank.
    In each epoch there are config.silver_ratio silver words per treebank word, if there are enough.
    """

    def __init__(self, gold: Offsets, silver: Offsets | None, config: NetworkConfig) -> None:
        added = offsets([]) if silver is None else silver
        self.gold, self.silver, self.epochs = len(gold) - 1, len(added) - 1, config.epochs
        self.gold_words, words = int(gold[-1]), int(added[-1])
        self.share = min(1.0, config.silver_ratio * self.gold_words / words) if words else 0.0
        self.silver_words = round(self.share * words)
        self.first_without = config.epochs - round(GOLD_ONLY * config.epochs)

    def sentences(self, epoch: int, rng: np.random.Generator) -> Index:
        """The indices of an epoch's sentences."""
        some = round(self.silver * self.share) if epoch < self.first_without else 0
        return np.concatenate((np.arange(self.gold), self.gold + rng.permutation(self.silver)[:some]))

    def words(self) -> int:
        """The approximate number of words in all epochs together."""
        return self.gold_words * self.epochs + self.silver_words * self.first_without
