"""A model: from text or words to trees, from file to file. `load` opens one; training makes one."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import factorize
from clearparse.io import resources
from clearparse.model import serialization
from clearparse.model.serialization import KIND, Stages
from clearparse.stages.transition_parser import TransitionParser
from clearparse.treebank.conllu import FEATS, FORM, LEMMA, UPOS, XPOS, Block, Sentence, parse_block
from clearparse.treebank.text import paragraphs

SENTENCES = 2000  # of an iterable that are parsed at once
BLOCK_BYTES = 3 << 20  # of a file that are parsed at once: enough sentences to keep the batch full
SURROGATE = re.compile("[\ud800-\udfff]")
TAG_COLUMNS = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}


class MissingTagsWarning(UserWarning):
    """The input's tag columns are empty, and the model was trained on tags."""


@dataclass(frozen=True)
class Model:
    """Its stages and the record of how it was made (config, data, scores by epoch, versions)."""

    stages: Stages
    record: dict[str, Any]

    @property
    def parser(self) -> TransitionParser:
        """The first of those that vote, where there are several."""
        return self.stages.parser

    def __call__(self, text: str) -> list[Sentence]:
        """The sentences of a text with tags and trees; a blank line ends a paragraph.

        Raises ClearparseError if the model was trained without the stages for it.
        """
        return list(self.parse_block(self.tag(self.tokenize(list(paragraphs(text))))))

    def tokenize(self, paragraphs: Sequence[str], first: int = 1) -> Block:
        """The sentences of some paragraphs (see treebank.text), with forms only; `first` is the first one's number.

        See Tokenization.block. Raises ClearparseError for a lone surrogate, which is not a character, for a tab or a
        line end, and if the model was trained without the stages for text.
        """
        if self.stages.tokenizer is None:
            raise ClearparseError("this model cannot read raw text: it was trained without `--stages all`")
        for number, text in enumerate(paragraphs, first):
            if not text.isascii() and (lone := SURROGATE.search(text)):
                raise ClearparseError(f"paragraph {number}: U+{ord(lone[0]):04X} is half of a character, no UTF-8 text")
            if "\n" in text or "\t" in text or "\r" in text:
                raise ClearparseError(f"paragraph {number}: a tab or a line end; put a space in its place")
        return self.stages.tokenizer.cut(paragraphs).block(first)

    def tag(self, block: Block) -> Block:
        """The block with new tags, and new lemmas if the model has a lemmatizer.

        Raises ClearparseError if the model was trained without a tagger.
        """
        tagger, lemmatizer = self.stages.tagger, self.stages.lemmatizer
        if tagger is None:
            raise ClearparseError("this model cannot tag: it was trained without `--stages all`")
        if not len(block):
            return block
        forms, which = factorize(block.column(FORM))
        keys, which = tagger.tagged([form + b"\t_\t_\t_\t_" for form in forms], which, block.sentences)
        columns, first = [key.split(b"\t", 2)[2] for key in keys], UPOS
        if lemmatizer:
            lemmas, first = lemmatizer.lemmas(keys), LEMMA
            columns = [lemma + b"\t" + tags for lemma, tags in zip(lemmas, columns, strict=True)]
        return block.with_columns(first, FEATS, [columns[k] for k in which.tolist()])

    def wants_tags(self, block: Block) -> bool:
        """Is the block without tags, and can the model tag it?"""
        return self.stages.tagger is not None and all(block.is_empty(column) for column in TAG_COLUMNS.values())

    def parse(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The same sentences with new heads and relations, one by one; the iterable is never held in memory whole."""
        source = iter(sentences)
        while some := list(islice(source, SENTENCES)):
            yield from self.parse_block(parse_block(b"".join(sentence.conllu for sentence in some)))

    def parse_block(self, block: Block, *, confidence: bool = False) -> Block:
        """The block with new trees: HEAD and DEPREL of every word.

        confidence: MISC gets Conf=P too, the probability that HEAD and DEPREL are right.
        Warns (MissingTagsWarning) if the model was trained on tags and the block has none.
        """
        self._warn_of_missing_tags(block)
        if not confidence:
            return block.with_trees(*self.stages.ensemble.parse(block))
        heads, deprels, probability = self.parse_with_confidence(block)
        probabilities = [b"%.2f" % p for p in probability.tolist()]
        return block.with_trees(heads, deprels).with_misc(probabilities, b"Conf")

    def parse_with_confidence(self, block: Block) -> tuple[NDArray[np.int32], list[bytes], NDArray[np.floating]]:
        """HEAD, DEPREL, and the calibrated probability that both are right: three times (words,)."""
        ensemble = self.stages.ensemble
        heads, deprels, probability = ensemble.parse_with_probabilities(block)
        return heads, deprels, ensemble.calibration(probability)

    def tag_columns(self) -> list[str]:
        """The tag columns that the parser uses and that the training data had: some of upos, xpos, feats."""
        seen = self.parser.vocabulary.symbols
        return [channel for channel in TAG_COLUMNS if any(symbol != "_" for symbol in seen.get(channel, ()))]

    def _warn_of_missing_tags(self, block: Block) -> None:
        expected = self.tag_columns()
        empty = [channel.upper() for channel in expected if len(block) and block.is_empty(TAG_COLUMNS[channel])]
        if empty and (empty != ["FEATS"] or expected == ["feats"]):  # no feature in a few words means little
            columns = " and ".join(empty)
            message = f"{block.path}: {columns} not in the input; the model was trained with them, expect bad trees"
            warnings.warn(message, MissingTagsWarning, stacklevel=3)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model file, whole or not at all. Raises FileError."""
        serialization.save(path, self.stages, self.record)

    def conditions(self) -> dict[str, Any]:
        """How the model was made, for tables of scores."""
        keep = ("preset", "config", "train", "dev", "dev_scores")
        return {"tags": self.tag_columns(), **{key: self.record[key] for key in keep if key in self.record}}

    def _tags_expected(self) -> str:
        tags = ", ".join(self.tag_columns()) or "none"
        return f"tags of its own tagger: {tags}" if self.stages.tagger else f"tags from the file: {tags}"

    def describe(self) -> str:
        """What a user wants to know of a model, a few lines. Raises ClearparseError if the record is not as usual."""
        try:
            return self._described()
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ClearparseError("the record in this model is not as train.py writes it") from error

    def _described(self) -> str:
        (parser, *others), record = self.stages.ensemble.members, self.record
        size = sum(array.size for array in parser.params)
        L, U, scores = parser.params.L, parser.params.U, record["dev_scores"]
        lines = [
            f"{KIND}, {parser.system}, made by clearparse {record['versions']['clearparse']}",
            "command      " + record["command"],
            "trained on   "
            + ", ".join(f"{each['path']} ({each['sentences']:,} sentences)" for each in record["train"]),
            f"dev          {record['dev']['path']}: UAS {scores['UAS']:.2f}, LAS {scores['LAS']:.2f}"
            f" (gold tokens; {self._tags_expected()}; epoch chosen on it)",
            f"network      m = {parser.features.m} slots, d = {L.shape[1]}, H = {U.shape[0]}, C = {U.shape[1]},"
            f" V = {len(L):,}: {size:,} numbers",
            *(f"votes with   {each.system}{', from the end' * each.right_to_left}" for each in others),
            *(
                f"{name:<12} m = {each.window.m}, d = {each.params.L.shape[1]}, H = {len(each.params.U)},"
                f" C = {len(each.classes)}, V = {each.window.V:,}"
                for name, each in self.stages.window_classifiers().items()
            ),
            f"labels       {len(parser.transitions.labels)}: {' '.join(sorted(parser.transitions.labels))}",
            "config       " + " ".join(f"{name}={value}" for name, value in record["config"].items()),
            "template",
            *(f"  {line.strip()}" for line in parser.template.strip().splitlines()),
        ]
        return "\n".join(lines)


def load(path: str | PathLike[str] | None = None) -> Model:
    """The model of a file, or without one the English model that comes with clearparse.

    Raises FileError: missing, damaged, newer, or not a model of this kind.
    """
    return Model(*serialization.load(resources.english() if path is None else path))
