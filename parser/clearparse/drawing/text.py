"""Dependency trees for the terminal: one word per line, and the tree to the left of the words.

Each head has a vertical line, its trunk, from which the arcs to its dependents branch off.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

from clearparse.drawing.printable import printable

UP, DOWN, LEFT, RIGHT, JOINED = 1, 2, 4, 8, 16
_BOXES = {
    0: " ",
    LEFT: "─",
    RIGHT: "─",
    LEFT | RIGHT: "─",
    UP | DOWN: "│",
    UP | RIGHT: "└",
    DOWN | RIGHT: "┌",
    UP | DOWN | RIGHT: "├",
    UP | LEFT | RIGHT: "┴",
    DOWN | LEFT | RIGHT: "┬",
    UP | DOWN | LEFT | RIGHT: "┼",
}
_ARROW = "► "
_TO_ASCII = str.maketrans({"─": "-", "│": "|", "►": ">"} | dict.fromkeys("└┌├┴┬┼", "+"))
Heads = Sequence[int] | NDArray[np.integer]  # from 1; 0 is the root
MAX_TRUNKS = 30  # trunks side by side: more than ordinary sentences need, and as many as a terminal shows


class Drawing(str):
    """A drawing of characters; a Python prompt shows it as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Drawable(Protocol):
    """A sentence with a tree, such as clearparse.Sentence; (words,) each."""

    @property
    def text(self) -> str: ...
    @property
    def forms(self) -> Sequence[str]: ...
    @property
    def upos(self) -> Sequence[str]: ...
    @property
    def heads(self) -> Heads: ...
    @property
    def deprels(self) -> Sequence[str]: ...


def draw(
    forms: Sequence[str],
    heads: Heads,
    deprels: Sequence[str],
    *,
    ascii_only: bool = False,
    max_trunks: int = MAX_TRUNKS,
) -> str:
    """The tree with these forms, heads and deprels (n each; heads count from 1, 0 is the root), as n lines.

    >>> print(draw(["She", "sees", "the", "stars"], [2, 0, 4, 2], ["nsubj", "root", "det", "obj"]))
      ┌───► She    nsubj
    ──┼───► sees   root
      │ ┌─► the    det
      └─┴─► stars  obj

    An arc that crosses a trunk, in a non-projective tree, is drawn ``─│─``. Where a tree needs more than
    `max_trunks` trunks side by side, the head of a word is written after its label instead. Control characters are
    replaced. Raises ValueError if the three differ in length, a head lies outside the sentence, or there is a cycle.
    """
    tree = np.asarray(heads, np.int64)
    if not len(forms) == len(tree) == len(deprels):
        raise ValueError(f"{len(forms)} forms, {len(tree)} heads and {len(deprels)} labels")
    forms = [printable(form) for form in forms]
    labels = [printable(label) for label in deprels]
    trunks = _place_trunks(tree, max_trunks)
    for word in np.flatnonzero((tree > 0) & (trunks[tree - 1] == 0)):
        labels[word] += f" of {tree[word]} {forms[tree[word] - 1]}"
    width = max(map(display_width, forms), default=0)
    lines = [
        arcs + _ARROW + form + " " * (width - display_width(form)) + "  " + label
        for arcs, form, label in zip(_arcs(tree, trunks), forms, labels, strict=True)
    ]
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_TO_ASCII) if ascii_only else text


def draw_sentence(sentence: Drawable, *, ascii_only: bool = False) -> str:
    """The sentence's text, a blank line, and its tree."""
    tree = draw(sentence.forms, sentence.heads, sentence.deprels, ascii_only=ascii_only)
    return f"{printable(sentence.text)}\n\n{tree}"


def shows_boxes(stream: TextIO | None) -> bool:
    """Whether the encoding of a stream has the box-drawing characters; true if it is closed (None)."""
    if stream is None:
        return True
    try:
        ("".join(_BOXES.values()) + _ARROW).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def display_width(text: str) -> int:
    """Width of a text in terminal columns: two for East Asian wide characters, none for combining ones.

    Source: Unicode Standard Annex 11, East Asian Width.
    """
    seen = [c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf")]
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in seen)


def _place_trunks(heads: NDArray[np.int64], max_trunks: int) -> NDArray[np.int64]:
    """Distance (n,) of the trunk of each word from the words: 1 is next to them, 0 means no trunk.

    A trunk stands further out than those of its dependents, in the first place that is free on all its lines.
    """
    n = len(heads)
    if n and not (heads.min() >= 0 and heads.max() <= n):
        raise ValueError("a head lies outside the sentence")
    top, bottom = _spans(heads)
    trunks = np.zeros(n, np.int64)
    taken = np.zeros((max_trunks + 1, n), np.bool_)
    innermost = np.ones(n, np.int64)  # places further in belong to the trunks of the dependents
    waiting = np.bincount(heads, minlength=n + 1)[1:]
    ready = np.flatnonzero(waiting == 0).tolist()
    placed = 0
    for word in ready:  # grows during the loop: a word is ready when all of its dependents are placed
        placed += 1
        if top[word] < bottom[word]:
            lines = slice(top[word], bottom[word] + 1)
            free = ~taken[innermost[word] :, lines].any(axis=1)
            if free.any():
                trunks[word] = innermost[word] + int(free.argmax())
                taken[trunks[word], lines] = True
        head = heads[word] - 1
        if head >= 0:
            innermost[head] = max(innermost[head], trunks[word] + 1)
            waiting[head] -= 1
            if waiting[head] == 0:
                ready.append(int(head))
    if placed < n:
        raise ValueError("the arcs form a cycle")
    return trunks


def _spans(heads: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last line (n,) of each word's trunk: those of the word and its outermost dependents."""
    words = np.arange(len(heads))
    top, bottom = words.copy(), words.copy()
    dependents = words[heads > 0]
    np.minimum.at(top, heads[dependents] - 1, dependents)
    np.maximum.at(bottom, heads[dependents] - 1, dependents)
    return top, bottom


def _arcs(heads: NDArray[np.int64], trunks: NDArray[np.int64]) -> list[str]:
    """The drawing to the left of each word. A cell of the grid is the set of directions in which lines leave it."""
    n = len(heads)
    width = 2 * (int(trunks.max(initial=0)) + 1)
    column = width - 2 * trunks  # of a word's trunk; `width` if it has none
    grid = np.zeros((n, width), np.uint8)
    for word, (top, bottom) in enumerate(zip(*_spans(heads), strict=True)):
        if trunks[word]:
            grid[top:bottom, column[word]] |= DOWN
            grid[top + 1 : bottom + 1, column[word]] |= UP
            grid[word, column[word]] |= JOINED
    for word, head in enumerate(heads):
        if head == 0:
            start = 0
        elif trunks[head - 1]:
            start = column[head - 1]
            grid[word, start] |= JOINED
        else:
            start = column[word] - 2  # a stub: the head is written, not drawn
        grid[word, start:] |= RIGHT
        grid[word, start + 1 :] |= LEFT
    crossings = (grid & JOINED == 0) & (grid & UP > 0)
    grid[crossings] = UP | DOWN
    glyphs = np.array([_BOXES.get(lines, " ") for lines in range(JOINED)])
    return ["".join(row) for row in glyphs[grid & ~np.uint8(JOINED)]]
