"""xW from tables: the words' part of the sum over slots of L_{w_i} W_{di:d(i+1)}, formed once for each type of word.

Most links of a configuration lead nowhere. So a table holds how much each row differs from that of NULL, which then is
nothing and is not looked up; what NULL gives in all tables is summed once, with b_1, and is part of the first table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from clearparse.errors import ClearparseError
from clearparse.features.templates import Index, WordSlots
from clearparse.features.vocabulary import OF_TAGS
from clearparse.network.classifier import Booleans, Floats, Parameters, scores_of_one

MOST_COMBINATIONS = 5000  # rows of a table of state slots
TAGS = 1000  # combinations of tags for which there is room at first
AT_ONCE = 512  # rows of a table made at once, so that what they are made of stays in the processor's cache
CLOSE = 2e-4  # scores no further apart than this are told apart in double precision
SAME = 1e-9  # scores no further apart than this are equal
MOST_STATES = 1 << 27  # numbers in the tables of the state slots
MOST_OF_TYPE = 1 << 20  # numbers that a type of word may have in all tables
MOST_TYPES = 50_000  # of word, in tables however narrow: what is remembered of each takes memory too
MEMORY = 176 << 20  # bytes of tables kept from one block to the next; a block with very many types may need more


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
        return cls(channels, type_rows[first][:, channels], place)


class PrecomputedLayer:
    """Scores of configurations from tables of sums of products L_r W_{di:d(i+1)}, rows of H numbers, all in P.

    A table for each address has a row for each type of word: the sum over the slots that look at this word. Where
    these see its tags alone, the table has a row for each combination of tags, of which there are few. The state
    slots (labels, distances, valencies) go together in a few tables, a row for each combination of their values.
    theta equals the classifier's for the same slots but for rounding: the same sum in another order.
    """

    def __init__(self, params: Parameters, features: WordSlots) -> None:
        self.params, self.features = params, features
        self.W = params.W.reshape(features.m, -1, params.W.shape[1])
        self.groups = _groups(features.state_values)
        self._check_size()
        self.parts = _parts(features.word_channels)
        self.tag_channels = [k for k, channel in enumerate(features.word_channels) if channel in OF_TAGS]
        self.P = np.empty((0, self.W.shape[2]), self.W.dtype)
        self.types = self.capacity = 0  # types of word in the tables, and how many there is room for
        self.start = np.zeros(0, np.int32)  # first row of each table: for types, for tags, of state slots
        self.base: list[Floats] = []  # what is added to each row of each table of words (1, H)
        self._tags: dict[bytes, int] = {}  # combinations of tags by number
        self._tag_row: Index = np.zeros(0, np.intp)  # of each type, in the tables for tags
        self.rows = np.zeros((0, len(features.word_channels)), np.int32)  # of L, for each type: (types, channels)

    def _check_size(self) -> None:
        """Raises ClearparseError where the tables of a few words would be huge."""
        H, values = self.W.shape[2], self.features.state_values
        states = sum(math.prod(values[k] for k in group) for group in self.groups)
        if H * states > MOST_STATES or H * len(self.features.addresses) > MOST_OF_TYPE:
            raise ClearparseError(
                f"{len(self.features.addresses)} addresses, {len(values)} slots that show no word and {H} hidden units"
                " make tables too large for any memory"
            )

    @property
    def most_types(self) -> int:
        """How many types of word fit into MEMORY; who has more does well to come several times."""
        whole = max(self.features.form_addresses, len(self.features.addresses) // 4, 1)
        return max(min(MEMORY // (self.P.itemsize * self.P.shape[1] * whole), MOST_TYPES), 1)

    def extend(self, type_rows: NDArray[np.int32], first: int = 0) -> None:
        """Put types of word into the tables, from number `first` on, given the rows of L of each: (types, channels).

        With first = 0 all tables are made anew from what the parameters are now; then type 0 has to be NULL.
        """
        self.types = first + len(type_rows)
        if first == 0:
            self._begin(type_rows[:1])
        if self.types > self.capacity:
            raise ValueError(f"{self.types} types of word, and room for {self.capacity}")
        self.rows = np.concatenate((self.rows[:first], type_rows))
        self._fill_tags(Part.of(type_rows, self.tag_channels), first)
        parts = [Part.of(type_rows, channels) for channels in self.parts]
        tables = zip(self.start[: self.features.form_addresses], self.base, self.features.word_slots, strict=False)
        for start, base, slots in tables:
            table = self.P[start + first : start + self.types]
            sums = [(self._sums(part, slots), part.place) for part in parts if _seen(part, slots)]
            sums[-1][0][:] += base
            for k in range(0, len(table), AT_ONCE):
                rows, end = table[k : k + AT_ONCE], k + AT_ONCE
                (products, place), *others = sums
                np.take(products, place[k:end], axis=0, out=rows, mode="clip")
                for products, place in others:
                    rows += products[place[k:end]]

    def _fill_tags(self, tags: Part, first: int) -> None:
        """Put the combinations of tags that are new into the tables, all rows of a combination side by side."""
        whole, known = self.features.form_addresses, len(self._tags)
        n = len(self.features.addresses) - whole
        numbers = np.array([self._tags.setdefault(rows.tobytes(), len(self._tags)) for rows in tags.rows], np.intp)
        self._tag_row = np.concatenate((self._tag_row[:first], n * numbers[tags.place]))
        new = tags._replace(rows=tags.rows[numbers >= known])
        begin, end = (self.tag_start + n * tag for tag in (known, len(self._tags)))
        if end > len(self.P):
            more = np.empty((end - len(self.P) + n * min(TAGS, len(self._tags)), self.P.shape[1]), self.P.dtype)
            self.P = np.concatenate((self.P, more))
        rows = self.P[begin:end].reshape(len(new.rows), n, self.P.shape[1])
        for k in range(n):
            np.add(self._sums(new, self.features.word_slots[whole + k]), self.base[whole + k], out=rows[:, k])

    def _sums(self, part: Part, slots: list[tuple[int, int]]) -> Floats:
        """For each combination of rows r in a part, the sum over slots (slot, channel) of L_r W_{di:d(i+1)}: (n, H)."""
        slots = [(slot, channel) for slot, channel in slots if channel in part.channels]
        W = np.concatenate([self.W[slot] for slot, _ in slots])
        rows = part.rows[:, [part.channels.index(channel) for _, channel in slots]]
        sums = np.empty((len(rows), self.W.shape[2]), self.W.dtype)
        for k in range(0, len(rows), AT_ONCE):
            x = self.params.L[rows[k : k + AT_ONCE]].reshape(-1, len(W))
            np.matmul(x, W, out=sums[k : k + AT_ONCE])
        return sums

    def _begin(self, null: NDArray[np.int32]) -> None:
        """The tables of the state slots; what NULL gives; room for the types and, within MEMORY, for more to come."""
        features, whole, H = self.features, self.features.form_addresses, self.W.shape[2]
        n = len(features.addresses) - whole
        states = [self._state_table(group) for group in self.groups]
        nothing = [self._sums(Part.of(null, [*range(null.shape[1])]), slots) for slots in features.word_slots]
        self.base = [-sums for sums in nothing]
        self.base[0] = sum(nothing[1:] + [table[:1] for table in states], self.params.b_1)
        state_rows = sum(map(len, states))
        if self.types > self.capacity:
            tags = min(TAGS, max(MEMORY // (4 * self.P.itemsize * H * max(n, 1)), 1))
            others = state_rows + tags * n
            fitting = (MEMORY // (self.P.itemsize * H) - others) // max(whole, 1)
            self.capacity = max(self.types, min(fitting, MOST_TYPES))
            self.P = np.empty((whole * self.capacity + others, H), self.P.dtype)
        # In P: the tables of whole types, those of the state slots, and last, where it may grow, what is for tags.
        lengths = [self.capacity] * whole + [len(table) for table in states]
        *start, self.tag_start = np.cumsum([0, *lengths])
        self.start = np.array([*start[:whole], *(self.tag_start + np.arange(n)), *start[whole:]], np.int32)
        self._tags = {}
        for begin, table in zip(self.start[len(features.addresses) :], states, strict=True):
            np.subtract(table, table[:1], out=self.P[begin : begin + len(table)])

    def rows_of(self, type_of: Index) -> list[Index]:
        """For each address, where in its table a word is found: (size,) by flat index, given the words' types."""
        tags = self._tag_row[type_of]
        return [type_of if k < self.features.form_addresses else tags for k in range(len(self.features.addresses))]

    def _state_table(self, group: list[int]) -> Floats:
        """A row for each combination of the values of a group of state slots, the first slot's changing slowest."""
        features, table = self.features, np.zeros((1, self.W.shape[2]), self.W.dtype)
        for k in group:
            slot = features.state_slots[k]
            first = features.first_row[features.slots[slot].channel]
            products = self.params.L[first : first + features.state_values[k]] @ self.W[slot]
            table = (table[:, None, :] + products).reshape(-1, self.W.shape[2])
        return table

    def theta(self, rows: list[Index], values: list[Index]) -> Floats:
        """theta (B, C) from the row at each address (see rows_of) and the value of each state slot, all (B,)."""
        B, m = len(rows[0]), len(self.start)
        place = np.empty((m, B), np.int32)
        for k, places in enumerate((*rows, *self._places(values))):
            place[k] = places
        there = place != 0
        there[0] = True  # with the base of all tables
        place += self.start[:, None]
        entries = np.flatnonzero(there.T)
        end = np.searchsorted(entries, np.arange(0, B * m + 1, m)).astype(np.int32)
        S = csr_array((np.ones(len(entries), self.P.dtype), place.T.ravel()[entries], end), (B, len(self.P)))
        h = S @ self.P
        np.maximum(h, 0, out=h)
        theta: Floats = h @ self.params.U
        theta += self.params.b_2
        return theta

    def break_ties(
        self,
        choice: Index,
        theta: Floats,
        allowed: Callable[[Index], Booleans],
        types: Callable[[Index], list[Index]],
        values: Callable[[Index], list[Index]],
    ) -> None:
        """Make choice (B,), the best allowed classes by theta (B, C), independent of how theta was rounded.

        Rounding depends on the shapes of products, and so on what else is in the batch. Where another class is CLOSE,
        the scores are formed anew, in double precision and each configuration by itself; the first of equals is taken.
        For the lines `some` (n,), allowed(some) is (n, C); types(some) and values(some) are as
        `Features.extract` gives them, with types instead of words.
        """
        best = np.take_along_axis(theta, choice[:, None], axis=1)
        close = theta >= best - best.dtype.type(CLOSE)
        if np.count_nonzero(close) == len(close):
            return
        some = np.flatnonzero(np.count_nonzero(close, axis=1) > 1)
        among = close[some] & allowed(some)
        several = np.count_nonzero(among, axis=1) > 1
        some, among = some[several], among[several]
        if len(some):
            w = self.features.slot_rows(types(some), values(some), self.rows)
            for line, rows, these in zip(some.tolist(), w, among, strict=True):
                exact = np.where(these, scores_of_one(self.params, rows), -np.inf)
                choice[line] = int(np.argmax(exact >= exact.max() - SAME))

    def _places(self, values: list[Index]) -> Iterator[Index]:
        """For each group of state slots, the row of its table (B,)."""
        for first, *others in self.groups:
            place = values[first]
            for k in others:
                place = place * self.features.state_values[k] + values[k]
            yield place


def _groups(values: Sequence[int]) -> list[list[int]]:
    """State slots, by number, in groups of at most MOST_COMBINATIONS combinations of values."""
    groups: list[list[int]] = []
    size = MOST_COMBINATIONS
    for k, n in enumerate(values):
        if size * n > MOST_COMBINATIONS:
            groups.append([])
            size = 1
        groups[-1].append(k)
        size *= n
    return groups


def _parts(channels: Sequence[str]) -> list[list[int]]:
    """The numbers of the channels in parts that have few combinations each: the form, its ends, and the tags."""
    kinds = [channel.rstrip("1234") if channel not in OF_TAGS else "tags" for channel in channels]
    return [[k for k, kind in enumerate(kinds) if kind == part] for part in dict.fromkeys(kinds)]


def _seen(part: Part, slots: list[tuple[int, int]]) -> bool:
    """Does any of the slots (slot, channel) look at a channel of this part?"""
    return any(channel in part.channels for _, channel in slots)
