"""Sampling of the sentences of an epoch from a treebank and silver sentences (see silver.Silver)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import Index

GOLD_ONLY = 0.2  # of the epochs, the last ones, are over the treebank alone


class Mixture:
    """All sentences of the treebank and, in all epochs but the last GOLD_ONLY of them, a sample of the silver ones.

    gold, silver: the lengths of the sentences; silver sentences are indexed after those of the treebank.
    ratio: silver words per treebank word in an epoch, if there are enough.
    """

    def __init__(self, gold: NDArray[np.int64], silver: NDArray[np.int64], ratio: float, epochs: int) -> None:
        self.gold, self.silver = len(gold), len(silver)
        self.gold_words = int(gold.sum())
        self.share = min(1.0, ratio * self.gold_words / int(silver.sum())) if len(silver) else 0.0
        self.silver_words = round(self.share * int(silver.sum()))
        self.first_without = epochs - round(GOLD_ONLY * epochs)

    def sentences(self, epoch: int, rng: np.random.Generator) -> Index:
        """The indices of an epoch's sentences."""
        some = round(self.silver * self.share) if epoch < self.first_without else 0
        return np.concatenate((np.arange(self.gold), self.gold + rng.permutation(self.silver)[:some]))

    def words(self, epochs: int) -> int:
        """The approximate number of words in all epochs together."""
        return self.gold_words * epochs + self.silver_words * self.first_without
