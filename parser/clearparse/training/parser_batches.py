"""Training batches of the parser: the configurations of a treebank's sentences, section by section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clearparse.config import Config
from clearparse.errors import ClearparseError, FileError
from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.templates import TemplateError
from clearparse.features.vocabulary import NULL, ROOT, UNKNOWN, Encoder, Vocabulary, lookup_form
from clearparse.features.word_keys import form_of
from clearparse.io.files import open_input
from clearparse.network.classifier import Parameters
from clearparse.network.training import Batch
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training.mixture import Mixture
from clearparse.training.word_vectors import Vectors
from clearparse.transition.decode import GreedyPolicy
from clearparse.transition.examples import Examples, OracleExamples
from clearparse.transition.features import TEMPLATES, Features, compile_template
from clearparse.transition.layout import Index, Layout
from clearparse.transition.likelihood import GoldLikelihood
from clearparse.transition.system import Transitions
from clearparse.transition.systems import SYSTEMS
from clearparse.transition.targets import OracleTargets
from clearparse.treebank.conllu import DEPREL, Block
from clearparse.treebank.ragged import offsets, take_rows


@dataclass(frozen=True)
class Treebank:
    """Annotated sentences as arrays. keys: see word_keys. sentences (S + 1,): offsets of their words."""

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
        """All parts in one; there must be at least one part."""
        lengths = np.concatenate([np.diff(part.sentences) for part in parts])
        return cls(
            [key for part in parts for key in part.keys],
            [label for part in parts for label in part.labels],
            np.concatenate([part.heads for part in parts]),
            offsets(lengths),
        )

    def forms(self) -> list[str]:
        """The form of each word."""
        return [form_of(key).decode() for key in self.keys]

    def lookup_forms(self) -> list[list[str]]:
        """The forms of each sentence, normalized for lookup (see lookup_form)."""
        found: dict[bytes, str] = {}
        for key in self.keys:
            if key not in found:
                found[key] = lookup_form(form_of(key).decode())
        forms = [found[key] for key in self.keys]
        return [forms[first:end] for first, end in pairwise(self.sentences.tolist())]

    def take(self, which: Index) -> Treebank:
        """The sentences with these indices, in the given order."""
        sentences, words = take_rows(self.sentences, which)
        return Treebank(
            [self.keys[word] for word in words],
            [self.labels[word] for word in words],
            self.heads[words],
            sentences,
        )


def initialize_parser(
    treebank: Treebank,
    config: Config,
    rng: np.random.Generator,
    vectors: Vectors | None = None,
    *,
    right_to_left: bool = False,
) -> TransitionParser:
    """A parser with random parameters, for the words and labels of a treebank.

    vectors: initial embeddings of word forms; their words are added to the vocabulary.
    Raises ClearparseError if the template does not exist or is invalid.
    """
    template = compile_template(template_text(config.template))
    vocabulary = Vocabulary.count(treebank.keys, template.channels, {"form": config.min_count})
    if vectors:
        vocabulary = vectors.widen(vocabulary)
    labels = labels_of(treebank, right_to_left=right_to_left)
    transitions = Transitions(*labels, SYSTEMS[config.transition_system])
    features = Features(template, vocabulary, len(transitions.labels))
    params = Parameters.initial(
        V=features.V, m=features.m, d=config.embedding_dim, H=config.hidden_size, C=len(transitions.kind), rng=rng
    )
    if vectors:
        vectors.fill(params.L, vocabulary, config.vector_scale)
    return TransitionParser(params, features, config.transition_system, transitions, right_to_left=right_to_left)


def template_text(name: str) -> str:
    """A feature template by name or from a file. Raises ClearparseError if it does not exist."""
    if name in TEMPLATES:
        return TEMPLATES[name]
    if not Path(name).is_file():
        raise ClearparseError(f"no template {name!r}: neither a file nor one of {', '.join(TEMPLATES)}")
    with open_input(name) as file:
        text = file.read().decode("utf-8", errors="replace")
    try:
        compile_template(text)
    except TemplateError as error:
        raise FileError(name, str(error)) from error
    return text


def labels_of(treebank: Treebank, *, right_to_left: bool = False) -> tuple[list[str], list[str], list[str]]:
    """The labels of left arcs, right arcs and root arcs (see labels_by_kind).

    A kind without arcs in the treebank falls back to the labels of another kind, so that every tree can be built.
    """
    left, right, root = labels_by_kind(treebank, right_to_left=right_to_left)
    return left or right or root, right or left or root, root


def labels_by_kind(treebank: Treebank, *, right_to_left: bool) -> tuple[list[str], list[str], list[str]]:
    """The labels of left arcs, right arcs and root arcs, by descending frequency; a kind may have none.

    right_to_left: of sentences read from the last word to the first, in which left arcs are right arcs.
    """
    labels, heads = np.array(treebank.labels, dtype=object), treebank.heads
    lengths = np.diff(treebank.sentences)
    position = np.arange(len(heads)) - np.repeat(treebank.sentences[:-1], lengths) + 1
    kinds = (heads > position, (heads > 0) & (heads < position), heads == 0)
    counts = (sorted(Counter(labels[kind]).items(), key=lambda item: (-item[1], item[0])) for kind in kinds)
    left, right, root = ([label for label, _ in each] for each in counts)
    return (right, left, root) if right_to_left else (left, right, root)


class ParserBatches:
    """Batches of configurations with the oracle's transitions; configurations are reached with the current parser.

    silver: automatically parsed sentences, sampled anew in each epoch (see Mixture).
    Raises ClearparseError if the treebank has a label that the parser does not know.
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
        self.mixture = Mixture(treebank.sentences, silver.sentences if silver else None, config)
        treebank = Treebank.concatenated([treebank, silver]) if silver else treebank
        self.treebank = treebank
        new = set(treebank.labels).difference(parser.transitions.labels)
        if new:
            raise ClearparseError(f"the model does not know these labels of the training data: {' '.join(sorted(new))}")
        self._precomputed = PrecomputedLayer(parser.params, parser.features)
        self._encoder = Encoder(parser.vocabulary)
        # Encode all types now: their numbers, and so the rounding of sums, must not depend on the order of sections.
        self._encoder.types(treebank.keys)
        # The order of sentences in this epoch, and how many of them are done; an epoch can be resumed by setting both.
        self.order: Index = np.empty(0, np.intp)
        self.place = 0

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch."""
        return chain.from_iterable(self.sections(epoch))

    def sections(self, epoch: int) -> Iterator[Iterator[Batch]]:
        """The batches of an epoch, or of its rest, by section; each section is parsed by the current parser."""
        if not self.place:
            self.order = self._order(epoch)
        while self.place < len(self.order):
            yield self._section(epoch)
            self.place += self.config.section
        self.place = 0

    def _order(self, epoch: int) -> Index:
        """The sentences of an epoch in random order."""
        return self.rng.permutation(self.mixture.sentences(epoch, self.rng))

    def _section(self, epoch: int) -> Iterator[Batch]:
        config, rng = self.config, self.rng
        exploration = config.exploration if epoch >= config.explore_from else 0.0
        section = self.treebank.take(self.order[self.place : self.place + config.section])
        examples = self._examples(section, exploration)
        mixed = rng.permutation(len(examples.target))
        for k in range(0, len(mixed), config.batch_size):
            now = mixed[k : k + config.batch_size]
            seen = self.place + len(section) * k / len(mixed)
            legal = self.parser.transitions.legal[examples.situation[now]]
            progress = (epoch + seen / len(self.order)) / config.epochs
            yield Batch(examples.w[now], examples.target[now], legal, progress)

    def _examples(self, section: Treebank, exploration: float) -> Examples:
        """The configurations of a section, each with the transition to learn."""
        parser = self.parser
        system = parser.start(section.sentences)
        type_rows, type_of = self._types_with_word_dropout(section, system.layout)
        self._precomputed.extend(type_rows)
        greedy = GreedyPolicy(system, parser.transitions, parser.features, self._precomputed, type_of)
        targets = OracleTargets(system, parser.transitions, section.heads, section.labels)
        return OracleExamples(greedy, targets, type_rows[type_of], exploration, self.rng).run()

    def _types_with_word_dropout(self, section: Treebank, layout: Layout) -> tuple[NDArray[np.int32], Index]:
        """Apply word dropout: the types as rows of L (types, channels), and the type at each flat index (size,).

        A word whose form is dropped gets a type of its own, with UNKNOWN as its form.
        """
        types = self._encoder.types(section.keys)
        rows = self._encoder.rows()
        hidden = self.rng.random(len(types)) < self.config.word_dropout
        used, place = np.unique(layout.spread(types + hidden * len(rows), null=NULL, root=ROOT), return_inverse=True)
        first_row = self.parser.vocabulary.first
        type_rows = rows[used % len(rows)]
        if "form" in first_row:
            type_rows[used >= len(rows), list(first_row).index("form")] = first_row["form"] + UNKNOWN
        return type_rows, place


def log_likelihoods(parser: TransitionParser, treebank: Treebank) -> NDArray[np.float64]:
    """The mean log probability of the gold tree's transitions of each sentence (S,)."""
    system = parser.start(treebank.sentences)
    targets = OracleTargets(system, parser.transitions, treebank.heads, treebank.labels)
    return GoldLikelihood(parser.greedy(system, treebank.keys), targets).run()
