"""Draws dependency trees as SVG: the words in a line, each arc a bow above them from its head to its dependent."""

from __future__ import annotations

import html
from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

from clearparse.drawing.text import display_width
from clearparse.treebank.conllu import Sentence

SPACE, LETTER, MARGIN = 22, 8.6, 14  # pixels between words, for a letter, around the picture
LEVEL, LABEL = 26, 7.8  # height of a bow for each one below it; width of a letter of a label
WORD_LINE, TAG_LINE = 20, 18  # pixels below the foot of the arcs
SLANT = 10  # how far the ends of a bow lean inwards

STYLE = (
    "text{font-family:system-ui,sans-serif;text-anchor:middle;fill:currentColor}"
    ".word{font-size:15px}.tag{font-size:11px;opacity:.65}.label{font-size:11px}"
    "path{fill:none;stroke:currentColor;stroke-width:1.2}.tip{fill:currentColor;stroke:none}"
    ".marked path{stroke-width:2.4}.marked .tip{stroke-width:0}.marked .label{font-weight:700}"
)
PAGE_BEGINS = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Trees</title><style>
:root{color-scheme:light dark}body{font-family:system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em}
figure{margin:0 0 2.5em;overflow-x:auto}figcaption{margin-bottom:.5em}
</style></head><body>
"""
PAGE_ENDS = "</body></html>\n"


Heads = NDArray[np.integer] | Sequence[int]


def svg(
    forms: Sequence[str],
    heads: Heads,
    labels: Sequence[str],
    tags: Sequence[str],
    *,
    marked: Container[int] = (),
    beside: tuple[Heads, Sequence[str]] | None = None,
) -> str:
    """The tree over forms, heads and labels (n each; heads count from 1, 0 is the root), with a tag below each form.

    The arcs to the words `marked` (counted from 0) are drawn thicker, as a group of class "marked". beside: heads and
    labels of another tree over the same words, which get the places that both trees have room for.
    """
    tree = [int(head) for head in heads]
    arcs = _arcs(tree)
    level = _levels(arcs)
    named = [(arc, labels[arc[1]]) for arc in arcs]
    x = _places(forms, tags, named + [(arc, beside[1][arc[1]]) for arc in _arcs(beside[0])] if beside else named)
    foot = MARGIN + LEVEL * (1 + max(level, default=0)) + 8
    height, width = foot + WORD_LINE + TAG_LINE + MARGIN, x[-1] + _width(forms[-1]) / 2 + MARGIN if len(forms) else 0
    drawn = {word: _root(x[word], foot, labels[word]) for word, head in enumerate(tree) if not head}
    for arc, of in zip(arcs, level, strict=True):
        drawn[arc[1]] = _bow(x, arc, foot, foot - LEVEL * of, labels[arc[1]])
    parts = [_group("arc marked" if word in marked else "arc", word, arc) for word, arc in drawn.items()]
    for word, (place, form, tag) in enumerate(zip(x, forms, tags, strict=True)):
        lines = _text("word", place, foot + WORD_LINE, form) + _text("tag", place, foot + WORD_LINE + TAG_LINE - 2, tag)
        parts.append(_group("node", word, lines))
    ends = [f"{label} of {forms[head - 1]}" if head else label for label, head in zip(labels, tree, strict=True)]
    told = "; ".join(f"{form}: {end}" for form, end in zip(forms, ends, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" role="img"'
        f' viewBox="0 0 {width:.0f} {height:.0f}"><title>{html.escape(" ".join(forms))}</title>'
        f"<desc>{html.escape(told)}</desc><style>{STYLE}</style>{''.join(parts)}</svg>"
    )


def svg_of(sentence: Sentence) -> str:
    """The tree of a sentence, with its UPOS tags."""
    return svg(sentence.forms, sentence.heads, sentence.deprels, sentence.upos)


def figure(sentence: Sentence) -> str:
    """A sentence and its tree as they stand on an HTML page, between PAGE_BEGINS and PAGE_ENDS."""
    text = sentence.text or " ".join(sentence.forms)
    return f"<figure><figcaption>{html.escape(text)}</figcaption>{svg_of(sentence)}</figure>\n"


def _arcs(heads: Heads) -> list[tuple[int, int]]:
    """Head and dependent of each arc but the root's, counted from 0."""
    return [(int(head) - 1, word) for word, head in enumerate(heads) if head]


def _levels(arcs: Sequence[tuple[int, int]]) -> list[int]:
    """How high each arc is drawn, from 1 on: above all arcs that lie inside it."""
    level = [0] * len(arcs)
    top: dict[int, int] = {}  # the highest bow so far over each gap between two words
    for k in sorted(range(len(arcs)), key=lambda k: abs(arcs[k][0] - arcs[k][1])):
        gaps = range(min(arcs[k]), max(arcs[k]))
        level[k] = 1 + max(top.get(gap, 0) for gap in gaps)
        top.update(dict.fromkeys(gaps, level[k]))
    return level


def _width(text: str) -> float:
    return LETTER * max(display_width(text), 1)


def _places(forms: Sequence[str], tags: Sequence[str], arcs: Sequence[tuple[tuple[int, int], str]]) -> list[float]:
    """The middle of each word, so that neither words nor the labels of the arcs between neighbours touch."""
    widths = [max(_width(form), 0.8 * _width(tag)) for form, tag in zip(forms, tags, strict=True)]
    near: dict[int, float] = {}  # the room that an arc between a word and the next needs
    for arc, label in arcs:
        if abs(arc[0] - arc[1]) == 1:
            near[min(arc)] = max(near.get(min(arc), 0), len(label) * LABEL + 2 * SLANT)
    x: list[float] = []
    for word, width in enumerate(widths):
        if not x:
            x.append(MARGIN + width / 2)
        else:
            x.append(x[-1] + max((widths[word - 1] + width) / 2 + SPACE, near.get(word - 1, 0)))
    return x


def _bow(x: Sequence[float], arc: tuple[int, int], foot: float, top: float, label: str) -> str:
    """A bow from head to dependent, with its tip and its label in the middle."""
    head, word = arc
    toward = 1 if word < head else -1
    start, end = x[head] - 5 * toward, x[word] + 2 * toward  # arcs leave a word at its side, and enter it in its middle
    lean = SLANT / 2 * toward
    path = f"M{start:.0f} {foot:.0f}L{start - lean:.0f} {top:.0f}L{end + lean:.0f} {top:.0f}L{end:.0f} {foot - 5:.0f}"
    return f'<path d="{path}"/>{_tip(end, foot)}{_text("label", (start + end) / 2, top - 4, label)}'


def _root(x: float, foot: float, label: str) -> str:
    """The arc of a root: from above."""
    return f'<path d="M{x:.0f} {MARGIN}L{x:.0f} {foot - 5:.0f}"/>{_tip(x, foot)}{_text("label", x, MARGIN - 3, label)}'


def _tip(x: float, foot: float) -> str:
    return f'<path class="tip" d="M{x - 3.5:.1f} {foot - 7:.0f}L{x + 3.5:.1f} {foot - 7:.0f}L{x:.1f} {foot:.0f}Z"/>'


def _group(kind: str, word: int, parts: str) -> str:
    """What belongs to a word (node) or to the arc to it (arc); the word is numbered as in CoNLL-U, from 1 on."""
    return f'<g class="{kind}" data-word="{word + 1}">{parts}</g>'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{html.escape(text)}</text>'
