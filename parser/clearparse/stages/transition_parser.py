"""The transition-based parser (Chen & Manning 2014): predicts heads and relations of tagged words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.type_cache import TypeCache, end_of_part
from clearparse.features.vocabulary import NULL, ROOT, Vocabulary, factorize
from clearparse.network.classifier import Parameters, distinct
from clearparse.stages.stored import StoredNetwork
from clearparse.stages.validation import check, check_column, check_texts, flag
from clearparse.transition.decode import BATCH, GreedyPolicy, RecordingPolicy, run, run_one
from clearparse.transition.features import Features, compile_template
from clearparse.transition.layout import Layout
from clearparse.transition.system import ARCS, MOVES, System, Transitions
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import Block
from clearparse.treebank.ragged import take_rows

# Configurations in a step: more do not fit into the processor's cache, fewer need more steps. Where probabilities are
# computed, a step has BATCH: their last bits depend on it.
GREEDY_BATCH = 512


class Parse(NamedTuple):
    """Predictions for the words of a block. probability: of each arc."""

    heads: NDArray[np.int32]  # (words,)
    deprels: list[bytes]  # (words,)
    probability: NDArray[np.floating]  # (words,)


class TransitionParser:
    """A greedy parser: a network chooses the transitions of a transition system.

    features: its slots. system: a name in SYSTEMS. transitions: its classes. right_to_left: it reads sentences from the
    last word to the first.
    """

    def __init__(
        self,
        params: Parameters,
        features: Features,
        system: str,
        transitions: Transitions,
        *,
        right_to_left: bool = False,
    ) -> None:
        self.right_to_left = right_to_left
        self.params, self.features, self.system, self.transitions = params, features, system, transitions
        self.vocabulary = features.vocabulary
        self.cache = TypeCache(params, features)
        self._labels = [label.encode() for label in transitions.labels]

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self.params, self.features, self.system, self.transitions
        return partial(TransitionParser, right_to_left=self.right_to_left), parts

    def with_parameters(self, params: Parameters) -> TransitionParser:
        """The same parser with other parameters."""
        parts = self.features, self.system, self.transitions
        return TransitionParser(params, *parts, right_to_left=self.right_to_left)

    def copy(self) -> TransitionParser:
        """The same parser with a copy of the parameters, which can be trained."""
        return self.with_parameters(Parameters(*(array.copy() for array in self.params)))

    def start(self, sentences: NDArray[np.int64]) -> System:
        """The initial configurations of sentences. sentences (S + 1,): as in Block."""
        return SYSTEMS[self.system](Layout(sentences, right_to_left=self.right_to_left))

    def parse(self, block: Block, batch: int = GREEDY_BATCH) -> tuple[NDArray[np.int32], list[bytes]]:
        """HEAD (words,) and DEPREL (words,) of a block. A sentence's tree depends on that sentence only.

        batch: number of sentences parsed in parallel. Thread-safe: calls are serialized by a lock.
        """
        heads, deprels, _ = self._parse(block, batch, probability=False)
        return heads, deprels

    def parse_with_probabilities(self, block: Block) -> Parse:
        """HEAD and DEPREL of a block, and the probability of the transition that made each arc."""
        return self._parse(block, BATCH, probability=True)

    def _parse(self, block: Block, batch: int, *, probability: bool) -> Parse:
        heads, labels = np.empty(block.n_words, np.int32), np.empty(block.n_words, np.intp)
        probabilities = np.ones(block.n_words)  # a forced arc is certain
        with self.cache.lock:
            for types, sentences, words in self._parts(block.word_keys(), block.sentences):
                system = self.start(sentences)
                greedy = self._policy(system, types)
                if probability:
                    greedy.probability = np.ones(system.layout.size)
                if len(system.layout.lengths) == 1:
                    run_one(greedy)
                else:
                    run(system, self.transitions, greedy, batch)
                heads[words] = system.layout.index_to_heads(system.head)
                labels[words] = system.label[system.layout.words] - 1
                if greedy.probability is not None:
                    probabilities[words] = greedy.probability[system.layout.words]
        return Parse(heads, [self._labels[k] for k in labels.tolist()], probabilities)

    def _parts(
        self, keys: list[bytes], sentences: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.intp]]]:
        """Yield words' types, their sentences' offsets and the words, in parts whose word types fit into the cache.

        The longest sentences come first: a part takes as many steps as its longest sentence. The types are valid until
        the next part.
        """
        max_types, s = self.cache.layer.max_types, 0
        sentences, words = take_rows(sentences, (sentences[:-1] - sentences[1:]).argsort(kind="stable"))
        if len(keys) <= max_types:
            yield self.cache.types(keys)[words], sentences, words
            return
        different, which = factorize(keys)
        key_of = which[words]
        while s < len(sentences) - 1:
            begin = int(sentences[s])
            end = end_of_part(key_of, begin, max_types)
            last = max(int(np.searchsorted(sentences, end, side="right")) - 1, s + 1)
            here = slice(begin, int(sentences[last]))
            present, index = distinct(key_of[here], len(different))
            types = self.cache.types([different[k] for k in present.tolist()])
            yield types[index], sentences[s : last + 1] - begin, words[here]
            s = last

    def probabilities(self, block: Block) -> list[NDArray[np.floating]]:
        """The probabilities of all classes at each step of each sentence (steps, C); 0 where a class is illegal."""
        if not len(block):
            return []
        system = self.start(block.sentences)
        with self.cache.lock:
            recording = RecordingPolicy(self.greedy(system, block.word_keys()))
            run(system, self.transitions, recording)
        return recording.recorded()

    def greedy(self, system: System, keys: Sequence[bytes]) -> GreedyPolicy:
        """A greedy policy for the sentences of a system, given the words' keys. Hold `cache.lock` while using it."""
        return self._policy(system, self.cache.types(keys))

    def _policy(self, system: System, types: NDArray[np.intp]) -> GreedyPolicy:
        """A greedy policy for the sentences of a system, given the words' types."""
        type_of = system.layout.spread(types, null=NULL, root=ROOT)
        return GreedyPolicy(system, self.transitions, self.features, self.cache.layer, type_of)

    def to_stored(self) -> StoredNetwork:
        """The network as a model file stores it."""
        labels = {MOVES[kind]: list(labels) for kind, labels in self.transitions.by_kind.items()}
        more = {"system": self.system, "from_end": self.right_to_left, "labels": labels}
        return StoredNetwork.of(self.params, self.features.template.text, self.vocabulary, **more)

    @classmethod
    def from_stored(cls, network: StoredNetwork, vocabulary: Vocabulary) -> TransitionParser:
        """The parser of a stored network.

        Raises ValueError or TemplateError if it is inconsistent, KeyError if something is missing.
        """
        metadata = network.metadata
        template, system, right_to_left = metadata["template"], metadata["system"], flag(metadata, "from_end")
        known = isinstance(system, str) and system in SYSTEMS
        check(known, f"{ascii(system)[:40]} is not a transition system; the systems are {', '.join(SYSTEMS)}")
        left, right, root = _labels(metadata["labels"])
        transitions = Transitions(left, right, root, SYSTEMS[system])
        features = Features(compile_template(template), vocabulary, len(transitions.labels))
        network.check_shapes(features, len(transitions.kind))
        return cls(network.params, features, system, transitions, right_to_left=right_to_left)


def _labels(labels: Any) -> list[list[str]]:
    """The labels of left arcs, right arcs and root arcs. Raises ValueError if a label is invalid."""
    moves = [MOVES[kind] for kind in ARCS]
    check(isinstance(labels, dict) and set(labels) == set(moves), f"expected labels of {', '.join(moves)}")
    for move, names in labels.items():
        check_texts(names, f"labels of {move}", minimum=1)
        for label in names:
            check_column(label)
    return [labels[move] for move in moves]
