"""From a treebank to what the network learns: the slots of each configuration and the transition to take there.

Configurations come from following the oracle or, with exploration, the parser's own choices (Goldberg & Nivre 2013,
algorithm 3); the lesson is always the transition of minimum cost that the parser likes best.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.transition.decode import GreedyPolicy, best, forced, run
from clearparse.transition.oracle import Oracle
from clearparse.transition.systems import LEFT_ARC, RIGHT_ARC, ROOT_ARC, Index, Mask

LAST_RESORT = -1e30  # the score of a move whose label does not exist: below any other, above a move that costs more


class Examples(NamedTuple):
    """w (N, m): rows of L in each slot. target (N,): the class to learn. legal (N, K): the kinds of moves allowed."""

    w: NDArray[np.int32]
    target: NDArray[np.int32]
    legal: Mask


class OracleExamples:
    """Chooses transitions in training, and records each configuration where there was a choice.

    labels (size,): the number of each word's gold label, -1 where the parser has no such label. exploration: how often
    the parser's own choice is followed instead of the oracle's, from 0 to 1.
    """

    def __init__(
        self,
        greedy: GreedyPolicy,
        oracle: Oracle,
        labels: Index,
        word_rows: NDArray[np.int32],
        exploration: float,
        rng: np.random.Generator,
    ) -> None:
        self.greedy, self.oracle, self.labels, self.word_rows = greedy, oracle, labels, word_rows
        self.exploration = exploration if oracle.exploration else 0.0
        self.rng = rng
        m, K = greedy.features.m, greedy.system.kinds
        self._recorded = [Examples(np.empty((0, m), np.int32), np.empty(0, np.int32), np.empty((0, K), np.bool_))]

    def __call__(self, active: Index) -> Index:
        system, transitions = self.greedy.system, self.greedy.transitions
        legal = system.legal(active)
        transition, free = forced(legal, transitions)
        if len(free):
            transition[free] = self._learn(active[free], legal[free])
        self.oracle.advance(active, transitions.kind[transition])
        return transition

    def _learn(self, active: Index, legal: Mask) -> Index:
        words, values, theta = self.greedy.look(active)
        target = self._target(active, theta)
        w = self.greedy.features.fill(words, values, self.word_rows)
        known = np.flatnonzero(target >= 0)
        self._recorded.append(Examples(w[known], target[known].astype(np.int32), legal[known]))
        choice = best(theta, legal, self.greedy.transitions)
        follow = (target >= 0) & (self.rng.random(len(active)) >= self.exploration)
        return np.where(follow, target, choice)

    def _target(self, active: Index, theta: NDArray[np.floating]) -> Index:
        """The class of minimum cost with the highest score (B,); -1 where the gold label does not go with the move."""
        transitions = self.greedy.transitions
        costs = self.oracle.costs(active)
        classes = np.repeat(
            transitions.of[:, :1].T, len(active), axis=0
        )  # right for SHIFT and SWAP, which have no label
        for kind, word in zip((LEFT_ARC, RIGHT_ARC, ROOT_ARC), self.greedy.system.dependent(active), strict=True):
            label = self.labels[word]
            classes[:, kind] = np.where(label >= 0, transitions.of[kind, label], -1)
        scores = np.where(classes >= 0, np.take_along_axis(theta, np.maximum(classes, 0), axis=1), LAST_RESORT)
        cheapest = costs == costs.min(axis=1, keepdims=True)
        choice = np.where(cheapest, scores, -np.inf).argmax(axis=1)
        target: Index = classes[np.arange(len(active)), choice]
        return target

    def run(self) -> Examples:
        """Parse all sentences of the system once; what was recorded, in the order of the steps."""
        run(self.greedy.system, self.greedy.transitions, self)
        return Examples(*(np.concatenate(parts) for parts in zip(*self._recorded, strict=True)))
