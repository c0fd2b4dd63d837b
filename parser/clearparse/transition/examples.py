"""Training examples from gold trees: the slots of each configuration, and the transition to learn there.

Configurations come from following the oracle or, with exploration, the parser's own choices (Goldberg & Nivre 2013,
algorithm 3). The target is always the transition of minimum cost that the parser scores highest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.transition.decode import GreedyPolicy, best, run
from clearparse.transition.layout import Index
from clearparse.transition.targets import OracleTargets


class Examples(NamedTuple):
    """w (N, m): rows of L in each slot. target (N,): the class to learn. situation (N,): row of Transitions.legal."""

    w: NDArray[np.int32]
    target: NDArray[np.int32]
    situation: Index


class OracleExamples:
    """A policy that follows the oracle and records an example for each configuration with several legal classes.

    word_rows (size, channels): rows of L of the word at each flat index. exploration: the
    probability, from 0 to 1, of following the parser's choice instead of the oracle's; 0 with a static oracle.
    """

    def __init__(
        self,
        greedy: GreedyPolicy,
        targets: OracleTargets,
        word_rows: NDArray[np.int32],
        exploration: float,
        rng: np.random.Generator,
    ) -> None:
        self.greedy, self.targets, self.word_rows, self.rng = greedy, targets, word_rows, rng
        self.exploration = exploration if targets.oracle.exploration else 0.0
        no_rows = np.empty((0, greedy.features.m), np.int32)
        self._recorded = [Examples(no_rows, np.empty(0, np.int32), np.empty(0, np.intp))]

    def __call__(self, active: Index) -> Index:
        transition = self.greedy.unless_forced(active, self._record)
        self.targets.advance(active, transition)
        return transition

    def _record(self, active: Index, situation: Index) -> Index:
        words, values, theta = self.greedy.extract(active)
        target = self.targets.target(active, theta)
        w = self.greedy.features.slot_rows(words, values, self.word_rows)
        known = np.flatnonzero(target >= 0)
        self._recorded.append(Examples(w[known], target[known].astype(np.int32), situation[known]))
        choice = best(theta, situation, self.greedy.transitions)
        follow = (target >= 0) & (self.rng.random(len(active)) >= self.exploration)
        return np.where(follow, target, choice)

    def run(self) -> Examples:
        """Parse all sentences of the system once and return the examples in the order of the steps."""
        run(self.greedy.system, self.greedy.transitions, self)
        return Examples(*(np.concatenate(parts) for parts in zip(*self._recorded, strict=True)))
