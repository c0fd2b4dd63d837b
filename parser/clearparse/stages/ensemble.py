"""Ensembles: the trees of several parsers combined by maximum spanning tree (Sagae & Lavie 2006, section 2.2).

Parsers help each other if they make different errors. Parsers of two transition systems, or that read a sentence in
opposite directions, do better together than several of one kind, although none of them is better alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.stages.stored import StoredNetwork, StoredNetworks
from clearparse.stages.transition_parser import Parse, TransitionParser
from clearparse.stages.validation import check, check_numbers
from clearparse.treebank.conllu import Block
from clearparse.treebank.spanning_tree import maximum_spanning_trees

Probabilities = NDArray[np.floating]
FIRST = "parser"  # name of the first network in a model file
COMMON = ("template", "symbols", "normalized")  # what all networks of an ensemble share


class Calibration(NamedTuple):
    """Platt scaling (Platt 1999): a logistic curve from an arc's probability to the probability that it is correct."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, p: Probabilities) -> Probabilities:
        z = self.slope * logit(p) + self.intercept
        return np.asarray(1 / (1 + np.exp(-z)))


def logit(p: Probabilities) -> Probabilities:
    """log p / (1 - p), with p kept away from 0 and 1."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)))


@dataclass(frozen=True)
class Ensemble:
    """One parser, or several whose trees are combined."""

    members: tuple[TransitionParser, ...]
    calibration: Calibration = field(default_factory=Calibration)

    def with_calibration(self, calibration: Calibration) -> Ensemble:
        """The same parsers with another calibration."""
        return replace(self, calibration=calibration)

    def parse(self, block: Block) -> tuple[NDArray[np.int32], list[bytes]]:
        """HEAD (words,) and DEPREL (words,) of a block. A sentence's tree depends on that sentence only."""
        if len(self.members) == 1:
            return self.members[0].parse(block)
        heads, deprels, _ = self.parse_with_probabilities(block)
        return heads, deprels

    def parse_with_probabilities(self, block: Block) -> Parse:
        """HEAD, DEPREL and the uncalibrated probability of each arc.

        For one parser it is the probability of the transition that made the arc. For several it is the sum of the
        squared probabilities of the parsers that predict this head and label, divided by the number of all parsers.
        """
        parses = [parser.parse_with_probabilities(block) for parser in self.members]
        return parses[0] if len(parses) == 1 or not len(block) else combine(parses, block.sentences)

    @staticmethod
    def names(networks: Container[str]) -> list[str]:
        """The names of the parsers in a model file: parser, parser 2, parser 3 ..."""
        return list(takewhile(networks.__contains__, _names()))

    def to_stored(self) -> dict[str, StoredNetwork]:
        """The networks by their names in a model file; metadata shared by all members is stored with the first only."""
        networks = dict(zip(_names(), (member.to_stored() for member in self.members), strict=False))
        first = networks[FIRST]
        for name, network in networks.items():
            if name != FIRST:
                own = {key: value for key, value in network.metadata.items() if key not in COMMON}
                networks[name] = network._replace(metadata=own)
        first.metadata["calibration"] = self.calibration._asdict()
        return networks

    @classmethod
    def from_stored(cls, networks: StoredNetworks) -> Ensemble:
        """The ensemble of stored networks.

        Raises ValueError or TemplateError if they are inconsistent, KeyError if something is missing.
        """
        first = networks[FIRST]
        first.check(FIRST)
        check_numbers(first.metadata["calibration"], Calibration._fields)
        vocabulary, members = first.vocabulary(), []
        common = {key: first.metadata[key] for key in COMMON if key in first.metadata}
        for name in cls.names(networks):
            network = networks[name]
            check(isinstance(network.metadata, dict), f"the entry of {name!r} is not a dictionary")
            network = network._replace(metadata=common | network.metadata)
            network.check(name)
            members.append(TransitionParser.from_stored(network, vocabulary))
        return cls(tuple(members), Calibration(**first.metadata["calibration"]))


def _names() -> Iterator[str]:
    yield FIRST
    yield from (f"{FIRST} {k}" for k in count(2))


def combine(parses: Sequence[Parse], sentences: NDArray[np.int64]) -> Parse:
    """The maximum spanning tree of each sentence, given the predictions of k parsers for the same words.

    The weight of an arc is the sum of the squared probabilities of the parsers that predict it; of their labels, the
    one with the highest total weight is taken. sentences (S + 1,): as in Block.
    """
    heads = np.stack([parse.heads for parse in parses])  # (k, words)
    numbers = {label: i for i, label in enumerate(dict.fromkeys(label for parse in parses for label in parse.deprels))}
    labels = np.array([[numbers[label] for label in parse.deprels] for parse in parses])
    weights = np.stack([parse.probability for parse in parses]).astype(np.float64) ** 2
    words = np.tile(np.arange(heads.shape[1]), len(heads))
    # An arc that several parsers have is given several times, each with the weight of all: of equal arcs
    # maximum_spanning_trees takes the first.
    total = np.array([np.where(heads == each, weights, 0).sum(axis=0) for each in heads])
    tree = maximum_spanning_trees(words, heads.ravel(), total.ravel(), sentences)
    weights = np.where(heads == tree, weights, 0)
    support = np.array([np.where(labels == each, weights, 0).sum(axis=0) for each in labels])
    support = np.where(heads == tree, support, -1)
    first = support.argmax(axis=0)[None]
    names = list(numbers)
    chosen = np.take_along_axis(labels, first, axis=0)[0].tolist()
    probability = np.take_along_axis(support, first, axis=0)[0] / len(parses)
    return Parse(tree, [names[label] for label in chosen], probability)
