"""Arc-standard with SWAP, for non-projective trees, and its static oracle."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearparse.transition.arc_standard import ArcStandard, StaticOracle
from clearparse.transition.layout import Index, Layout, Mask
from clearparse.transition.system import LEFT_ARC, MOVES, SHIFT, Action, System
from clearparse.treebank.tree import components, inorder, nonprojective_sentences

SWAP = len(MOVES)
LEGAL: Mask = np.zeros((2, len(ArcStandard.legal_moves), SWAP + 1), np.bool_)  # without and with SWAP
LEGAL[:, :, :SWAP] = ArcStandard.legal_moves
LEGAL[1, :, SWAP] = True
MAX_SWAPS_PER_WORD = 10
MIN_SWAP_LIMIT = 1000  # enough to put 45 words into any order


class SwapOracle(StaticOracle):
    """Costs on the path to the gold tree (Nivre 2009): 0 for the moves that lead to it, 1 for the others.

    SWAP puts words into projective order: the inorder traversal of the gold tree. If s0 and
    s1 are in the wrong order, s1 goes back to the buffer, but not while s0 and b0 are in one component that can be
    built first (Nivre, Kuhlmann & Hall 2009). In projective trees left arcs may be delayed, as in arc-standard.
    """

    projective = False

    def __init__(self, system: System, gold: Index) -> None:
        super().__init__(system, gold)
        sentences = system.layout.sentences
        layout = Layout(sentences)  # the same words in reading order
        heads = layout.index_to_heads(gold)
        place = inorder(heads, sentences)
        self.place = layout.spread(place, null=-1, root=-1)
        self.component = layout.spread(components(heads, sentences), null=-1, root=-1)
        self.nonprojective = nonprojective_sentences(heads, sentences)
        self.missing: Index = np.bincount(gold, minlength=len(gold))  # each word's gold dependents not yet attached

    def _costs(self, active: Index) -> tuple[Index | Mask, ...]:
        system, gold, place, missing = self.system, self.gold, self.place, self.missing
        s0, b0 = system.s0[active], system.b0[active]
        s1 = system.stack_next[s0]
        left = (gold[s1] == s0) & (missing[s1] == 0)
        right = (gold[s0] == s1) & (missing[s0] == 0)
        swap = (place[s0] < place[s1]) & (self.component[s0] != self.component[b0]) & ~left & ~right
        may_wait = left & (self.in_buffer[s0] > 0) & ~self.nonprojective[active]
        return (left & ~may_wait) | right | swap, ~left, ~right, ~swap

    def advance(self, active: Index, move: Index) -> None:
        super().advance(active, move)
        system = self.system
        s0 = system.s0[active]
        head = np.where(move == LEFT_ARC, s0, system.stack_next[s0])
        self.missing[head[(move != SHIFT) & (move != SWAP)]] -= 1


class ArcStandardSwap(ArcStandard):
    """Arc-standard with SWAP (Nivre 2009), which can build every tree.

    Move   Validity                                 Action                    Cost 0 on the path to the gold tree
    SWAP   s1 is a word before s0 in the sentence   s1 goes back to buffer    the gold tree's inorder has s0 before s1

    Each pair of words is swapped at most once, so parsing terminates. A sentence of n words has at most
    max(MAX_SWAPS_PER_WORD * n, MIN_SWAP_LIMIT) swaps, which bounds parsing time linearly in n. Treebank sentences need
    far fewer; a tree that needs more cannot be built completely.
    "Left" and "right" of a word refer to the order after the swaps.
    """

    name = "arc-standard-swap"
    description = "can build non-projective trees, with a static oracle"
    oracle = SwapOracle
    moves = (*MOVES, "SWAP")
    nonprojective = True
    legal_moves = LEGAL.reshape(12, -1)

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._swaps_left = np.maximum(MAX_SWAPS_PER_WORD * layout.lengths, MIN_SWAP_LIMIT)  # (S,)

    def situation(self, c: Any) -> Any:
        s0 = self.s0[c]
        s1 = self.stack_next[s0]
        swap = (s1 != 0) & (s1 < s0) & (self._swaps_left[c] > 0)
        return super().situation(c) + len(ArcStandard.legal_moves) * swap

    def actions(self) -> tuple[Action, ...]:
        return *super().actions(), self._swap

    def _swap(self, c: Any, _label: Any) -> None:
        self._swaps_left[c] -= 1
        s0 = self.s0[c]
        s1 = self.stack_next[s0]
        self.stack_next[s0] = self.stack_next[s1]
        self.buffer_next[s1] = self.b0[c]
        self.b0[c] = s1
