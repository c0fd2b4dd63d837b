"""How likely a parser finds gold trees: the probability of the transitions that make them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import softmax
from clearparse.transition.decode import forced, run
from clearparse.transition.examples import OracleExamples
from clearparse.transition.systems import Index

LEAST = 1e-6  # the probability of a transition that the parser does not have


class Likelihood(OracleExamples):
    """Follows the oracle, of several right transitions the most probable, and adds up log probabilities."""

    def of_sentences(self) -> NDArray[np.float64]:
        """The mean log probability of each sentence's transitions, where there was a choice; 0 where there was none."""
        n = len(self.greedy.system.layout.lengths)
        self._log_p, self._steps = np.zeros(n), np.zeros(n)
        run(self.greedy.system, self.greedy.transitions, self)
        return self._log_p / np.maximum(self._steps, 1)

    def __call__(self, active: Index) -> Index:
        system, transitions = self.greedy.system, self.greedy.transitions
        legal = system.legal(active)
        transition, free = forced(legal, transitions)
        if len(free):
            theta = self.greedy.look(active[free])[-1]
            target = self._target(active[free], theta)
            y_hat, _ = softmax(theta, np.take(legal[free], transitions.kind, axis=1))
            p = np.where(target >= 0, y_hat[np.arange(len(free)), target], 0)
            self._log_p[active[free]] += np.log(np.maximum(p, LEAST))
            self._steps[active[free]] += 1
            transition[free] = np.where(target >= 0, target, y_hat.argmax(axis=1))
        self.oracle.advance(active, transitions.kind[transition])
        return transition
