"""Self-training: the parser also learns from raw text parsed by its teacher, the silver sentences.

The teacher, an ensemble trained on the treebank alone, parses the raw text. The final networks learn from the treebank
and from the sentences that the teacher is most confident of (McClosky, Charniak & Johnson 2006).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from clearparse.config import Config
from clearparse.io.files import PathLike, read_lines
from clearparse.model.container import Arrays
from clearparse.model.model import Model
from clearparse.training.checkpoint import Codec, Part
from clearparse.training.log import Log
from clearparse.training.parser_batches import Treebank
from clearparse.training.silver import Parsed, collect, mean_confidence, most_confident
from clearparse.treebank.conllu import Block
from clearparse.treebank.tree import in_cycle

LINES_AT_ONCE = 4000  # of raw text
SILVER_SHARE = 0.45  # of the parsed words become silver: the sentences with the highest mean confidence
MAX_RAW_WORDS = 4_000_000  # words of raw text that are parsed

# The accuracy of the silver trees matters most, and an ensemble is more accurate than one network trained for longer.
TEACHER_NETWORKS = 3  # at least
TEACHER_PASSES = 10  # at most (see Config.passes)


def teacher_config(config: Config) -> Config:
    """The configuration of the teacher, the ensemble that parses the raw text."""
    epochs = max(1, round(config.epochs * min(TEACHER_PASSES / config.passes, 1)))
    return replace(config, networks=max(TEACHER_NETWORKS, config.networks), epochs=epochs)


def silver_sentences(model: Model, paths: Sequence[PathLike], log: Log) -> Treebank:
    """The sentences of raw text files (a sentence or paragraph per line) that the model parses most confidently.

    Raises FileError if a file is missing or damaged. Bytes that are not UTF-8 become replacement characters.
    """
    with log.progress(MAX_RAW_WORDS, "raw text") as bar:
        found = collect(_parts(model, paths), bar.update)
    return most_confident(found.treebank, found.trees, SILVER_SHARE)


def _parts(model: Model, paths: Sequence[PathLike]) -> Iterator[Parsed]:
    """Yield the parsed sentences of raw text files, up to MAX_RAW_WORDS words."""
    words = 0
    for paragraphs in _paragraphs(paths):
        yield (part := _parse(model, model.tag(model.tokenize(paragraphs))))
        words += len(part.treebank.keys)
        if words >= MAX_RAW_WORDS:
            break


def _paragraphs(paths: Sequence[PathLike]) -> Iterator[list[str]]:
    """Yield the non-blank lines of the files, with single spaces, LINES_AT_ONCE at a time."""
    lines: list[str] = []
    for path in paths:
        for line in read_lines(path):
            if normalized := " ".join(line.split()):
                lines.append(normalized)
            if len(lines) == LINES_AT_ONCE:
                yield lines
                lines = []
    if lines:
        yield lines


def _parse(model: Model, block: Block) -> Parsed:
    """The sentences of a block with predicted trees."""
    heads, deprels, p = model.stages.ensemble.parse_with_probabilities(block)
    labels = [label.decode() for label in deprels]
    confidence = mean_confidence(p, block.sentences) if len(block) else np.empty(0)
    unknown = np.full(len(block), np.nan)
    return Parsed(Treebank(block.word_keys(), labels, heads, block.sentences), confidence, unknown)


def _encode(silver: Treebank) -> Part:
    lines = silver.keys, [label.encode() for label in silver.labels]
    keys, labels = (np.frombuffer(b"\n".join(each), np.uint8) for each in lines)
    return {"keys": keys, "labels": labels, "heads": silver.heads, "sentences": silver.sentences}, None


def _decode(arrays: Arrays, _: None) -> Treebank:
    """Decode a part of a checkpoint. Raises ValueError if its arcs do not form trees."""
    keys, labels = (arrays[name].tobytes().split(b"\n") if arrays[name].size else [] for name in ("keys", "labels"))
    heads, sentences = arrays["heads"], arrays["sentences"]
    if not (len(keys) == len(labels) == len(heads) and heads.dtype == np.int32 and sentences.dtype == np.int64):
        raise ValueError("columns of different lengths or types")
    lengths = np.diff(sentences)
    if len(sentences) == 0 or sentences[0] != 0 or sentences[-1] != len(heads) or (lengths < 1).any():
        raise ValueError("invalid offsets of sentences")
    if (heads < 0).any() or (heads > np.repeat(lengths, lengths)).any() or in_cycle(heads, sentences).any():
        raise ValueError("the heads do not form trees")
    return Treebank(keys, [label.decode() for label in labels], heads, sentences)


SILVER = Codec(_encode, _decode)
