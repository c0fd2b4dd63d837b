"""Base classes of transition systems and oracles, and the classes that the network chooses from.

A move is a kind of action (SHIFT, LEFT_ARC ...); a transition is a move with its label, if it has one.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from clearparse.transition.layout import Index, Layout, Mask

# ROOT_ARC is the arc from ROOT to the sentence's one root word (a LEFT-ARC in arc-hybrid, a RIGHT-ARC in arc-standard).
# As a move of its own it is legal exactly once, as the last move, which gives every output exactly one root.
MOVES = ("SHIFT", "LEFT_ARC", "RIGHT_ARC", "ROOT_ARC")  # of every system; a system may add others
SHIFT, LEFT_ARC, RIGHT_ARC, ROOT_ARC = range(len(MOVES))
ARCS = (LEFT_ARC, RIGHT_ARC, ROOT_ARC)

LINKS = ("stack_next", "buffer_next", "left_neighbor", "right_neighbor", "lc1", "lc2", "rc1", "rc2")
COLUMNS = (*LINKS, "label", "left_valency", "right_valency")
NULL_NODE, WORD_NODE, ROOT_NODE = range(3)
IMPOSSIBLE = 1 << 20  # the cost of an illegal move; no sentence has so many arcs

Action = Callable[[Any, Any], None]  # changes configurations c, given the indices of the labels
T = TypeVar("T", bound="System")


class System(ABC):
    """The configurations of S sentences and the moves between them.

    s0, b0 (S,): the top of each stack and the front of each buffer.

    All other arrays are (size,), by flat index:
    stack_next: the word below on the stack. buffer_next: the next word in the buffer.
    left_neighbor, right_neighbor: the words next to it in the sentence.
    lc1, lc2, rc1, rc2: leftmost, second leftmost, rightmost and second rightmost child.
    left_valency, right_valency: the number of children on each side.
    head, label: the partial tree; label is 1 + the index of the label, 0 for none.
    node: NULL_NODE, WORD_NODE or ROOT_NODE.
    columns (11, size): the arrays of COLUMNS in one. flat (11 * size,): a flat view of columns, so that one `take` can
    look up several columns; begin (11, 1): where each column begins in flat.

    Every link of NULL is NULL, so an address such as lc1(lc1(s0)) is a chain of gathers without a mask.

    `situation` and the functions that `actions` returns are used in two ways: on arrays, with configurations c (B,) and
    label indices (B,); and on a `scalar_view`, with one configuration and one label index as ints.

    A subclass declares:
    name: the value of `--transition-system`. description: one line for the help.
    oracle: the Oracle class that provides training targets. partner: the name of the other system in an ensemble.
    moves: the names of its K moves: MOVES, followed by its own, which have no labels.
    legal_moves (R, K): which moves are legal in each of R situations. A situation is what decides that, such as "s1 is
    ROOT and the buffer is empty"; in that of a finished configuration no move is legal.
    nonprojective: whether it can build non-projective trees.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    oracle: ClassVar[type[Oracle]]
    partner: ClassVar[str]
    moves: ClassVar[tuple[str, ...]] = MOVES
    legal_moves: ClassVar[Mask]
    nonprojective: ClassVar[bool] = False

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        size = layout.size
        self.head: Index = np.zeros(size, dtype=np.intp)
        self.columns: Index = np.zeros((len(COLUMNS), size), dtype=np.intp)
        self.flat = self.columns.ravel()  # a view
        self.begin: Index = size * np.arange(len(COLUMNS))[:, None]
        self.stack_next, self.buffer_next, self.left_neighbor, self.right_neighbor = self.columns[:4]  # views
        self.lc1, self.lc2, self.rc1, self.rc2, self.label, self.left_valency, self.right_valency = self.columns[4:]
        self.node: Index = np.full(size, WORD_NODE, dtype=np.intp)
        self.node[0], self.node[layout.root] = NULL_NODE, ROOT_NODE
        self.left_neighbor[:], self.right_neighbor[:] = np.arange(-1, size - 1), np.arange(1, size + 1)
        self.left_neighbor[0] = self.left_neighbor[layout.first] = 0
        self.right_neighbor[0] = self.right_neighbor[layout.root] = 0
        self.buffer_next[1:-1] = np.arange(2, size)
        self.buffer_next[layout.root] = 0
        self.b0 = layout.first.copy()
        self.s0: Index = np.zeros(len(layout.first), dtype=np.intp)

    def __init_subclass__(cls) -> None:
        if {"legal", "apply"} & vars(cls).keys():
            raise TypeError(f"{cls.__name__}: a system declares legal_moves, situation and actions, not legal or apply")

    @classmethod
    def nonprojective_training(cls) -> str:
        """What training does with non-projective trees, in one line."""
        if cls.nonprojective:
            return f"{cls.name} can build their trees"
        if cls.oracle.projective:
            return f"{cls.name} builds projective trees only and learns from these trees projectivized"
        return f"{cls.name} builds projective trees only and learns the transitions that lose the fewest arcs"

    @abstractmethod
    def situation(self, c: Any) -> Any:
        """The situation of each configuration c: its row in legal_moves."""

    @abstractmethod
    def actions(self) -> tuple[Action, ...]:
        """The K functions that carry out the moves, in the order of `moves`."""

    @abstractmethod
    def dependent(self, active: Index) -> tuple[Index, Index, Index]:
        """The words that LEFT_ARC, RIGHT_ARC and ROOT_ARC would attach in the configurations active (B,): 3 x (B,)."""

    @final
    def legal(self, active: Index) -> Mask:
        """Mask (B, K) of the legal moves in the configurations active (B,); a finished one has no legal move."""
        legal: Mask = self.legal_moves.take(self.situation(active), axis=0)
        return legal

    @final
    def apply(self, active: Index, move: Index, label: Index) -> None:
        """Apply the moves (B,) with the label indices (B,) to the distinct configurations active (B,)."""
        for kind, action in enumerate(self.actions()):
            if len(moved := (move == kind).nonzero()[0]):
                action(active[moved], label[moved])

    def scalar_view(self: T) -> T:
        """This system with memoryviews of its arrays, of which an int as index gives an int, much faster than in NumPy.

        Only `situation` and the actions work on it, with one configuration at a time. Both systems have the same state.
        """
        view = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and value.ndim == 1:
                setattr(view, name, value.data)
        return view

    def _shift(self, c: Any, _label: Any) -> None:
        word = self.b0[c]
        self.stack_next[word] = self.s0[c]
        self.s0[c] = word
        self.b0[c] = self.buffer_next[word]

    def _right_arc(self, c: Any, label: Any) -> None:
        """Attach s0 to s1 and remove it from the stack, as in arc-standard and arc-hybrid."""
        word = self.s0[c]
        head = self.stack_next[word]
        self._attach_right(head, word, label)
        self.s0[c] = head

    def _attach_left(self, head: Any, word: Any, label: Any) -> None:
        """Attach word, to the left of head. Children are attached from the inside out: the newest is the leftmost."""
        self.head[word], self.label[word] = head, label + 1
        self.lc2[head] = self.lc1[head]
        self.lc1[head] = word
        self.left_valency[head] += 1

    def _attach_right(self, head: Any, word: Any, label: Any) -> None:
        """Attach word, to the right of head: the newest child is the rightmost."""
        self.head[word], self.label[word] = head, label + 1
        self.rc2[head] = self.rc1[head]
        self.rc1[head] = word
        self.right_valency[head] += 1


class Oracle(ABC):
    """The cost of each move, given the gold tree.

    In a dynamic oracle the cost is the number of gold arcs that the move makes unreachable, in any configuration
    (Goldberg & Nivre 2013). In a static oracle it is 0 for a move that leads to the gold tree and 1 for the others; it
    is defined only in configurations from which the gold tree can be reached.

    gold (size,): the gold head of each word by flat index (see Layout.heads_to_index).
    exploration: the oracle is dynamic, so training may explore configurations that the oracle would not reach.
    projective: the gold tree must be projective: training projectivizes it.
    """

    exploration: ClassVar[bool] = True
    projective: ClassVar[bool] = False

    def __init__(self, system: System, gold: Index) -> None:
        self.system, self.gold = system, gold
        self.in_buffer: Index = np.bincount(gold, minlength=len(gold))  # each word's gold dependents in the buffer

    @abstractmethod
    def _costs(self, active: Index) -> tuple[Index | Mask, ...]:
        """Costs of all moves except ROOT_ARC, in order, where they are legal: K - 1 arrays of shape (B,).

        ROOT_ARC always costs 0: where it is legal, no other move is.
        """

    def costs(self, active: Index) -> NDArray[np.intp]:
        """The cost of each move in the configurations active (B,): (B, K), IMPOSSIBLE where the move is illegal."""
        costs = list(self._costs(active))
        costs.insert(ROOT_ARC, np.zeros_like(costs[0]))
        return np.where(self.system.legal(active), np.stack(costs, axis=1), IMPOSSIBLE)

    def advance(self, active: Index, move: Index) -> None:
        """Update the state before the moves (B,) are applied to the configurations active (B,).

        Here SHIFT alone takes b0 from the buffer.
        """
        word = self.system.b0[active[move == SHIFT]]
        self.in_buffer[self.gold[word]] -= 1  # no index repeats: each configuration belongs to another sentence


class Transitions:
    """The C classes of the network: each move with each of its labels.

    left_labels, right_labels, root_labels: the labels that LEFT_ARC, RIGHT_ARC and ROOT_ARC can have.
    moves: the names of the K moves of the system. labels: all labels, in the order of their indices.
    kind (C,), label (C,): the move and the label index of each class; label is 0 for moves without a label.
    class_of (K, labels): the class of each move with each label, -1 where there is none.
    legal (R, C): the classes that are legal in each situation of the system. undecided (R,): several are legal;
    otherwise the transition is forced and needs no scores. first (R,): the first legal class; if forced, the only one.
    """

    def __init__(
        self,
        left_labels: Sequence[str],
        right_labels: Sequence[str],
        root_labels: Sequence[str],
        system: type[System],
    ) -> None:
        self.by_kind = {LEFT_ARC: list(left_labels), RIGHT_ARC: list(right_labels), ROOT_ARC: list(root_labels)}
        if not all(self.by_kind.values()):
            raise ValueError("each kind of arc needs at least one label")
        self.labels = list(dict.fromkeys(label for labels in self.by_kind.values() for label in labels))
        number = {label: i for i, label in enumerate(self.labels)}
        classes = [(SHIFT, 0), *((kind, number[label]) for kind, labels in self.by_kind.items() for label in labels)]
        classes += [(kind, 0) for kind in range(len(MOVES), len(system.moves))]
        self.moves = system.moves
        self.kind, self.label = np.array(classes, dtype=np.intp).T.copy()
        self.class_of: Index = np.full((len(self.moves), len(self.labels)), -1, dtype=np.intp)
        self.class_of[self.kind, self.label] = np.arange(len(self.kind))
        self.legal: Mask = np.take(system.legal_moves, self.kind, axis=1)
        self.undecided: Mask = self.legal.sum(axis=1) > 1
        self.first: Index = self.legal.argmax(axis=1)

    def names(self) -> list[str]:
        """The names of the C classes: SHIFT, LEFT_ARC nsubj ..."""
        return [self.name(transition) for transition in range(len(self.kind))]

    def name(self, transition: int) -> str:
        """The name of a class: LEFT_ARC nsubj."""
        kind, label = self.kind[transition], self.label[transition]
        return f"{self.moves[kind]} {self.labels[label]}" if kind in ARCS else self.moves[kind]
