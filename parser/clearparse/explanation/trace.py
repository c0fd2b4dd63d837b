"""The trace of one sentence: each configuration, the transition made in it, and what a gold tree advises.

Transitions come from `decode.run` and scores from the precomputed layer, as when many sentences are parsed; `run_one`,
which parses a single one, makes the same transitions. Words are numbered as in CoNLL-U, from 1; ROOT is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import NULL, ROOT, Encoder
from clearparse.network.classifier import Floats, scores
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.decode import GreedyPolicy, run
from clearparse.transition.layout import Index, Mask
from clearparse.transition.system import ARCS, IMPOSSIBLE, LEFT_ARC, System
from clearparse.transition.systems import SYSTEMS
from clearparse.transition.targets import OracleTargets
from clearparse.treebank.conllu import DEPREL
from clearparse.treebank.tree import nonprojective_sentences, roots_per_sentence
from clearparse.treebank.word_table import WordTable

ACTIVE = np.zeros(1, np.intp)  # the only configuration there is


class OracleAdvice(NamedTuple):
    """What a gold tree advises in a configuration.

    costs (K): how many gold arcs each move makes unreachable, None where it is illegal. target: the class to learn, the
    cheapest one that the parser scores highest; None where the parser has no such class.
    """

    costs: list[int | None]
    target: int | None


class Arc(NamedTuple):
    """An arc that a transition made."""

    head: int
    word: int
    label: str


@dataclass(frozen=True)
class Step:
    """A configuration and the transition made in it.

    stack: from bottom to top. buffer: from its front. at: the word at each address of the template, None for NULL.
    w (m,): the rows of L that are looked up. legal (C,): the classes allowed. theta (C,): their scores.
    best: the class that the parser chooses. taken: the class of the transition made.
    advice: None without a gold tree, and off the path to it if the oracle is static.
    dependents: the word that LEFT_ARC, RIGHT_ARC and ROOT_ARC would attach, 0 for none.
    """

    stack: list[int]
    buffer: list[int]
    at: dict[str, int | None]
    w: NDArray[np.int32]
    legal: Mask
    theta: Floats
    best: int
    taken: int
    advice: OracleAdvice | None
    arc: Arc | None
    dependents: tuple[int, ...]


@dataclass(frozen=True)
class Trace:
    """All steps of one sentence, and the tree they built: heads (n,) and labels (n,).

    exact: costs are exact in every configuration. Otherwise they are an estimate off the path to the gold tree.
    """

    steps: list[Step]
    heads: NDArray[np.int32]
    labels: list[str]
    exact: bool


def trace(
    parser: TransitionParser,
    sentence: WordTable,
    *,
    gold: bool = False,
    follow_gold: bool = False,
    moves: Sequence[int] = (),
) -> Trace:
    """The steps of a parser through a block of one sentence.

    gold: the block's HEAD and DEPREL are a gold tree. follow_gold: make the oracle's transitions, as in training
    without exploration, not the parser's. moves: the classes of the first transitions, which override both.
    Raises ClearparseError if one of these is illegal where it is to be made.
    """
    layout = parser.layout(sentence.sentences)
    system = SYSTEMS[parser.system](layout)
    with parser.cache.lock:
        greedy = parser.greedy(system, sentence.word_keys())
        tree = _GoldTree(greedy, sentence) if gold else None
        tracer = _Tracer(parser, greedy, sentence, tree, moves, follow_gold=follow_gold)
        run(system, parser.transitions, tracer)
    heads, labels = layout.index_to_heads(system.head), parser.transitions.labels
    return Trace(
        [replace(step, arc=_arc(word, system, labels)) for step, word in tracer.steps],
        heads,
        [labels[number - 1] for number in system.label[layout.words].tolist()],
        tree is not None and tree.exact,
    )


class _GoldTree:
    """The gold tree of one sentence, asked for advice in one configuration after another."""

    def __init__(self, greedy: GreedyPolicy, sentence: WordTable) -> None:
        heads, sentences = sentence.heads(), sentence.sentences
        labels = [label.decode() for label in sentence.column(DEPREL)]
        self.targets = OracleTargets(greedy.system, greedy.transitions, heads, labels)
        self.oracle = self.targets.oracle
        projective = not nonprojective_sentences(heads, sentences)[0]
        one_root = roots_per_sentence(heads, sentences)[0] == 1
        self.exact = bool(projective and one_root and not greedy.system.nonprojective)
        self.reachable = True  # no gold arc has been lost so far

    def advice(self, theta: Floats) -> OracleAdvice | None:
        """Advice in the present configuration, with scores theta (1, C); None where the oracle has none."""
        if not (self.oracle.exploration or self.reachable):
            return None
        costs = self.oracle.costs(ACTIVE)[0].tolist()
        target = int(self.targets.target(ACTIVE, theta)[0])
        return OracleAdvice([None if cost == IMPOSSIBLE else cost for cost in costs], None if target < 0 else target)

    def advance(self, taken: int, kind: int) -> None:
        """Note the transition, of class `taken` and move `kind`, that is about to be made."""
        if not self.oracle.exploration and self.oracle.costs(ACTIVE)[0, kind] != 0:
            self.reachable = False
        self.targets.advance(ACTIVE, np.array([taken]))


class _Tracer:
    """A policy for one sentence that records each step and the word that it attaches, 0 for none."""

    def __init__(
        self,
        parser: TransitionParser,
        greedy: GreedyPolicy,
        sentence: WordTable,
        tree: _GoldTree | None,
        moves: Sequence[int],
        *,
        follow_gold: bool,
    ) -> None:
        self.greedy, self.tree, self.moves, self.follow_gold = greedy, tree, moves, follow_gold
        self.params, encoder = parser.params, Encoder(parser.vocabulary)
        types = encoder.types(sentence.word_keys())
        self.word_rows = encoder.rows()[greedy.system.layout.spread(types, null=NULL, root=ROOT)]
        self.steps: list[tuple[Step, int]] = []

    def __call__(self, active: Index) -> Index:
        greedy, system, transitions = self.greedy, self.greedy.system, self.greedy.transitions
        best = int(greedy(active)[0])
        words, values, theta = greedy.extract(active)
        w = greedy.features.slot_rows(words, values, self.word_rows)[0]
        legal = transitions.legal[system.situation(active)][0]
        advice = self.tree.advice(theta) if self.tree else None
        taken = self._taken(best, legal, advice)
        kind = int(transitions.kind[taken])
        dependents = [int(word[0]) for word in system.dependent(active)]
        word = dependents[kind - LEFT_ARC] if kind in ARCS else 0
        stack, buffer = _chain(system.s0[0], system.stack_next)[::-1], _chain(system.b0[0], system.buffer_next)
        places, number = greedy.features.words(system, active), system.layout.number
        step = Step(
            number[stack].tolist(),
            number[buffer].tolist(),
            {address: int(number[place[0]]) if place[0] else None for address, place in places.items()},
            w, legal, scores(self.params, w[None])[0], best, taken, advice, None,
            tuple(int(number[each]) if each else 0 for each in dependents),
        )  # fmt: skip
        self.steps.append((step, word))
        if self.tree:
            self.tree.advance(taken, kind)
        return np.array([taken])

    def _taken(self, best: int, legal: Mask, advice: OracleAdvice | None) -> int:
        """The class to take: the next of the given moves, the oracle's, or the parser's."""
        number = len(self.steps)
        if number < len(self.moves):
            taken = self.moves[number]
            if not (0 <= taken < len(legal) and legal[taken]):
                raise ClearparseError(f"move {number + 1}: transition {taken} is illegal in this configuration")
            return taken
        if self.follow_gold and advice and advice.target is not None:
            return advice.target
        return best


def _chain(first: int, link: Index) -> list[int]:
    """The words from `first` along a link, up to NULL."""
    found, word = [], int(first)
    while word:
        found.append(word)
        word = int(link[word])
    return found


def _arc(word: int, system: System, labels: Sequence[str]) -> Arc | None:
    """The arc to the word at a flat index, in CoNLL-U's IDs; None for NULL."""
    if not word:
        return None
    number = system.layout.number
    return Arc(int(number[system.head[word]]), int(number[word]), labels[int(system.label[word]) - 1])
