"""Feature templates of a configuration: addresses such as s0 and lc1(s0), and the attributes of the words there."""

from __future__ import annotations

import functools
import re

import numpy as np

from clearparse.features.templates import Slot, Template, TemplateError, WordSlots, channel_lines
from clearparse.features.vocabulary import CHANNELS, Vocabulary
from clearparse.transition.layout import Index
from clearparse.transition.system import System

# Channels of the state: what a slot can show besides a word's channels, and how many rows of L it needs.
LABEL, DISTANCE, LEFT_VALENCY, RIGHT_VALENCY = "label", "distance", "left_valency", "right_valency"
DISTANCES = np.minimum(np.arange(64), 10)  # the value of each distance: 0 for NULL, 1 ... 7, 8-11, 12-20, more
DISTANCES[8:] = 8 + (np.arange(8, 64) > 11) + (np.arange(8, 64) > 20)
MAX_VALENCY = 5  # a valency of 5 means 5 or more
STATE_ROWS = {DISTANCE: 11, LEFT_VALENCY: MAX_VALENCY + 1, RIGHT_VALENCY: MAX_VALENCY + 1}

MAX_ADDRESS_LENGTH = 100  # characters
_POSITIONS = ("s0", "s1", "s2", "s3", "b0", "b1", "b2", "b3")
_LINKS = ("lc1", "lc2", "rc1", "rc2", "left_neighbour", "right_neighbour")
_OLD_LINKS = {"before(": "left_neighbour(", "behind(": "right_neighbour("}  # in templates of older model files
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
    # clearparse's own. Addresses that show a form cost time in parsing; those that show only tags cost little.
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


def compile_template(text: str) -> Template:
    """Compile a template of configurations. Raises TemplateError."""
    slots: list[Slot] = []
    for channel, parts in channel_lines(text, (*CHANNELS, LABEL, *STATE_ROWS)):
        for part in parts:
            address, dash, other = (_present_spelling(each) for each in part.partition("-"))
            if bool(dash) != (channel == DISTANCE):
                raise TemplateError(
                    f"template: {part[:60]!r} in {channel!r}: a distance has two addresses, as in s1-s0"
                )
            for each in (address, other) if dash else (address,):
                _links(each)
            slots.append(Slot(channel, address, other))
    return Template(text, tuple(slots))


def _present_spelling(address: str) -> str:
    if len(address) > MAX_ADDRESS_LENGTH:
        raise _no_address(address)
    for old, new in _OLD_LINKS.items():
        address = address.replace(old, new)
    return address


def _no_address(text: str) -> TemplateError:
    return TemplateError(
        f"template: no address {text[:60]!r}; there are {', '.join(_POSITIONS)} and {', '.join(_LINKS)}(...)"
    )


@functools.cache
def _links(address: str) -> tuple[str, str]:
    """An address as (link or position, inner address or ""): lc1(s0) is ("lc1", "s0"). Raises TemplateError."""
    match = _ADDRESS.match(address)
    if match and match[3] in _POSITIONS:
        return match[3], ""
    if match and match[1] in _LINKS:
        _links(match[2])
        return match[1], match[2]
    raise _no_address(address)


class Features(WordSlots):
    """Extracts the features of configurations: the word at each address and the value in each state slot.

    labels: the number of labels. Rows of L: the vocabulary's, then no label and each label, distances, valencies.
    """

    def __init__(self, template: Template, vocabulary: Vocabulary, labels: int) -> None:
        super().__init__(template, vocabulary)
        values = {LABEL: 1 + labels, **STATE_ROWS}
        for channel, rows in values.items():
            self.first_row[channel] = self.V
            self.V += rows
        self.state_values = [values[self.slots[i].channel] for i in self.state_slots]

    def extract(self, system: System, active: Index) -> tuple[list[Index], list[Index]]:
        """The word at each address (B,) and the value in each state slot (B,), for the configurations active (B,).

        Value v of a state slot is row first_row[channel] + v of L.
        """
        found: dict[str, Index] = {"s0": system.s0[active], "b0": system.b0[active]}
        words = [_find(system, address, found) for address in self.addresses]
        values = [_state_value(system, self.slots[i], found) for i in self.state_slots]
        return words, values

    def words(self, system: System, active: Index) -> dict[str, Index]:
        """The word at every address of the template (B,), distances' too, for the configurations active (B,)."""
        found: dict[str, Index] = {"s0": system.s0[active], "b0": system.b0[active]}
        named = dict.fromkeys(each for slot in self.slots for each in (slot.address, slot.other) if each)
        return {address: _find(system, address, found) for address in named}


def _state_value(system: System, slot: Slot, found: dict[str, Index]) -> Index:
    """The value in a state slot (B,): a label, distance or valency, from 0."""
    word = _find(system, slot.address, found)
    if slot.channel == LABEL:
        return system.label[word]
    if slot.channel == DISTANCE:
        other = _find(system, slot.other, found)
        apart = np.minimum(np.abs(other - word), len(DISTANCES) - 1)
        return DISTANCES[np.where((word == 0) | (other == 0), 0, apart)]
    valency = system.left_valency if slot.channel == LEFT_VALENCY else system.right_valency
    return np.minimum(valency[word], MAX_VALENCY)


def _find(system: System, address: str, found: dict[str, Index]) -> Index:
    """The words at an address (B,); found caches those of all addresses."""
    if address not in found:
        link, inside = _links(address)
        if inside:
            chain: Index = getattr(system, link)
            found[address] = chain[_find(system, inside, found)]
        else:
            chain = system.stack_next if link[0] == "s" else system.buffer_next
            found[address] = chain[_find(system, f"{link[0]}{int(link[1]) - 1}", found)]
    return found[address]
