"""Sentences as the arrays that the teacher's network reads, and the symbols that it can give."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import FileError
from clearparse.features.vocabulary import lookup_form, shape
from clearparse.io.files import PathLike, open_input, shown_name
from clearparse.stages.lemmatizer import LemmaRule
from clearparse.treebank.conllu import DEPREL, FEATS, FORM, LEMMA, UPOS, XPOS, Block, parse_block
from clearparse.treebank.ragged import offsets, take_rows
from teacher.encoder import WordPieces

TAGS = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}
LEMMAS = "lemma_rule"
TASKS = (*TAGS, LEMMAS)  # what is predicted of each word alone
IGNORED = -100  # PyTorch's class of what does not count in a cross-entropy
RARE = 2  # symbols of shapes and lemma rules are learned if they occur at least this often
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Symbols:
    """The symbols of the training data: tags and lemma rules by task, relations, and shapes.

    of_root, of_others: the relations of words with HEAD 0, and of all other words.
    """

    tasks: dict[str, list[str]]
    labels: list[str]
    of_root: list[str]
    of_others: list[str]
    shapes: list[str]

    @classmethod
    def of(cls, block: Block) -> Symbols:
        """The symbols of a treebank."""
        labels = [label.decode() for label in block.column(DEPREL)]
        at_root = block.heads() == 0
        of_root, of_others = (set(compress(labels, which.tolist())) for which in (at_root, ~at_root))
        tasks = {task: sorted(set(values)) for task, values in tags_of(block).items()}
        return cls(
            tasks | {LEMMAS: _frequent(lemma_rules(block))},
            sorted(set(labels)),
            sorted(of_root),
            sorted(of_others),
            _frequent([shape(lookup_form(form)) for form in forms_of(block)]),
        )


def _frequent(values: Sequence[str]) -> list[str]:
    different, counts = np.unique(np.array(values, dtype=object), return_counts=True)
    return [str(value) for value in different[counts >= RARE]]


def forms_of(block: Block) -> list[str]:
    """(words,) The forms."""
    return [form.decode() for form in block.column(FORM)]


def tags_of(block: Block) -> dict[str, list[str]]:
    """The tags (words,) by task."""
    return {task: [value.decode() for value in block.column(column)] for task, column in TAGS.items()}


def lemma_rules(block: Block) -> list[str]:
    """(words,) The rule that turns each form into its lemma."""
    known: dict[tuple[bytes, bytes], str] = {}
    pairs = list(zip(block.column(FORM), block.column(LEMMA), strict=True))
    for form, lemma in dict.fromkeys(pairs):
        known[form, lemma] = str(LemmaRule.of(form.decode(), lemma.decode()))
    return [known[pair] for pair in pairs]


class Batch(NamedTuple):
    """S sentences of at most W words and P pieces, padded.

    pieces (S, P); attended (S, P): is there a piece?; pooling (S, W, P): the share of each piece in each word;
    shapes (S, W): 0 if unknown; words (S, W): is there a word?; which: the words' indices in the block, in row-major
    order of `words`.
    """

    pieces: Integers
    attended: NDArray[np.bool_]
    pooling: NDArray[np.float32]
    shapes: Integers
    words: NDArray[np.bool_]
    which: Integers


class Examples:
    """The sentences of a block, encoded. Too long ones are left out: skipped counts them."""

    def __init__(self, block: Block, word_pieces: WordPieces, symbols: Symbols, most_pieces: int) -> None:
        """most_pieces: of a sentence, with the two special ones."""
        forms = forms_of(block)
        self._word_pieces, self.sentences = word_pieces, block.sentences
        self._pieces = word_pieces(forms)
        self._n_pieces = np.array([len(pieces) for pieces in self._pieces], np.int64)
        number = {symbol: k for k, symbol in enumerate(symbols.shapes, 1)}
        self._shapes = np.array([number.get(shape(lookup_form(form)), 0) for form in forms], np.int64)
        self.lengths = np.diff(offsets(self._n_pieces)[self.sentences]) + 2  # pieces of each sentence
        self.kept = np.flatnonzero(self.lengths <= most_pieces)
        self.skipped = len(self.lengths) - len(self.kept)

    def only(self, which: Integers) -> Examples:
        """The same, with only some of the sentences in the batches."""
        found = copy(self)
        found.kept = which
        return found

    def batches(self, size: int, random: np.random.Generator | None = None) -> list[Integers]:
        """The sentences of each batch, of similar length; with padding at most `size` pieces, or one sentence.

        random: lengths are blurred before sentences are sorted by them, and the batches are shuffled.
        """
        blurred = self.lengths[self.kept].astype(np.float64)
        if random:
            blurred *= random.uniform(0.9, 1.1, len(blurred))
        order = self.kept[np.argsort(blurred, kind="stable")]
        found: list[Integers] = []
        first = longest = 0
        for k, length in enumerate(self.lengths[order].tolist()):
            longest = max(longest, length)
            if k > first and longest * (k + 1 - first) > size:
                found.append(order[first:k])
                first, longest = k, length
        if len(order):
            found.append(order[first:])
        return [found[k] for k in random.permutation(len(found))] if random else found

    def batch(self, which: Integers) -> Batch:
        """The batch of some sentences."""
        begin, end = self.sentences[which], self.sentences[which + 1]
        n_words, n_pieces = int((end - begin).max()), int(self.lengths[which].max())
        pieces = np.full((len(which), n_pieces), self._word_pieces.padding, np.int64)
        pooling = np.zeros((len(which), n_words, n_pieces), np.float32)
        shapes = np.zeros((len(which), n_words), np.int64)
        for row, (first, last) in enumerate(zip(begin.tolist(), end.tolist(), strict=True)):
            inside = [piece for word in self._pieces[first:last] for piece in word]
            pieces[row, : len(inside) + 2] = [self._word_pieces.start, *inside, self._word_pieces.end]
            counts = self._n_pieces[first:last]
            word = np.repeat(np.arange(last - first), counts)
            pooling[row, word, 1 + np.arange(len(inside))] = (1 / counts)[word]
            shapes[row, : last - first] = self._shapes[first:last]
        words = np.arange(n_words) < (end - begin)[:, None]
        attended = np.arange(n_pieces) < self.lengths[which][:, None]
        _, places = take_rows(self.sentences, which)
        return Batch(pieces, attended, pooling, shapes, words, places)


class Gold(NamedTuple):
    """What is learned of a block: classes by task, heads and labels, each (words,)."""

    tasks: dict[str, Integers]
    heads: Integers
    labels: Integers

    @classmethod
    def of(cls, block: Block, symbols: Symbols) -> Gold:
        """Raises KeyError if the block has relations that the symbols do not have."""
        values = tags_of(block) | {LEMMAS: lemma_rules(block)}
        tasks = {}
        for task, names in symbols.tasks.items():
            number = {name: k for k, name in enumerate(names)}
            tasks[task] = np.array([number.get(value, IGNORED) for value in values[task]], np.int64)
        label = {name: k for k, name in enumerate(symbols.labels)}
        labels = np.array([label[value.decode()] for value in block.column(DEPREL)], np.int64)
        return cls(tasks, block.heads().astype(np.int64), labels)

    def of_batch(self, batch: Batch) -> Gold:
        """The same of a batch, each (S, W), with IGNORED where there is no word."""

        def padded(values: Integers) -> Integers:
            found = np.full(batch.words.shape, IGNORED, np.int64)
            found[batch.words] = values[batch.which]
            return found

        return Gold({task: padded(v) for task, v in self.tasks.items()}, padded(self.heads), padded(self.labels))


def read_treebank(path: PathLike) -> Block:
    """All sentences of a file as one block, their trees checked. Raises FileError, also if there are none."""
    with open_input(path) as stream:
        block = parse_block(stream.read(), path=shown_name(path), trees=True)
    if not len(block):
        raise FileError(shown_name(path), "no sentences")
    return block
