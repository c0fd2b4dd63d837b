"""The m slots of a configuration in words: which word each shows, and which symbol its row of L stands for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clearparse.explanation.trace import Step
from clearparse.features.vocabulary import BETWEEN, NULL, ROOT, UNKNOWN
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.features import DISTANCE, DISTANCES, LABEL, MAX_VALENCY

NOTHING, UNSEEN = "nothing", "unknown"  # shown for NULL, and for a symbol without a row
MAX_SHOWN = 3  # words of a cluster that are shown


class ShownSlot(NamedTuple):
    """A slot: its channel and address, the word there (None for NULL), the symbol that it sees, and the row of L."""

    channel: str
    address: str
    word: int | None
    sees: str
    row: int


def slots(parser: TransitionParser, step: Step) -> list[ShownSlot]:
    """The m slots of a configuration."""
    return [
        ShownSlot(
            slot.channel,
            slot.address + (f"-{slot.other}" if slot.other else ""),
            step.at[slot.address],
            symbol(parser, slot.channel, row),
            row,
        )
        for slot, row in zip(parser.features.slots, step.w.tolist(), strict=True)
    ]


def symbol(parser: TransitionParser, channel: str, row: int) -> str:
    """The symbol that a row of L stands for in a channel."""
    if channel not in parser.vocabulary.first:
        return _state(parser, channel, row - parser.features.first_row[channel])
    number = row - parser.vocabulary.first[channel]
    special = {NULL: NOTHING, ROOT: "ROOT", UNKNOWN: UNSEEN}
    return special[number] if number in special else _shown(parser.vocabulary.symbols[channel][number - len(special)])


def _shown(symbol: str) -> str:
    """A symbol for display: a few words of a cluster, other symbols as they are."""
    some = symbol.split(BETWEEN)[: MAX_SHOWN + 1]
    return ", ".join(some[:MAX_SHOWN]) + ", ..." * (len(some) > MAX_SHOWN)


def _state(parser: TransitionParser, channel: str, value: int) -> str:
    """The value of a state slot: a label, a distance or a number of children."""
    if channel == LABEL:
        return parser.transitions.labels[value - 1] if value else NOTHING
    if channel == DISTANCE:
        of_value = np.flatnonzero(value == DISTANCES)
        low, high = int(of_value[0]), int(of_value[-1])
        if high == len(DISTANCES) - 1:
            return f"{low} or more"
        return NOTHING if value == 0 else str(low) if low == high else f"{low} to {high}"
    return f"{value} or more" if value == MAX_VALENCY else str(value)
