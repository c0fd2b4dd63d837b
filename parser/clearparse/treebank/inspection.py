"""Unusual annotation in a treebank: values that occur once, non-projective trees, inconsistent annotation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from clearparse.treebank.conllu import DEPREL, FEATS, FORM, UPOS, XPOS, Block
from clearparse.treebank.tree import nonprojective_sentences, roots_per_sentence

COLUMNS = {"UPOS": UPOS, "XPOS": XPOS, "FEATS": FEATS, "DEPREL": DEPREL}


class Inconsistency(NamedTuple):
    """Two sentences with the same words and different annotation.

    line, other_line: of their first words. differing: the number of words that differ in each column.
    """

    path: str
    line: int
    other_path: str
    other_line: int
    forms: list[bytes]
    differing: dict[str, int]


def count_nonprojective(block: Block) -> int:
    """The number of sentences with a non-projective arc."""
    return int(nonprojective_sentences(block.heads(), block.sentences).sum())


def count_several_roots(block: Block) -> int:
    """The number of sentences with more than one root."""
    return int((roots_per_sentence(block.heads(), block.sentences) > 1).sum())


def seen_once(blocks: Sequence[Block], column: int) -> Iterator[tuple[bytes, str, int]]:
    """The values of a column that occur once, with file and line."""
    places: dict[bytes, tuple[str, int] | None] = {}
    for block in blocks:
        for value, line in zip(block.column(column), block.lines.tolist(), strict=True):
            places[value] = None if value in places else (block.path, line)
    for value, place in places.items():
        if place:
            yield value, *place


def inconsistencies(blocks: Sequence[Block]) -> Iterator[Inconsistency]:
    """Sentences of at least two words that repeat an earlier one with different annotation."""
    first: dict[tuple[bytes, ...], tuple[Block, int]] = {}
    for block in blocks:
        forms = block.column(FORM)
        for number, (start, end) in enumerate(pairwise(block.sentences.tolist())):
            if end - start < 2:
                continue
            other, other_number = first.setdefault(tuple(forms[start:end]), (block, number))
            if (other, other_number) == (block, number):
                continue
            one, two = block[number].alone(), other[other_number].alone()
            found = {name: _differing(one.column(c), two.column(c)) for name, c in COLUMNS.items()}
            found = {"HEAD": int((one.heads() != two.heads()).sum()), **found}
            if any(found.values()):
                yield Inconsistency(
                    block.path,
                    int(block.lines[start]),
                    other.path,
                    int(two.lines[0]),
                    forms[start:end],
                    {name: count for name, count in found.items() if count},
                )


def _differing(ours: Sequence[bytes], theirs: Sequence[bytes]) -> int:
    return int(np.sum([a != b for a, b in zip(ours, theirs, strict=True)]))
