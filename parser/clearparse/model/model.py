"""A trained model: parses raw text, tokenized sentences or tagged sentences. `load` reads a model file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import factorize
from clearparse.features.word_keys import tags_of, with_lemma
from clearparse.io import resources
from clearparse.io.threads import one_blas_thread
from clearparse.model import serialization
from clearparse.model.description import description, stem, summary
from clearparse.model.inputs import check_paragraph, checked_text, sentence_of
from clearparse.model.serialization import Stages
from clearparse.stages.transition_parser import TransitionParser
from clearparse.treebank.conllu import FEATS, FORM, LEMMA, UPOS, XPOS, Block, Sentence, parse_block
from clearparse.treebank.document import Document, split_block
from clearparse.treebank.paragraphs import split_paragraphs
from clearparse.treebank.ranges import RawText

if TYPE_CHECKING:
    from clearparse.config import Config

SENTENCES = 2000  # of an iterable, parsed at once
BLOCK_BYTES = 3 << 20  # of a file, parsed at once: enough sentences to keep the batch full
SEPARATOR = "\n\n"  # between texts that are parsed together
BATCH_SIZE, BATCH_CHARACTERS = 1000, 1 << 20  # texts that pipe parses at once, and their length, roughly
BAD_RECORD = "the training record in this model is not one that clearparse writes"
TAG_COLUMNS = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}


class MissingTagsWarning(UserWarning):
    """Issued when a tag column that the model was trained with is empty in the input; FEATS alone may be empty."""


@dataclass(frozen=True, repr=False)
class Model:
    """A trained parsing pipeline with its training record (config, data, scores by epoch, versions).

    Thread-safe. A sentence's tags and tree depend on that sentence only.
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

    @property
    def labels(self) -> tuple[str, ...]:
        """The relations (DEPREL) that the parser can give, sorted."""
        return tuple(sorted(self.parser.transitions.labels))

    @property
    def config(self) -> Config:
        """The hyperparameters of training. Raises ClearparseError if the record does not have them."""
        from clearparse.config import recorded_config  # here: parsing does not need it

        try:
            return recorded_config(self.record["config"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ClearparseError(BAD_RECORD) from error

    def __call__(self, text: str | Iterable[Sequence[str]], *, confidence: bool = False) -> Document:
        """Parse a text into a Document with tags and trees.

        text: raw text, in which a blank line ends a paragraph, or tokenized sentences:
        ``model([["Birds", "eat"], ["They", "sleep"]])``. confidence: also write the probability that HEAD and DEPREL
        are correct to MISC, as in Conf=0.93.
        Raises ClearparseError for raw text if the model was trained without the stages for text, TypeError for other
        input, and ValueError for a sentence without words.
        """
        if isinstance(text, str):
            return self._documents([text], confidence=confidence)[0]
        return self._document_of_words(text, confidence=confidence)

    def pipe(
        self, texts: Iterable[str], *, batch_size: int = BATCH_SIZE, confidence: bool = False
    ) -> Iterator[Document]:
        """Parse texts in batches of batch_size, yielding a Document for each, in order; reads the iterable lazily.

        A text without words gives an empty document. confidence: also write the probability that HEAD and DEPREL are
        correct to MISC. Raises ClearparseError if the model was trained without the stages for text, TypeError if a
        text is not a string, and ValueError for a batch_size below 1.
        """
        if isinstance(texts, str):
            raise TypeError("pipe takes many texts; for one text call model(text)")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; at least 1 text is parsed at a time")
        return self._pipe(texts, batch_size, confidence)

    def _pipe(self, texts: Iterable[str], batch_size: int, confidence: bool) -> Iterator[Document]:
        batch: list[str] = []
        characters = 0
        for text in texts:
            batch.append(checked_text(text))
            characters += len(text)
            if len(batch) == batch_size or characters >= BATCH_CHARACTERS:
                yield from self._documents(batch, confidence=confidence)
                batch, characters = [], 0
        yield from self._documents(batch, confidence=confidence)

    def _documents(self, texts: Sequence[str], *, confidence: bool) -> list[Document]:
        """The documents of texts that are parsed together."""
        paragraphs = [list(split_paragraphs(text)) for text in texts]
        numbers = np.concatenate([np.arange(1, len(each) + 1) for each in paragraphs] or [np.arange(0)])
        raw = RawText(SEPARATOR.join(texts))
        with one_blas_thread():
            block = self._tag(self._tokenize([each for some in paragraphs for each in some], numbers, raw))
            block = self._parse_block(block, confidence=confidence)
        return list(map(Document, split_block(block, texts, len(SEPARATOR))))

    def _document_of_words(self, sentences: Iterable[Sequence[str]], *, confidence: bool) -> Document:
        """The document of tokenized sentences."""
        if not isinstance(sentences, Iterable):
            raise TypeError(f"a model parses a text or tokenized sentences, not {type(sentences).__name__}")
        made = [sentence_of(words, k) for k, words in enumerate(sentences, 1)]
        block = Document.from_sentences(made).block
        return Document(self.parse_block(self.fill_tags(block), confidence=confidence))

    def tokenize(
        self,
        paragraphs: str | Sequence[str],
        first: int = 1,
        *,
        presegmented: bool = False,
        raw: RawText | None = None,
    ) -> Block:
        """Split text into sentences and words, with forms only.

        Args:
            paragraphs: a raw text, or paragraphs on one line each, with single spaces (see split_paragraphs). The block
                of a raw text has ranges (see Block.with_ranges).
            first: number of the first paragraph; the sentences of paragraph 3 get the sent_ids 3-1, 3-2 ...
            presegmented: each paragraph is one sentence, whose sent_id is its number.
            raw: the text of the paragraphs before whitespace was normalized, for ranges.

        Raises:
            ClearparseError: a paragraph has a tab, a line break or an unpaired surrogate, or the model was trained
                without the stages for text.
        """
        raw = RawText(paragraphs) if isinstance(paragraphs, str) else raw
        split = list(split_paragraphs(paragraphs)) if isinstance(paragraphs, str) else paragraphs
        with one_blas_thread():
            return self._tokenize(split, first + np.arange(len(split)), raw, presegmented=presegmented)

    def _tokenize(
        self,
        paragraphs: Sequence[str],
        numbers: NDArray[np.int64],
        raw: RawText | None,
        *,
        presegmented: bool = False,
    ) -> Block:
        """Like tokenize, with the number of each paragraph, numbers (P,); with one BLAS thread, set by the caller."""
        if self.stages.tokenizer is None:
            raise ClearparseError("this model cannot read raw text: it was trained without `--stages all`")
        for number, text in zip(numbers.tolist(), paragraphs, strict=True):
            check_paragraph(text, number)
        return self.stages.tokenizer.tokenize(paragraphs).block(numbers, raw, presegmented=presegmented)

    def tag(self, block: Block) -> Block:
        """The block with predicted tags (UPOS, XPOS, FEATS), and lemmas if the model has a lemmatizer.

        Raises ClearparseError if the model was trained without a tagger.
        """
        with one_blas_thread():
            return self._tag(block)

    def _tag(self, block: Block) -> Block:
        """Like tag, with one BLAS thread, set by the caller."""
        tagger, lemmatizer = self.stages.tagger, self.stages.lemmatizer
        if tagger is None:
            raise ClearparseError("this model cannot tag: it was trained without `--stages all`")
        if not len(block):
            return block
        forms, which = factorize(block.column(FORM))
        keys, which = tagger.tagged(forms, which, block.sentences)
        if lemmatizer:  # the forms too, as they are: then word_keys need not be put together again
            first, pairs = FORM, zip(keys, lemmatizer.lemmas(keys), strict=True)
            columns = [with_lemma(key, lemma) for key, lemma in pairs]
        else:
            first, columns = UPOS, list(map(tags_of, keys))
        return block.with_columns(first, FEATS, [columns[k] for k in which.tolist()])

    def fill_tags(self, block: Block) -> Block:
        """The block with predicted tags and lemmas in the sentences that have no tags, if the model has a tagger.

        A sentence has no tags if UPOS, XPOS and FEATS are ``_`` in all its words. The others keep what they have.
        """
        untagged = block.empty_sentences(UPOS, FEATS)
        if self.stages.tagger is None or not untagged.any():
            return block
        tagged = self.tag(block)
        if untagged.all():
            return tagged
        fill = np.repeat(untagged, np.diff(block.sentences)).tolist()
        pairs = zip(fill, tagged.columns(LEMMA, FEATS), block.columns(LEMMA, FEATS), strict=True)
        return block.with_columns(LEMMA, FEATS, [new if filled else old for filled, new, old in pairs])

    def parse(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Yield the sentences with predicted heads and relations, in order; sentences without tags get tags first.

        Reads the iterable lazily. A model without a tagger warns of missing tags (MissingTagsWarning).
        """
        if isinstance(sentences, str):
            raise TypeError("parse takes sentences, such as those of read_conllu; for a text call model(text)")
        return self._parse(iter(sentences))

    def _parse(self, source: Iterator[Sentence]) -> Iterator[Sentence]:
        while some := list(islice(source, SENTENCES)):
            block = parse_block(b"".join(sentence.conllu for sentence in some))
            yield from self.parse_block(self.fill_tags(block))

    def parse_block(self, block: Block, *, confidence: bool = False) -> Block:
        """The block with a predicted HEAD and DEPREL for every word; uses its tags and predicts none (see fill_tags).

        confidence: also write the probability that HEAD and DEPREL are correct to MISC, as in Conf=0.93.
        Warns (MissingTagsWarning) if a tag column that the model was trained with is empty in all words; FEATS alone
        may be empty.
        """
        self.warn_of_missing_tags(block)
        with one_blas_thread():
            return self._parse_block(block, confidence=confidence)

    def _parse_block(self, block: Block, *, confidence: bool) -> Block:
        """Like parse_block, without a warning and with one BLAS thread, set by the caller."""
        if not confidence:
            return block.with_trees(*self.stages.ensemble.parse(block))
        heads, deprels, probability = self.parse_with_confidence(block)
        probabilities = [b"%.2f" % p for p in probability.tolist()]
        return block.with_trees(heads, deprels).with_misc(probabilities, b"Conf")

    def parse_with_confidence(self, block: Block) -> tuple[NDArray[np.int32], list[bytes], NDArray[np.floating]]:
        """HEAD, DEPREL, and the calibrated probability that both are correct: three columns of shape (words,)."""
        ensemble = self.stages.ensemble
        with one_blas_thread():
            heads, deprels, probability = ensemble.parse_with_probabilities(block)
        return heads, deprels, ensemble.calibration(probability)

    def tag_columns(self) -> list[str]:
        """The tag columns that the parser was trained with, a subset of upos, xpos and feats."""
        seen = self.parser.vocabulary.symbols
        return [channel for channel in TAG_COLUMNS if any(symbol != "_" for symbol in seen.get(channel, ()))]

    def warn_of_missing_tags(self, block: Block) -> None:
        """Warn as parse_block does (MissingTagsWarning), without parsing."""
        expected = self.tag_columns()
        empty = [channel.upper() for channel in expected if len(block) and block.is_empty(TAG_COLUMNS[channel])]
        if empty and (empty != ["FEATS"] or expected == ["feats"]):  # a few words may well have no features
            message = f"{' and '.join(empty)} not in the input, but the model was trained with them: expect bad trees"
            warnings.warn(f"{block.path}: {message}", MissingTagsWarning, stacklevel=3)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file atomically. Raises FileError if it cannot be written."""
        serialization.save(path, self.stages, self.record)

    def conditions(self) -> dict[str, Any]:
        """Training conditions to report with scores."""
        keep = ("preset", "config", "train", "dev", "dev_scores")
        return {"tags": self.tag_columns(), **{key: self.record[key] for key in keep if key in self.record}}

    def describe(self) -> str:
        """A multi-line description: training, scores, sizes, labels, settings and template.

        Raises ClearparseError if the record is not a training record.
        """
        try:
            return description(self.stages, self.tag_columns(), self.record)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ClearparseError(BAD_RECORD) from error


def load(path: str | os.PathLike[str] | None = None) -> Model:
    """Load a model from a file, or a bundled model by name; the default is `english`.

    Raises FileError if the file is missing, damaged, of a newer version or not a model; ClearparseError if no model is
    bundled.
    """
    path = resources.english() if path is None else path
    file = path if os.path.exists(path) else resources.model(os.fspath(path))
    return Model(*serialization.load(file), name=stem(file))
