"""Features of a configuration: templates of addresses such as s0 and lc1(s0), and the attributes of words there."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from clearparse.features.templates import Slot, Template, TemplateError, WordSlots, channel_lines
from clearparse.features.vocabulary import CHANNELS, Vocabulary
from clearparse.transition.layout import Index
from clearparse.transition.system import COLUMNS, System

# Channels of the state: what a slot can show besides a word's channels, and how many rows of L it needs.
LABEL, DISTANCE, LEFT_VALENCY, RIGHT_VALENCY = "label", "distance", "left_valency", "right_valency"
DISTANCES = np.minimum(np.arange(64), 10)  # the value of each distance: 0 for NULL, 1 ... 7, 8-11, 12-20, more
DISTANCES[8:] = 8 + (np.arange(8, 64) > 11) + (np.arange(8, 64) > 20)
MAX_VALENCY = 5  # a valency of 5 means 5 or more
NO_LIMIT = np.iinfo(np.intp).max
STATE_ROWS = {DISTANCE: 11, LEFT_VALENCY: MAX_VALENCY + 1, RIGHT_VALENCY: MAX_VALENCY + 1}

MAX_ADDRESS_LENGTH = 100  # characters
_POSITIONS = ("s0", "s1", "s2", "s3", "b0", "b1", "b2", "b3")
_LINKS = ("lc1", "lc2", "rc1", "rc2", "left_neighbor", "right_neighbor")
_OLD_LINKS = {  # in templates of older model files
    "before(": "left_neighbor(",
    "behind(": "right_neighbor(",
    "left_neighbour(": "left_neighbor(",
    "right_neighbour(": "right_neighbor(",
}
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
        self._plan = _Plan.of(named, state_slots)
        self._named = list(named)
        self._kept: tuple[int, list[tuple[Index, Index, slice]]] = (0, [])  # see _gathers
        self._places = np.array([self._plan.number[address] for address in self.addresses], np.intp)

    def extract(self, system: System, active: Index) -> tuple[Index, Index]:
        """The word at each address (A, B) and the value in each state slot (k, B), for the configurations active (B,).

        Value v of a state slot is row first_row[channel] + v of L.
        """
        found = self._find(system, active)
        values = found[len(self._plan.number) :]
        np.minimum(values, self._plan.most, out=values)
        if self._plan.distances:
            slots, ends = self._plan.distances
            values[slots] = _distances(*found.take(ends, axis=0))
        return found.take(self._places, axis=0), values

    def words(self, system: System, active: Index) -> dict[str, Index]:
        """The word at every address of the template (B,), distances' too, for the configurations active (B,)."""
        found = self._find(system, active)
        return {address: found[self._plan.number[address]] for address in self._named}

    def _find(self, system: System, active: Index) -> Index:
        """The words at the n addresses of _Plan and the values in the k state slots, (n + k, B)."""
        found = np.empty((len(self._plan.column), len(active)), np.intp)
        found[0], found[1] = system.s0[active], system.b0[active]
        for inside, begin, to in self._gathers(system):
            system.flat.take(found.take(inside, axis=0) + begin, out=found[to], mode="clip")
        return found

    def _gathers(self, system: System) -> list[tuple[Index, Index, slice]]:
        """The steps of the plan, with where the columns begin: the same in all steps of a system, so they are kept."""
        size, gathers = self._kept
        if size != system.layout.size:
            size, begin = system.layout.size, system.begin.take(self._plan.column, axis=0)
            gathers = [(inside, begin[to], to) for inside, to in self._plan.gathers]
            self._kept = size, gathers
        return gathers


class _Plan(NamedTuple):
    """The order in which to find the words at n addresses, s0 before lc1(s0), and then the values of k state slots.

    number: the index of each address: s0 0, b0 1. column (n + k,): the column of System.columns that gives each.
    gathers: the steps: `to`, from the words at the indices `inside`. A step finds all words of one depth: lc1(s0), s1
    and b1, then lc1(s1) and so on; the last step finds the values, and the last words if no value depends on them.
    most (k, 1): the largest value of each slot. distances: the slots that show distances, which are computed at the
    end, and the two addresses (2, slots) of each.
    """

    number: dict[str, int]
    column: Index
    gathers: list[tuple[Index, slice]]
    most: Index
    distances: tuple[slice | Index, Index] | None

    @classmethod
    def of(cls, addresses: Iterable[str], slots: Sequence[Slot]) -> _Plan:
        """From the addresses of a template and its state slots."""
        number, columns, gathers = _word_gathers(addresses)
        inside = np.array([number[slot.address] for slot in slots], np.intp)
        end = len(number) + len(slots)
        if gathers and inside.max(initial=0) < gathers[-1][1].start:  # the words are found before the last step
            last, to = gathers.pop()
            gathers.append((np.concatenate((last, inside)), slice(to.start, end)))
        elif slots:
            gathers.append((inside, slice(len(number), end)))
        columns += [LABEL if slot.channel == DISTANCE else slot.channel for slot in slots]
        most = [MAX_VALENCY if slot.channel in (LEFT_VALENCY, RIGHT_VALENCY) else NO_LIMIT for slot in slots]
        apart = [k for k, slot in enumerate(slots) if slot.channel == DISTANCE]
        ends = [[number[getattr(slots[k], end)] for k in apart] for end in ("address", "other")]
        return cls(
            number,
            np.array([COLUMNS.index(column) for column in columns], np.intp),
            gathers,
            np.array(most, np.intp)[:, None],
            (_as_slice(apart), np.array(ends)) if apart else None,
        )


def _word_gathers(addresses: Iterable[str]) -> tuple[dict[str, int], list[str], list[tuple[Index, slice]]]:
    """The index of each address, the link that leads to it, and the steps that find the words: see _Plan."""
    steps: dict[str, tuple[str, str]] = {}  # the link and the inner address of each
    for address in addresses:
        while address not in ("s0", "b0"):
            steps[address] = _step(address)
            _, address = steps[address]
    number, links, gathers = {"s0": 0, "b0": 1}, ["stack_next", "buffer_next"], []
    while len(number) < len(steps) + 2:
        ready = [each for each, (_, inside) in steps.items() if each not in number and inside in number]
        inside = np.array([number[steps[each][1]] for each in ready], np.intp)
        gathers.append((inside, slice(len(number), len(number) + len(ready))))
        links += [steps[each][0] for each in ready]
        number.update(zip(ready, range(len(number), len(number) + len(ready)), strict=True))
    return number, links, gathers


def _step(address: str) -> tuple[str, str]:
    """The last link of an address and where it starts: lc1 and s0 for lc1(s0), stack_next and s0 for s1."""
    link, inside = _links(address)
    if inside:
        return link, inside
    return "stack_next" if link[0] == "s" else "buffer_next", f"{link[0]}{int(link[1]) - 1}"


def _as_slice(indices: list[int]) -> slice | Index:
    """Increasing indices as a slice, which selects a view, if they are consecutive."""
    first, end = indices[0], indices[-1] + 1
    return slice(first, end) if len(indices) == end - first else np.array(indices, np.intp)


def _distances(word: Index, other: Index) -> Index:
    """The values for the distances between words; 0 if one of them is NULL."""
    apart = np.minimum(np.abs(other - word), word * other)  # the product is 0 for NULL, and larger for words
    values: Index = DISTANCES.take(apart, mode="clip")
    return values
