"""Arc-standard and its static oracle."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from clearparse.transition.layout import Index, Layout, Mask
from clearparse.transition.system import LEFT_ARC, MOVES, RIGHT_ARC, ROOT_ARC, SHIFT, Oracle, System, moves_among

# The legal moves where s1 is NULL, a word or ROOT, each with an empty buffer and with words in it.
LEGAL: Mask = np.zeros((6, len(MOVES)), np.bool_)
LEGAL[1::2, SHIFT] = LEGAL[2:4, LEFT_ARC] = LEGAL[2:4, RIGHT_ARC] = LEGAL[4, ROOT_ARC] = True
SHIFTS, LEFT_ARCS, RIGHT_ARCS = moves_among(SHIFT), moves_among(LEFT_ARC), moves_among(RIGHT_ARC, ROOT_ARC)


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

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.s0 = layout.root.copy()
        self.buffer_next[layout.root - 1] = 0
        self._kind: Index = np.full(layout.size, 2, np.intp)  # the rows of LEGAL where this word is s1
        self._kind[0], self._kind[layout.root] = 0, 4

    def legal(self, active: Index) -> Mask:
        rows = self._kind[self.stack_next[self.s0[active]]] + np.sign(self.b0[active])
        legal: Mask = LEGAL.take(rows, axis=0)
        return legal

    def dependent(self, active: Index) -> tuple[Index, Index, Index]:
        s0 = self.s0[active]
        return self.stack_next[s0], s0, s0

    def apply(self, active: Index, move: Index, label: Index) -> None:
        if len(shifted := active[SHIFTS[move]]):
            self._shift(shifted)
        if len(moved := LEFT_ARCS[move].nonzero()[0]):
            head = self.s0[active[moved]]
            word = self.stack_next[head]
            self._attach_left(head, word, label[moved])
            self.stack_next[head] = self.stack_next[word]
        if len(moved := RIGHT_ARCS[move].nonzero()[0]):
            word = self.s0[active[moved]]
            self._attach_right(self.stack_next[word], word, label[moved])
            self.s0[active[moved]] = self.stack_next[word]
