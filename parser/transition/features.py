"""Templates: which words of a configuration the network looks at, and what it sees of each.

A template is text, one channel a line, and is compiled once: `form: s0 b0 lc1(s0)` names three slots.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parser.errors import ClearparseError
from parser.transition.systems import Index, System
from parser.treebank.vocabulary import CHANNELS, OF_FORM, OF_TAGS, Vocabulary

# What a slot can show besides the channels of a word itself, and how many rows it needs (label: one for each label).
LABEL, DISTANCE, LEFT_VALENCY, RIGHT_VALENCY = "label", "distance", "left_valency", "right_valency"
DISTANCES = np.minimum(np.arange(64), 10)  # 0 (a word is NULL), 1 ... 7, then 8: 8-11, 9: 12-20, 10: more
DISTANCES[8:] = 8 + (np.arange(8, 64) > 11) + (np.arange(8, 64) > 20)
MOST_CHILDREN = 5  # a valency of 5 stands for 5 or more
STATE_ROWS = {DISTANCE: 11, LEFT_VALENCY: MOST_CHILDREN + 1, RIGHT_VALENCY: MOST_CHILDREN + 1}

_POSITIONS = ("s0", "s1", "s2", "s3", "b0", "b1", "b2", "b3")
_LINKS = ("lc1", "lc2", "rc1", "rc2", "before", "behind")
_ADDRESS = re.compile(r"(?:(\w+)\((.+)\)|(\w+))\Z")

_CHEN_MANNING_WORDS = (
    "s0 s1 s2 b0 b1 b2 lc1(s0) rc1(s0) lc2(s0) rc2(s0) lc1(lc1(s0)) rc1(rc1(s0))"
    " lc1(s1) rc1(s1) lc2(s1) rc2(s1) lc1(lc1(s1)) rc1(rc1(s1))"
)
_CHEN_MANNING_CHILDREN = " ".join(_CHEN_MANNING_WORDS.split()[6:])
_CHILDREN = "lc1(s0) rc1(s0) lc2(s0) rc2(s0) lc1(s1) rc1(s1) lc2(s1) rc2(s1) lc1(b0) lc2(b0)"
_NEAR = "s0 s1 s2 b0 b1 b2 lc1(s0) rc1(s0) lc1(s1) rc1(s1) lc1(b0)"

TEMPLATES = {
    # CS224n, assignment 2 (2017): 18 words and their tags.
    "cs224n-36": f"form: {_CHEN_MANNING_WORDS}\nxpos: {_CHEN_MANNING_WORDS}",
    # Chen & Manning (2014), section 3.1: 18 words, 18 tags, 12 labels.
    "chen-manning-48": f"form: {_CHEN_MANNING_WORDS}\nxpos: {_CHEN_MANNING_WORDS}\nlabel: {_CHEN_MANNING_CHILDREN}",
    # Ours. Parsing pays for each address that shows a form; those of which only tags are seen cost little.
    "default": f"""
        form: s0 s1 b0 b1 lc1(s0) rc1(s0) lc1(b0) rc1(s1)
        suffix3: s0 s1 b0 b1
        suffix2: s0 s1 b0 b1
        prefix2: s0 s1 b0 b1
        xpos: s0 s1 s2 s3 b0 b1 b2 b3 {_CHILDREN}
        upos: s0 s1 s2 s3 b0 b1 b2 b3 {_CHILDREN}
        feats: {_NEAR}
        label: {_CHILDREN}
        distance: s0-b0 s1-s0
        left_valency: s0 s1 b0
        right_valency: s0 s1
    """,
}


class TemplateError(ClearparseError):
    """A template cannot be read; the message quotes the part that is wrong."""


class Slot(NamedTuple):
    """One of the m looked-up rows: a channel at an address, or the distance between two addresses."""

    channel: str
    address: str
    other: str = ""  # only for distances

    def __str__(self) -> str:
        return f"{self.channel}: {self.address}" + (f"-{self.other}" if self.other else "")


def parse_template(text: str) -> list[Slot]:
    """The slots of a template, in order. Raises TemplateError."""
    slots: list[Slot] = []
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        channel, colon, addresses = line.partition(":")
        channel = channel.strip()
        if not colon or channel not in (*CHANNELS, LABEL, *STATE_ROWS):
            known = ", ".join((*CHANNELS, LABEL, *STATE_ROWS))
            raise TemplateError(f"template: no channel {channel!r} in {line!r}; there are {known}")
        for part in addresses.split():
            address, dash, other = part.partition("-")
            if bool(dash) != (channel == DISTANCE):
                raise TemplateError(f"template: {part!r} in {line!r}: a distance is of two addresses, as in s1-s0")
            for each in (address, other) if dash else (address,):
                _links(each)
            slots.append(Slot(channel, address, other))
    if not any(slot.channel in CHANNELS for slot in slots):
        raise TemplateError("template: it names no slot that shows a word")
    if len(set(slots)) < len(slots):
        twice = next(slot for slot in slots if slots.count(slot) > 1)
        raise TemplateError(f"template: {str(twice)!r} is there twice")
    return slots


@functools.cache
def _links(address: str) -> tuple[str, str]:
    """An address as (its link or position, the address inside or nothing): lc1(s0) is ("lc1", "s0")."""
    match = _ADDRESS.match(address)
    if match and match[3] in _POSITIONS:
        return match[3], ""
    if match and match[1] in _LINKS:
        _links(match[2])
        return match[1], match[2]
    raise TemplateError(
        f"template: no address {address!r}; there are {', '.join(_POSITIONS)} and {', '.join(_LINKS)}(...)"
    )


class Features:
    """A compiled template: configurations in, words and state rows out.

    Rows of L: the vocabulary's, then one for NONE and for each label, then the distances and valencies.
    """

    def __init__(self, template: str, vocabulary: Vocabulary, labels: int) -> None:
        self.slots = parse_template(template)
        self.m = len(self.slots)
        self.first_row = {}
        row = vocabulary.last_row
        for channel, rows in {LABEL: 1 + labels, **STATE_ROWS}.items():
            self.first_row[channel] = row
            row += rows
        self.V = row
        channels = self.word_channels = list(vocabulary.first)
        # Slots of words: (slot, channel's number) by address, first the addresses where more is seen than tags.
        whole = list(dict.fromkeys(slot.address for slot in self.slots if slot.channel in OF_FORM))
        others = [slot.address for slot in self.slots if slot.channel in OF_TAGS]
        self.addresses, self.whole = list(dict.fromkeys(whole + others)), len(whole)
        self.word_slots = [
            [
                (i, channels.index(slot.channel))
                for i, slot in enumerate(self.slots)
                if slot.address == address and slot.channel in channels
            ]
            for address in self.addresses
        ]
        self.state_slots = [i for i, slot in enumerate(self.slots) if slot.channel not in channels]
        values = {LABEL: 1 + labels, **STATE_ROWS}
        self.state_values = [values[self.slots[i].channel] for i in self.state_slots]

    def look(self, system: System, live: Index) -> tuple[list[Index], list[Index]]:
        """For configurations live (B,): the word at each address (B,), and the value in each state slot (B,).

        A state slot's value v stands for row first_row[channel] + v of L.
        """
        found: dict[str, Index] = {"s0": system.s0[live], "b0": system.b0[live]}
        words = [_find(system, address, found) for address in self.addresses]
        values = [_state_value(system, self.slots[i], found) for i in self.state_slots]
        return words, values

    def fill(self, words: list[Index], values: list[Index], word_rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """The rows of L to look up, (B, m), for what `look` found and the rows of each word (size, channels)."""
        w = np.empty((len(words[0]), self.m), dtype=np.int32)
        for word, slots in zip(words, self.word_slots, strict=True):
            here = word_rows[word]
            for slot, channel in slots:
                w[:, slot] = here[:, channel]
        for slot, value in zip(self.state_slots, values, strict=True):
            w[:, slot] = value + self.first_row[self.slots[slot].channel]
        return w


def _state_value(system: System, slot: Slot, found: dict[str, Index]) -> Index:
    """What a slot says that is not a word's: a label, distance or valency (B,), counted from 0."""
    word = _find(system, slot.address, found)
    if slot.channel == LABEL:
        return system.label[word]
    if slot.channel == DISTANCE:
        other = _find(system, slot.other, found)
        apart = np.minimum(np.abs(other - word), len(DISTANCES) - 1)
        return DISTANCES[np.where((word == 0) | (other == 0), 0, apart)]
    valency = system.left_valency if slot.channel == LEFT_VALENCY else system.right_valency
    return np.minimum(valency[word], MOST_CHILDREN)


def _find(system: System, address: str, found: dict[str, Index]) -> Index:
    """The words at an address, remembered in found."""
    if address not in found:
        link, inside = _links(address)
        if inside:
            chain: Index = getattr(system, link)
            found[address] = chain[_find(system, inside, found)]
        else:
            chain = system.below if link[0] == "s" else system.after
            found[address] = chain[_find(system, f"{link[0]}{int(link[1]) - 1}", found)]
    return found[address]


def channels_of(slots: Sequence[Slot]) -> list[str]:
    """The channels of words that these slots look at, in the order of CHANNELS."""
    return [channel for channel in CHANNELS if any(slot.channel == channel for slot in slots)]
