"""A model: from sentences to trees, from file to file. `load` opens one; training makes one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from typing import Any

import numpy as np

from parser.errors import ClearparseError, FileError
from parser.model_file import load_arrays, save_arrays
from parser.network.classifier import Parameters
from parser.stages.dependency import Calibration, DependencyParser
from parser.transition.systems import LEFT_ARC, MOVES, RIGHT_ARC, ROOT_ARC, SYSTEMS, Transitions
from parser.treebank.conllu import FEATS, UPOS, XPOS, Block, Sentence, parse_block
from parser.treebank.vocabulary import Vocabulary

KIND = "dependency parser"
SENTENCES = 2000  # of an iterable that are parsed at once
BLOCK_BYTES = 4 << 20  # of a file that are parsed at once: enough sentences to keep the batch full
TAGS = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}


class MissingTags(UserWarning):
    """The input's tag columns are empty, and the model was trained on tags."""


@dataclass(frozen=True)
class Model:
    """A parser and the record of how it was made (config, data, scores by epoch, versions)."""

    parser: DependencyParser
    record: dict[str, Any]

    def parse(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The same sentences with new heads and relations, one after another: any iterable, never held as a whole."""
        source = iter(sentences)
        while some := list(islice(source, SENTENCES)):
            yield from self.parse_block(parse_block(b"".join(sentence.conllu for sentence in some)))

    def parse_blocks(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks with new trees."""
        return map(self.parse_block, blocks)

    def parse_block(self, block: Block) -> Block:
        """The same block with new trees."""
        return parse_block(self.parse_text(block), path=block.path, trees=True)

    def parse_text(self, block: Block, *, confidence: bool = False) -> bytes:
        """The text of a block with new trees; all but HEAD and DEPREL byte for byte.

        confidence: MISC gets Conf=P too, the probability that HEAD and DEPREL are right.
        Warns (MissingTags) where the model was trained on tags and the block has none.
        """
        self._warn_of_missing_tags(block)
        if not confidence:
            return block.with_trees(*self.parser.parse(block))
        heads, deprels, certainty = self.parser.parse_with_certainty(block)
        probabilities = [b"%.2f" % p for p in self.parser.calibration(certainty).tolist()]
        return block.replaced(heads, deprels).with_misc(probabilities, b"Conf")

    def tags(self) -> list[str]:
        """The tag columns this model looks at, and had in training."""
        seen = self.parser.vocabulary.symbols
        return [channel for channel in TAGS if any(symbol != "_" for symbol in seen.get(channel, ()))]

    def _warn_of_missing_tags(self, block: Block) -> None:
        empty = [channel.upper() for channel in self.tags() if len(block) and block.is_empty(TAGS[channel])]
        if empty and (empty != ["FEATS"] or self.tags() == ["feats"]):  # no feature in a few words means little
            columns = " and ".join(empty)
            message = f"{block.path}: {columns} not in the input; the model was trained with them, expect bad trees"
            warnings.warn(message, MissingTags, stacklevel=3)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model file, whole or not at all. Raises FileError."""
        parser = self.parser
        metadata = {
            "kind": KIND,
            "template": parser.template,
            "system": parser.system,
            "symbols": parser.vocabulary.symbols,
            "labels": {MOVES[kind]: labels for kind, labels in parser.transitions.by_kind.items()},
            "calibration": parser.calibration._asdict(),
            "record": self.record,
        }
        save_arrays(path, parser.params._asdict(), metadata)

    def conditions(self) -> dict[str, Any]:
        """How the model was made, for tables of scores."""
        keep = ("preset", "config", "train", "dev", "dev_scores")
        return {"tags": self.tags(), **{key: self.record[key] for key in keep if key in self.record}}

    def describe(self) -> str:
        """What a user wants to know of a model, a few lines."""
        parser, record = self.parser, self.record
        size = sum(array.size for array in parser.params)
        L, U, scores = parser.params.L, parser.params.U, record["dev_scores"]
        lines = [
            f"{KIND}, {parser.system}, made by clearparse {record['versions']['clearparse']}",
            "command      " + record["command"],
            "trained on   "
            + ", ".join(f"{each['path']} ({each['sentences']:,} sentences)" for each in record["train"]),
            f"dev          {record['dev']['path']}: UAS {scores['UAS']:.2f}, LAS {scores['LAS']:.2f}"
            f" (gold tokens; tags from the file: {', '.join(self.tags()) or 'none'}; epoch chosen on it)",
            f"network      m = {parser.features.m} slots, d = {L.shape[1]}, H = {U.shape[0]}, C = {U.shape[1]},"
            f" V = {len(L):,}: {size:,} numbers",
            f"labels       {len(parser.transitions.labels)}: {' '.join(sorted(parser.transitions.labels))}",
            "config       " + " ".join(f"{name}={value}" for name, value in record["config"].items()),
            "template",
            *(f"  {line.strip()}" for line in parser.template.strip().splitlines()),
        ]
        return "\n".join(lines)


def load(path: str | PathLike[str]) -> Model:
    """The model of a file. Raises FileError: missing, damaged, newer, or not a model of this kind."""
    arrays, metadata = load_arrays(path)
    try:
        if metadata["kind"] != KIND:
            raise FileError(path, f"a model of another kind: {metadata['kind']}")
        vocabulary = Vocabulary(metadata["symbols"])
        params, system = Parameters(**arrays), _known_system(metadata["system"])
        left, right, root = (metadata["labels"][MOVES[kind]] for kind in (LEFT_ARC, RIGHT_ARC, ROOT_ARC))
        transitions = Transitions(left, right, root, SYSTEMS[system].kinds)
        calibration = Calibration(**metadata["calibration"])
        parser = DependencyParser(params, metadata["template"], system, vocabulary, transitions, calibration)
        _check_shapes(parser)
        return Model(parser, metadata["record"])
    except FileError:
        raise
    except (ClearparseError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(path, f"not a usable model: {error}") from error


def _known_system(name: str) -> str:
    if name not in SYSTEMS:
        raise ValueError(f"transition system {name!r}; there are {', '.join(SYSTEMS)}")
    return name


def _check_shapes(parser: DependencyParser) -> None:
    """Every array as large as template, vocabulary and labels say, and of finite numbers."""
    L, U = parser.params.L, parser.params.U
    m, V, C = parser.features.m, parser.features.V, len(parser.transitions.kind)
    d, H = L.shape[-1], U.shape[0]
    expected = Parameters((V, d), (m * d, H), (1, H), (H, C), (1, C))  # type: ignore[arg-type]  # shapes in place of arrays
    for name, array, shape in zip(parser.params._fields, parser.params, expected, strict=True):
        if array.shape != shape or array.dtype != np.float32:
            raise ValueError(f"{name} is {array.dtype} {array.shape}, not float32 {shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
