"""Convert sentences to and from displaCy's dictionaries, for displacy.render(..., style="dep", manual=True)."""

from __future__ import annotations

from typing import Any

from clearparse.errors import ClearparseError
from clearparse.integrations.rows import sentence_of, word_rows_of
from clearparse.treebank.conllu import Sentence

SOURCE = "<displaCy>"


def to_displacy(sentence: Sentence) -> dict[str, Any]:
    """Words with UPOS and lemma, and an arc for each word except the root.

    Raises ClearparseError if a word has no HEAD.
    """
    rows, arcs = word_rows_of(sentence), []
    for end, row in enumerate(rows):
        if not row[6].isdecimal():
            raise ClearparseError(f"displaCy needs a tree, but word {end + 1} has no HEAD")
        head = int(row[6]) - 1
        if head >= 0:
            left, right = sorted((head, end))
            arcs.append({"start": left, "end": right, "label": row[7], "dir": "left" if end < head else "right"})
    words = [{"text": row[1], "tag": row[3], "lemma": row[2]} for row in rows]
    return {"words": words, "arcs": arcs, "settings": {}}


def from_displacy(drawing: dict[str, Any]) -> Sentence:
    """The sentence of a dictionary; a word without an incoming arc is a root. Raises ClearparseError."""
    words = drawing["words"]
    trees = [("0", "root") for _ in words]
    for arc in drawing["arcs"]:
        head, word = (arc["end"], arc["start"]) if arc["dir"] == "left" else (arc["start"], arc["end"])
        if not (0 <= word < len(words) and 0 <= head < len(words)):
            raise ClearparseError(f"{SOURCE}: an arc between words {head} and {word} of {len(words)}")
        trees[word] = (str(head + 1), arc["label"] or "_")
    rows = [
        [str(i), word["text"], word.get("lemma") or "_", word.get("tag") or "_", "_", "_", *tree, "_", "_"]
        for i, (word, tree) in enumerate(zip(words, trees, strict=True), 1)
    ]
    return sentence_of([], rows, SOURCE)
