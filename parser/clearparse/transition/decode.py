"""Greedy parsing: configuration -> slots -> scores -> transition, until the sentence is done. Many at once, or one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clearparse.features.precompute import PrecomputedLayer
from clearparse.network.classifier import Floats, softmax
from clearparse.transition.features import Features
from clearparse.transition.layout import Index
from clearparse.transition.system import ARCS, ROOT_ARC, System, Transitions

BATCH = 1024  # configurations in a step

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
        done = kind == ROOT_ARC  # the last move of every sentence
        if places := np.count_nonzero(done):  # several times as fast as any()
            active, waiting = np.concatenate((active[~done], waiting[:places])), waiting[places:]


def run_one(greedy: GreedyPolicy) -> None:
    """`run` for a system of one sentence: all but the scores in plain Python, which is faster for one configuration."""
    system, transitions, active = greedy.system.scalar_view(), greedy.transitions, np.zeros(1, np.intp)
    actions, move = system.actions(), None
    while move != ROOT_ARC:
        situation = system.situation(0)
        transition = transitions.first[situation]
        if transitions.undecided[situation]:
            transition = greedy.decide(active, np.array((situation,)))[0]
        move = transitions.kind[transition]
        actions[move](0, transitions.label[transition])


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
        situation = self.system.situation(active)
        some = self.transitions.undecided[situation].nonzero()[0]
        if len(some) == len(active):
            return self.decide(active, situation)
        transition: Index = self.transitions.first[situation]
        if len(some):
            transition[some] = self.decide(active[some], situation[some])
        return transition

    def decide(self, active: Index, situation: Index) -> Index:
        """The best legal transition of each configuration (B,), by its scores. situation (B,): see System."""
        words, values, theta = self.extract(active)
        choice = best(theta, situation, self.transitions)
        self.precomputed.break_ties(
            choice,
            theta,
            lambda some: (self.transitions.legal[situation[some]], self.type_of[words[:, some]], values[:, some]),
        )
        if self.probability is not None:
            self._record_probability(self.probability, active, situation, theta, choice)
        return choice

    def _record_probability(
        self, probability: Floats, active: Index, situation: Index, theta: Floats, choice: Index
    ) -> None:
        y_hat, _ = softmax(theta, self.transitions.legal[situation])
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
        transitions, situation = self.greedy.transitions, self.greedy.system.situation(active)
        *_, theta = self.greedy.extract(active)
        y_hat, _ = softmax(theta, transitions.legal[situation])
        self._active.append(active)
        self._y_hat.append(y_hat)
        return best(theta, situation, transitions)

    def recorded(self) -> list[Floats]:
        """The probabilities of all classes at each step of each sentence (steps, C); 0 where a class is illegal."""
        active = np.concatenate(self._active)
        steps = np.bincount(active, minlength=len(self.greedy.system.layout.lengths))
        in_order = np.concatenate(self._y_hat)[np.argsort(active, kind="stable")]
        return np.split(in_order, np.cumsum(steps)[:-1])


def best(theta: Floats, situation: Index, transitions: Transitions) -> Index:
    """The legal class with the highest score (B,), given the scores theta (B, C); situation (B,): see System."""
    choice: Index = theta.argmax(axis=1)
    is_legal = transitions.legal.take(situation * theta.shape[1] + choice)
    if np.count_nonzero(is_legal) < len(choice):
        illegal = (~is_legal).nonzero()[0]
        allowed = transitions.legal[situation[illegal]]
        choice[illegal] = np.where(allowed, theta[illegal], -np.inf).argmax(axis=1)
    return choice
