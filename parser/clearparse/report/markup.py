"""HTML and SVG elements as strings, which are well-formed XML too. Plain text is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

VOID = ("meta", "br", "hr")  # elements without an end tag


class Markup(str):
    """A string that is markup already, and not escaped again."""


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element. `class_` is the attribute class, `aria_label` is aria-label; attributes that are None are omitted.

    >>> tag("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    words = [name]
    for key, value in attributes.items():
        if value is not None:
            text = f"{value:g}" if isinstance(value, float) else str(value)
            words.append(f'{key.rstrip("_").replace("_", "-")}="{html.escape(text)}"')
    if name in VOID:
        return Markup(f"<{' '.join(words)} />")
    return Markup(f"<{' '.join(words)}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Markup:
    """Concatenate text and markup; text is escaped."""
    return Markup("".join(child if isinstance(child, Markup) else html.escape(child) for child in children))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1, class_: str | None = None) -> Markup:
    """A table. The first column holds the row headers; the first `left` columns are text, the others numbers."""

    def cell(name: str, k: int, child: str) -> Markup:
        scope = {"th": "col"}.get(name) if name != "row" else "row"
        kind = None if k < left else "number"
        return tag("th" if name == "row" else name, child, scope=scope, class_=kind)

    head = tag("tr", *(cell("th" if text else "td", k, text) for k, text in enumerate(header)))
    body = [tag("tr", *(cell("td" if k else "row", k, child) for k, child in enumerate(row))) for row in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body), class_=class_), class_="wide", tabindex="0")
