"""Greedy parsing of many sentences at once: configuration -> slots -> scores -> move, until all are done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clearparse.features.precompute import Tables
from clearparse.network.classifier import Floats, softmax
from clearparse.transition.features import Features
from clearparse.transition.systems import LEFT_ARC, RIGHT_ARC, ROOT_ARC, Index, Mask, System, Transitions

BATCH = 1024  # configurations that take a step together

Choose = Callable[[Index], Index]


def run(system: System, transitions: Transitions, choose: Choose, batch: int = BATCH) -> None:
    """Step all sentences of a system until they are done; choose gives a class for each of live (B,).

    A configuration that is done hands its place to the next sentence. Long sentences go first, so that the batch is
    full nearly to the end.
    """
    waiting = np.argsort(-system.layout.lengths, kind="stable")
    live, waiting = waiting[:batch], waiting[batch:]
    while len(live):
        transition = choose(live)
        system.apply(live, transitions.kind[transition], transitions.label[transition])
        done = system.done(live)
        if done.any():
            free = int(done.sum())
            live, waiting = np.concatenate((live[~done], waiting[:free])), waiting[free:]


class Greedy:
    """Chooses the best legal transition for each configuration."""

    def __init__(
        self, system: System, transitions: Transitions, features: Features, tables: Tables, type_of: Index
    ) -> None:
        """type_of (size,): the type of the word at each flat index."""
        self.system, self.transitions, self.features, self.tables = system, transitions, features, tables
        self.type_of, self.rows_of = type_of, tables.rows_of(type_of)
        self.certainty: Floats | None = None  # (size,) where it is wanted: the probability of the arc to each word

    def look(self, live: Index) -> tuple[list[Index], list[Index], Floats]:
        """What `Features.look` finds in the configurations live (B,), and the scores of all classes, (B, C)."""
        words, values = self.features.look(self.system, live)
        rows = [row_of[word] for row_of, word in zip(self.rows_of, words, strict=True)]
        return words, values, self.tables.theta(rows, values)

    def __call__(self, live: Index) -> Index:
        legal = self.system.legal(live)
        transition, free = forced(legal, self.transitions)
        if len(free):
            words, values, theta = self.look(live[free])
            choice = best(theta, legal[free], self.transitions)
            self.tables.settle(
                choice,
                theta,
                lambda some: np.take(legal[free[some]], self.transitions.kind, axis=1),
                lambda some: [self.type_of[word[some]] for word in words],
                lambda some: [value[some] for value in values],
            )
            transition[free] = choice
            if self.certainty is not None:
                self._note_certainty(live[free], legal[free], theta, transition[free])
        return transition

    def _note_certainty(self, live: Index, legal: Mask, theta: Floats, choice: Index) -> None:
        assert self.certainty is not None
        y_hat, _ = softmax(theta, np.take(legal, self.transitions.kind, axis=1))
        p, kind = y_hat[np.arange(len(choice)), choice], self.transitions.kind[choice]
        for arc, word in zip((LEFT_ARC, RIGHT_ARC, ROOT_ARC), self.system.dependent(live), strict=True):
            self.certainty[word[kind == arc]] = p[kind == arc]


class Watched:
    """Chooses as Greedy does, and notes what the network thinks in every configuration, the forced ones too."""

    def __init__(self, greedy: Greedy) -> None:
        self.greedy = greedy
        self._live: list[Index] = []
        self._y_hat: list[Floats] = []

    def __call__(self, live: Index) -> Index:
        transitions, legal = self.greedy.transitions, self.greedy.system.legal(live)
        *_, theta = self.greedy.look(live)
        y_hat, _ = softmax(theta, np.take(legal, transitions.kind, axis=1))
        self._live.append(live)
        self._y_hat.append(y_hat)
        return best(theta, legal, transitions)

    def noted(self) -> list[Floats]:
        """For each sentence the probabilities of all classes, step by step: (steps, C); 0 where one is not legal."""
        live = np.concatenate(self._live)
        steps = np.bincount(live, minlength=len(self.greedy.system.layout.lengths))
        in_order = np.concatenate(self._y_hat)[np.argsort(live, kind="stable")]
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
