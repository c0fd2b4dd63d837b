"""Transition systems over linked lists in flat arrays, for many sentences at once.

All words of all sentences lie in one array: index 0 is NULL, then each sentence's words, then its ROOT. Every
link of NULL is NULL, so an address such as lc1(lc1(s0)) is a chain of gathers without a mask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Kinds of moves. ROOT_ARC is the arc from ROOT to the sentence's one root word (a LEFT-ARC in arc-hybrid, a RIGHT-ARC
# in arc-standard): as a kind of its own it is legal just once, which is what gives every output exactly one root.
SHIFT, LEFT_ARC, RIGHT_ARC, ROOT_ARC, SWAP = range(5)
MOVES = ("SHIFT", "LEFT_ARC", "RIGHT_ARC", "ROOT_ARC", "SWAP")


class Layout:
    """Where the words of S sentences lie in the flat arrays, in the order in which they are read.

    sentences (S + 1,): words of sentence s are sentences[s] : sentences[s + 1]. from_end: the last word is read first.
    first (S,), root (S,): index of the word of each sentence that is read first, and of its ROOT.
    words (words,): index of each word; number (size,): what CoNLL-U calls the word at each index, from 1; ROOT is 0.
    """

    def __init__(self, sentences: NDArray[np.int64], *, right_to_left: bool = False) -> None:
        lengths = np.diff(sentences)
        if len(lengths) and lengths.min() < 1:
            raise ValueError("a sentence without words cannot be parsed")
        order = np.arange(len(lengths))
        self.first: Index = sentences[:-1] + order + 1
        self.root: Index = sentences[1:] + order + 1
        self.words: Index = np.arange(int(sentences[-1])) + np.repeat(order, lengths) + 1
        if right_to_left:
            self.words = np.repeat(self.first + self.root - 1, lengths) - self.words
        self.size = int(sentences[-1]) + len(lengths) + 1
        self.sentences, self.lengths = sentences, lengths
        self.number: Index = np.zeros(self.size, dtype=np.intp)
        self.number[self.words] = np.arange(len(self.words)) - np.repeat(sentences[:-1], lengths) + 1

    def spread(self, values: Index, *, null: int, root: int) -> Index:
        """Values of words (words,) at the words' flat indices (size,), with others for NULL and every ROOT."""
        result: Index = np.full(self.size, null, dtype=np.intp)
        result[self.words] = values
        result[self.root] = root
        return result

    def heads_to_index(self, heads: NDArray[np.int32]) -> Index:
        """HEAD columns (words,), 0 for the root, as flat indices (size,): the head of each word, ROOT included."""
        result: Index = np.zeros(self.size, dtype=np.intp)
        start, root = (np.repeat(ends, self.lengths) for ends in (self.sentences[:-1], self.root))
        result[self.words] = np.where(heads == 0, root, self.words[start + heads - 1])
        return result

    def index_to_heads(self, index: Index) -> NDArray[np.int32]:
        """The inverse: flat indices (size,) as HEAD columns (words,)."""
        return self.number[index[self.words]].astype(np.int32)


class System(ABC):
    """The configurations of S sentences and the moves between them.

    s0, b0 (S,): top of each stack and front of each buffer. All else is as long as the flat arrays: below (the word
    under a word on its stack), after (the word behind it in its buffer), head and label (the tree so far; label is 1
    + the label's number, 0 for none), lc1, lc2, rc1, rc2 (leftmost, second leftmost, rightmost, second rightmost
    child), left_valency and right_valency (how many children on each side).
    """

    name: ClassVar[str]
    kinds: ClassVar[int] = 4  # how many kinds of moves there are: K, the first of MOVES

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        size = layout.size
        self.below, self.after, self.head, self.label = (np.zeros(size, dtype=np.intp) for _ in range(4))
        self.lc1, self.lc2, self.rc1, self.rc2 = (np.zeros(size, dtype=np.intp) for _ in range(4))
        self.left_valency, self.right_valency = (np.zeros(size, dtype=np.intp) for _ in range(2))
        self.is_root: Mask = np.zeros(size, dtype=bool)
        self.is_root[layout.root] = True
        self.before, self.behind = np.arange(-1, size - 1), np.arange(1, size + 1)
        self.before[0] = self.before[layout.first] = self.behind[0] = self.behind[layout.root] = 0
        self.after[1:-1] = np.arange(2, size)
        self.after[layout.root] = 0
        self.b0 = layout.first.copy()
        self.s0: Index = np.zeros(len(layout.first), dtype=np.intp)

    @abstractmethod
    def legal(self, active: Index) -> Mask:
        """Which kinds of moves each configuration of active (B,) may take: (B, K); none when it is done."""

    @abstractmethod
    def done(self, active: Index) -> Mask:
        """Which of the configurations active (B,) have built their tree: (B,)."""

    @abstractmethod
    def dependent(self, active: Index) -> tuple[Index, Index, Index]:
        """The word that LEFT_ARC, RIGHT_ARC and ROOT_ARC would give a head, for each of active (B,): three (B,)."""

    @abstractmethod
    def apply(self, active: Index, move: Index, label: Index) -> None:
        """Take move (B,) with label (B,), its number, in the configurations active (B,), each of which occurs once."""

    def _shift(self, c: Index) -> None:
        word = self.b0[c]
        self.below[word] = self.s0[c]
        self.s0[c] = word
        self.b0[c] = self.after[word]

    def _attach_left(self, head: Index, word: Index, label: Index) -> None:
        """word, left of head, becomes its child: the nearest come first, so the newest is the leftmost."""
        self.head[word], self.label[word] = head, label + 1
        self.lc2[head] = self.lc1[head]
        self.lc1[head] = word
        self.left_valency[head] += 1

    def _attach_right(self, head: Index, word: Index, label: Index) -> None:
        """word, right of head, becomes its child: the newest is the rightmost."""
        self.head[word], self.label[word] = head, label + 1
        self.rc2[head] = self.rc1[head]
        self.rc1[head] = word
        self.right_valency[head] += 1


class ArcHybrid(System):
    """Arc-hybrid (Kuhlmann, Gomez-Rodriguez & Satta 2011), ROOT last in the buffer.

    SHIFT      b0 goes onto the stack            legal: b0 is not ROOT
    LEFT_ARC   b0 -> s0, s0 leaves the stack     legal: there is an s0, b0 is not ROOT
    RIGHT_ARC  s1 -> s0, s0 leaves the stack     legal: there is an s1
    ROOT_ARC   ROOT -> s0, s0 leaves the stack   legal: b0 is ROOT and s0 is alone on the stack
    """

    name = "arc-hybrid"

    def legal(self, active: Index) -> Mask:
        s0, b0 = self.s0[active], self.b0[active]
        at_root = self.is_root[b0]
        some, bottom = s0 != 0, self.below[s0] == 0
        return np.stack((~at_root, some & ~at_root, ~bottom, some & at_root & bottom), axis=1)

    def done(self, active: Index) -> Mask:
        done: Mask = self.is_root[self.b0[active]] & (self.s0[active] == 0)
        return done

    def dependent(self, active: Index) -> tuple[Index, Index, Index]:
        s0 = self.s0[active]
        return s0, s0, s0

    def apply(self, active: Index, move: Index, label: Index) -> None:
        self._shift(active[move == SHIFT])
        moved = np.flatnonzero(move == RIGHT_ARC)
        word = self.s0[active[moved]]
        self._attach_right(self.below[word], word, label[moved])
        self.s0[active[moved]] = self.below[word]
        moved = np.flatnonzero((move == LEFT_ARC) | (move == ROOT_ARC))
        word = self.s0[active[moved]]
        self._attach_left(self.b0[active[moved]], word, label[moved])
        self.s0[active[moved]] = self.below[word]


class ArcStandard(System):
    """Arc-standard (Nivre 2004) as Chen & Manning (2014) and CS224n use it: ROOT first on the stack, 2n steps.

    SHIFT      b0 goes onto the stack                   legal: the buffer is not empty
    LEFT_ARC   s0 -> s1, s1 leaves the stack            legal: there is an s1 and it is not ROOT
    RIGHT_ARC  s1 -> s0, s0 leaves the stack            legal: there is an s1 and it is not ROOT
    ROOT_ARC   ROOT -> s0, s0 leaves the stack          legal: s1 is ROOT and the buffer is empty
    """

    name = "arc-standard"

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.s0 = layout.root.copy()
        self.after[layout.root - 1] = 0

    def legal(self, active: Index) -> Mask:
        b0, s1 = self.b0[active], self.below[self.s0[active]]
        more, on_root = b0 != 0, self.is_root[s1]
        words = (s1 != 0) & ~on_root
        return np.stack((more, words, words, on_root & ~more), axis=1)

    def done(self, active: Index) -> Mask:
        done: Mask = self.is_root[self.s0[active]] & (self.b0[active] == 0)
        return done

    def dependent(self, active: Index) -> tuple[Index, Index, Index]:
        s0 = self.s0[active]
        return self.below[s0], s0, s0

    def apply(self, active: Index, move: Index, label: Index) -> None:
        self._shift(active[move == SHIFT])
        moved = np.flatnonzero(move == LEFT_ARC)
        head = self.s0[active[moved]]
        word = self.below[head]
        self._attach_left(head, word, label[moved])
        self.below[head] = self.below[word]
        moved = np.flatnonzero((move == RIGHT_ARC) | (move == ROOT_ARC))
        word = self.s0[active[moved]]
        self._attach_right(self.below[word], word, label[moved])
        self.s0[active[moved]] = self.below[word]


class ArcStandardSwap(ArcStandard):
    """Arc-standard with SWAP (Nivre 2009), which can build every tree.

    SWAP   s1 goes back into the buffer   legal: s1 is a word before s0 in the sentence

    Two words change places at most once, so there is an end. Left and right of a word are those of the new order.
    """

    name = "arc-standard-swap"
    kinds = 5

    def legal(self, active: Index) -> Mask:
        s0 = self.s0[active]
        s1 = self.below[s0]
        return np.column_stack((super().legal(active), (s1 != 0) & (s1 < s0)))

    def apply(self, active: Index, move: Index, label: Index) -> None:
        super().apply(active, move, label)
        swapped = active[move == SWAP]
        s0 = self.s0[swapped]
        s1 = self.below[s0]
        self.below[s0] = self.below[s1]
        self.after[s1] = self.b0[swapped]
        self.b0[swapped] = s1


SYSTEMS: dict[str, type[System]] = {system.name: system for system in (ArcHybrid, ArcStandard, ArcStandardSwap)}


class Transitions:
    """The classes of the network: each kind of move with each of its labels.

    left_labels, right_labels, root_labels: the labels that LEFT_ARC, RIGHT_ARC and ROOT_ARC may give, as text.
    labels: all of them. kinds: K of the system. kind, label (C,): each class's kind of move and label's number.
    """

    def __init__(
        self, left_labels: Sequence[str], right_labels: Sequence[str], root_labels: Sequence[str], kinds: int
    ) -> None:
        self.by_kind = {LEFT_ARC: list(left_labels), RIGHT_ARC: list(right_labels), ROOT_ARC: list(root_labels)}
        if not all(self.by_kind.values()):
            raise ValueError("a kind of arc without a label")
        self.labels = list(dict.fromkeys(label for labels in self.by_kind.values() for label in labels))
        number = {label: i for i, label in enumerate(self.labels)}
        classes = [(SHIFT, 0), *((kind, number[label]) for kind, labels in self.by_kind.items() for label in labels)]
        classes += [(SWAP, 0)] * (kinds > SWAP)
        self.kind, self.label = np.array(classes, dtype=np.intp).T.copy()
        self.of: Index = np.full((kinds, len(self.labels)), -1, dtype=np.intp)  # class of (kind, label), -1: none
        self.of[self.kind, self.label] = np.arange(len(self.kind))
        self.count: Index = np.bincount(self.kind, minlength=kinds)
        self.first: Index = np.cumsum(self.count) - self.count

    def names(self) -> list[str]:
        """What the classes are called, (C,): SHIFT, LEFT_ARC nsubj ..."""
        arcs = self.by_kind.keys()
        pairs = zip(self.kind.tolist(), self.label.tolist(), strict=True)
        return [f"{MOVES[kind]} {self.labels[label]}" if kind in arcs else MOVES[kind] for kind, label in pairs]
