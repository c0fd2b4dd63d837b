"""Greedy parsing: configuration -> slots -> scores -> transition, until the sentence is done.

`run` parses many sentences at once, `run_one` a single one.
"""

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
Decide = Callable[[Index, Index], Index]  # the same where several are legal, given the situations (B,) too


def run(system: System, transitions: Transitions, policy: Policy, batch: int = BATCH) -> None:
    """Parse all sentences of a system, `batch` configurations at a time, with the transitions of a policy.

    A finished configuration is replaced in the batch by the next sentence. Long sentences go first, which keeps the
    batch full nearly to the end.
    """
    waiting = np.argsort(-system.layout.lengths, kind="stable")
    active, waiting = waiting[:batch], waiting[batch:]
    while len(active):
        transition = policy(active)
        move = transitions.kind[transition]
        system.apply(active, move, transitions.label[transition])
        done = move == ROOT_ARC  # the last move of every sentence
        if places := np.count_nonzero(done):  # several times as fast as any()
            active, waiting = np.concatenate((active[~done], waiting[:places])), waiting[places:]


def run_one(greedy: GreedyPolicy) -> None:
    """Parse the only sentence of a policy's system, as `run` does.

    Features and scores are computed in NumPy, the rest in plain Python, which is faster for a single configuration.
    """
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

    type_of (size,): the type of the word at each flat index. probability: None, or set to an array (size,), which then
    receives the probability of the transition that attached each word.
    """

    def __init__(
        self,
        system: System,
        transitions: Transitions,
        features: Features,
        precomputed: PrecomputedLayer,
        type_of: Index,
    ) -> None:
        self.system, self.transitions, self.features, self.precomputed = system, transitions, features, precomputed
        self.type_of = type_of
        self.probability: Floats | None = None

    def extract(self, active: Index) -> tuple[Index, Index, Floats]:
        """The features of the configurations active (B,) (see Features.extract), and the scores theta (B, C)."""
        words, values = self.features.extract(self.system, active)
        return words, values, self.precomputed.theta(self.type_of.take(words), values)

    def __call__(self, active: Index) -> Index:
        return self.unless_forced(active, self.decide)

    def unless_forced(self, active: Index, decide: Decide) -> Index:
        """A class for each of the configurations active (B,): the only legal one, or what `decide` gives."""
        situation = self.system.situation(active)
        some = self.transitions.undecided[situation].nonzero()[0]
        if len(some) == len(active):
            return decide(active, situation)
        transition: Index = self.transitions.first[situation]
        if len(some):
            transition[some] = decide(active[some], situation[some])
        return transition

    def decide(self, active: Index, situation: Index) -> Index:
        """The best legal transition of each configuration (B,), by its scores."""
        words, values, theta = self.extract(active)
        choice = self.choose(words, values, theta, situation)
        if self.probability is not None:
            self._record_probability(self.probability, active, situation, theta, choice)
        return choice

    def choose(self, words: Index, values: Index, theta: Floats, situation: Index) -> Index:
        """The best legal transition of each configuration (B,), given what `extract` returns and the situations."""
        choice = best(theta, situation, self.transitions)
        self.precomputed.break_ties(
            choice,
            theta,
            lambda some: (self.transitions.legal[situation[some]], self.type_of[words[:, some]], values[:, some]),
        )
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
        situation = self.greedy.system.situation(active)
        words, values, theta = self.greedy.extract(active)
        y_hat, _ = softmax(theta, self.greedy.transitions.legal[situation])
        self._active.append(active)
        self._y_hat.append(y_hat)
        return self.greedy.choose(words, values, theta, situation)

    def recorded(self) -> list[Floats]:
        """The probabilities of all classes at each step of each sentence (steps, C); 0 where a class is illegal."""
        active = np.concatenate(self._active)
        steps = np.bincount(active, minlength=len(self.greedy.system.layout.lengths))
        in_order = np.concatenate(self._y_hat)[np.argsort(active, kind="stable")]
        return np.split(in_order, np.cumsum(steps)[:-1])


def best(theta: Floats, situation: Index, transitions: Transitions) -> Index:
    """The legal class with the highest score (B,), given the scores theta (B, C) and situations (B,)."""
    choice: Index = theta.argmax(axis=1)
    is_legal = transitions.legal.take(situation * theta.shape[1] + choice)
    if np.count_nonzero(is_legal) < len(choice):
        illegal = (~is_legal).nonzero()[0]
        allowed = transitions.legal[situation[illegal]]
        choice[illegal] = np.where(allowed, theta[illegal], -np.inf).argmax(axis=1)
    return choice
