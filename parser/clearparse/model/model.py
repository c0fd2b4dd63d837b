"""A model: raw text, words or tagged words in, trees out. `load` opens a model file; training makes one."""

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
from clearparse.model.description import description, stem, summary
from clearparse.model.serialization import Stages
from clearparse.stages.transition_parser import TransitionParser
from clearparse.treebank.conllu import FEATS, FORM, UPOS, XPOS, Block, Sentence, parse_block
from clearparse.treebank.paragraphs import split_paragraphs

SENTENCES = 2000  # of an iterable, parsed at once
BLOCK_BYTES = 3 << 20  # of a file, parsed at once: enough sentences to keep the batch full
SURROGATE = re.compile("[\ud800-\udfff]")
TAG_COLUMNS = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}


class MissingTagsWarning(UserWarning):
    """The input has empty tag columns that the model was trained on."""


@dataclass(frozen=True, repr=False)
class Model:
    """The stages from text to trees, and the record of their training (config, data, scores by epoch, versions).

    Every method can be called from several threads. A sentence's tags and tree depend on that sentence only.
    """

    stages: Stages
    record: dict[str, Any]
    name: str = ""  # of its file, without folders and ending

    def __repr__(self) -> str:
        name = f"Model {self.name}" if self.name else "Model"
        return f"<{name}: {summary(self.stages, self.tag_columns(), self.record)}>"

    @property
    def parser(self) -> TransitionParser:
        """The first parser of the ensemble."""
        return self.stages.parser

    def __call__(self, text: str) -> list[Sentence]:
        """The sentences of a text, with tags and trees; a blank line ends a paragraph.

        Raises ClearparseError if the model was trained without the stages for text.
        """
        return list(self.parse_block(self.tag(self.tokenize(list(split_paragraphs(text))))))

    def tokenize(self, paragraphs: Sequence[str], first: int = 1, *, presegmented: bool = False) -> Block:
        """The sentences of some paragraphs, with forms only. presegmented: each paragraph is one sentence.

        paragraphs: each on one line, with single spaces (see treebank.paragraphs). first: the number of the first one;
        the sentences of paragraph 3 get the sent_ids 3-1, 3-2 ..., or 3 if presegmented.
        Raises ClearparseError for a tab, a line break or half a surrogate pair in a paragraph, and if the model was
        trained without the stages for text.
        """
        if self.stages.tokenizer is None:
            raise ClearparseError("this model cannot read raw text: it was trained without `--stages all`")
        for number, text in enumerate(paragraphs, first):
            if not text.isascii() and (lone := SURROGATE.search(text)):
                raise ClearparseError(f"paragraph {number}: U+{ord(lone[0]):04X} is half of a character, not UTF-8")
            if "\n" in text or "\t" in text or "\r" in text:
                raise ClearparseError(f"paragraph {number}: has a tab or a line break; replace it by a space")
        tokenization = self.stages.tokenizer.tokenize(paragraphs)
        return (tokenization.presegmented() if presegmented else tokenization).block(first, presegmented=presegmented)

    def tag(self, block: Block) -> Block:
        """The block with predicted tags (UPOS, XPOS, FEATS), and lemmas if the model has a lemmatizer.

        Raises ClearparseError if the model was trained without a tagger.
        """
        tagger, lemmatizer = self.stages.tagger, self.stages.lemmatizer
        if tagger is None:
            raise ClearparseError("this model cannot tag: it was trained without `--stages all`")
        if not len(block):
            return block
        forms, which = factorize(block.column(FORM))
        keys, which = tagger.tagged([form + b"\t_\t_\t_\t_" for form in forms], which, block.sentences)
        parts = [key.split(b"\t", 2) for key in keys]
        if lemmatizer:  # the forms too, as they are: then word_keys need not be put together again
            first, lemmas = FORM, lemmatizer.lemmas(keys)
            columns = [b"\t".join((form, lemma, tags)) for (form, _, tags), lemma in zip(parts, lemmas, strict=True)]
        else:
            first, columns = UPOS, [tags for _, _, tags in parts]
        return block.with_columns(first, FEATS, [columns[k] for k in which.tolist()])

    def wants_tags(self, block: Block) -> bool:
        """Is the block without tags, and can the model tag it?"""
        return self.stages.tagger is not None and all(block.is_empty(column) for column in TAG_COLUMNS.values())

    def parse(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences with predicted heads and relations, one by one; never holds the whole iterable in memory."""
        source = iter(sentences)
        while some := list(islice(source, SENTENCES)):
            yield from self.parse_block(parse_block(b"".join(sentence.conllu for sentence in some)))

    def parse_block(self, block: Block, *, confidence: bool = False) -> Block:
        """The block with predicted trees: HEAD and DEPREL of every word.

        confidence: also write the probability that HEAD and DEPREL are right to MISC, as in Conf=0.93.
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
        if empty and (empty != ["FEATS"] or expected == ["feats"]):  # a few words may well have no features
            columns = " and ".join(empty)
            message = f"{block.path}: {columns} not in the input, but the model was trained with them: expect bad trees"
            warnings.warn(message, MissingTagsWarning, stacklevel=3)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model file, whole or not at all. Raises FileError."""
        serialization.save(path, self.stages, self.record)

    def conditions(self) -> dict[str, Any]:
        """How the model was trained, to go with its scores."""
        keep = ("preset", "config", "train", "dev", "dev_scores")
        return {"tags": self.tag_columns(), **{key: self.record[key] for key in keep if key in self.record}}

    def describe(self) -> str:
        """The model in some lines: its training, scores, sizes, labels, settings and template.

        Raises ClearparseError if the record is not that of a training.
        """
        try:
            return description(self.stages, self.tag_columns(), self.record)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ClearparseError("the training record in this model is not one that clearparse writes") from error


def load(path: str | PathLike[str] | None = None) -> Model:
    """The model of a file; without a path, the English model that comes with clearparse.

    Raises FileError: missing, damaged, of a newer version, or not a model.
    """
    file = resources.english() if path is None else path
    return Model(*serialization.load(file), name=stem(file))
