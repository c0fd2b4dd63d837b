"""The distinct combinations of rows of L that word types have in some channels: far fewer than word types.

Slots of one address whose channels have few combinations together share a product with W.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import Index
from clearparse.features.vocabulary import TAG_CHANNELS, factorize

FEW = 50  # types: sorting more of them is faster than looking them up


class Combinations(NamedTuple):
    """The different combinations of rows of L that types of word have in some channels.

    rows (n, channels): the combinations. number (types,): that of each type.
    """

    rows: NDArray[np.int32]
    number: Index

    @classmethod
    def of(cls, type_rows: NDArray[np.int32], channels: list[int]) -> Combinations:
        if len(type_rows) <= FEW:
            distinct, number = factorize([*map(tuple, type_rows[:, channels].tolist())])
            return cls(np.array(distinct, np.int32).reshape(len(distinct), len(channels)), number)
        key, used, bits = np.zeros(len(type_rows), np.int64), 0, int(type_rows.max(initial=0)).bit_length()
        for channel in channels:
            if used + bits > 63:
                _, key = np.unique(key, return_inverse=True)
                used = len(key).bit_length()
            key, used = key << bits | type_rows[:, channel], used + bits
        _, first, number = np.unique(key, return_index=True, return_inverse=True)
        return cls(type_rows[first][:, channels], number)


def channel_groups(channels: Sequence[str]) -> list[list[int]]:
    """The indices of channels that have few combinations together: form, suffixes, prefixes, tags and so on."""
    kinds = ["tags" if channel in TAG_CHANNELS else channel.rstrip("1234") for channel in channels]
    return [[k for k, kind in enumerate(kinds) if kind == group] for group in dict.fromkeys(kinds)]


class Product(NamedTuple):
    """A product x W of an address: its number, its slots, the group of their channels, and their columns in it.

    whole: are these all columns of the group, in order?
    """

    number: int
    slots: list[int]
    group: int
    columns: list[int]
    whole: bool


def products_of_addresses(word_slots: list[list[tuple[int, int]]], groups: list[list[int]]) -> list[list[Product]]:
    """The products of each address."""
    products: list[list[Product]] = []
    number = itertools.count()
    for slots in word_slots:
        products.append([])
        for k, group in enumerate(groups):
            shown = {slot: group.index(channel) for slot, channel in slots if channel in group}
            if shown:
                columns = [*shown.values()]
                products[-1].append(Product(next(number), [*shown], k, columns, columns == [*range(len(group))]))
    return products
