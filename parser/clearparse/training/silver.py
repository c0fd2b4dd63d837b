"""Silver sentences: automatically parsed text, learned together with the treebank.

They come from CoNLL-U files of another parser, which are read here, or from the model's own teacher (self_training.py).
The functions below collect the sentences and select the most confidently parsed ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError, FileError
from clearparse.features.templates import Index
from clearparse.features.word_keys import with_tags
from clearparse.io.files import PathLike
from clearparse.training.log import Log
from clearparse.training.parser_batches import Treebank
from clearparse.treebank.conllu import FEATS, MISC, UPOS, Block, read_blocks
from clearparse.treebank.identifiers import quoted
from clearparse.treebank.ragged import offsets

MIN_WORDS, MAX_WORDS = 4, 50  # words in a silver sentence
MAX_SILVER_WORDS = 10_000_000  # of silver files that are read; a word takes about 90 bytes of memory at the peak
TREES, TAGS = b"Conf", b"TagConf"  # keys in MISC: the probabilities that a word's arc, and its tags, are correct


class Parsed(NamedTuple):
    """Parsed sentences, with the confidence of their trees and of their tags: each (S,), NaN if unknown."""

    treebank: Treebank
    trees: NDArray[np.floating]
    tags: NDArray[np.floating]


@dataclass(frozen=True)
class Silver:
    """The sentences to learn trees from, and those to learn tags from; they may differ."""

    trees: Treebank
    tags: Treebank


def collect(parts: Iterable[Parsed], progress: Callable[[int], object]) -> Parsed:
    """All parts in one; equal keys and equal labels are the same object, to save memory.

    progress: called with the number of words of each part.
    """
    same_key: dict[bytes, bytes] = {}
    same_label: dict[str, str] = {}
    collected = [Parsed(Treebank([], [], np.empty(0, np.int32), np.zeros(1, np.int64)), np.empty(0), np.empty(0))]
    for treebank, trees, tags in parts:
        keys = [same_key.setdefault(key, key) for key in treebank.keys]
        labels = [same_label.setdefault(label, label) for label in treebank.labels]
        collected.append(Parsed(replace(treebank, keys=keys, labels=labels), trees, tags))
        progress(len(keys))
    treebanks, of_trees, of_tags = zip(*collected, strict=True)
    return Parsed(Treebank.concatenated(treebanks), np.concatenate(of_trees), np.concatenate(of_tags))


def most_confident(treebank: Treebank, confidence: NDArray[np.floating], share: float) -> Treebank:
    """The most confident sentences of MIN_WORDS to MAX_WORDS words, up to this share of all words.

    Sentences of unknown confidence come first; if all are unknown, all are taken.
    """
    lengths, unknown = np.diff(treebank.sentences), np.isnan(confidence)
    share = 1.0 if unknown.all() else share
    candidates = np.flatnonzero((lengths >= MIN_WORDS) & (lengths <= MAX_WORDS))
    order = candidates[np.argsort(-np.where(unknown, np.inf, confidence)[candidates], kind="stable")]
    words = np.cumsum(lengths[order])
    return treebank.take(np.sort(order[words <= share * lengths.sum()]))


def mean_confidence(of_words: NDArray[np.floating], sentences: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean over the words of each sentence (S,), ignoring NaN; no sentence is empty."""
    known = ~np.isnan(of_words)
    count = np.add.reduceat(known, sentences[:-1], dtype=np.int64)
    total = np.add.reduceat(np.where(known, of_words, 0), sentences[:-1], dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def read_silver(paths: Sequence[PathLike], share: float, log: Log) -> Silver:
    """Read CoNLL-U files of another parser and select a share of their words (see most_confident).

    Raises FileError if a file is missing or damaged, has no trees or a confidence that is not a probability, or if no
    sentence has MIN_WORDS to MAX_WORDS words.
    """
    with log.progress(MAX_SILVER_WORDS, "silver") as bar:
        found = collect(_parts(paths, log), bar.update)
    trees, tags = (most_confident(found.treebank, each, share) for each in (found.trees, found.tags))
    if not len(trees):
        raise FileError(paths[0], f"no silver sentence has {MIN_WORDS} to {MAX_WORDS} words")
    log("silver", f"{len(trees):,} sentences ({len(trees.keys):,} words) of {len(found.treebank):,} in the files")
    return Silver(trees, tags)


def _parts(paths: Sequence[PathLike], log: Log) -> Iterator[Parsed]:
    words = 0
    for path in paths:
        before = words
        for block in read_blocks(path, trees=True):
            if len(block):
                yield _part(block)
                words += block.n_words
            if words >= MAX_SILVER_WORDS:
                log("note", f"silver sentences after the first {words:,} words are not read")
                return
        if words == before:
            raise FileError(path, "no sentences")


def _part(block: Block) -> Parsed:
    treebank = Treebank.of([block])
    treebank = replace(treebank, keys=with_tags(treebank.keys, block.columns(UPOS, FEATS)))
    trees, tags = (mean_confidence(_confidence(block, key), block.sentences) for key in (TREES, TAGS))
    return Parsed(treebank, trees, tags)


def _confidence(block: Block, key: bytes) -> NDArray[np.float64]:
    """The values of a key in MISC (words,), NaN where it is missing. Raises FileError if one is not from 0 to 1."""
    search = re.compile(rb"(?:^|\|)" + key + rb"=([^|]*)").search
    values = np.full(block.n_words, np.nan)
    for word, misc in enumerate(block.column(MISC)):
        if found := search(misc):
            values[word] = _probability(found[1])
            if not 0 <= values[word] <= 1:
                message = f"{key.decode()} is {quoted(found[1])}; it must be a number from 0 to 1"
                raise FileError(block.path, message, int(block.lines[word]))
    return values


def _probability(value: bytes) -> float:
    """The number in a text; -1 if it is not a number."""
    try:
        return float(value)
    except ValueError:
        return -1.0


def with_labels(silver: Treebank, labels: Iterable[str], log: Log) -> Treebank:
    """The sentences whose labels are all among these. Raises ClearparseError if there are none."""
    known = set(labels)
    foreign = {label for label in silver.labels if label not in known}
    if not foreign:
        return silver
    words = np.fromiter((label in foreign for label in silver.labels), np.bool_, len(silver.labels))
    kept: Index = np.flatnonzero(np.diff(offsets(words)[silver.sentences]) == 0)
    shown = " ".join(sorted(foreign)[:20])
    if not len(kept):
        raise ClearparseError(f"every silver sentence has labels that the treebank does not have: {shown}")
    log(
        "warning",
        f"{len(silver) - len(kept):,} silver sentences are left out: the treebank does not have their labels {shown}",
    )
    return silver.take(kept)
