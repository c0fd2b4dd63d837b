"""What the network sees of a configuration, in words: the m slots, and what each looked-up row of L stands for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clearparse.explanation.trace import Step
from clearparse.features.vocabulary import BETWEEN, NULL, ROOT, UNKNOWN
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.features import DISTANCE, DISTANCES, LABEL, MOST_CHILDREN

NOTHING, UNSEEN = "nothing", "unknown"  # what a slot sees where there is no word, and of a symbol that has no row
MOST_SHOWN = 3  # words of a cluster


class Slot(NamedTuple):
    """One slot: its channel and address, the word there (None: no word), what it sees of it, and the row of L."""

    channel: str
    address: str
    word: int | None
    sees: str
    row: int


def slots(parser: TransitionParser, step: Step) -> list[Slot]:
    """The m slots of a configuration."""
    return [
        Slot(
            slot.channel,
            slot.address + (f"-{slot.other}" if slot.other else ""),
            step.at[slot.address],
            symbol(parser, slot.channel, row),
            row,
        )
        for slot, row in zip(parser.features.slots, step.w.tolist(), strict=True)
    ]


def symbol(parser: TransitionParser, channel: str, row: int) -> str:
    """What a row of L stands for in a channel."""
    if channel not in parser.vocabulary.first:
        return _state(parser, channel, row - parser.features.first_row[channel])
    number = row - parser.vocabulary.first[channel]
    special = {NULL: NOTHING, ROOT: "ROOT", UNKNOWN: UNSEEN}
    return special[number] if number in special else _shown(parser.vocabulary.symbols[channel][number - len(special)])


def _shown(symbol: str) -> str:
    """A symbol as people read it: of a cluster a few words."""
    some = symbol.split(BETWEEN)[: MOST_SHOWN + 1]
    return ", ".join(some[:MOST_SHOWN]) + ", ..." * (len(some) > MOST_SHOWN)


def _state(parser: TransitionParser, channel: str, value: int) -> str:
    """A label, a distance or a number of children."""
    if channel == LABEL:
        return parser.transitions.labels[value - 1] if value else NOTHING
    if channel == DISTANCE:
        of_value = np.flatnonzero(value == DISTANCES)
        least, most = int(of_value[0]), int(of_value[-1])
        if most == len(DISTANCES) - 1:
            return f"{least} or more"
        return NOTHING if value == 0 else str(least) if least == most else f"{least} to {most}"
    return f"{value} or more" if value == MOST_CHILDREN else str(value)
