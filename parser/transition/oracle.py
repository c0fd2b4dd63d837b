"""What each move costs: how many arcs of the gold tree it puts out of reach.

Moves of minimum cost are the ones to learn (Goldberg & Nivre 2013); a tree the system cannot build has none of cost
zero. Costs are exact under the one-root rule for every projective tree with one root (tests: brute force).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from parser.transition.systems import LEFT_ARC, SHIFT, ArcHybrid, ArcStandard, Index, System

IMPOSSIBLE = 1 << 20  # the cost of an illegal move; no sentence has so many arcs


class Oracle(ABC):
    """Costs of moves against gold heads (flat indices, see Layout.heads_to_index).

    exploration: whether the costs hold in every configuration, or only on the way to the gold tree.
    """

    exploration: bool

    def __init__(self, system: System, gold: Index) -> None:
        self.system, self.gold = system, gold
        # Dependents of each word in the gold tree that are still in the buffer, and those on the stack.
        self.in_buffer: Index = np.bincount(gold, minlength=len(gold))
        self.on_stack: Index = np.zeros(len(gold), dtype=np.intp)

    @abstractmethod
    def _costs(self, live: Index) -> tuple[Index, Index, Index]:
        """Costs of SHIFT, LEFT_ARC and RIGHT_ARC, each (B,), right where the move is legal."""

    def costs(self, live: Index) -> NDArray[np.intp]:
        """Cost of each kind of move in the configurations live (B,): (B, 4), IMPOSSIBLE where illegal."""
        shift, left, right = self._costs(live)
        costs = np.stack((shift, left, right, np.zeros_like(shift)), axis=1)
        return np.where(self.system.legal(live), costs, IMPOSSIBLE)

    def advance(self, live: Index, move: Index) -> None:
        """Note the moves (B,) that the configurations live (B,) are about to take."""
        left, right, _ = self.system.dependent(live)
        word = self.system.b0[live[move == SHIFT]]
        head = self.gold[word]  # distinct, since each configuration is of another sentence
        self.in_buffer[head] -= 1
        self.on_stack[head] += 1
        self.on_stack[self.gold[np.where(move == LEFT_ARC, left, right)[move != SHIFT]]] -= 1


class DynamicOracle(Oracle):
    """Arc-hybrid with one root, in any configuration.

    Goldberg & Nivre (2013, section 4) for arc-hybrid, corrected for the rule that ROOT takes only the bottom of the
    stack: an arc from ROOT is lost only with the bottom, and SHIFT over a stack that is not empty loses (ROOT, b0).
    """

    exploration = True

    def _costs(self, live: Index) -> tuple[Index, Index, Index]:
        system, gold = self.system, self.gold
        s0, b0 = system.s0[live], system.b0[live]
        s1 = system.below[s0]
        head, head_of_b0 = gold[s0], gold[b0]
        from_root = system.is_root[head]
        children = self.in_buffer[s0]
        left = children + np.where(from_root, s1 == 0, (head == s1) | (head > b0))
        right = children + (~from_root & (head >= b0))
        # A word left of b0 without a head is on the stack: SHIFT loses (h, b0) for every such h but s0.
        unreached = (head_of_b0 < b0) & (head_of_b0 != s0) & (system.head[head_of_b0] == 0)
        shift = self.on_stack[b0] + np.where(system.is_root[head_of_b0], s0 != 0, unreached)
        return shift, left, right


class StaticOracle(Oracle):
    """Arc-standard's usual oracle (Nivre 2004): the one move on the way to a projective tree costs 0, others 1."""

    exploration = False

    def _costs(self, live: Index) -> tuple[Index, Index, Index]:
        s0 = self.system.s0[live]
        s1 = self.system.below[s0]
        left = self.gold[s1] == s0
        right = (self.gold[s0] == s1) & (self.in_buffer[s0] == 0)
        return (left | right).astype(np.intp), (~left).astype(np.intp), (~right).astype(np.intp)


ORACLES: dict[str, type[Oracle]] = {ArcHybrid.name: DynamicOracle, ArcStandard.name: StaticOracle}
