"""Sentences to and from the dictionary that displaCy draws (`displacy.render(..., style="dep", manual=True)`)."""

from __future__ import annotations

from typing import Any

from clearparse.errors import ClearparseError
from clearparse.integrations.rows import sentence_of, words_of
from clearparse.treebank.conllu import Sentence

SOURCE = "<displaCy>"


def to_displacy(sentence: Sentence) -> dict[str, Any]:
    """Words with their UPOS and lemma, and an arc for each word but the root.

    Raises ClearparseError where a word has no head.
    """
    rows, arcs = words_of(sentence), []
    for end, row in enumerate(rows):
        if not row[6].isdecimal():
            raise ClearparseError(f"displaCy needs a tree: word {end + 1} has no HEAD")
        head = int(row[6]) - 1
        if head >= 0:
            left, right = sorted((head, end))
            arcs.append({"start": left, "end": right, "label": row[7], "dir": "left" if end < head else "right"})
    words = [{"text": row[1], "tag": row[3], "lemma": row[2]} for row in rows]
    return {"words": words, "arcs": arcs, "settings": {}}


def from_displacy(drawing: dict[str, Any]) -> Sentence:
    """The sentence of such a dictionary; a word to which no arc leads is a root. Raises ClearparseError."""
    words = drawing["words"]
    trees = [("0", "root") for _ in words]
    for arc in drawing["arcs"]:
        head, word = (arc["end"], arc["start"]) if arc["dir"] == "left" else (arc["start"], arc["end"])
        if not (0 <= word < len(words) and 0 <= head < len(words)):
            raise ClearparseError(f"{SOURCE}: an arc between words {head} and {word}; there are {len(words)}")
        trees[word] = (str(head + 1), arc["label"] or "_")
    rows = [
        [str(i), word["text"], word.get("lemma") or "_", word.get("tag") or "_", "_", "_", *tree, "_", "_"]
        for i, (word, tree) in enumerate(zip(words, trees, strict=True), 1)
    ]
    return sentence_of([], rows, SOURCE)
