"""Arc-standard and its static oracle."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from clearparse.transition.layout import Index, Layout, Mask
from clearparse.transition.system import (
    LEFT_ARC,
    MOVES,
    NULL_NODE,
    RIGHT_ARC,
    ROOT_ARC,
    ROOT_NODE,
    SHIFT,
    WORD_NODE,
    Action,
    Oracle,
    System,
)

LEGAL: Mask = np.zeros((3, 2, len(MOVES)), np.bool_)  # by the nodes of s1 and b0, which is NULL if there is none
LEGAL[:, WORD_NODE, SHIFT] = True
LEGAL[WORD_NODE, :, LEFT_ARC] = True
LEGAL[WORD_NODE, :, RIGHT_ARC] = True
LEGAL[ROOT_NODE, NULL_NODE, ROOT_ARC] = True


class StaticOracle(Oracle):
    """Costs on the path to the gold tree (Nivre 2004): 0 for the moves that lead to it, 1 for the others.

    The order of left and right attachments is not fixed, so SHIFT and LEFT_ARC can both lead to the gold tree
    (spurious ambiguity; Goldberg & Nivre 2013, section 3.2); the one with the higher score is the target.
    """

    exploration, projective = False, True

    def _costs(self, active: Index) -> tuple[Index | Mask, ...]:
        s0 = self.system.s0[active]
        s1 = self.system.stack_next[s0]
        complete = self.in_buffer[s0] == 0
        left, right = self.gold[s1] == s0, (self.gold[s0] == s1) & complete
        return (left & complete) | right, ~left, ~right


class ArcStandard(System):
    """Arc-standard (Nivre 2004) as in Chen & Manning (2014) and CS224n: ROOT first on the stack; 2n transitions.

    Move       Validity                       Action                      Cost 0 on the path to the gold tree
    SHIFT      the buffer is not empty        push b0                     unless s0 or s1 must be attached first
    LEFT_ARC   s1 is a word                   attach s1 to s0, remove s1  s0 is the gold head of s1
    RIGHT_ARC  s1 is a word                   attach s0 to s1, pop        s1 is the gold head, s0 has all dependents
    ROOT_ARC   s1 is ROOT, buffer is empty    attach s0 to ROOT, pop      always
    """

    name = "arc-standard"
    description = "projective, with a static oracle"
    oracle: ClassVar[type[Oracle]] = StaticOracle
    partner = "arc-hybrid"
    legal_moves = LEGAL.reshape(6, -1)

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.s0 = layout.root.copy()
        self.buffer_next[layout.root - 1] = 0

    def situation(self, c: Any) -> Any:
        s1 = self.stack_next[self.s0[c]]
        return 2 * self.node[s1] + self.node[self.b0[c]]

    def actions(self) -> tuple[Action, ...]:
        return self._shift, self._left_arc, self._right_arc, self._right_arc

    def dependent(self, active: Index) -> tuple[Index, Index, Index]:
        s0 = self.s0[active]
        return self.stack_next[s0], s0, s0

    def _left_arc(self, c: Any, label: Any) -> None:
        head = self.s0[c]
        word = self.stack_next[head]
        self._attach_left(head, word, label)
        self.stack_next[head] = self.stack_next[word]
