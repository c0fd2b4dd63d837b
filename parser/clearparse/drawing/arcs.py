"""Where the words and arcs of a drawn tree are: places of the words, lines, levels of the arcs, their ends and labels.

Words are counted from 0. In a line, an arc to a word of another line is drawn up to the edge: it is a piece.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clearparse.drawing.text import Heads

SPACE, SLANT = 18, 10  # pixels between words; by which the two sides of an arc lean inwards
END = 7  # pixels between two ends of arcs at a word
LABEL = 7.2  # pixels of a letter of a label
LEANING = 6  # pixels between a label and a leaning side of another arc
SHIFT = 8  # pixels by which labels are moved out of the way of crossing arcs

Arc = tuple[int, int]  # head and dependent


class Piece(NamedTuple):
    """The part of an arc in one line. left, right: the words at its ends, None where it goes on in another line."""

    head: int
    word: int
    left: int | None
    right: int | None
    level: int


def arcs_of(heads: Heads) -> list[Arc]:
    """Head and dependent of each arc except the root's."""
    return [(int(head) - 1, word) for word, head in enumerate(heads) if head]


def places(widths: Sequence[float], arcs: Iterable[tuple[Arc, str]]) -> list[float]:
    """The center of each word (n,) in one line, such that words do not overlap, and each label fits into its arc.

    widths (n,): of the words. arcs: with their labels.
    """
    ending: dict[int, list[tuple[int, float]]] = {}  # for each word, the arcs from words before it
    for arc, label in arcs:
        ending.setdefault(max(arc), []).append((min(arc), len(label) * LABEL + 2 * SLANT))
    x: list[float] = []
    for word, width in enumerate(widths):
        least = x[-1] + (widths[word - 1] + width) / 2 + SPACE if x else width / 2
        x.append(max([least, *(x[other] + room for other, room in ending.get(word, ()))]))
    return x


def break_lines(x: Sequence[float], widths: Sequence[float], most: float | None) -> list[range]:
    """The words of each line; no line is wider than `most` pixels unless a single word is."""
    lines, first = [], 0
    for word in range(1, len(x)):
        if most is not None and x[word] + widths[word] / 2 - (x[first] - widths[first] / 2) > most:
            lines.append(range(first, word))
            first = word
    return [*lines, range(first, len(x))]


def pieces(arcs: Sequence[Arc], line: range) -> list[Piece]:
    """The arcs of a line, each one level above all arcs inside it; the lowest level is 1."""
    found = []
    for head, word in arcs:
        left, right = min(head, word), max(head, word)
        if left < line.stop and right >= line.start:
            found.append(((head, word), left if left in line else None, right if right in line else None))
    spans = [
        range(line.start - 1 if left is None else left, line.stop if right is None else right)
        for _, left, right in found
    ]
    return [Piece(*arc, left, right, level) for (arc, left, right), level in zip(found, _levels(spans), strict=True)]


def _levels(spans: Sequence[range]) -> list[int]:
    """The level of each arc. spans: the gaps between words that it lies over."""
    level = [0] * len(spans)
    top: dict[int, int] = {}  # the highest level so far over each gap
    for k in sorted(range(len(spans)), key=lambda k: len(spans[k])):
        level[k] = 1 + max(top.get(gap, 0) for gap in spans[k])
        top.update(dict.fromkeys(spans[k], level[k]))
    return level


def ends(found: Sequence[Piece], roots: Iterable[int], widths: Sequence[float]) -> dict[Arc, float]:
    """How far from the center of a word an arc ends there, by (word, other word); a root's by (word, word).

    Ends are side by side: lower arcs further out, so that no arc crosses another one of its word.
    """
    to_left: dict[int, list[tuple[int, int]]] = {}
    to_right: dict[int, list[tuple[int, int]]] = {}
    for piece in found:
        low, high = min(piece.head, piece.word), max(piece.head, piece.word)
        if piece.right is not None:
            to_left.setdefault(high, []).append((piece.level, low))
        if piece.left is not None:
            to_right.setdefault(low, []).append((-piece.level, high))
    rooted = set(roots)
    offsets = {}
    for word in {*to_left, *to_right, *rooted}:
        left, right = sorted(to_left.get(word, ())), sorted(to_right.get(word, ()))
        others = [*(each for _, each in left), *([word] if word in rooted else []), *(each for _, each in right)]
        step = min(END, max(widths[word], END) / len(others))
        for place, other in enumerate(others):
            offsets[word, other] = (place - (len(others) - 1) / 2) * step
    return offsets


def label_place(left: float, right: float, level: int, width: float, legs: Sequence[tuple[float, int]]) -> float:
    """The middle of the label of an arc from `left` to `right`, moved so that as few higher arcs as possible cross it.

    legs: place and level of each vertical line, sorted.
    """
    middle, half = (left + right) / 2, width / 2
    inside = legs[bisect_left(legs, (left - half, 0)) : bisect_right(legs, (right + half, 0))]
    higher = [x for x, other in inside if other > level]

    def crossed(x: float) -> int:
        return sum(abs(leg - x) < half + LEANING for leg in higher)

    if not crossed(middle):
        return middle
    room = max((right - left) / 2 - half, 0)
    shifts = [k * SHIFT * sign for k in range(1, int(room // SHIFT) + 1) for sign in (-1, 1)]
    return min([middle, *(middle + shift for shift in shifts)], key=crossed)
