"""What each move costs: how many arcs of the gold tree it puts out of reach.

Moves of minimum cost are the ones to learn (Goldberg & Nivre 2013), in any configuration; a tree the system cannot
build has none of cost zero. Arc-hybrid's costs are exact under the one-root rule for every projective tree with one
root (tests: brute force).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from clearparse.transition.systems import (
    LEFT_ARC,
    SHIFT,
    SWAP,
    ArcHybrid,
    ArcStandard,
    ArcStandardSwap,
    Index,
    Layout,
    System,
)
from clearparse.treebank.tree import components, inorder, nonprojective_sentences

IMPOSSIBLE = 1 << 20  # the cost of an illegal move; no sentence has so many arcs


class Oracle(ABC):
    """Costs of moves against gold heads (flat indices, see Layout.heads_to_index).

    exploration: whether the costs hold in every configuration, or only on the way to the gold tree. projective: must
    the gold tree be?
    """

    exploration: ClassVar[bool] = True
    projective: ClassVar[bool] = False

    def __init__(self, system: System, gold: Index) -> None:
        self.system, self.gold = system, gold
        # Dependents of each word in the gold tree that are still in the buffer.
        self.in_buffer: Index = np.bincount(gold, minlength=len(gold))

    @abstractmethod
    def _costs(self, active: Index) -> tuple[Index, Index, Index]:
        """Costs of SHIFT, LEFT_ARC and RIGHT_ARC, each (B,), right where the move is legal."""

    def costs(self, active: Index) -> NDArray[np.intp]:
        """Cost of each kind of move in the configurations active (B,): (B, K), IMPOSSIBLE where illegal."""
        shift, left, right = self._costs(active)
        others = [np.zeros_like(shift)] * (self.system.kinds - 3)
        return np.where(self.system.legal(active), np.stack((shift, left, right, *others), axis=1), IMPOSSIBLE)

    def advance(self, active: Index, move: Index) -> None:
        """Note the moves (B,) that the configurations active (B,) are about to take."""
        word = self.system.b0[active[move == SHIFT]]
        self.in_buffer[self.gold[word]] -= 1  # distinct, since each configuration is of another sentence


class DynamicOracle(Oracle):
    """Arc-hybrid with one root, in any configuration.

    Goldberg & Nivre (2013, section 4) for arc-hybrid, corrected for the rule that ROOT takes only the bottom of the
    stack: an arc from ROOT is lost only with the bottom, and SHIFT over a stack that is not empty loses (ROOT, b0).
    """

    def __init__(self, system: System, gold: Index) -> None:
        super().__init__(system, gold)
        self.on_stack: Index = np.zeros(len(gold), dtype=np.intp)  # dependents of each word that are on the stack

    def advance(self, active: Index, move: Index) -> None:
        super().advance(active, move)
        self.on_stack[self.gold[self.system.b0[active[move == SHIFT]]]] += 1
        self.on_stack[self.gold[self.system.s0[active[move != SHIFT]]]] -= 1

    def _costs(self, active: Index) -> tuple[Index, Index, Index]:
        system, gold = self.system, self.gold
        s0, b0 = system.s0[active], system.b0[active]
        s1 = system.below[s0]
        head, head_of_b0 = gold[s0], gold[b0]
        from_root = system.is_root[head]
        children, to_come = self.in_buffer[s0], head >= b0
        left = children + np.where(from_root, s1 == 0, (head == s1) | (to_come & (head != b0)))
        right = children + (~from_root & to_come)
        # A word that left the buffer and has no head is on the stack: SHIFT loses (h, b0) for every such h but s0.
        unreached = (head_of_b0 < b0) & (head_of_b0 != s0) & (system.head[head_of_b0] == 0)
        shift = self.on_stack[b0] + np.where(system.is_root[head_of_b0], s0 != 0, unreached)
        return shift, left, right


class StaticOracle(Oracle):
    """Arc-standard on the way to the gold tree (Nivre 2004): moves that lead there cost 0, others 1.

    A word's dependents to the left may wait for those to its right: with SHIFT or LEFT_ARC a tree is built in several
    ways (Goldberg & Nivre 2013, section 3.2), and the parser has the choice.
    """

    exploration, projective = False, True

    def _costs(self, active: Index) -> tuple[Index, Index, Index]:
        s0 = self.system.s0[active]
        s1 = self.system.below[s0]
        complete = self.in_buffer[s0] == 0
        left, right = self.gold[s1] == s0, (self.gold[s0] == s1) & complete
        return ((left & complete) | right).astype(np.intp), (~left).astype(np.intp), (~right).astype(np.intp)


class SwapOracle(StaticOracle):
    """Arc-standard with SWAP on the way to the gold tree (Nivre 2009), no SWAP before its time.

    Words are wanted in the order in which the gold tree is projective. Of two on the stack in the wrong order the lower
    one goes back, unless the upper one is in a component with the next word, which can be built first (Nivre, Kuhlmann
    & Hall 2009). In projective trees dependents to the left may wait, as without SWAP.
    """

    projective = False

    def __init__(self, system: System, gold: Index) -> None:
        super().__init__(system, gold)
        sentences = system.layout.sentences
        layout = Layout(sentences)  # in which words are counted as they are read
        heads = layout.index_to_heads(gold)
        place = inorder(heads, sentences)
        self.place = layout.spread(place, null=-1, root=-1)
        self.component = layout.spread(components(heads, sentences), null=-1, root=-1)
        self.nonprojective_arcs = nonprojective_sentences(heads, sentences)
        self.missing: Index = np.bincount(gold, minlength=len(gold))  # dependents that a word does not have yet

    def costs(self, active: Index) -> NDArray[np.intp]:
        system, gold, place, missing = self.system, self.gold, self.place, self.missing
        s0, b0 = system.s0[active], system.b0[active]
        s1 = system.below[s0]
        left = (gold[s1] == s0) & (missing[s1] == 0)
        right = (gold[s0] == s1) & (missing[s0] == 0)
        swap = (place[s0] < place[s1]) & (self.component[s0] != self.component[b0]) & ~left & ~right
        may_wait = left & (self.in_buffer[s0] > 0) & ~self.nonprojective_arcs[active]
        costs = np.stack(((left & ~may_wait) | right | swap, ~left, ~right, np.zeros_like(left), ~swap), axis=1)
        return np.where(system.legal(active), costs, IMPOSSIBLE)

    def advance(self, active: Index, move: Index) -> None:
        super().advance(active, move)
        system = self.system
        s0 = system.s0[active]
        head = np.where(move == LEFT_ARC, s0, system.below[s0])
        self.missing[head[(move != SHIFT) & (move != SWAP)]] -= 1


ORACLES: dict[str, type[Oracle]] = {
    ArcHybrid.name: DynamicOracle,
    ArcStandard.name: StaticOracle,
    ArcStandardSwap.name: SwapOracle,
}
