"""Training targets: the class to learn in each configuration, given the gold trees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import Floats
from clearparse.transition.layout import Index
from clearparse.transition.system import ARCS, System, Transitions
from clearparse.treebank.tree import projectivized

LAST_RESORT = -1e30  # score of a lowest-cost move whose gold label has no class: lower than any other


class OracleTargets:
    """The target classes of configurations, from the oracle of a system and the gold trees of its sentences.

    heads (words,): HEAD of each word, 0 for the root; projectivized where the oracle needs it.
    labels (words,): DEPREL of each word.
    """

    def __init__(
        self, system: System, transitions: Transitions, heads: NDArray[np.int32], labels: Sequence[str]
    ) -> None:
        layout = system.layout
        if system.oracle.projective:
            heads = projectivized(heads, layout.sentences)
        self.system, self.transitions = system, transitions
        self.oracle = system.oracle(system, layout.heads_to_index(heads))
        number = {label: i for i, label in enumerate(transitions.labels)}
        numbers = np.array([number.get(label, -1) for label in labels], dtype=np.intp)
        self.labels = layout.spread(numbers, null=0, root=0)  # (size,), -1: a label without a class
        self._without_label = transitions.class_of[:, 0]  # the class of each move without a label

    def target(self, active: Index, theta: Floats) -> Index:
        """The target class (B,): of the moves of minimum cost, with their gold labels, the one with the highest score.

        theta (B, C): the scores of all classes in the configurations active (B,). The target is -1 where the gold label
        has no class.
        """
        transitions, costs = self.transitions, self.oracle.costs(active)
        classes = np.tile(self._without_label, (len(active), 1))
        for kind, word in zip(ARCS, self.system.dependent(active), strict=True):
            label = self.labels[word]
            classes[:, kind] = np.where(label >= 0, transitions.class_of[kind, label], -1)
        scores = np.where(classes >= 0, np.take_along_axis(theta, np.maximum(classes, 0), axis=1), LAST_RESORT)
        cheapest = costs == costs.min(axis=1, keepdims=True)
        choice = np.where(cheapest, scores, -np.inf).argmax(axis=1)
        target: Index = classes[np.arange(len(active)), choice]
        return target

    def advance(self, active: Index, transition: Index) -> None:
        """Update the oracle before the transitions (B,) are applied to the configurations active (B,)."""
        self.oracle.advance(active, self.transitions.kind[transition])
