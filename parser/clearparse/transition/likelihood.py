"""Log-likelihood of gold trees under a parser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import softmax
from clearparse.transition.decode import GreedyPolicy, run
from clearparse.transition.layout import Index
from clearparse.transition.targets import OracleTargets

MIN_PROBABILITY = 1e-6  # the probability of a gold transition for which the parser has no class


class GoldLikelihood:
    """A policy that follows the most probable lowest-cost transition and accumulates log probabilities."""

    def __init__(self, greedy: GreedyPolicy, targets: OracleTargets) -> None:
        self.greedy, self.targets = greedy, targets
        n = len(greedy.system.layout.lengths)
        self._log_p, self._steps = np.zeros(n), np.zeros(n)

    def run(self) -> NDArray[np.float64]:
        """The mean log probability of each sentence's transitions that were not forced (S,); 0 if all were."""
        run(self.greedy.system, self.greedy.transitions, self)
        return self._log_p / np.maximum(self._steps, 1)

    def __call__(self, active: Index) -> Index:
        transition = self.greedy.unless_forced(active, self._record)
        self.targets.advance(active, transition)
        return transition

    def _record(self, active: Index, situation: Index) -> Index:
        *_, theta = self.greedy.extract(active)
        target = self.targets.target(active, theta)
        y_hat, _ = softmax(theta, self.greedy.transitions.legal[situation])
        p = np.where(target >= 0, y_hat[np.arange(len(active)), target], 0)
        self._log_p[active] += np.log(np.maximum(p, MIN_PROBABILITY))
        self._steps[active] += 1
        return np.where(target >= 0, target, y_hat.argmax(axis=1))
