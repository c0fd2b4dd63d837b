"""Greedy parsing of many sentences at once: configuration -> slots -> scores -> move, until all are done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clearparse.features.precompute import PrecomputedLayer
from clearparse.network.classifier import Floats, softmax
from clearparse.transition.features import Features
from clearparse.transition.systems import LEFT_ARC, RIGHT_ARC, ROOT_ARC, Index, Mask, System, Transitions

BATCH = 1024  # configurations that take a step together

Policy = Callable[[Index], Index]


def run(system: System, transitions: Transitions, choose: Policy, batch: int = BATCH) -> None:
    """Step all sentences of a system until they are done; choose gives a class for each of active (B,).

    A configuration that is done hands its place to the next sentence. Long sentences go first, so that the batch is
    full nearly to the end.
    """
    waiting = np.argsort(-system.layout.lengths, kind="stable")
    active, waiting = waiting[:batch], waiting[batch:]
    while len(active):
        transition = choose(active)
        system.apply(active, transitions.kind[transition], transitions.label[transition])
        done = system.done(active)
        if done.any():
            free = int(done.sum())
            active, waiting = np.concatenate((active[~done], waiting[:free])), waiting[free:]


class GreedyPolicy:
    """Chooses the best legal transition for each configuration."""

    def __init__(
        self, system: System, transitions: Transitions, features: Features, tables: PrecomputedLayer, type_of: Index
    ) -> None:
        """type_of (size,): the type of the word at each flat index."""
        self.system, self.transitions, self.features, self.tables = system, transitions, features, tables
        self.type_of, self.rows_of = type_of, tables.rows_of(type_of)
        self.probability: Floats | None = None  # (size,) where it is wanted: the probability of the arc to each word

    def look(self, active: Index) -> tuple[list[Index], list[Index], Floats]:
        """What `Features.look` finds in the configurations active (B,), and the scores of all classes, (B, C)."""
        words, values = self.features.look(self.system, active)
        rows = [row_of[word] for row_of, word in zip(self.rows_of, words, strict=True)]
        return words, values, self.tables.theta(rows, values)

    def __call__(self, active: Index) -> Index:
        legal = self.system.legal(active)
        transition, free = forced(legal, self.transitions)
        if len(free):
            words, values, theta = self.look(active[free])
            choice = best(theta, legal[free], self.transitions)
            self.tables.break_ties(
                choice,
                theta,
                lambda some: np.take(legal[free[some]], self.transitions.kind, axis=1),
                lambda some: [self.type_of[word[some]] for word in words],
                lambda some: [value[some] for value in values],
            )
            transition[free] = choice
            if self.probability is not None:
                self._note_probability(active[free], legal[free], theta, transition[free])
        return transition

    def _note_probability(self, active: Index, legal: Mask, theta: Floats, choice: Index) -> None:
        assert self.probability is not None
        y_hat, _ = softmax(theta, np.take(legal, self.transitions.kind, axis=1))
        p, kind = y_hat[np.arange(len(choice)), choice], self.transitions.kind[choice]
        for arc, word in zip((LEFT_ARC, RIGHT_ARC, ROOT_ARC), self.system.dependent(active), strict=True):
            self.probability[word[kind == arc]] = p[kind == arc]


class RecordingPolicy:
    """Chooses as GreedyPolicy does, and notes what the network thinks in every configuration, the forced ones too."""

    def __init__(self, greedy: GreedyPolicy) -> None:
        self.greedy = greedy
        self._live: list[Index] = []
        self._y_hat: list[Floats] = []

    def __call__(self, active: Index) -> Index:
        transitions, legal = self.greedy.transitions, self.greedy.system.legal(active)
        *_, theta = self.greedy.look(active)
        y_hat, _ = softmax(theta, np.take(legal, transitions.kind, axis=1))
        self._live.append(active)
        self._y_hat.append(y_hat)
        return best(theta, legal, transitions)

    def noted(self) -> list[Floats]:
        """For each sentence the probabilities of all classes, step by step: (steps, C); 0 where one is not legal."""
        active = np.concatenate(self._live)
        steps = np.bincount(active, minlength=len(self.greedy.system.layout.lengths))
        in_order = np.concatenate(self._y_hat)[np.argsort(active, kind="stable")]
        return np.split(in_order, np.cumsum(steps)[:-1])


def forced(legal: Mask, transitions: Transitions) -> tuple[Index, Index]:
    """The one class left where only one is legal (B,), else 0; and the places where there is a choice."""
    choices = legal @ transitions.count
    return transitions.first[legal.argmax(axis=1)], np.flatnonzero(choices > 1)


def best(theta: Floats, legal: Mask, transitions: Transitions) -> Index:
    """The best class of each line of theta (B, C) whose kind is legal (B, K)."""
    choice: Index = theta.argmax(axis=1)
    wrong = np.flatnonzero(~legal[np.arange(len(choice)), transitions.kind[choice]])
    allowed = np.take(legal[wrong], transitions.kind, axis=1)
    choice[wrong] = np.where(allowed, theta[wrong], -np.inf).argmax(axis=1)
    return choice
