"""Arc-hybrid and its dynamic oracle."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearparse.transition.layout import Index, Mask
from clearparse.transition.system import (
    LEFT_ARC,
    MOVES,
    RIGHT_ARC,
    ROOT_ARC,
    ROOT_NODE,
    SHIFT,
    WORD_NODE,
    Action,
    Oracle,
    System,
)

LEGAL: Mask = np.zeros((2, 3, len(MOVES)), np.bool_)  # b0 is a word or ROOT; the stack has 0, 1 or more words
LEGAL[0, :, SHIFT] = True
LEGAL[0, 1:, LEFT_ARC] = True
LEGAL[:, 2, RIGHT_ARC] = True
LEGAL[1, 1, ROOT_ARC] = True


class DynamicOracle(Oracle):
    """Costs in any configuration: Goldberg & Nivre (2013, section 4), corrected for trees with one root.

    ROOT can only head the bottom word of the stack, so its arc is lost only when that word is popped with another head,
    and SHIFT onto a stack that is not empty loses (ROOT, b0). Exact for every projective tree with one root. For a tree
    that the system cannot build there may be no move of cost 0: the lowest-cost transition is the target.
    """

    def __init__(self, system: System, gold: Index) -> None:
        super().__init__(system, gold)
        self.on_stack: Index = np.zeros(len(gold), dtype=np.intp)  # each word's gold dependents on the stack

    def advance(self, active: Index, move: Index) -> None:
        super().advance(active, move)
        self.on_stack[self.gold[self.system.b0[active[move == SHIFT]]]] += 1
        self.on_stack[self.gold[self.system.s0[active[move != SHIFT]]]] -= 1

    def _costs(self, active: Index) -> tuple[Index, Index, Index]:
        system, gold = self.system, self.gold
        s0, b0 = system.s0[active], system.b0[active]
        s1 = system.stack_next[s0]
        head, head_of_b0 = gold[s0], gold[b0]
        from_root = system.node[head] == ROOT_NODE
        children, to_come = self.in_buffer[s0], head >= b0
        left = children + np.where(from_root, s1 == 0, (head == s1) | (to_come & (head != b0)))
        right = children + (~from_root & to_come)
        # A word that left the buffer and has no head is on the stack: SHIFT loses (h, b0) for every such h but s0.
        unreached = (head_of_b0 < b0) & (head_of_b0 != s0) & (system.head[head_of_b0] == 0)
        shift = self.on_stack[b0] + np.where(system.node[head_of_b0] == ROOT_NODE, s0 != 0, unreached)
        return shift, left, right


class ArcHybrid(System):
    """Arc-hybrid (Kuhlmann, Gomez-Rodriguez & Satta 2011) with ROOT last in the buffer; 2n transitions.

    Move       Validity                              Action                      Cost: gold arcs lost, between
    SHIFT      b0 is not ROOT                        push b0                     b0 and the stack, except s0 -> b0
    LEFT_ARC   the stack has a word, b0 is not ROOT  attach s0 to b0, pop        s0 and {s1, buffer}, except b0 -> s0
    RIGHT_ARC  the stack has two words               attach s0 to s1, pop        s0 and the buffer
    ROOT_ARC   b0 is ROOT, the stack has one word    attach s0 to ROOT, pop      none
    """

    name = "arc-hybrid"
    description = "projective, with a dynamic oracle"
    oracle = DynamicOracle
    partner = "arc-standard"
    legal_moves = LEGAL.reshape(6, -1)

    def situation(self, c: Any) -> Any:
        s0 = self.s0[c]
        words = self.node[s0] + self.node[self.stack_next[s0]]  # on the stack, at most 2
        return 3 * (self.node[self.b0[c]] - WORD_NODE) + words

    def actions(self) -> tuple[Action, ...]:
        return self._shift, self._left_arc, self._right_arc, self._left_arc

    def dependent(self, active: Index) -> tuple[Index, Index, Index]:
        s0 = self.s0[active]
        return s0, s0, s0

    def _left_arc(self, c: Any, label: Any) -> None:
        word = self.s0[c]
        self._attach_left(self.b0[c], word, label)
        self.s0[c] = self.stack_next[word]
