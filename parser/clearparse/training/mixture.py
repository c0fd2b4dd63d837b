"""Which sentences an epoch has where a treebank is learned together with silver sentences (see silver.Silver)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import Index

GOLD_ONLY = 0.2  # of the epochs, the last ones, are over the treebank alone


class Mixture:
    """All sentences of the treebank and, in all epochs but the last GOLD_ONLY of them, a sample of the silver ones.

    The silver sentences are numbered after those of the treebank. ratio: silver words per treebank word in an epoch, as
    far as there are so many; gold, silver: the lengths of the sentences.
    """

    def __init__(self, gold: NDArray[np.int64], silver: NDArray[np.int64], ratio: float, epochs: int) -> None:
        self.gold, self.silver = len(gold), len(silver)
        self.gold_words = int(gold.sum())
        self.share = min(1.0, ratio * self.gold_words / int(silver.sum())) if len(silver) else 0.0
        self.silver_words = round(self.share * int(silver.sum()))
        self.first_without = epochs - round(GOLD_ONLY * epochs)

    def sentences(self, epoch: int, rng: np.random.Generator) -> Index:
        """The numbers of an epoch's sentences."""
        some = round(self.silver * self.share) if epoch < self.first_without else 0
        return np.concatenate((np.arange(self.gold), self.gold + rng.permutation(self.silver)[:some]))

    def words(self, epochs: int) -> int:
        """About how many words all epochs have together."""
        return self.gold_words * epochs + self.silver_words * self.first_without
