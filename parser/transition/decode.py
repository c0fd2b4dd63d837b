"""Greedy parsing of many sentences at once: configuration -> slots -> scores -> move, until all are done.

The words' part of xW = sum over slots of L_{w_i} W_{di:d(i+1)} is formed once for each type of word and address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from parser.network.classifier import Floats, Parameters
from parser.transition.features import Features
from parser.transition.systems import Index, Mask, System, Transitions
from parser.treebank.vocabulary import OF_FORM

BATCH = 1024  # configurations that take a step together

MOST_COMBINATIONS = 5000  # rows of a table of state slots
AT_ONCE = 512  # rows of a table made at once, so that what they are made of stays in the processor's cache
MEMORY = 256 << 20  # bytes of tables kept from one block to the next; a block with very many types may need more

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


class Part(NamedTuple):
    """Some channels of the types of words. rows (n, channels): the n different combinations of rows of L in them.

    place (types,): which combination each type has.
    """

    channels: list[int]
    rows: NDArray[np.int32]
    place: Index

    @classmethod
    def of(cls, type_rows: NDArray[np.int32], channels: list[int]) -> Part:
        key = np.zeros(len(type_rows), np.int64)
        for channel in channels:
            _, key = np.unique(key << 32 | type_rows[:, channel], return_inverse=True)
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
        return cls(channels, type_rows[first], place)


class Tables:
    """Scores of configurations from tables of sums of products L_r W_{di:d(i+1)}, rows of H numbers.

    A table for each address has a row for each type of word: the sum over the slots that look at this word. The state
    slots (labels, distances, valencies) go together in a few tables, a row for each combination of their values.
    theta equals the classifier's for the same slots but for rounding: the same sum in another order.
    """

    def __init__(self, params: Parameters, features: Features) -> None:
        self.params, self.features = params, features
        self.W = params.W.reshape(features.m, -1, params.W.shape[1])
        self.groups = _groups(features.state_values)
        self.P = np.empty((0, self.W.shape[2]), self.W.dtype)
        self.types = self.capacity = 0  # types of word in the tables, and how many there is room for
        self.start: list[int] = []  # first row of each table

    def fill(self, type_rows: NDArray[np.int32], first: int = 0) -> None:
        """Put types of word into the tables, from number `first` on, given the rows of L of each: (types, channels).

        With first = 0 all tables are made anew from what the parameters are now.
        """
        features, self.types = self.features, first + len(type_rows)
        if first == 0:
            self._make_room()
        if self.types > self.capacity:
            raise ValueError(f"{self.types} types of word, and room for {self.capacity}")
        parts = [Part.of(type_rows, channels) for channels in _of_form_and_of_tags(features.word_channels)]
        for start, slots in zip(self.start, features.word_slots, strict=False):
            table = self.P[start + first : start + self.types]
            sums = [(self._sums(part, slots), part.place) for part in parts]
            for k in range(0, len(table), AT_ONCE):
                rows, end = table[k : k + AT_ONCE], k + AT_ONCE
                (of_form, place), *others = sums
                np.take(of_form, place[k:end], axis=0, out=rows, mode="clip")
                for of_tags, place in others:
                    rows += of_tags[place[k:end]]

    def _sums(self, part: Part, slots: list[tuple[int, int]]) -> Floats:
        """For each combination of rows r in a part, the sum over slots (slot, channel) of L_r W_{di:d(i+1)}: (n, H)."""
        L, n, H = self.params.L, len(part.rows), self.W.shape[2]
        slots = [(slot, channel) for slot, channel in slots if channel in part.channels]
        sums = np.zeros((n, H), L.dtype)
        if slots:
            W = np.concatenate([self.W[slot] for slot, _ in slots])
            rows = part.rows[:, [channel for _, channel in slots]]
            for k in range(0, n, AT_ONCE):
                x = L[rows[k : k + AT_ONCE]].reshape(-1, len(W))
                np.matmul(x, W, out=sums[k : k + AT_ONCE])
        return sums

    def _make_room(self) -> None:
        """Room for the types and, within MEMORY, for more to come; the tables of the state slots."""
        words = len(self.features.addresses)
        row = self.P.itemsize * self.P.shape[1]
        state_tables = [self._state_table(group) for group in self.groups]
        state_tables[0] += self.params.b_1
        state_rows = sum(map(len, state_tables))
        if self.types > self.capacity:
            self.capacity = max(self.types, (MEMORY // row - state_rows) // words)
            self.P = np.empty((words * self.capacity + state_rows, self.P.shape[1]), self.P.dtype)
        self.start = [k * self.capacity for k in range(words)]
        end = words * self.capacity
        for table in state_tables:
            self.start.append(end)
            self.P[end : end + len(table)] = table
            end += len(table)

    def _state_table(self, group: list[int]) -> Floats:
        """A row for each combination of the values of a group of state slots, the first slot's changing slowest."""
        features, table = self.features, np.zeros((1, self.W.shape[2]), self.W.dtype)
        for k in group:
            slot = features.state_slots[k]
            first = features.first_row[features.slots[slot].channel]
            products = self.params.L[first : first + features.state_values[k]] @ self.W[slot]
            table = (table[:, None, :] + products).reshape(-1, self.W.shape[2])
        return table

    def theta(self, types: list[Index], values: list[Index]) -> Floats:
        """theta (B, C) from the type of word at each address and the value of each state slot, all (B,)."""
        B, m = len(types[0]), len(self.start)
        address = np.empty((m, B), dtype=np.int32)
        for k, place in enumerate((*types, *self._places(values))):
            np.add(place, self.start[k], out=address[k], casting="unsafe")
        ones = np.ones(B * m, self.P.dtype)
        S = csr_array((ones, address.T.ravel(), np.arange(0, B * m + 1, m, dtype=np.int32)), (B, len(self.P)))
        h = S @ self.P
        np.maximum(h, 0, out=h)
        theta: Floats = h @ self.params.U
        theta += self.params.b_2
        return theta

    def _places(self, values: list[Index]) -> Iterator[Index | int]:
        """For each group of state slots, the row of its table (B,)."""
        for group in self.groups:
            place: Index | int = 0
            for k in group:
                place = place * self.features.state_values[k] + values[k]
            yield place


class Greedy:
    """Chooses the best legal transition for each configuration."""

    def __init__(self, system: System, transitions: Transitions, tables: Tables, type_of: Index) -> None:
        """type_of (size,): the type of the word at each flat index."""
        self.system, self.transitions, self.tables, self.type_of = system, transitions, tables, type_of

    def look(self, live: Index) -> tuple[list[Index], list[Index], Floats]:
        """What `Features.look` finds in the configurations live (B,), and the scores of all classes, (B, C)."""
        words, values = self.tables.features.look(self.system, live)
        return words, values, self.tables.theta([self.type_of[word] for word in words], values)

    def __call__(self, live: Index) -> Index:
        legal = self.system.legal(live)
        transition, free = forced(legal, self.transitions)
        if len(free):
            *_, theta = self.look(live[free])
            transition[free] = best(theta, legal[free], self.transitions)
        return transition


def _groups(values: Sequence[int]) -> list[list[int]]:
    """State slots, by number, in groups of at most MOST_COMBINATIONS combinations of values; the first may be empty."""
    groups: list[list[int]] = [[]]
    size = 1
    for k, n in enumerate(values):
        if size * n > MOST_COMBINATIONS:
            groups.append([])
            size = 1
        groups[-1].append(k)
        size *= n
    return groups


def _of_form_and_of_tags(channels: Sequence[str]) -> list[list[int]]:
    """The numbers of the channels that depend on the form alone, and of the others: each part has few combinations."""
    parts = [[k for k, channel in enumerate(channels) if (channel in OF_FORM) == of_form] for of_form in (True, False)]
    return [part for part in parts if part]


def forced(legal: Mask, transitions: Transitions) -> tuple[Index, Index]:
    """The one class left where only one is legal (B,), else 0; and the places where there is a choice."""
    choices = legal @ transitions.count
    return transitions.first[legal.argmax(axis=1)], np.flatnonzero(choices > 1)


def best(theta: Floats, legal: Mask, transitions: Transitions) -> Index:
    """The best class of each line of theta (B, C) whose kind is legal (B, 4)."""
    choice: Index = theta.argmax(axis=1)
    wrong = np.flatnonzero(~legal[np.arange(len(choice)), transitions.kind[choice]])
    allowed = np.take(legal[wrong], transitions.kind, axis=1)
    choice[wrong] = np.where(allowed, theta[wrong], -np.inf).argmax(axis=1)
    return choice
