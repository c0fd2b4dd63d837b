"""What a dependency parser learns from: a treebank, section by section, as batches of configurations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from clearparse.config import Config
from clearparse.errors import ClearparseError
from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.vocabulary import NULL, ROOT, UNKNOWN, Encoder, Vocabulary
from clearparse.network.classifier import Parameters
from clearparse.network.training import Batch
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training.word_vectors import Vectors, word_vectors
from clearparse.transition.advisor import OracleAdvisor
from clearparse.transition.decode import GreedyPolicy
from clearparse.transition.examples import Examples, OracleExamples
from clearparse.transition.features import Features, compile_template
from clearparse.transition.layout import Index, Layout
from clearparse.transition.likelihood import GoldLikelihood
from clearparse.transition.system import Transitions
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import DEPREL, Block
from clearparse.treebank.ragged import offsets, take_rows
from clearparse.treebank.raw_text import read_raw_text

GOLD_ALONE = 0.2  # of the passes are over the treebank alone, if others have silver sentences: the last ones


@dataclass(frozen=True)
class Treebank:
    """Annotated sentences: the key (see Block.word_keys), label and head of each word; sentences (S + 1,): offsets."""

    keys: list[bytes]
    labels: list[str]
    heads: NDArray[np.int32]
    sentences: NDArray[np.int64]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Treebank:
        lengths = np.concatenate([np.diff(block.sentences) for block in blocks])
        return cls(
            [key for block in blocks for key in block.word_keys()],
            [label.decode() for block in blocks for label in block.column(DEPREL)],
            np.concatenate([block.heads() for block in blocks]),
            offsets(lengths),
        )

    def __len__(self) -> int:
        return len(self.sentences) - 1

    @classmethod
    def concatenated(cls, parts: Sequence[Treebank]) -> Treebank:
        """The sentences of all parts, of which there is at least one."""
        lengths = np.concatenate([np.diff(part.sentences) for part in parts])
        return cls(
            [key for part in parts for key in part.keys],
            [label for part in parts for label in part.labels],
            np.concatenate([part.heads for part in parts]),
            offsets(lengths),
        )

    def forms(self) -> list[str]:
        """The form of each word."""
        return [key.split(b"\t", 1)[0].decode() for key in self.keys]

    def take(self, which: Index) -> Treebank:
        """Some of the sentences, in the order given."""
        sentences, words = take_rows(self.sentences, which)
        return Treebank(
            [self.keys[word] for word in words],
            [self.labels[word] for word in words],
            self.heads[words],
            sentences,
        )


def new_parser(
    treebank: Treebank,
    template: str,
    config: Config,
    rng: np.random.Generator,
    vectors: Vectors | None = None,
    *,
    right_to_left: bool = False,
) -> TransitionParser:
    """An untrained parser for the words and labels of a treebank, and for forms of which there are vectors."""
    compiled = compile_template(template)
    vocabulary = Vocabulary.count(treebank.keys, compiled.channels, {"form": config.min_count})
    if vectors:
        vocabulary = vectors.widen(vocabulary)
    left, right, root = labels_of(treebank)
    if right_to_left:
        left, right = right, left
    transitions = Transitions(left, right, root, SYSTEMS[config.system].kinds)
    features = Features(compiled, vocabulary, len(transitions.labels))
    params = Parameters.initial(V=features.V, m=features.m, d=config.d, H=config.H, C=len(transitions.kind), rng=rng)
    if vectors:
        vectors.fill(params.L, vocabulary, config.vector_scale)
    return TransitionParser(params, features, config.system, transitions, right_to_left=right_to_left)


def vectors_of(treebank: Treebank, raw_text: Sequence[str], config: Config) -> Vectors:
    """Vectors of the words of files of raw text and of the treebank. Raises FileError."""
    forms = treebank.forms()
    sentences = [forms[first:end] for first, end in pairwise(treebank.sentences.tolist())]
    for path in raw_text:
        sentences += read_raw_text(path, forms)
    return word_vectors(sentences, config.d, config.vector_min_count, config.seed)


def labels_of(treebank: Treebank) -> tuple[list[str], list[str], list[str]]:
    """The labels of arcs to the left, to the right and from ROOT, each most frequent first.

    Where there is no arc of a kind, it gets the labels of another, so that every tree is possible.
    """
    labels, heads = np.array(treebank.labels, dtype=object), treebank.heads
    lengths = np.diff(treebank.sentences)
    position = np.arange(len(heads)) - np.repeat(treebank.sentences[:-1], lengths) + 1
    kinds = (heads > position, (heads > 0) & (heads < position), heads == 0)
    counts = (sorted(Counter(labels[kind]).items(), key=lambda item: (-item[1], item[0])) for kind in kinds)
    left, right, root = ([label for label, _ in each] for each in counts)
    return left or right or root, right or left or root, root


class ParserBatches:
    """Makes the batches from which a parser learns a treebank, following what the parser does by then.

    silver: sentences with trees of a parser's making. A pass has a part of them too, but not so the last passes.
    Raises ClearparseError if the treebank has a label that the parser does not.
    """

    def __init__(
        self,
        parser: TransitionParser,
        treebank: Treebank,
        config: Config,
        rng: np.random.Generator,
        silver: Treebank | None = None,
    ) -> None:
        self.parser, self.config, self.rng = parser, config, rng
        self.gold = len(treebank)
        self.silver_share = min(1.0, config.silver * len(treebank.keys) / len(silver.keys)) if silver else 0.0
        treebank = Treebank.concatenated([treebank, silver]) if silver else treebank
        self.treebank = treebank
        new = set(treebank.labels).difference(parser.transitions.labels)
        if new:
            raise ClearparseError(f"the model does not know these labels of the training data: {' '.join(sorted(new))}")
        self._precomputed = PrecomputedLayer(parser.params, parser.features)
        self._encoder = Encoder(parser.vocabulary)
        # All types now: else their numbers, and with them what is rounded how, would come from the order of sections.
        self._encoder.types(treebank.keys)
        # Of the pass under way: its order, and how many of its sentences were learned. Set, a pass goes on there.
        self.order: Index = np.empty(0, np.intp)
        self.place = 0

    def batches(self, epoch: int) -> Iterator[Batch]:
        """One pass over the treebank."""
        return chain.from_iterable(self.sections(epoch))

    def sections(self, epoch: int) -> Iterator[Iterator[Batch]]:
        """One pass, or the rest of one, in sections: each is parsed as the parser is by then, mixed, and learned."""
        if not self.place:
            self.order = self._order(epoch)
        while self.place < len(self.order):
            yield self._section(epoch)
            self.place += self.config.section
        self.place = 0

    def _order(self, epoch: int) -> Index:
        """The sentences of a pass: the treebank's, and some of the silver ones."""
        silver, config = len(self.treebank) - self.gold, self.config
        last = epoch >= config.epochs - round(GOLD_ALONE * config.epochs)
        some = 0 if last else round(silver * self.silver_share)
        chosen = np.concatenate((np.arange(self.gold), self.gold + self.rng.permutation(silver)[:some]))
        return self.rng.permutation(chosen)

    def _section(self, epoch: int) -> Iterator[Batch]:
        config, rng = self.config, self.rng
        exploration = config.exploration if epoch >= config.explore_from else 0.0
        section = self.treebank.take(self.order[self.place : self.place + config.section])
        examples = self._examples(section, exploration)
        mixed = rng.permutation(len(examples.target))
        for k in range(0, len(mixed), config.batch):
            now = mixed[k : k + config.batch]
            seen = self.place + len(section) * k / len(mixed)
            legal = np.take(examples.legal[now], self.parser.transitions.kind, axis=1)
            progress = (epoch + seen / len(self.order)) / config.epochs
            yield Batch(examples.w[now], examples.target[now], legal, progress)

    def _examples(self, section: Treebank, exploration: float) -> Examples:
        """The configurations of a part of the treebank, each with the transition to learn."""
        parser = self.parser
        layout = parser.layout(section.sentences)
        system = SYSTEMS[parser.system](layout)
        type_rows, type_of = self._types_some_hidden(section, layout)
        self._precomputed.extend(type_rows)
        greedy = GreedyPolicy(system, parser.transitions, parser.features, self._precomputed, type_of)
        advisor = OracleAdvisor(system, parser.transitions, section.heads, section.labels)
        return OracleExamples(greedy, advisor, type_rows[type_of], exploration, self.rng).run()

    def _types_some_hidden(self, section: Treebank, layout: Layout) -> tuple[NDArray[np.int32], Index]:
        """Types of words as rows (types, channels) and by flat index (size,); of some words the form is hidden.

        A hidden word is of another type, whose row for the form is that of UNKNOWN.
        """
        types, _ = self._encoder.types(section.keys)
        rows = self._encoder.rows()
        hidden = self.rng.random(len(types)) < self.config.word_dropout
        used, place = np.unique(layout.spread(types + hidden * len(rows), null=NULL, root=ROOT), return_inverse=True)
        first_row = self.parser.vocabulary.first
        type_rows = rows[used % len(rows)]
        if "form" in first_row:
            type_rows[used >= len(rows), list(first_row).index("form")] = first_row["form"] + UNKNOWN
        return type_rows, place


def log_likelihoods(parser: TransitionParser, treebank: Treebank) -> NDArray[np.float64]:
    """For each sentence the mean log probability that the parser gives to the transitions of its gold tree."""
    system = SYSTEMS[parser.system](parser.layout(treebank.sentences))
    advisor = OracleAdvisor(system, parser.transitions, treebank.heads, treebank.labels)
    return GoldLikelihood(parser.greedy(system, treebank.keys), advisor).run()
