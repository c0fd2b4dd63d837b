"""The pre-computation trick of Chen & Manning (2014, section 3.3): products of embeddings and W, stored for parsing.

x W is a sum over slots of L_{w_i} W_{di:d(i+1)}. Chen & Manning store these products for the 10,000 most frequent
words. Here the sum over all slots of one address is stored for every type of word that occurs, so that a configuration
needs one row for each address instead of one for each slot. The sums are in fixed-point arithmetic (see `fixed_point`).

Most addresses of a configuration are NULL. So each table stores the difference from its row of NULL, which is then 0
and need not be added. The sum of all rows of NULL and b_1 is part of the first table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.combinations import Combinations, Product, channel_groups, products_of_addresses
from clearparse.features.fixed_point import EXACT, FixedPoint, Integers16
from clearparse.features.row_sums import row_starts, sums_of_rows
from clearparse.features.templates import Index, WordSlots
from clearparse.features.vocabulary import ROOT
from clearparse.network.classifier import Booleans, Floats, Parameters

MAX_COMBINATIONS = 5000  # rows in a table of state slots
TAGS = 1000  # combinations of tags that the tables have room for at first
CHUNK = 512  # rows of a table written at a time, so that they stay in the processor's cache
CLOSE = 2e-3  # scores no further apart than this are compared in double precision
SAME = 1e-9  # scores no further apart than this are equal
MAX_STATES = 1 << 27  # numbers in the tables of state slots
MAX_OF_TYPE = 1 << 20  # numbers of one type of word in all tables
MIN_TYPES = ROOT + 2  # NULL, ROOT and a word
MAX_TYPES = 50_000  # types of word in the tables, however narrow these are
KEY_BYTES = 400  # of a type of word besides its rows: its key, and where they are found
MEMORY = 192 << 20  # bytes of the tables of all networks of a model together (see type_cache.share_memory)


class PrecomputedLayer:
    """Scores of configurations from tables of precomputed sums of L_r W_{di:d(i+1)}.

    All tables are rows of P, each of H numbers. There are three kinds:

    - For each address that shows the form, a row for each type of word: the sum over the slots of this address.
    - For each address that shows only tags, a row for each combination of tags, of which there are few.
    - For each group of state slots (labels, distances, valencies), a row for each combination of their values.

    P is int16, so theta differs a little from that of `network.classifier`; but h is the same whatever the batch,
    the order of words and the processor.

    memory: bytes that the tables may take, by default MEMORY; more types than fit into it still get room if they come
    in one call of `extend`. Raises ClearparseError if template and network need tables too large for any memory.
    """

    def __init__(self, params: Parameters, features: WordSlots, memory: int | None = None) -> None:
        self.params, self.features = params, features
        self.memory = MEMORY if memory is None else memory
        self.H: int = params.W.shape[1]
        self.groups = _groups(features.state_values)
        self._strides = _strides(features.state_values, self.groups)
        self._check_size()
        self.channel_groups = channel_groups(features.word_channels)
        self.products = products_of_addresses(features.word_slots, self.channel_groups)
        self._slots = [product.slots for products in self.products for product in products]
        self._state_products = range(len(self._slots), len(self._slots) + len(features.state_slots))
        self._slots += [[slot] for slot in features.state_slots]
        self.P = np.empty((0, self.H), np.int16)
        self._zeros = np.zeros((1, self.H), np.int16)
        self._close = np.array(CLOSE, params.U.dtype)
        self._whole = np.array(features.form_addresses, np.int32)  # rows of a type
        self._shows_tags = np.arange(len(features.addresses))[:, None] >= features.form_addresses  # only tags (A, 1)
        self.types = self.room = 0  # how many types of word the tables have, and have room for
        self.start = self.zero = np.zeros(0, np.int32)  # first row of each table: of types, of tags, of state slots
        self._tags: dict[bytes, int] = {}  # number of each combination of tags
        self._row = np.zeros((2, 0), np.int32)  # (2, room): row in the tables of types and in those of tags
        self._row_begin = self._shows_tags * 0  # (A, 1): where the rows for each address begin in _row.ravel()

    def _check_size(self) -> None:
        H, values = self.H, self.features.state_values
        many = H * self._state_rows() > MAX_STATES or H * len(self.features.addresses) > MAX_OF_TYPE
        if many or len(self.params.W) > EXACT:
            raise ClearparseError(
                f"the template has {len(self.features.addresses)} addresses and {len(values)} state slots: with {H}"
                " hidden units its precomputed tables are too large for any memory"
            )

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of P."""
        return 2 * self.H

    @property
    def type_bytes(self) -> int:
        """Bytes for each type of word."""
        return self.row_bytes * self.features.form_addresses + KEY_BYTES

    @cached_property
    def fixed_bytes(self) -> int:
        """Bytes of the tables of state slots and, at first, of tags."""
        return self.row_bytes * (self._state_rows() + self._tag_addresses * self._first_tags())

    @cached_property
    def capacity(self) -> int:
        """How many types of word fit into the memory, NULL and ROOT included."""
        return max(min((self.memory - self.fixed_bytes) // self.type_bytes, MAX_TYPES), MIN_TYPES)

    @property
    def max_types(self) -> int:
        """How many words of different types fit into the memory. Callers with more should work in several parts."""
        return self.capacity - ROOT - 1

    @property
    def oversized(self) -> bool:
        """Do the tables take more than their memory, because there were too many types or combinations of tags?"""
        tags = len(self._tags) * self._tag_addresses * self.row_bytes
        return self.room > self.capacity or tags > max(self.memory // 2, self.fixed_bytes)

    @property
    def _tag_addresses(self) -> int:
        return len(self.features.addresses) - self.features.form_addresses

    def _state_rows(self) -> int:
        return sum(math.prod(self.features.state_values[k] for k in group) for group in self.groups)

    def _first_tags(self) -> int:
        """How many combinations of tags there is room for at first."""
        return min(TAGS, max(self.memory // (4 * self.row_bytes * max(self._tag_addresses, 1)), 1))

    def extend(self, type_rows: NDArray[np.int32], types: Index | None = None) -> None:
        """Compute the rows of types of word (n,), which replace others of these numbers.

        type_rows (n, channels): their rows of L. types: by default 0, 1, 2 ...; then all tables are computed anew with
        the present parameters, and type 0 must be NULL. Raises ValueError if a number is too large for the tables.
        """
        if types is None:
            types = np.arange(len(type_rows))
            self._begin(len(type_rows))
        self.types = max(self.types, int(types.max(initial=-1)) + 1)
        if self.types > self.room:
            raise ValueError(f"{self.types} types of word; the capacity is {self.room}")
        groups = [Combinations.of(type_rows, channels) for channels in self.channel_groups]
        if self._tag_addresses:
            self._extend_tags(groups[-1], types)
        for start, products in zip(self.start.tolist(), self.products[: self.features.form_addresses], strict=False):
            shown = [groups[product.group] for product in products]
            table = np.concatenate([self._sums(*each) for each in zip(products, shown, strict=True)])
            begin = itertools.accumulate((len(group.rows) for group in shown), initial=0)
            numbers = [group.number + first for group, first in zip(shown, begin, strict=False)]
            rows = np.stack(numbers, axis=1).astype(np.int32)
            for k in range(0, len(types), CHUNK):
                self.P[start + self._whole * types[k : k + CHUNK]] = sums_of_rows(table, rows[k : k + CHUNK])

    def _extend_tags(self, tags: Combinations, types: Index) -> None:
        """Compute the rows of new combinations of tags; the rows of one combination are neighbors in P."""
        whole, known, n = self.features.form_addresses, len(self._tags), self._tag_addresses
        numbers = np.array([self._tags.setdefault(rows.tobytes(), len(self._tags)) for rows in tags.rows], np.intp)
        self._row[1, types] = n * numbers[tags.number]
        new = tags._replace(rows=tags.rows[numbers >= known])
        begin, end = (self.tag_start + n * tag for tag in (known, len(self._tags)))
        if end > len(self.P):
            more = np.empty((end - len(self.P) + n * min(TAGS, len(self._tags)), self.H), np.int16)
            self.P = np.concatenate((self.P, more))
        rows = self.P[begin:end].reshape(-1, n, self.H)
        for k in range(n):
            (product,) = self.products[whole + k]
            rows[:, k] = self._sums(product, new)

    def _sums(self, product: Product, group: Combinations) -> Integers16:
        """A product (n, H) for each combination of its group; z' of NULL is part of the first product."""
        rows = group.rows if product.whole else group.rows[:, product.columns]
        sums = self._fixed.product(product.number, rows)
        return sums if product.number else sums + self._fixed.z_null

    def _convert(self) -> None:
        """Convert the present parameters to fixed-point arithmetic."""
        features = self.features
        rows = [features.rows_of(slot) for slot in range(features.m)]
        self._fixed = FixedPoint(self.params, rows, self._slots)
        self._U = self.params.U * self.params.U.dtype.type(self._fixed.unit)

    def _begin(self, types: int) -> None:
        """Compute the tables of state slots; reserve room for types, and more if memory allows."""
        self._convert()
        features, whole, n = self.features, self.features.form_addresses, self._tag_addresses
        states = [self._state_table(group) for group in self.groups]
        self.types = 0
        if types > self.room:
            self.room = max(types, self.capacity)
            self.P = np.empty((whole * self.room + self.fixed_bytes // self.row_bytes, self.H), np.int16)
            self._row = np.zeros((2, self.room), np.int32)
            self._row[0] = self._whole * np.arange(self.room)
            self._row_begin = self._shows_tags * self.room
        # Order in P: tables of types, of state slots, and last those of tags, which may grow. The rows of a type are
        # neighbors, so that a few types take little memory: the system provides it when it is written to.
        lengths = [whole * self.room, *(len(table) for table in states)]
        *start, self.tag_start = itertools.accumulate(lengths, initial=0)
        self.start = np.array([*range(whole), *(self.tag_start + np.arange(n)), *start[1:]], np.int32)
        self.zero = self.start.copy()  # the rows of NULL
        self.zero[0] = -1  # the first one includes those of all tables, and b_1
        self._tags = {}
        for begin, table in zip(self.start[len(features.addresses) :], states, strict=True):
            self.P[begin : begin + len(table)] = table

    def _state_table(self, group: list[int]) -> Integers16:
        """A row for each combination of the values of a group of state slots; the first slot's value varies slowest."""
        features, table = self.features, np.zeros((1, self.H), np.int16)
        for k in group:
            rows = np.arange(features.V, dtype=np.int32)[features.rows_of(features.state_slots[k])]
            products = self._fixed.product(self._state_products[k], rows[:, None])
            table = (table[:, None, :] + products).reshape(-1, self.H)
        return table

    def theta(self, types: Index, values: Index) -> Floats:
        """theta (B, C), given the type of the word at each address (A, B) and the value of each state slot (k, B)."""
        theta: Floats = self._h(types, values).astype(self._U.dtype).dot(self._U)  # for few items faster than @
        theta += self.params.b_2
        return theta

    def _h(self, types: Index, values: Index) -> Integers16:
        """h (B, H) in units of `FixedPoint.unit`; arguments as for `theta`."""
        z = sums_of_rows(self.P, self.places(types, values), self.zero)
        return np.maximum(z, self._zeros, out=z)  # ReLU; maximum with the number 0 takes five times as long

    def places(self, types: Index, values: Index) -> NDArray[np.int32]:
        """The row of P in each table (B, tables); arguments as for `theta`."""
        words = len(types)
        place = np.empty((len(self.start), types.shape[1]), np.int32)
        self._row.ravel().take(types + self._row_begin, out=place[:words], mode="clip")  # as in sums_of_rows
        if self.groups:  # float32 is exact here, and several times as fast as integers
            place[words:] = self._strides.dot(values.astype(np.float32))
        place += self.start[:, None]
        return place.T

    def break_ties(
        self, choice: Index, theta: Floats, of: Callable[[Index], tuple[Booleans | np.bool_, Index, Index]]
    ) -> None:
        """Correct choice (B,), the best allowed classes by theta (B, C), where rounding may have decided.

        h is the same whatever the batch, but the rounding of h U depends on the shapes of the product. Where another
        class is CLOSE, its score and the best are computed anew in double precision, one configuration at a time; of
        equal scores the first class wins. So a tree depends on nothing but its sentence.

        of: gives for the configurations `some` (n,) the allowed classes (n, C), or True for all, and types and values
        as for `theta`.
        """
        best = theta.take(choice + row_starts(*theta.shape))
        close = theta >= (best - self._close)[:, None]
        if np.count_nonzero(close) == len(close):
            return
        some = (np.bincount(close.ravel().nonzero()[0] // close.shape[1]) > 1).nonzero()[0]
        allowed, types, values = of(some)
        among = close[some] & allowed
        several = np.count_nonzero(among, axis=1) > 1
        some, among = some[several], among[several]
        if len(some):
            exact = np.where(among, self.exact_theta(types[:, several], values[:, several]), -np.inf)
            choice[some] = np.argmax(exact >= exact.max(axis=1, keepdims=True) - SAME, axis=1)

    def exact_theta(self, types: Index, values: Index) -> NDArray[np.float64]:
        """theta (B, C) in double precision, the same whatever the batch; arguments as for `theta`."""
        h = self._h(types, values).astype(np.float64)
        U, b_2 = self._U.astype(np.float64), self.params.b_2[0].astype(np.float64)
        return np.array([h_of_one @ U + b_2 for h_of_one in h])


def _groups(values: Sequence[int]) -> list[list[int]]:
    """State slots, by index, in groups with at most MAX_COMBINATIONS combinations of values."""
    groups: list[list[int]] = []
    size = MAX_COMBINATIONS
    for k, n in enumerate(values):
        if size * n > MAX_COMBINATIONS:
            groups.append([])
            size = 1
        groups[-1].append(k)
        size *= n
    return groups


def _strides(values: Sequence[int], groups: list[list[int]]) -> Floats:
    """(groups, k): how many rows of a group's table the values of a slot are apart; those of the last are neighbors."""
    strides = np.zeros((len(groups), len(values)), np.float32)
    for row, group in zip(strides, groups, strict=True):
        row[group] = [math.prod(values[other] for other in group if other > k) for k in group]
    return strides
