"""Slots of words: which channel of which word each of the m looked-up rows shows.

A template is text, one channel a line: `form: s0 b0 lc1(s0)` names three slots. What the addresses mean is told by
whoever looks: places of a configuration, or of a row of words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import CHANNELS, OF_FORM, OF_TAGS, Vocabulary

Index = NDArray[np.intp]

MOST_SLOTS = 1000  # of a template


class TemplateError(ClearparseError):
    """A template cannot be read; the message quotes the part that is wrong."""


class Slot(NamedTuple):
    """One of the m looked-up rows: a channel at an address, or the distance between two addresses."""

    channel: str
    address: str
    other: str = ""  # only for distances

    def __str__(self) -> str:
        return f"{self.channel}: {self.address}" + (f"-{self.other}" if self.other else "")


def channel_lines(text: str, channels: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """The lines of a template: a channel, and what it is to be shown of. Raises TemplateError."""
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        channel, colon, addresses = line.partition(":")
        channel = channel.strip()
        if not colon or channel not in channels:
            raise TemplateError(
                f"template: no channel {channel[:40]!r} in {line[:60]!r}; there are {', '.join(channels)}"
            )
        yield channel, addresses.split()


def check_slots(slots: Sequence[Slot]) -> None:
    """Raises TemplateError where a slot is there twice, or none shows a word."""
    if not any(slot.channel in CHANNELS for slot in slots):
        raise TemplateError("template: it names no slot that shows a word")
    seen: set[Slot] = set()
    for slot in slots:
        if slot in seen:
            raise TemplateError(f"template: {str(slot)!r} is there twice")
        seen.add(slot)
    if len(slots) > MOST_SLOTS:
        raise TemplateError(f"template: {len(slots)} slots; there may be {MOST_SLOTS}")


def channels_of(slots: Sequence[Slot]) -> list[str]:
    """The channels of words that these slots look at, in the order of CHANNELS."""
    return [channel for channel in CHANNELS if any(slot.channel == channel for slot in slots)]


class WordSlots:
    """The slots of a template by address, first the addresses (`whole` of them) where more is seen than tags.

    word_slots: for each address (slot, number of the channel among word_channels). state_slots: those that show no
    word; state slot k has state_values[k] values, the first of which stands for the row first_row[channel] of L.
    """

    def __init__(self, slots: list[Slot], vocabulary: Vocabulary) -> None:
        self.slots, self.m, self.V = slots, len(slots), vocabulary.last_row
        channels = self.word_channels = list(vocabulary.first)
        whole = list(dict.fromkeys(slot.address for slot in slots if slot.channel in OF_FORM))
        others = [slot.address for slot in slots if slot.channel in OF_TAGS]
        self.addresses, self.whole = list(dict.fromkeys(whole + others)), len(whole)
        self.word_slots = [
            [
                (i, channels.index(slot.channel))
                for i, slot in enumerate(slots)
                if slot.address == address and slot.channel in channels
            ]
            for address in self.addresses
        ]
        self.state_slots = [i for i, slot in enumerate(slots) if slot.channel not in channels]
        self.state_values: list[int] = []
        self.first_row: dict[str, int] = {}

    def slot_rows(self, words: list[Index], values: list[Index], word_rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """The rows of L to look up, (B, m), for the word at each address (B,), the value in each state slot (B,), and
        the rows of each word (size, channels)."""
        w = np.empty((len(words[0]), self.m), dtype=np.int32)
        for word, slots in zip(words, self.word_slots, strict=True):
            here = word_rows[word]
            for slot, channel in slots:
                w[:, slot] = here[:, channel]
        for slot, value in zip(self.state_slots, values, strict=True):
            w[:, slot] = value + self.first_row[self.slots[slot].channel]
        return w
