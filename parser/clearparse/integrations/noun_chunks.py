"""Base noun phrases by the relations of Universal Dependencies, for `doc.noun_chunks` of spaCy.

spaCy's own rules are those of each language's pipeline; in English they know no relations of Universal Dependencies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NOMINAL = ("NOUN", "PROPN", "PRON")
# Relations of nominals that are parts of another noun phrase, or of none.
INSIDE = {"compound", "flat", "fixed", "goeswith", "det", "amod", "nummod", "clf", "advmod", "case", "mark", "expl"}
BEFORE = {"det", "amod", "nummod", "compound", "flat", "clf", "nmod:poss"}
AFTER = {"compound", "flat", "fixed", "goeswith"}


def noun_chunks(doclike: Any) -> Iterator[tuple[int, int, int]]:
    """The start, end and label of each noun phrase in a Doc or Span: a nominal with its determiners and modifiers.

    None of them overlap. Raises ValueError if there are no trees.
    """
    doc = doclike.doc
    if not doc.has_annotation("DEP"):
        raise ValueError("noun_chunks needs trees, but this Doc has not been parsed")
    label = doc.vocab.strings.add("NP")
    spans = sorted((_span(word) for word in doclike if _is_head(word)), key=lambda span: (span[0], -span[1]))
    previous = -1
    for start, end in spans:
        if start >= previous:
            yield start, end, label
            previous = end


def _is_head(word: Any) -> bool:
    base = word.dep_.partition(":")[0]
    return word.pos_ in NOMINAL and base not in INSIDE and word.dep_ != "nmod:poss"


def _span(word: Any) -> tuple[int, int]:
    """Its start and end: modifiers next to it, or next to another of them, belong to it."""
    start, end = word.i, word.i + 1
    for child in reversed(list(word.lefts)):
        if child.right_edge.i + 1 != start or not {child.dep_, child.dep_.partition(":")[0]} & BEFORE:
            break
        start = child.left_edge.i
    for child in word.rights:
        adjective = child.dep_ == "amod" and child.left_edge.i == child.right_edge.i
        base = child.dep_.partition(":")[0]
        if child.left_edge.i != end or not ((base in AFTER and child.dep_ != "compound:prt") or adjective):
            break
        end = child.right_edge.i + 1
    return start, end
