"""Dependency parsing as a job for the classifier: words' columns in, heads and relations out.

A model is its parameters and what they mean: template, transition system, vocabulary, labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parser.network.classifier import Parameters
from parser.transition.decode import BATCH, Greedy, run
from parser.transition.features import Features
from parser.transition.systems import SYSTEMS, Layout, System, Transitions
from parser.transition.tables import Tables
from parser.treebank.conllu import Block
from parser.treebank.vocabulary import NULL, ROOT, Encoder, Vocabulary, word_keys


class DependencyParser:
    """A trained (or, at first, random) parser."""

    def __init__(
        self, params: Parameters, template: str, system: str, vocabulary: Vocabulary, transitions: Transitions
    ) -> None:
        self.params, self.template, self.system = params, template, system
        self.vocabulary, self.transitions = vocabulary, transitions
        self.features = Features(template, vocabulary, len(transitions.labels))
        self._encoder = Encoder(vocabulary)
        self._tables = Tables(params, self.features)

    def __reduce__(self) -> tuple[Any, ...]:
        return DependencyParser, (self.params, self.template, self.system, self.vocabulary, self.transitions)

    def with_parameters(self, params: Parameters) -> DependencyParser:
        """The same parser with other numbers."""
        return DependencyParser(params, self.template, self.system, self.vocabulary, self.transitions)

    def parse(self, block: Block, batch: int = BATCH) -> tuple[NDArray[np.int32], list[bytes]]:
        """HEAD (words,) and DEPREL of each word of a block; `batch` sentences take a step together."""
        if not len(block):
            return np.empty(0, np.int32), []
        layout = Layout(block.sentences)
        system = SYSTEMS[self.system](layout)
        run(system, self.transitions, self.greedy(system, word_keys(block)), batch)
        labels = [label.encode() for label in self.transitions.labels]
        return layout.index_to_heads(system.head), [labels[i] for i in (system.label[layout.words] - 1).tolist()]

    def greedy(self, system: System, keys: Sequence[bytes]) -> Greedy:
        """What chooses for the sentences of a system, whose words have these keys (see word_keys)."""
        types, first = self._encoder.types(keys, self._tables.capacity)
        self._tables.fill(self._encoder.rows(first), first)
        type_of = system.layout.spread(types, null=NULL, root=ROOT)
        return Greedy(system, self.transitions, self._tables, type_of)
