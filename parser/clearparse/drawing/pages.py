"""A page of drawn trees: HTML with a legend and a figure for each sentence."""

from __future__ import annotations

import html

from clearparse.drawing.svg import REPLACED, right_to_left, svg_of
from clearparse.drawing.text import Drawable
from clearparse.drawing.theme import THEME

_STYLE = (
    "body{margin:2rem auto;max-width:72rem;padding:0 1rem}h1{font-size:1.4rem}"
    "header p{color:var(--quiet);max-width:46rem}"
    "figure{margin:0 0 1.5rem;padding:.8rem 1rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:.7rem;break-inside:avoid}"
    "figcaption{margin-bottom:.5rem}figcaption small{color:var(--quiet);margin-inline-end:.6em}"
    ".label{paint-order:stroke;stroke:var(--card);stroke-width:3px}"
)
PAGE_BEGINS = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dependency trees</title><style>
{THEME}{_STYLE}
</style></head><body><header><h1>Dependency trees</h1>
<p>An arrow leads from a head to its dependent and has the name of the relation; the word below “root” is the root of
the sentence. Below each word is its part of speech (UPOS). Sentences that do not fit go on in another line; arcs
between two lines end at the edge.</p></header><main>
"""
PAGE_ENDS = "</main></body></html>\n"


def figure(sentence: Drawable) -> str:
    """A sentence and its tree as an HTML figure, to be placed between PAGE_BEGINS and PAGE_ENDS."""
    text = sentence.text.translate(REPLACED)
    caption = f'<figcaption dir="auto">{html.escape(text)}</figcaption>'
    direction = ' dir="rtl"' if right_to_left(sentence.forms) else ""  # scrolled to the beginning of the sentence
    return f'<figure>{caption}<div class="wide" tabindex="0"{direction}>{svg_of(sentence)}</div></figure>\n'
