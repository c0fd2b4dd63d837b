"""Evaluate a model, or any parser's output, on a treebank: the scores and the conditions they hold under."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from clearparse.evaluation.calibration import reliability
from clearparse.evaluation.counts import Counts, Trees, align_blocks, correct_arcs, count_blocks, count_pairs
from clearparse.evaluation.raw_text import raw_text_scores
from clearparse.evaluation.scores import PUNCTUATION, SCORER, all_scores
from clearparse.evaluation.significance import comparison
from clearparse.io.checksum import checksum
from clearparse.io.files import shown_name
from clearparse.treebank.conllu import Block, read_blocks
from clearparse.treebank.tokens import paragraphs_of, text_of, tokens_in
from clearparse.version import __version__

BLOCK_BYTES = 3 << 20  # of the gold file that are parsed at once
PARAGRAPHS = 1000  # of its text that are tokenized at once
# What the parser gets of the gold file, and how the conditions say it.
GIVEN = {
    "tags": "gold words, sentences and tags",
    "words": "gold words and sentences; predicted tags and lemmas",
    "text": "predicted from raw text",
}


class Parser(Protocol):
    """What evaluation needs of a model; clearparse.Model has it."""

    def tokenize(self, paragraphs: Sequence[str], first: int = 1) -> Block: ...
    def tag(self, block: Block) -> Block: ...
    def parse_block(self, block: Block) -> Block: ...
    def parse_with_confidence(self, block: Block) -> tuple[NDArray[np.int32], list[bytes], NDArray[np.floating]]: ...
    def conditions(self) -> dict[str, Any]: ...


class Candidate(Protocol):
    """What is evaluated."""

    @property
    def path(self) -> str: ...

    def parse(self, gold: Iterable[Block], given: str) -> Iterator[Block]:
        """Its trees for a treebank, of which it is given the tags, the words or the text. Raises FileError."""

    def conditions(self, given: str) -> dict[str, Any]:
        """What is known about it and how it was made, as JSON values."""


@dataclass(frozen=True)
class ParserOutput:
    """The output of any parser, in a CoNLL-U file."""

    path: str

    def parse(self, gold: Iterable[Block], given: str) -> Iterator[Block]:
        return read_blocks(self.path, trees=True)

    def conditions(self, given: str) -> dict[str, Any]:
        return {"tags": "unknown: those the parser was given", "system": _file(self.path)}


@dataclass(frozen=True)
class EvaluatedModel:
    """A model and its file. progress: called with the number of words whenever some have been parsed."""

    path: str
    model: Parser
    progress: Callable[[int], object] = lambda words: None

    def parse(self, gold: Iterable[Block], given: str) -> Iterator[Block]:
        for block in self.inputs(gold, given) if given != "text" else self._tokenized(list(gold)):
            parsed = self.model.parse_block(block)
            self.progress(parsed.n_words)
            yield parsed

    def _tokenized(self, gold: Iterable[Block]) -> Iterator[Block]:
        """The texts of the paragraphs, some at a time, split and tagged by the model."""
        paragraphs = paragraphs_of(gold)
        while some := list(itertools.islice(paragraphs, PARAGRAPHS)):
            texts = [text_of(tokens_in(each)) for each in some]
            yield self.model.tag(self.model.tokenize(texts))

    def inputs(self, gold: Iterable[Block], given: str) -> Iterator[Block]:
        """The blocks as the model parses them: with gold or predicted tags."""
        return map(self.model.tag, gold) if given == "words" else iter(gold)

    def conditions(self, given: str) -> dict[str, Any]:
        return {
            "tags": "gold, from the gold file" if given == "tags" else "predicted by the model",
            "search": "greedy",
            "model": _file(self.path) | self.model.conditions(),
        }

    def reliability(self, gold: Iterable[Block], given: str) -> dict[str, Any]:
        """How often arcs of each confidence are correct; see calibration.reliability."""
        blocks, inputs = itertools.tee(gold)
        confidence, correct = [], []
        for block, parsed in zip(
            blocks, map(self.model.parse_with_confidence, self.inputs(inputs, given)), strict=True
        ):
            confidence.append(parsed[2])
            correct.append(correct_arcs(block, *parsed[:2]))
        return reliability(np.concatenate(confidence), np.concatenate(correct))


class Evaluation(NamedTuple):
    """The scores of a candidate, ready for JSON, and what they were counted from.

    others: the pairs of the candidate that it is compared with.
    """

    scores: dict[str, Any]
    gold: list[Block]
    pairs: list[tuple[Trees, Trees]]
    counts: Counts
    others: list[tuple[Trees, Trees]] | None = None


def evaluate_stream(gold_path: str, candidate: Candidate, *, confidence: bool = False) -> dict[str, Any]:
    """All scores, given gold words and tags, with a block in memory at a time.

    confidence: the candidate is a model, whose confidence is evaluated too. Raises FileError.
    """
    gold, given = itertools.tee(_read(gold_path))  # read in step: the tee holds one block
    counts = count_blocks(gold, candidate.parse(given, "tags"), **_names(gold_path, candidate))
    scores = all_scores(counts)
    if confidence and isinstance(candidate, EvaluatedModel):
        scores["confidence"] = candidate.reliability(_read(gold_path), "tags")
    return scores | {"conditions": _conditions(gold_path, candidate, "tags")}


def evaluate(
    gold_path: str,
    candidate: Candidate,
    given: str = "tags",
    *,
    other: Candidate | None = None,
    confidence: bool = False,
) -> Evaluation:
    """All scores, with all trees in memory.

    given: tags or words, what the candidate gets of the gold file. other: compare the two for a significant
    difference. confidence: evaluate that of the model too. Raises FileError.
    """
    gold = list(_read(gold_path))
    system = list(candidate.parse(gold, given))
    pairs = list(align_blocks(gold, system, **_names(gold_path, candidate)))
    counts = count_pairs(pairs)
    scores = all_scores(counts) | {"conditions": _conditions(gold_path, candidate, given)}
    if given == "words":
        scores["tagging"] = raw_text_scores(gold, system, **_names(gold_path, candidate))
    if confidence and isinstance(candidate, EvaluatedModel):
        scores["confidence"] = candidate.reliability(gold, given)
    others = None
    if other:
        description = {**_file(other.path), **other.conditions(given).get("model", {})}
        others = list(align_blocks(gold, other.parse(gold, given), **_names(gold_path, other)))
        scores["comparison"] = {"other": description} | comparison(pairs, others)
    return Evaluation(scores, gold, pairs, counts, others)


def evaluate_raw_text(gold_path: str, candidate: Candidate) -> dict[str, Any]:
    """The scores of a candidate that splits the text into sentences and words itself. Raises FileError."""
    gold = list(_read(gold_path))
    scores: Mapping[str, Any] = raw_text_scores(gold, candidate.parse(gold, "text"), **_names(gold_path, candidate))
    sizes = {"words": sum(len(block.fields) for block in gold), "sentences": sum(map(len, gold))}
    return {**sizes, **scores, "conditions": _conditions(gold_path, candidate, "text")}


def _read(path: str) -> Iterator[Block]:
    return read_blocks(path, trees=True, block_bytes=BLOCK_BYTES)


def _names(gold_path: str, candidate: Candidate) -> dict[str, str]:
    return {"gold_path": shown_name(gold_path), "system_path": shown_name(candidate.path)}


def _file(path: str) -> dict[str, Any]:
    return {"path": shown_name(path), "sha256": checksum(path)}


def _conditions(gold_path: str, candidate: Candidate, given: str) -> dict[str, Any]:
    return {
        "gold": _file(gold_path),
        "tokens": GIVEN[given],
        "punctuation": PUNCTUATION,
        "scorer": SCORER,
        "clearparse": __version__,
        **candidate.conditions(given),
    }
