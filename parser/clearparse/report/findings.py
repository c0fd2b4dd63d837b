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

MIN_GENRES, MAX_GENRES = 2, 20
MAX_TYPES, EXAMPLES, MIN_WORDS = 8, 2, 4  # error types, sentences drawn of each, words of such a sentence
ERROR_RULE = (
    "The {types} most frequent types of error, without punctuation. For each, {examples} sentences of at least"
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
        if MIN_GENRES <= len(set(names)) <= MAX_GENRES:
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


class ErrorType(NamedTuple):
    """A type of error: gold and system relation without subtypes. If they are equal, the head is wrong."""

    gold: str
    system: str

    def __str__(self) -> str:
        if self.gold == self.system:
            return f"{self.gold} with a wrong head"
        return f"{self.gold} labeled {self.system}"


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
    types: set[ErrorType]


def errors(pairs: Pairs) -> list[tuple[ErrorType, int, list[Example]]]:
    """The most frequent types of error, each with its number of words and the sentences to draw; see ERROR_RULE."""
    found: list[_Errors] = []
    words: Counter[ErrorType] = Counter()
    for number, (gold, system) in enumerate(pairs):
        for each, types in _wrong(number, gold, system):
            found.append(each)
            words.update(types)
    found.sort(key=lambda each: (len(each.words), each.length))  # stable: equals keep their order
    frequent = sorted(words.items(), key=lambda each: (-each[1], each[0]))[:MAX_TYPES]
    drawn: set[tuple[int, int]] = set()
    chosen = []
    for type_, times in frequent:
        candidates = (each for each in found if type_ in each.types and (each.pair, each.sentence) not in drawn)
        some = list(islice(candidates, EXAMPLES))
        drawn |= {(each.pair, each.sentence) for each in some}
        chosen.append((type_, times, [_example(pairs, each) for each in some]))
    return chosen


def _wrong(number: int, gold: Trees, system: Trees) -> Iterator[tuple[_Errors, list[ErrorType]]]:
    """The sentences with errors, including those too short to be drawn, and the type of error of each wrong word.

    Wrong punctuation has no type.
    """
    arcs = compare(gold, system)
    base = [name.split(":")[0] for name in arcs.names]
    for s, (start, end) in enumerate(zip(gold.sentences[:-1].tolist(), gold.sentences[1:].tolist(), strict=True)):
        wrong = np.flatnonzero(~arcs.correct[start:end]).tolist()
        each = (ErrorType(base[arcs.gold[start + word]], base[arcs.system[start + word]]) for word in wrong)
        types = [type_ for type_ in each if type_.gold != PUNCTUATION]
        if wrong:
            drawable = set(types) if end - start >= MIN_WORDS else set()
            yield _Errors(number, s, end - start, wrong, drawable), types


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
