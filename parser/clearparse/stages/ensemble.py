"""Parsers that vote: of the arcs of all their trees those that make the heaviest tree (Sagae & Lavie 2006).

What counts is that they err differently: those of two transition systems, or from both ends of a sentence, are better
together than several of one kind, though not one of them is better alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.stages.stored import Networks, StoredNetwork
from clearparse.stages.transition_parser import TransitionParser
from clearparse.stages.validation import check, check_numbers
from clearparse.treebank.conllu import Block
from clearparse.treebank.spanning_tree import maximum_spanning_trees

Trees = tuple[NDArray[np.int32], list[bytes]]
Certainty = NDArray[np.floating]
FIRST = "parser"  # name of the first network in a model file
COMMON = ("template", "symbols", "normalized")  # what all networks of an ensemble share


class Calibration(NamedTuple):
    """From how certain a vote is of an arc to the probability that it is right: a logistic curve (Platt 1999)."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, p: Certainty) -> Certainty:
        z = self.slope * logit(p) + self.intercept
        return np.asarray(1 / (1 + np.exp(-z)))


def logit(p: Certainty) -> Certainty:
    """log p / (1 - p), p kept away from 0 and 1."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)))


@dataclass(frozen=True)
class Ensemble:
    """One parser, or several that vote."""

    members: tuple[TransitionParser, ...]
    calibration: Calibration = field(default_factory=Calibration)

    def with_calibration(self, calibration: Calibration) -> Ensemble:
        """The same with another view of its own confidence."""
        return replace(self, calibration=calibration)

    def parse(self, block: Block) -> Trees:
        """HEAD (words,) and DEPREL of each word of a block. They depend on nothing but the sentence."""
        if len(self.members) == 1:
            return self.members[0].parse(block)
        heads, deprels, _ = self.parse_with_probabilities(block)
        return heads, deprels

    def parse_with_probabilities(self, block: Block) -> tuple[NDArray[np.int32], list[bytes], Certainty]:
        """HEAD and DEPREL, and how certain each arc is, from 0 to 1 (words,).

        Of one parser: the probability that the network gave to the transition that made it.
        """
        found = [parser.parse_with_probabilities(block) for parser in self.members]
        return found[0] if len(found) == 1 or not len(block) else vote(found, block.sentences)

    @staticmethod
    def names(networks: Container[str]) -> list[str]:
        """What its networks are called in a file: parser, parser 2, parser 3 ..., as far as there are such networks."""
        return list(takewhile(networks.__contains__, _names()))

    def to_stored(self) -> dict[str, StoredNetwork]:
        """Its networks as a model file stores them; what all members have in common is with the first only."""
        networks = dict(zip(_names(), (member.to_stored() for member in self.members), strict=False))
        first = networks[FIRST]
        for name, network in networks.items():
            if name != FIRST:
                own = {key: value for key, value in network.about.items() if key not in COMMON}
                networks[name] = network._replace(about=own)
        first.about["calibration"] = self.calibration._asdict()
        return networks

    @classmethod
    def from_stored(cls, networks: Networks) -> Ensemble:
        """The ensemble of stored networks.

        Raises ValueError or TemplateError where something does not fit, KeyError if something is missing.
        """
        first = networks[FIRST]
        first.check(FIRST)
        check_numbers(first.about["calibration"], Calibration._fields)
        vocabulary, members = first.vocabulary(), []
        common = {key: first.about[key] for key in COMMON if key in first.about}
        for name in cls.names(networks):
            network = networks[name]
            check(isinstance(network.about, dict), f"the entry of {name!r} is not a dictionary")
            network = network._replace(about=common | network.about)
            network.check(name)
            members.append(TransitionParser.from_stored(network, vocabulary))
        return cls(tuple(members), Calibration(**first.about["calibration"]))


def _names() -> Iterator[str]:
    yield FIRST
    yield from (f"{FIRST} {k}" for k in count(2))


def vote(
    found: Sequence[tuple[NDArray[np.int32], list[bytes], Certainty]], sentences: NDArray[np.int64]
) -> tuple[NDArray[np.int32], list[bytes], Certainty]:
    """The tree of each sentence whose arcs have the most of the certainty of k parsers, squared, and how much of it.

    found: HEAD, DEPREL and certainty of each parser. A label is that of most weight among those with the arc.
    """
    heads = np.stack([each[0] for each in found])  # (k, words)
    numbers = {label: i for i, label in enumerate(dict.fromkeys(label for each in found for label in each[1]))}
    labels = np.array([[numbers[label] for label in each[1]] for each in found])
    weights = np.stack([each[2] for each in found]).astype(np.float64) ** 2
    words = np.tile(np.arange(heads.shape[1]), len(heads))
    # The same arc of several parsers as one, of all their weight: of equal ones maximum_spanning_trees takes the first.
    together = np.array([np.where(heads == each, weights, 0).sum(axis=0) for each in heads])
    tree = maximum_spanning_trees(words, heads.ravel(), together.ravel(), sentences)
    weights = np.where(heads == tree, weights, 0)
    support = np.array([np.where(labels == each, weights, 0).sum(axis=0) for each in labels])
    support = np.where(heads == tree, support, -1)
    first = support.argmax(axis=0)[None]
    names = list(numbers)
    chosen = np.take_along_axis(labels, first, axis=0)[0].tolist()
    probability = np.take_along_axis(support, first, axis=0)[0] / len(found)
    return tree, [names[label] for label in chosen], probability
