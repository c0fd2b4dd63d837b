"""Greedy parsing of many sentences at once: configuration -> slots -> scores -> transition, until all are done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.row_sums import row_starts
from clearparse.network.classifier import Floats, softmax
from clearparse.transition.features import Features
from clearparse.transition.layout import Index, Mask
from clearparse.transition.system import ARCS, ONE, ROOT_ARC, System, Transitions, moves_among

BATCH = 1024  # configurations in a step
LAST_MOVE = moves_among(ROOT_ARC)  # of every sentence

Policy = Callable[[Index], Index]  # from the active configurations (B,) to a class for each (B,)


def run(system: System, transitions: Transitions, choose: Policy, batch: int = BATCH) -> None:
    """Parse all sentences of a system, `batch` configurations at a time, with the transitions that `choose` gives.

    A finished configuration is replaced in the batch by the next sentence. Long sentences go first, which keeps the
    batch full nearly to the end.
    """
    waiting = np.argsort(-system.layout.lengths, kind="stable")
    active, waiting = waiting[:batch], waiting[batch:]
    while len(active):
        transition = choose(active)
        kind = transitions.kind[transition]
        system.apply(active, kind, transitions.label[transition])
        done = LAST_MOVE[kind]
        if places := np.count_nonzero(done):  # several times as fast as any()
            active, waiting = np.concatenate((active[~done], waiting[:places])), waiting[places:]


class GreedyPolicy:
    """Chooses the best legal transition of each configuration.

    type_of (size,): the type of the word at each flat index. probability (size,): None, or an array that receives the
    probability of the transition that attached each word.
    """

    def __init__(
        self,
        system: System,
        transitions: Transitions,
        features: Features,
        precomputed: PrecomputedLayer,
        type_of: Index,
        *,
        probability: Floats | None = None,
    ) -> None:
        self.system, self.transitions, self.features, self.precomputed = system, transitions, features, precomputed
        self.type_of, self.probability = type_of, probability

    def extract(self, active: Index) -> tuple[Index, Index, Floats]:
        """The features of the configurations active (B,) (see Features.extract), and the scores theta (B, C)."""
        words, values = self.features.extract(self.system, active)
        return words, values, self.precomputed.theta(self.type_of.take(words), values)

    def __call__(self, active: Index) -> Index:
        legal = self.system.legal(active)
        some = undecided(legal, self.transitions)
        if len(some) == len(active):
            return self._decide(active, legal)
        transition = first_legal(legal, self.transitions)
        if len(some):
            transition[some] = self._decide(active[some], legal.take(some, axis=0))
        return transition

    def _decide(self, active: Index, legal: Mask) -> Index:
        """The best legal transition of each configuration (B,), by its scores."""
        words, values, theta = self.extract(active)
        choice = best(theta, legal, self.transitions)
        self.precomputed.break_ties(
            choice,
            theta,
            lambda some: (
                np.take(legal[some], self.transitions.kind, axis=1),
                self.type_of[words[:, some]],
                values[:, some],
            ),
        )
        if self.probability is not None:
            self._record_probability(self.probability, active, legal, theta, choice)
        return choice

    def _record_probability(
        self, probability: Floats, active: Index, legal: Mask, theta: Floats, choice: Index
    ) -> None:
        y_hat, _ = softmax(theta, np.take(legal, self.transitions.kind, axis=1))
        p, kind = y_hat[np.arange(len(choice)), choice], self.transitions.kind[choice]
        for arc, word in zip(ARCS, self.system.dependent(active), strict=True):
            probability[word[kind == arc]] = p[kind == arc]


class RecordingPolicy:
    """A greedy policy that records the probabilities of all classes, in forced configurations too."""

    def __init__(self, greedy: GreedyPolicy) -> None:
        self.greedy = greedy
        self._active: list[Index] = []
        self._y_hat: list[Floats] = []

    def __call__(self, active: Index) -> Index:
        transitions, legal = self.greedy.transitions, self.greedy.system.legal(active)
        *_, theta = self.greedy.extract(active)
        y_hat, _ = softmax(theta, np.take(legal, transitions.kind, axis=1))
        self._active.append(active)
        self._y_hat.append(y_hat)
        return best(theta, legal, transitions)

    def recorded(self) -> list[Floats]:
        """The probabilities of all classes at each step of each sentence (steps, C); 0 where a class is illegal."""
        active = np.concatenate(self._active)
        steps = np.bincount(active, minlength=len(self.greedy.system.layout.lengths))
        in_order = np.concatenate(self._y_hat)[np.argsort(active, kind="stable")]
        return np.split(in_order, np.cumsum(steps)[:-1])


def undecided(legal: Mask, transitions: Transitions) -> Index:
    """The indices (n,) of the configurations with several legal classes, given the legal moves (B, K).

    The others are forced: they need no scores.
    """
    several: Index = (legal.dot(transitions.count) > ONE).nonzero()[0]
    return several


def first_legal(legal: Mask, transitions: Transitions) -> Index:
    """The first legal class of each configuration (B,), given the legal moves (B, K): of a forced one the only one."""
    first: Index = transitions.first[legal.argmax(axis=1)]
    return first


def best(theta: Floats, legal: Mask, transitions: Transitions) -> Index:
    """The legal class with the highest score (B,), given the scores theta (B, C) and the legal moves (B, K)."""
    choice: Index = theta.argmax(axis=1)
    kind = transitions.kind[choice]
    is_legal = legal.take(kind + row_starts(*legal.shape))
    if np.count_nonzero(is_legal) == len(choice):
        return choice
    illegal = (~is_legal).nonzero()[0]
    allowed = np.take(legal[illegal], transitions.kind, axis=1)
    choice[illegal] = np.where(allowed, theta[illegal], -np.inf).argmax(axis=1)
    return choice
