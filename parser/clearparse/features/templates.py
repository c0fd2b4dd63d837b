"""Templates: which channel (attribute) of which word each of the m slots shows.

A template is text with one channel per line: `form: s0 b0 lc1(s0)` is three slots. What the addresses mean is defined
by what the template is for: places in a configuration (`transition.features`) or in a window (`stages.window`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import CHANNELS, FORM_CHANNELS, TAG_CHANNELS, Vocabulary

Index = NDArray[np.intp]

MAX_SLOTS = 1000  # of a template


class TemplateError(ClearparseError):
    """A template cannot be compiled; the message quotes the part that is wrong."""


class Slot(NamedTuple):
    """One of the m slots: a channel at an address, or the distance between two addresses."""

    channel: str
    address: str
    other: str = ""  # only for distances

    def __str__(self) -> str:
        return f"{self.channel}: {self.address}" + (f"-{self.other}" if self.other else "")


@dataclass(frozen=True)
class Template:
    """A compiled template: its text and its slots, in order. Raises TemplateError if a slot is invalid."""

    text: str
    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        if not self.channels:
            raise TemplateError("template: no slot shows a word")
        seen: set[Slot] = set()
        for slot in self.slots:
            if slot in seen:
                raise TemplateError(f"template: {str(slot)!r} is listed twice")
            seen.add(slot)
        if len(self.slots) > MAX_SLOTS:
            raise TemplateError(f"template: {len(self.slots)} slots; at most {MAX_SLOTS} are possible")

    @property
    def channels(self) -> list[str]:
        """The channels of words that the template shows, in the order of CHANNELS."""
        return [channel for channel in CHANNELS if any(slot.channel == channel for slot in self.slots)]


def channel_lines(text: str, channels: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """The lines of a template as (channel, addresses). Raises TemplateError."""
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        channel, colon, addresses = line.partition(":")
        channel = channel.strip()
        if not colon or channel not in channels:
            raise TemplateError(
                f"template: no channel {channel[:40]!r} in {line[:60]!r}; the channels are {', '.join(channels)}"
            )
        yield channel, addresses.split()


class WordSlots:
    """The slots of a template over a vocabulary, grouped by address.

    addresses: first those that show channels of the form (`form_addresses` of them), then those that show tags only.
    word_slots: for each address its (slot, index of the channel in word_channels).
    state_slots: the slots that show no word. State slot k has state_values[k] values, of which the first is row
    first_row[channel] of L. m: the number of slots. V: the number of rows of L.
    """

    def __init__(self, template: Template, vocabulary: Vocabulary) -> None:
        self.template, self.vocabulary = template, vocabulary
        slots = self.slots = template.slots
        self.m, self.V = len(slots), vocabulary.n_rows
        channels = self.word_channels = list(vocabulary.first)
        of_form = list(dict.fromkeys(slot.address for slot in slots if slot.channel in FORM_CHANNELS))
        of_tags = [slot.address for slot in slots if slot.channel in TAG_CHANNELS]
        self.addresses, self.form_addresses = list(dict.fromkeys(of_form + of_tags)), len(of_form)
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

    def rows_of(self, slot: int) -> slice:
        """The rows of L that a slot can show."""
        if slot in self.state_slots:
            first = self.first_row[self.slots[slot].channel]
            return slice(first, first + self.state_values[self.state_slots.index(slot)])
        channel = self.slots[slot].channel
        return self.vocabulary.rows_of(channel)

    def slot_rows(
        self, words: Sequence[Index] | Index, values: Sequence[Index] | Index, word_rows: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """The rows w (B, m) of L to look up, given the word at each address (A, B), the value in each state slot
        (k, B), and the rows of each word (size, channels).
        """
        w = np.empty((len(words[0]), self.m), dtype=np.int32)
        for word, slots in zip(words, self.word_slots, strict=True):
            here = word_rows[word]
            for slot, channel in slots:
                w[:, slot] = here[:, channel]
        for slot, value in zip(self.state_slots, values, strict=True):
            w[:, slot] = value + self.first_row[self.slots[slot].channel]
        return w
