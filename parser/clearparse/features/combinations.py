"""The distinct combinations of rows of L that word types have in some channels: far fewer than word types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import Index
from clearparse.features.vocabulary import TAG_CHANNELS


class Combinations(NamedTuple):
    """The different combinations of rows of L that types of word have in some channels.

    channels: indices of the channels. rows (n, channels): the combinations. number (types,): that of each type.
    """

    channels: list[int]
    rows: NDArray[np.int32]
    number: Index

    @classmethod
    def of(cls, type_rows: NDArray[np.int32], channels: list[int]) -> Combinations:
        key = np.zeros(len(type_rows), np.int64)
        for channel in channels:
            _, key = np.unique(key << 32 | type_rows[:, channel], return_inverse=True)
        _, first, number = np.unique(key, return_index=True, return_inverse=True)
        return cls(channels, type_rows[first][:, channels], number)

    def shown_by(self, slots: list[tuple[int, int]]) -> bool:
        """Does one of the slots (slot, channel) show one of these channels?"""
        return any(channel in self.channels for _, channel in slots)


def channel_groups(channels: Sequence[str]) -> list[list[int]]:
    """The indices of channels that have few combinations together: form, suffixes, prefixes, tags and so on."""
    kinds = ["tags" if channel in TAG_CHANNELS else channel.rstrip("1234") for channel in channels]
    return [[k for k, kind in enumerate(kinds) if kind == group] for group in dict.fromkeys(kinds)]
