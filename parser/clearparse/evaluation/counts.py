"""Compare a parser's trees with the gold trees of the same words, and count correct and wrong arcs.

The counts of blocks add up to those of a treebank; `clearparse.evaluation.scores` turns them into scores. Here and in
the other modules of this package, "system" is the parser that is evaluated, as in the CoNLL shared tasks.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import FileError
from clearparse.evaluation.mismatches import Words, different_sentences, different_words
from clearparse.treebank.conllu import DEPREL, FORM, UPOS, Block
from clearparse.treebank.tree import nonprojective_arcs, roots_per_sentence

ARC_LENGTHS = ("root", "1", "2", "3-6", "7+")
SENTENCE_LENGTHS = ("1-10", "11-20", "21-30", "31-40", "41+")


class WordOutcome(NamedTuple):
    """The outcome of a word's arc; lengths are indices into ARC_LENGTHS and SENTENCE_LENGTHS."""

    gold_relation: str  # with its subtype
    system_relation: str
    head_correct: bool
    punctuation: bool
    no_upos: bool
    gold_length: int
    system_length: int
    gold_nonprojective: bool
    system_nonprojective: bool
    sentence_length: int


class SentenceOutcome(NamedTuple):
    """The outcome of a sentence; `bare`: without its punctuation."""

    length: int
    heads_correct: bool
    all_correct: bool
    bare_words: bool  # does it have words besides punctuation?
    bare_heads_correct: bool
    bare_all_correct: bool
    gold_roots: bool  # more than one root?
    system_roots: bool


@dataclass(frozen=True)
class Counts:
    """How often each outcome occurred; `+` adds the counts of two parts of a treebank."""

    words: Counter[WordOutcome] = field(default_factory=Counter)
    sentences: Counter[SentenceOutcome] = field(default_factory=Counter)

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.words + other.words, self.sentences + other.sentences)


@dataclass(frozen=True)
class Trees:
    """Trees as columns (words,); the words of sentence s are sentences[s] : sentences[s + 1]."""

    forms: list[bytes]
    upos: list[bytes]
    deprels: Sequence[bytes]
    heads: NDArray[np.int32]
    lines: NDArray[np.int64]
    sentences: NDArray[np.int64]

    @classmethod
    def of(cls, block: Block) -> Trees:
        forms, upos, deprels = (block.column(c) for c in (FORM, UPOS, DEPREL))
        return cls(forms, upos, deprels, block.heads(), block.lines, block.sentences)

    def __len__(self) -> int:
        return len(self.sentences) - 1

    def part(self, first: int, last: int) -> Trees:
        """Sentences first to last - 1."""
        start, end = int(self.sentences[first]), int(self.sentences[last])
        return Trees(
            self.forms[start:end],
            self.upos[start:end],
            self.deprels[start:end],
            self.heads[start:end],
            self.lines[start:end],
            self.sentences[first : last + 1] - start,
        )


NO_TREES = Trees([], [], [], np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(1, np.int64))


def count_blocks(gold: Iterable[Block], system: Iterable[Block], *, gold_path: str, system_path: str) -> Counts:
    """The counts of two streams of blocks; see align_blocks."""
    return count_pairs(align_blocks(gold, system, gold_path=gold_path, system_path=system_path))


def count_pairs(pairs: Iterable[tuple[Trees, Trees]]) -> Counts:
    """The counts of pairs of gold and system trees, each pair over the same words."""
    return sum((count(gold, system) for gold, system in pairs), Counts())


def align_blocks(
    gold: Iterable[Block], system: Iterable[Block], *, gold_path: str, system_path: str
) -> Iterator[tuple[Trees, Trees]]:
    """Two streams of blocks, both read with trees=True, as pairs of the same sentences.

    The blocks of the two may end at different sentences. Raises FileError if gold has no sentence, or if the
    sentences or words of the two differ.
    """
    gold_trees, system_trees = _Stream(gold, gold_path), _Stream(system, system_path)
    while n := min(gold_trees.available(), system_trees.available()):
        ours, theirs = gold_trees.take(n), system_trees.take(n)
        if ours.forms != theirs.forms or not np.array_equal(ours.sentences, theirs.sentences):
            difference = _first_difference(ours, theirs, gold_path, system_path)
            _check_number_of_sentences(gold_trees, system_trees, f"; the first difference: {difference}")
            raise difference
        yield ours, theirs
    if not gold_trees.total():
        raise FileError(gold_path, "no sentences")
    _check_number_of_sentences(gold_trees, system_trees)


def evaluate_block(block: Block, heads: NDArray[np.int32], deprels: Sequence[bytes]) -> Counts:
    """The counts of predicted heads (words,) and deprels (words,) of a gold block."""
    gold = Trees.of(block)
    return count(gold, replace(gold, heads=heads, deprels=deprels))


def correct_arcs(block: Block, heads: NDArray[np.int32], deprels: Sequence[bytes]) -> NDArray[np.bool_]:
    """Which words of a gold block have the correct head and relation, subtypes aside: (words,)."""
    gold = Trees.of(block)
    return compare(gold, replace(gold, heads=heads, deprels=deprels)).correct


class Arcs(NamedTuple):
    """The arcs of two sets of trees over the same words, each (words,); relations are indices into `names`."""

    names: list[str]  # with subtypes
    gold: NDArray[np.int64]
    system: NDArray[np.int64]
    head_correct: NDArray[np.bool_]
    correct: NDArray[np.bool_]  # head and relation; without subtypes, as in the CoNLL 2018 scorer (Zeman et al. 2018)


def compare(gold: Trees, system: Trees) -> Arcs:
    """Which arcs of a system are correct."""
    names: dict[bytes, int] = {}
    gold_relations, system_relations = _encode(gold.deprels, names), _encode(system.deprels, names)
    universal = _encode([name.split(b":")[0] for name in names], {})
    head_correct = gold.heads == system.heads
    correct = head_correct & (universal[gold_relations] == universal[system_relations])
    return Arcs([name.decode() for name in names], gold_relations, system_relations, head_correct, correct)


def count(gold: Trees, system: Trees) -> Counts:
    """The counts of two sets of trees over the same words."""
    if not len(gold):
        return Counts()
    names, gold_relations, system_relations, head_correct, correct = compare(gold, system)
    punctuation, no_upos = _punctuation(gold)
    lengths = np.diff(gold.sentences)
    length_classes = np.searchsorted([11, 21, 31, 41], lengths, side="right")
    words = _count_rows(
        gold_relations,
        system_relations,
        head_correct,
        punctuation,
        no_upos,
        _arc_lengths(gold),
        _arc_lengths(system),
        nonprojective_arcs(gold.heads, gold.sentences),
        nonprojective_arcs(system.heads, system.sentences),
        np.repeat(length_classes, lengths),
    )
    sentences = _count_rows(
        length_classes,
        _all_of(head_correct, gold.sentences),
        _all_of(correct, gold.sentences),
        ~_all_of(punctuation, gold.sentences),
        _all_of(head_correct | punctuation, gold.sentences),
        _all_of(correct | punctuation, gold.sentences),
        roots_per_sentence(gold.heads, gold.sentences) > 1,
        roots_per_sentence(system.heads, system.sentences) > 1,
    )
    by_word = {WordOutcome._make([names[g], names[s], *rest]): times for (g, s, *rest), times in words}
    by_sentence = {SentenceOutcome._make(row): times for row, times in sentences}
    return Counts(Counter(by_word), Counter(by_sentence))


def _count_rows(*columns: NDArray[Any]) -> list[tuple[list[int], int]]:
    """The distinct rows of a table given by its columns, and how often each occurs."""
    rows, times = np.unique(np.stack(columns, axis=1).astype(np.int64), axis=0, return_counts=True)
    return list(zip(rows.tolist(), times.tolist(), strict=True))


def _encode(values: Sequence[bytes], codes: dict[bytes, int]) -> NDArray[np.int64]:
    """The code of each value; a new value gets the next code."""
    return np.array([codes.setdefault(value, len(codes)) for value in values], np.int64)


def _punctuation(gold: Trees) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which words are punctuation, and which have no UPOS: two arrays (words,).

    A word is punctuation if its gold UPOS is PUNCT. Without UPOS (``_``), the rule of the CoNLL-X shared task applies
    (Buchholz and Marsi 2006): all characters of the form are Unicode punctuation (category P).
    """
    no_upos = np.array([tag == b"_" for tag in gold.upos], np.bool_)
    marks = np.array([tag == b"PUNCT" for tag in gold.upos], np.bool_)
    for word in np.flatnonzero(no_upos):
        marks[word] = all(unicodedata.category(c).startswith("P") for c in gold.forms[word].decode())
    return marks, no_upos


def _arc_lengths(trees: Trees) -> NDArray[np.int64]:
    """The distance between each word and its head, as an index into ARC_LENGTHS: (words,)."""
    starts = np.repeat(trees.sentences[:-1], np.diff(trees.sentences))
    distances = np.abs(trees.heads - (np.arange(len(trees.heads)) - starts + 1))
    return np.where(trees.heads == 0, 0, np.searchsorted([1, 2, 3, 7], distances, side="right"))


def _all_of(words: NDArray[np.bool_], sentences: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether all words of each sentence are true: (S,) from (words,)."""
    return np.logical_and.reduceat(words, sentences[:-1])


class _Stream:
    """A stream of blocks from which any number of sentences can be taken."""

    def __init__(self, blocks: Iterable[Block], path: str) -> None:
        self.path = path
        self.taken = 0
        self._blocks = map(Trees.of, blocks)
        self._trees = NO_TREES
        self._next = 0  # the first sentence of _trees that was not taken yet

    def available(self) -> int:
        """The number of sentences that can be taken; 0 only at the end of the stream."""
        while self._next == len(self._trees):  # a block may have none
            trees = next(self._blocks, None)
            if trees is None:
                return 0
            self._trees, self._next = trees, 0
        return len(self._trees) - self._next

    def take(self, n: int) -> Trees:
        """The next n sentences, at most those available."""
        part = self._trees.part(self._next, self._next + n)
        self._next += n
        self.taken += n
        return part

    def total(self) -> int:
        """The number of sentences of the whole stream, after reading it to its end."""
        while n := self.available():
            self.take(n)
        return self.taken


def _check_number_of_sentences(gold: _Stream, system: _Stream, more: str = "") -> None:
    if gold.total() != system.total():
        raise different_sentences(gold.taken, gold.path, system.taken, system.path, more)


def _first_difference(gold: Trees, system: Trees, gold_path: str, system_path: str) -> FileError:
    """The error that names the first word in which two unequal treebanks differ."""
    pairs = ((gold.part(s, s + 1), system.part(s, s + 1)) for s in range(len(gold)))
    ours, theirs = next((ours, theirs) for ours, theirs in pairs if ours.forms != theirs.forms)
    return different_words(Words(ours.forms, ours.lines, gold_path), Words(theirs.forms, theirs.lines, system_path))
