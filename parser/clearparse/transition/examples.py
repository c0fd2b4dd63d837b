"""Training examples from gold trees: the slots of each configuration, and the transition to learn there.

Configurations come from following the oracle or, with exploration, the parser's own choices (Goldberg & Nivre 2013,
algorithm 3). The target is always the transition of minimum cost that the parser scores highest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.transition.advisor import OracleAdvisor
from clearparse.transition.decode import GreedyPolicy, best, forced, run
from clearparse.transition.layout import Index, Mask


class Examples(NamedTuple):
    """w (N, m): rows of L in each slot. target (N,): the class to learn. legal (N, K): the moves allowed."""

    w: NDArray[np.int32]
    target: NDArray[np.int32]
    legal: Mask


class OracleExamples:
    """A policy that follows the oracle and records an example of each configuration with more than one legal class.

    word_rows (size, channels): rows of L of the word at each flat index. exploration: how often the parser's own choice
    is followed instead of the oracle's, from 0 to 1; always 0 if the oracle allows none.
    """

    def __init__(
        self,
        greedy: GreedyPolicy,
        advisor: OracleAdvisor,
        word_rows: NDArray[np.int32],
        exploration: float,
        rng: np.random.Generator,
    ) -> None:
        self.greedy, self.advisor, self.word_rows, self.rng = greedy, advisor, word_rows, rng
        self.exploration = exploration if advisor.oracle.exploration else 0.0
        m, K = greedy.features.m, len(greedy.system.moves)
        self._recorded = [Examples(np.empty((0, m), np.int32), np.empty(0, np.int32), np.empty((0, K), np.bool_))]

    def __call__(self, active: Index) -> Index:
        legal = self.greedy.system.legal(active)
        transition, undecided = forced(legal, self.greedy.transitions)
        if len(undecided):
            transition[undecided] = self._record(active[undecided], legal[undecided])
        self.advisor.advance(active, transition)
        return transition

    def _record(self, active: Index, legal: Mask) -> Index:
        words, values, theta = self.greedy.extract(active)
        target = self.advisor.target(active, theta)
        w = self.greedy.features.slot_rows(words, values, self.word_rows)
        known = np.flatnonzero(target >= 0)
        self._recorded.append(Examples(w[known], target[known].astype(np.int32), legal[known]))
        choice = best(theta, legal, self.greedy.transitions)
        follow = (target >= 0) & (self.rng.random(len(active)) >= self.exploration)
        return np.where(follow, target, choice)

    def run(self) -> Examples:
        """Parse all sentences of the system once and return the examples in the order of the steps."""
        run(self.greedy.system, self.greedy.transitions, self)
        return Examples(*(np.concatenate(parts) for parts in zip(*self._recorded, strict=True)))
