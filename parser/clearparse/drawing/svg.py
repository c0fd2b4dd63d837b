"""Dependency trees as SVG: the words in lines, and above them an arc from each head to its dependent.

Trees of right-to-left scripts run from right to left.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Container, Iterable, Sequence

from clearparse.drawing.arcs import LABEL, Piece, arcs_of, break_lines, ends, label_place, pieces, places
from clearparse.drawing.text import Drawable, Heads, display_width

LETTER, MARGIN, LEVEL = 8.0, 14, 26  # pixels of a letter, around the drawing, between arcs above each other
WORD_LINE, TAG_LINE, ROOT = 20, 18, 26  # pixels of a word, of a tag, of a root's arc above the highest level
INDENT = 24  # pixels at both edges of several lines, for the labels of arcs that go on
LEAN = 5  # pixels by which the sides of an arc lean inwards
WRAPPED = 1080  # pixels; longer sentences are broken into lines
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
_SIZE = re.compile(r'<svg [^>]*?width="(\d+)" height="(\d+)"')

Tree = tuple[Heads, Sequence[str]]  # heads and labels


def svg(
    forms: Sequence[str],
    heads: Heads,
    labels: Sequence[str],
    tags: Sequence[str],
    *,
    marked: Container[int] = (),
    beside: Sequence[Tree] = (),
    below: Tree | None = None,
    width: float | None = None,
) -> str:
    """The tree with these forms, heads and labels (n each; heads from 1, 0 is the root), and a tag below each form.

    marked: words (counted from 0) whose arcs are drawn thicker, with the class "marked". beside: other trees of
    the same words, which are placed so that all trees fit. below: another tree that is drawn below the words, with arcs
    of the class "other". width: sentences wider than this, in pixels, are broken into lines. Control characters are
    replaced.
    """
    forms, labels, tags = ([text.translate(REPLACED) for text in column] for column in (forms, labels, tags))
    widths = [
        LETTER * max(display_width(form), 0.8 * display_width(tag), 1) for form, tag in zip(forms, tags, strict=True)
    ]
    if below:
        below = below[0], [label.translate(REPLACED) for label in below[1]]
    trees = [(heads, labels), *beside, *([below] if below else [])]
    fitted = [(arc, tree_labels[arc[1]]) for tree, tree_labels in trees for arc in arcs_of(tree)]
    x = places(widths, fitted)
    lines = break_lines(x, widths, width and width - 2 * (MARGIN + INDENT)) if forms else []
    page = max((x[line[-1]] + widths[line[-1]] / 2 - x[line[0]] + widths[line[0]] / 2 for line in lines), default=0)
    margin = MARGIN + (INDENT if len(lines) > 1 else 0)
    page += 2 * margin if forms else 0
    mirrored = right_to_left(forms)
    parts, y = [], 0.0
    for line in lines:
        local = [place - x[line[0]] + widths[line[0]] / 2 + margin for place in x]
        drawn = _Line(line, [page - place for place in local] if mirrored else local, widths, page, y)
        parts.append(drawn.tree((heads, labels), marked))
        parts.append(drawn.words(forms, tags))
        if below:
            parts.append(drawn.tree(below, (), upside_down=True))
        y = drawn.bottom
    height, direction = y if forms else MARGIN, ' direction="rtl"' if mirrored else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{page:.0f}" height="{height:.0f}" role="img"{direction}'
        f' viewBox="0 0 {page:.0f} {height:.0f}"><title>{html.escape(" ".join(forms))}</title>'
        f"<desc>{html.escape(_description(forms, heads, labels))}</desc><style>{STYLE}</style>{''.join(parts)}</svg>"
    )


def svg_of(sentence: Drawable) -> str:
    """The tree of a sentence, with its UPOS tags; long sentences are broken into lines."""
    return svg(sentence.forms, sentence.heads, sentence.deprels, sentence.upos, width=WRAPPED)


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


def _description(forms: Sequence[str], heads: Heads, labels: Sequence[str]) -> str:
    """The tree in words."""
    relations = (f"{label} of {forms[head - 1]}" if head else label for label, head in zip(labels, heads, strict=True))
    return "; ".join(f"{form}: {relation}" for form, relation in zip(forms, relations, strict=True))


class _Line:
    """One line of words, with its arcs above, and those of another tree below.

    x: places of all words. y: where the line begins; `bottom` is where it ends.
    """

    def __init__(self, line: range, x: Sequence[float], widths: Sequence[float], page: float, y: float) -> None:
        self.line, self.x, self.widths, self.page, self.bottom = line, x, widths, page, y

    def tree(self, tree: Tree, marked: Container[int], *, upside_down: bool = False) -> str:
        """The arcs of a tree. Call it first for the tree above the words, then `words`."""
        heads, labels = tree
        found = pieces(arcs_of(heads), self.line)
        roots = [word for word in self.line if not heads[word]]
        depth = LEVEL * max((piece.level for piece in found), default=0) + (ROOT if roots else LEVEL / 2)
        self.up = -1 if upside_down else 1
        self.foot = self.bottom if upside_down else self.bottom + MARGIN + depth + 8
        self.bottom = self.bottom + depth + 2 * MARGIN if upside_down else self.foot
        self.offsets = ends(found, roots, self.widths)
        if self.x[self.line[0]] > self.x[self.line[-1]]:  # from right to left
            self.offsets = {end: -offset for end, offset in self.offsets.items()}
        drawn = {word: self._root(word, depth, labels[word]) for word in roots}
        highest = len(found)
        legs = [(self._end(*end), piece.level) for piece in found for end in self._ends_in_line(piece)]
        legs = sorted([*legs, *((self._end(word, word), highest) for word in roots)])
        for piece in found:
            drawn[piece.word] = drawn.get(piece.word, "") + self._arc(piece, labels[piece.word], legs)
        kind = "other" if upside_down else "arc"
        return "".join(
            _group(f"{kind} marked" if word in marked else kind, word, drawn[word]) for word in sorted(drawn)
        )

    def words(self, forms: Sequence[str], tags: Sequence[str]) -> str:
        """The words and their tags."""
        y = self.bottom
        self.bottom = y + WORD_LINE + TAG_LINE + MARGIN / 2
        return "".join(
            _group(
                "node",
                word,
                _text("word", self.x[word], y + WORD_LINE, forms[word])
                + _text("tag", self.x[word], y + WORD_LINE + TAG_LINE - 2, tags[word]),
            )
            for word in self.line
        )

    def _y(self, distance: float) -> float:
        """The y of a distance from the words."""
        return self.foot - self.up * distance

    def _end(self, word: int, other: int) -> float:
        """The x at which an arc between two words ends at the first one."""
        return self.x[word] + self.offsets[word, other]

    def _ends_in_line(self, piece: Piece) -> list[tuple[int, int]]:
        both = ((piece.head, piece.word), (piece.word, piece.head))
        return [end for end in both if end[0] in self.line]

    def _arc(self, piece: Piece, label: str, legs: Sequence[tuple[float, int]]) -> str:
        """The piece of an arc from head to dependent, with an arrow head, and the label above its middle."""
        top = LEVEL * piece.level
        start, end = self._side(piece.head, piece.word), self._side(piece.word, piece.head)
        toward = 1 if start < end else -1
        points = [(start, 0.0), (start + LEAN * toward, top)] if piece.head in self.line else [(start, top)]
        points += [(end - LEAN * toward, top), (end, 5)] if piece.word in self.line else [(end, top)]
        path = "L".join(f"{x:.0f} {self._y(distance):.0f}" for x, distance in points)
        x = label_place(min(start, end), max(start, end), piece.level, LABEL * len(label), legs)
        tip = self._tip(end) if piece.word in self.line else ""
        return f'<path d="M{path}"/>{tip}{self._label(x, top, label)}'

    def _side(self, word: int, other: int) -> float:
        """The x of an end of an arc; the edge of the line if the word is in another one."""
        if word in self.line:
            return self._end(word, other)
        return 2 if (word < other) == (self.x[self.line[0]] <= self.x[self.line[-1]]) else self.page - 2

    def _root(self, word: int, depth: float, label: str) -> str:
        """The vertical arc of a root."""
        x = self._end(word, word)
        path = f'<path d="M{x:.0f} {self._y(depth + 4):.0f}L{x:.0f} {self._y(5):.0f}"/>'
        return f"{path}{self._tip(x)}{self._label(x, depth + 4, label)}"

    def _label(self, x: float, distance: float, label: str) -> str:
        return _text("label", x, self._y(distance) - 4 if self.up > 0 else self._y(distance) + 11, label)

    def _tip(self, x: float) -> str:
        base, point = self._y(7), self._y(0)
        return f'<path class="tip" d="M{x - 3.5:.1f} {base:.0f}L{x + 3.5:.1f} {base:.0f}L{x:.1f} {point:.0f}Z"/>'


def _group(kind: str, word: int, parts: str) -> str:
    """The elements of a word (class "node") or of the arc to it ("arc"); data-word is its ID in CoNLL-U."""
    return f'<g class="{kind}" data-word="{word + 1}">{parts}</g>'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{html.escape(text)}</text>'
