"""Dependency trees as SVG: the words in one line, and above them an arc from each head to its dependent.

Trees of right-to-left scripts run from right to left.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Container, Iterable, Sequence

from clearparse.drawing.text import Drawable, Heads, display_width

SPACE, LETTER, MARGIN = 22, 8.6, 14  # pixels between words, of a letter, around the drawing
LEVEL, LABEL = 26, 7.8  # pixels between arcs above each other, of a letter of a label
WORD_LINE, TAG_LINE = 20, 18  # pixels below the ends of the arcs
SLANT = 10  # pixels by which the two sides of an arc lean inwards
# characters that neither XML nor HTML may contain
REPLACED = dict.fromkeys(
    {*range(32), *range(127, 160), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF} - {9, 10, 13}, "\N{REPLACEMENT CHARACTER}"
)

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


_SIZE = re.compile(r'<svg [^>]*?width="(\d+)" height="(\d+)"')


def svg(
    forms: Sequence[str],
    heads: Heads,
    labels: Sequence[str],
    tags: Sequence[str],
    *,
    marked: Container[int] = (),
    beside: tuple[Heads, Sequence[str]] | None = None,
) -> str:
    """The tree with these forms, heads and labels (n each; heads from 1, 0 is the root), and a tag below each form.

    marked: words (counted from 0) whose arcs are drawn thicker, with the class "marked". beside: heads and labels of
    another tree of the same words; the words are placed so that both trees fit. Control characters are replaced.
    """
    forms, labels, tags = ([text.translate(REPLACED) for text in column] for column in (forms, labels, tags))
    tree = [int(head) for head in heads]
    arcs = _arcs(tree)
    level = _levels(arcs)
    named = [(arc, labels[arc[1]]) for arc in arcs]
    x = _places(forms, tags, named + [(arc, beside[1][arc[1]]) for arc in _arcs(beside[0])] if beside else named)
    foot = MARGIN + LEVEL * (1 + max(level, default=0)) + 8
    height, width = foot + WORD_LINE + TAG_LINE + MARGIN, x[-1] + _width(forms[-1]) / 2 + MARGIN if len(forms) else 0
    direction = ""
    if right_to_left(forms):
        x, direction = [width - place for place in x], ' direction="rtl"'
    drawn = {word: _root(x[word], foot, labels[word]) for word, head in enumerate(tree) if not head}
    for arc, of in zip(arcs, level, strict=True):
        drawn[arc[1]] = _arc(x, arc, foot, foot - LEVEL * of, labels[arc[1]])
    parts = [_group("arc marked" if word in marked else "arc", word, arc) for word, arc in drawn.items()]
    for word, (place, form, tag) in enumerate(zip(x, forms, tags, strict=True)):
        lines = _text("word", place, foot + WORD_LINE, form) + _text("tag", place, foot + WORD_LINE + TAG_LINE - 2, tag)
        parts.append(_group("node", word, lines))
    ends = [f"{label} of {forms[head - 1]}" if head else label for label, head in zip(labels, tree, strict=True)]
    description = "; ".join(f"{form}: {end}" for form, end in zip(forms, ends, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" role="img"{direction}'
        f' viewBox="0 0 {width:.0f} {height:.0f}"><title>{html.escape(" ".join(forms))}</title>'
        f"<desc>{html.escape(description)}</desc><style>{STYLE}</style>{''.join(parts)}</svg>"
    )


def svg_of(sentence: Drawable) -> str:
    """The tree of a sentence, with its UPOS tags."""
    return svg(sentence.forms, sentence.heads, sentence.deprels, sentence.upos)


def figure(sentence: Drawable) -> str:
    """A sentence and its tree as an HTML figure, to be placed between PAGE_BEGINS and PAGE_ENDS."""
    text = sentence.text.translate(REPLACED)
    return f'<figure><figcaption dir="auto">{html.escape(text)}</figcaption>{svg_of(sentence)}</figure>\n'


def svg_document(drawings: Iterable[str]) -> str:
    """One SVG document with several drawings of `svg`, one below the other."""
    found = list(drawings)
    if len(found) == 1:
        return found[0] + "\n"
    parts, width, y = [], 0, 0
    for drawing in found:
        size = _SIZE.match(drawing)
        if not size:
            raise ValueError("not a drawing of svg()")
        parts.append(f'<svg y="{y}" {drawing.removeprefix("<svg ")}\n')
        width, y = max(width, int(size[1])), y + int(size[2])
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}">\n'
    return f"{opening}{''.join(parts)}</svg>\n"


def right_to_left(forms: Sequence[str]) -> bool:
    """Whether most letters of a sentence belong to a right-to-left script, such as Arabic or Hebrew."""
    classes = [unicodedata.bidirectional(letter) for form in forms for letter in form]
    return sum(each in ("R", "AL") for each in classes) > classes.count("L")


def _arcs(heads: Heads) -> list[tuple[int, int]]:
    """Head and dependent of each arc except the root's, counted from 0."""
    return [(int(head) - 1, word) for word, head in enumerate(heads) if head]


def _levels(arcs: Sequence[tuple[int, int]]) -> list[int]:
    """The level of each arc, from 1: above all arcs inside it."""
    level = [0] * len(arcs)
    top: dict[int, int] = {}  # the highest level so far over each gap between two words
    for k in sorted(range(len(arcs)), key=lambda k: abs(arcs[k][0] - arcs[k][1])):
        gaps = range(min(arcs[k]), max(arcs[k]))
        level[k] = 1 + max(top.get(gap, 0) for gap in gaps)
        top.update(dict.fromkeys(gaps, level[k]))
    return level


def _width(text: str) -> float:
    return LETTER * max(display_width(text), 1)


def _places(forms: Sequence[str], tags: Sequence[str], arcs: Sequence[tuple[tuple[int, int], str]]) -> list[float]:
    """The centre of each word (n,), such that neither words nor labels of arcs between neighbours overlap."""
    widths = [max(_width(form), 0.8 * _width(tag)) for form, tag in zip(forms, tags, strict=True)]
    near: dict[int, float] = {}  # the width needed by an arc between a word and the next
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


def _arc(x: Sequence[float], arc: tuple[int, int], foot: float, top: float, label: str) -> str:
    """An arc from head to dependent, with an arrow head, and the label above its middle."""
    head, word = arc
    toward = 1 if x[word] < x[head] else -1
    start, end = x[head] - 5 * toward, x[word] + 2 * toward  # from the side of the head to the middle of the dependent
    lean = SLANT / 2 * toward
    path = f"M{start:.0f} {foot:.0f}L{start - lean:.0f} {top:.0f}L{end + lean:.0f} {top:.0f}L{end:.0f} {foot - 5:.0f}"
    return f'<path d="{path}"/>{_tip(end, foot)}{_text("label", (start + end) / 2, top - 4, label)}'


def _root(x: float, foot: float, label: str) -> str:
    """The vertical arc of a root."""
    return f'<path d="M{x:.0f} {MARGIN}L{x:.0f} {foot - 5:.0f}"/>{_tip(x, foot)}{_text("label", x, MARGIN - 3, label)}'


def _tip(x: float, foot: float) -> str:
    return f'<path class="tip" d="M{x - 3.5:.1f} {foot - 7:.0f}L{x + 3.5:.1f} {foot - 7:.0f}L{x:.1f} {foot:.0f}Z"/>'


def _group(kind: str, word: int, parts: str) -> str:
    """The elements of a word (class "node") or of the arc to it ("arc"); data-word is its ID in CoNLL-U."""
    return f'<g class="{kind}" data-word="{word + 1}">{parts}</g>'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{html.escape(text)}</text>'
