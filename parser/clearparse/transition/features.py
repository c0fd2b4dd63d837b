"""Features of a configuration: templates of addresses such as s0 and lc1(s0), and the attributes of words there."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

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
NO_LIMIT = np.iinfo(np.intp).max
ATTRIBUTES = {LABEL: 0, LEFT_VALENCY: 1, RIGHT_VALENCY: 2}  # rows of System.attributes
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
    """Compile a feature template for configurations. Raises TemplateError."""
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
        f"template: no address {text[:60]!r}; the addresses are {', '.join(_POSITIONS)} and {', '.join(_LINKS)}(...)"
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

    labels: the number of labels. Rows of L: those of the vocabulary, one for "no label", one for each label, and those
    for distances and valencies.
    """

    def __init__(self, template: Template, vocabulary: Vocabulary, labels: int) -> None:
        super().__init__(template, vocabulary)
        values = {LABEL: 1 + labels, **STATE_ROWS}
        for channel, rows in values.items():
            self.first_row[channel] = self.V
            self.V += rows
        state_slots = [self.slots[i] for i in self.state_slots]
        self.state_values = [values[slot.channel] for slot in state_slots]
        named = dict.fromkeys(each for slot in self.slots for each in (slot.address, slot.other) if each)
        self._number, self._gathers = _plan(named)
        self._named = list(named)
        self._places = _numbers(self._number[address] for address in self.addresses)
        self._state = _StateSlots.of(state_slots, self._number)

    def extract(self, system: System, active: Index) -> tuple[Index, Index]:
        """The word at each address (A, B) and the value in each state slot (k, B), for the configurations active (B,).

        Value v of a state slot is row first_row[channel] + v of L.
        """
        found = self._find(system, active)
        return found[self._places], self._state.values(system, found)

    def words(self, system: System, active: Index) -> dict[str, Index]:
        """The word at every address of the template (B,), distances' too, for the configurations active (B,)."""
        found = self._find(system, active)
        return {address: found[self._number[address]] for address in self._named}

    def _find(self, system: System, active: Index) -> Index:
        """The words at all addresses, inner ones included, by the indices of the addresses (n, B)."""
        found = np.empty((len(self._number), len(active)), np.intp)
        found[0], found[1] = system.s0[active], system.b0[active]
        for gather in self._gathers:
            chain: Index = getattr(system, gather.link)
            found[gather.to] = chain[found[gather.inside]]
        return found


class _Gather(NamedTuple):
    """A step that resolves addresses: follow `link` from the words at `inside` (indices) to those at `to`."""

    link: str
    inside: slice | Index
    to: slice


def _plan(addresses: Iterable[str]) -> tuple[dict[str, int], list[_Gather]]:
    """An index for each address and inner address, s0 0 and b0 1, and the steps that resolve them.

    A step resolves many addresses at once: lc1(s0), lc1(s1) and lc1(b0).
    """
    steps: dict[str, tuple[str, str]] = {}  # the link and the inner address of each
    for address in addresses:
        while address not in ("s0", "b0"):
            steps[address] = _step(address)
            _, address = steps[address]
    number, gathers = {"s0": 0, "b0": 1}, []
    while steps:
        links = [link for link, inside in steps.values() if inside in number]
        total = Counter(link for link, _ in steps.values())
        link = min(links, key=lambda each: total[each] - links.count(each))  # rather one whose addresses are all ready
        ready = [address for address, (of, inside) in steps.items() if of == link and inside in number]
        first = len(number)
        gathers.append(
            _Gather(link, _numbers(number[steps[each][1]] for each in ready), slice(first, first + len(ready)))
        )
        for each in ready:
            number[each] = len(number)
            del steps[each]
    return number, gathers


def _step(address: str) -> tuple[str, str]:
    """The last link of an address and where it starts: lc1 and s0 for lc1(s0), stack_next and s0 for s1."""
    link, inside = _links(address)
    if inside:
        return link, inside
    return "stack_next" if link[0] == "s" else "buffer_next", f"{link[0]}{int(link[1]) - 1}"


def _numbers(numbers: Iterable[int]) -> slice | Index:
    """Indices, as a slice if they are consecutive: a slice selects a view."""
    listed = list(numbers)
    if listed and listed == [*range(listed[0], listed[0] + len(listed))]:
        return slice(listed[0], listed[0] + len(listed))
    return np.array(listed, np.intp)


class _StateSlots(NamedTuple):
    """The k state slots of a template. The values of all are looked up at once; then distances are computed.

    number (k,): the index of the address that a slot shows. attribute (k, 1): the row of System.attributes.
    most (k, 1): the largest value. distances: the slots that show distances, and the two addresses of each.
    """

    number: slice | Index
    attribute: Index
    most: Index
    distances: tuple[slice | Index, slice | Index, slice | Index] | None

    @classmethod
    def of(cls, slots: Sequence[Slot], number: Mapping[str, int]) -> _StateSlots:
        """From the slots and the index of each address."""
        most = [MAX_VALENCY if slot.channel in (LEFT_VALENCY, RIGHT_VALENCY) else NO_LIMIT for slot in slots]
        attribute = [ATTRIBUTES.get(slot.channel, 0) for slot in slots]
        apart = [k for k, slot in enumerate(slots) if slot.channel == DISTANCE]
        one, other = ([number[getattr(slots[k], end)] for k in apart] for end in ("address", "other"))
        return cls(
            _numbers(number[slot.address] for slot in slots),
            np.array(attribute, np.intp)[:, None],
            np.array(most, np.intp)[:, None],
            (_numbers(apart), _numbers(one), _numbers(other)) if apart else None,
        )

    def values(self, system: System, found: Index) -> Index:
        """The value in each slot (k, B), from 0, given the words at all addresses, by their indices (n, B)."""
        attributes = system.attributes
        values: Index = attributes.ravel()[found[self.number] + self.attribute * attributes.shape[1]]
        np.minimum(values, self.most, out=values)
        if self.distances:
            slots, one, other = self.distances
            values[slots] = _distances(found[one], found[other])
        return values


def _distances(word: Index, other: Index) -> Index:
    """The values for the distances between words; 0 if one of them is NULL."""
    apart = np.abs(other - word) * (word * other != 0)
    values: Index = DISTANCES.take(apart, mode="clip")
    return values
