"""Genres of a treebank, and a selection of errors, for the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np

from clearparse.evaluation.counts import Counts, Trees, compare, count
from clearparse.evaluation.significance import Pairs
from clearparse.treebank.conllu import Block

GROUPS = 2, 20  # fewest and most genres
KINDS, EXAMPLES, SHORTEST = 8, 2, 4  # error types, sentences drawn of each, fewest words of such a sentence
ERROR_RULE = (
    "The {kinds} most frequent types of error, without punctuation. For each, {examples} sentences of at least"
    " {shortest} words are drawn: those with the fewest errors, and among them the shortest. No sentence twice."
)
OTHER = "other"
PUNCTUATION = "punct"  # its relation in Universal Dependencies


def genres(blocks: Sequence[Block]) -> list[str] | None:
    """The genre of each sentence: the part of its sent_id before the first -, _ or digit.

    If these make fewer than 2 or more than 20 groups, the same part of the document's ID; None if that does not help.
    """
    for ids in (_sentence_ids(blocks), _document_ids(blocks)):
        names = [re.match(r"[^-_\d]*", each)[0] or OTHER for each in ids]  # type: ignore[index]  # always matches
        if GROUPS[0] <= len(set(names)) <= GROUPS[1]:
            return names
    return None


def _sentence_ids(blocks: Sequence[Block]) -> Iterator[str]:
    return (sentence.sent_id or "" for block in blocks for sentence in block)


def _document_ids(blocks: Sequence[Block]) -> Iterator[str]:
    document = ""
    for block in blocks:
        for sentence in block:
            document = sentence.document or document
            yield document


def counts_by(groups: Sequence[str], pairs: Pairs) -> dict[str, Counts]:
    """The counts of each group of sentences, largest group first; `groups` has the group of each sentence."""
    found: dict[str, Counts] = {}
    first = 0
    for gold, system in pairs:
        names = groups[first : first + len(gold)]
        first += len(gold)
        cuts = [0, *(k for k in range(1, len(names)) if names[k] != names[k - 1]), len(names)]
        for start, end in pairwise(cuts):
            name = names[start]
            found[name] = found.get(name, Counts()) + count(gold.part(start, end), system.part(start, end))
    return dict(sorted(found.items(), key=lambda each: -each[1].words.total()))


class Kind(NamedTuple):
    """A type of error: gold and system relation without subtypes. If they are equal, the head is wrong."""

    gold: str
    system: str

    def __str__(self) -> str:
        if self.gold == self.system:
            return f"{self.gold} with a wrong head"
        return f"{self.gold} labelled {self.system}"


class Example(NamedTuple):
    """A sentence with errors: its number, its gold and system trees, and its wrong words; all counted from 0."""

    number: int
    gold: Trees
    system: Trees
    wrong: list[int]


class _Errors(NamedTuple):
    """The wrong words of a sentence."""

    pair: int
    sentence: int
    length: int
    words: list[int]
    kinds: set[Kind]


def errors(pairs: Pairs) -> list[tuple[Kind, int, list[Example]]]:
    """The most frequent types of error, each with its number of words and the sentences to draw; see ERROR_RULE."""
    found: list[_Errors] = []
    words: Counter[Kind] = Counter()
    for number, (gold, system) in enumerate(pairs):
        for each, kinds in _wrong(number, gold, system):
            found.append(each)
            words.update(kinds)
    found.sort(key=lambda each: (len(each.words), each.length))  # stable: equals keep their order
    frequent = sorted(words.items(), key=lambda each: (-each[1], each[0]))[:KINDS]
    drawn: set[tuple[int, int]] = set()
    chosen = []
    for kind, times in frequent:
        candidates = (each for each in found if kind in each.kinds and (each.pair, each.sentence) not in drawn)
        some = list(islice(candidates, EXAMPLES))
        drawn |= {(each.pair, each.sentence) for each in some}
        chosen.append((kind, times, [_example(pairs, each) for each in some]))
    return chosen


def _wrong(number: int, gold: Trees, system: Trees) -> Iterator[tuple[_Errors, list[Kind]]]:
    """The sentences with errors, including those too short to be drawn, and the type of error of each wrong word.

    Wrong punctuation has no type.
    """
    arcs = compare(gold, system)
    base = [name.split(":")[0] for name in arcs.names]
    for s, (start, end) in enumerate(zip(gold.sentences[:-1].tolist(), gold.sentences[1:].tolist(), strict=True)):
        wrong = np.flatnonzero(~arcs.correct[start:end]).tolist()
        each = (Kind(base[arcs.gold[start + word]], base[arcs.system[start + word]]) for word in wrong)
        kinds = [kind for kind in each if kind.gold != PUNCTUATION]
        if wrong:
            drawable = set(kinds) if end - start >= SHORTEST else set()
            yield _Errors(number, s, end - start, wrong, drawable), kinds


def _example(pairs: Pairs, errors: _Errors) -> Example:
    gold, system = (trees.part(errors.sentence, errors.sentence + 1) for trees in pairs[errors.pair])
    number = sum(len(trees) for trees, _ in pairs[: errors.pair]) + errors.sentence
    return Example(number, gold, system, errors.words)


def system_trees(pairs: Pairs, number: int) -> Trees:
    """The system's tree of a sentence, by its number in all pairs."""
    for gold, system in pairs:
        if number < len(gold):
            return system.part(number, number + 1)
        number -= len(gold)
    raise IndexError(number)
