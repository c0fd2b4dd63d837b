"""Self-training: raw text as more to learn from, cut, tagged and parsed by what was trained before.

The first networks learn the treebank alone. Of the trees that they give to raw text, the surest are learned by the
final ones together with the treebank, whose words and constructions are few (McClosky, Charniak & Johnson 2006).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from clearparse.io.files import PathLike, open_input
from clearparse.io.progress import ProgressBar
from clearparse.model.container import Arrays
from clearparse.model.model import Model
from clearparse.training.checkpoint import Form, Part
from clearparse.training.parser_batches import Treebank
from clearparse.treebank.conllu import Block

AT_ONCE = 4000  # lines of text parsed at once
SHORTEST, LONGEST = 4, 50  # words of a sentence that is learned
SURE = 0.45  # part of the words that is learned: the sentences whose arcs are the surest, on average
MOST_WORDS = 4_000_000  # words that are parsed at most


def silver(model: Model, paths: Sequence[PathLike]) -> Treebank:
    """The sentences of files of raw text (a sentence or paragraph a line) of whose trees the model is surest.

    Raises FileError: missing, damaged. What is not UTF-8 is read as signs of its own.
    """
    parts: list[Treebank] = []
    probability: list[float] = []
    hidden = None  # unless it is a terminal
    with ProgressBar(total=MOST_WORDS, unit="word", unit_scale=True, disable=hidden, desc="raw text") as bar:
        for texts in _lines(paths):
            block = model.tag(model.tokenize(texts))
            found, sure = _parsed(model, block)
            parts.append(found)
            probability += sure
            bar.update(len(found.keys))
            if bar.n >= MOST_WORDS:
                break
    return _surest(Treebank.concatenated(parts), np.array(probability))


def _lines(paths: Sequence[PathLike]) -> Iterator[list[str]]:
    """The lines that are not blank, some after the others, each with single spaces."""
    lines: list[str] = []
    for path in paths:
        with open_input(path) as stream:
            for line in stream:
                if plain := " ".join(line.decode("utf-8", errors="replace").split()):
                    lines.append(plain)
                if len(lines) == AT_ONCE:
                    yield lines
                    lines = []
    if lines:
        yield lines


def _parsed(model: Model, block: Block) -> tuple[Treebank, list[float]]:
    """The sentences of a block with the model's trees, and how sure it is of each: the mean over its words."""
    heads, deprels, p = model.stages.ensemble.parse_with_probabilities(block)
    labels = [label.decode() for label in deprels]
    sure = np.add.reduceat(p, block.sentences[:-1]) / np.diff(block.sentences) if len(block) else np.empty(0)
    return Treebank(block.word_keys(), labels, heads, block.sentences), sure.tolist()


def _surest(treebank: Treebank, probability: np.ndarray) -> Treebank:
    """The sentences of which a parser is surest, of a length that is worth learning: SURE of all words."""
    lengths = np.diff(treebank.sentences)
    candidates = np.flatnonzero((lengths >= SHORTEST) & (lengths <= LONGEST))
    order = candidates[np.argsort(-probability[candidates], kind="stable")]
    words = np.cumsum(lengths[order])
    return treebank.take(np.sort(order[words <= SURE * lengths.sum()]))


def _pack(silver: Treebank) -> Part:
    lines = silver.keys, [label.encode() for label in silver.labels]
    keys, labels = (np.frombuffer(b"\n".join(each), np.uint8) for each in lines)
    return {"keys": keys, "labels": labels, "heads": silver.heads, "sentences": silver.sentences}, None


def _unpack(arrays: Arrays, _: None) -> Treebank:
    keys, labels = (arrays[name].tobytes().split(b"\n") for name in ("keys", "labels"))
    return Treebank(keys, [label.decode() for label in labels], arrays["heads"], arrays["sentences"])


SILVER = Form(_pack, _unpack)
