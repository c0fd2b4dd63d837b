"""Scores of sentences in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clearparse.evaluation.counts import count_blocks
from clearparse.evaluation.scores import main_scores
from clearparse.treebank.conllu import Block, Sentence, parse_block


def score(gold: Iterable[Sentence], system: Iterable[Sentence], *, punctuation: bool = True) -> dict[str, Any]:
    """UAS, LAS, CLAS and more, in percent, of the trees of the same sentences; as `clearparse evaluate` computes them.

    punctuation: does it count? Raises FileError if a tree is missing or the words differ.
    """
    blocks = [_block(gold, "<gold>")], [_block(system, "<system>")]
    counts = count_blocks(*blocks, gold_path="<gold>", system_path="<system>")
    return main_scores(counts, punctuation=punctuation)


def _block(sentences: Iterable[Sentence], name: str) -> Block:
    return parse_block(b"".join(sentence.conllu for sentence in sentences), path=name, trees=True)
