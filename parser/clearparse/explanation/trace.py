"""One sentence on its way to a tree: each configuration, what was chosen in it, and what a gold tree says of it.

Nothing is computed in another way than in parsing: the moves come from `decode.run`, the scores from the tables. Words
are numbered as in CoNLL-U, from 1 on; ROOT is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import NULL, ROOT, Encoder
from clearparse.network.classifier import Floats
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.decode import GreedyPolicy, run
from clearparse.transition.examples import OracleExamples
from clearparse.transition.oracle import IMPOSSIBLE, ORACLES, SwapOracle
from clearparse.transition.systems import LEFT_ARC, MOVES, RIGHT_ARC, ROOT_ARC, SYSTEMS, Index, Mask, System
from clearparse.treebank.conllu import DEPREL, Block
from clearparse.treebank.tree import nonprojective_sentences, projectivized, roots_per_sentence

ARCS = (LEFT_ARC, RIGHT_ARC, ROOT_ARC)
HERE = np.zeros(1, np.intp)  # the one configuration there is


class OracleAdvice(NamedTuple):
    """What a gold tree says of a configuration.

    costs: for each kind of move how many gold arcs it loses, None where it is illegal. target: the class to learn, the
    cheapest that the parser likes best; None where the parser has no such class.
    """

    costs: list[int | None]
    target: int | None


class Arc(NamedTuple):
    """An arc that a move made."""

    head: int
    word: int
    label: str


@dataclass(frozen=True)
class Step:
    """A configuration and the move taken in it.

    stack: from bottom to top. buffer: from its front. at: the word at each address of the template, None where there
    is none. w (m,): the rows of L that are looked up. legal (C,): the classes that are allowed. theta (C,): the scores,
    as parsing has them. best: the class that the parser chooses; taken: the one that was taken. lesson: None without a
    gold tree, or where its oracle has nothing to say.
    """

    stack: list[int]
    buffer: list[int]
    at: dict[str, int | None]
    w: NDArray[np.int32]
    legal: Mask
    theta: Floats
    best: int
    taken: int
    lesson: OracleAdvice | None
    arc: Arc | None


@dataclass(frozen=True)
class Walk:
    """All steps of one sentence, and the tree they made: heads (n,) and labels (n,).

    exact: are the lessons' costs exact wherever the walk goes? Else they are off the way to the gold tree an estimate.
    """

    steps: list[Step]
    heads: NDArray[np.int32]
    labels: list[str]
    exact: bool


def walk(
    parser: TransitionParser,
    sentence: Block,
    *,
    gold: bool = False,
    follow_gold: bool = False,
    moves: Sequence[int] = (),
) -> Walk:
    """The way of a parser through one sentence.

    gold: its HEAD and DEPREL are a gold tree. follow_gold: go the way of that tree, as training without exploration
    does, and not the parser's own. moves: classes to take in the first steps, whatever parser and gold tree say.
    Raises ClearparseError if one of these is not legal where it is to be taken.
    """
    layout = parser.layout(sentence.sentences)
    system = SYSTEMS[parser.system](layout)
    greedy = parser.greedy(system, sentence.word_keys())
    teacher = _teacher(greedy, sentence) if gold else None
    walker = _Walker(parser, greedy, sentence, teacher, moves, follow_gold=follow_gold)
    run(system, parser.transitions, walker)
    heads, labels = layout.index_to_heads(system.head), parser.transitions.labels
    return Walk(
        [replace(step, arc=_arc(word, heads, system, labels)) for step, word in walker.steps],
        heads,
        [labels[number - 1] for number in system.label[layout.words].tolist()],
        teacher is not None and teacher.exact,
    )


class _Teacher(OracleExamples):
    """What a gold tree says of the configurations of one sentence."""

    exact = True
    on_the_way = True  # has nothing been lost so far?

    def lesson(self, theta: Floats) -> OracleAdvice | None:
        """Of the configuration there is now; None off the way to the gold tree, if the oracle knows no other."""
        if not (self.oracle.exploration or self.on_the_way):
            return None
        costs = self.oracle.costs(HERE)[0].tolist()
        target = int(self._target(HERE, theta)[0])
        return OracleAdvice([None if cost == IMPOSSIBLE else cost for cost in costs], None if target < 0 else target)

    def note(self, move: int) -> None:
        """The move that is about to be taken."""
        if not self.oracle.exploration:
            self.on_the_way &= bool(self.oracle.costs(HERE)[0, move] == 0)
        self.oracle.advance(HERE, np.array([move]))


def _teacher(greedy: GreedyPolicy, sentence: Block) -> _Teacher:
    system, transitions = greedy.system, greedy.transitions
    heads, sentences, layout = sentence.heads(), sentence.sentences, system.layout
    projective = not nonprojective_sentences(heads, sentences)[0]
    if ORACLES[system.name].projective:
        heads = projectivized(heads, sentences)
    number = {label.encode(): i for i, label in enumerate(transitions.labels)}
    labels = layout.spread(np.array([number.get(label, -1) for label in sentence.column(DEPREL)]), null=0, root=0)
    oracle = ORACLES[system.name](system, layout.heads_to_index(heads))
    teacher = _Teacher(greedy, oracle, labels, np.empty((0, 0), np.int32), 0, np.random.default_rng(0))
    one_root = bool(roots_per_sentence(heads, sentences)[0] == 1)
    teacher.exact = projective and one_root and not isinstance(oracle, SwapOracle)
    return teacher


class _Walker:
    """Chooses the moves of one sentence, and notes each step and the word that it gives a head."""

    def __init__(
        self,
        parser: TransitionParser,
        greedy: GreedyPolicy,
        sentence: Block,
        teacher: _Teacher | None,
        moves: Sequence[int],
        *,
        follow_gold: bool,
    ) -> None:
        self.greedy, self.teacher, self.moves, self.follow_gold = greedy, teacher, moves, follow_gold
        encoder = Encoder(parser.vocabulary)
        types, _ = encoder.types(sentence.word_keys())
        self.word_rows = encoder.rows()[greedy.system.layout.spread(types, null=NULL, root=ROOT)]
        self.steps: list[tuple[Step, int]] = []

    def __call__(self, active: Index) -> Index:
        greedy, system, transitions = self.greedy, self.greedy.system, self.greedy.transitions
        best = int(greedy(active)[0])
        words, values, theta = greedy.look(active)
        w = greedy.features.fill(words, values, self.word_rows)[0]
        legal = system.legal(active)[0][transitions.kind]
        lesson = self.teacher.lesson(theta) if self.teacher else None
        taken = self._taken(best, legal, lesson)
        kind = int(transitions.kind[taken])
        word = int(system.dependent(active)[kind - LEFT_ARC][0]) if kind in ARCS else 0
        stack, buffer = _chain(system.s0[0], system.below)[::-1], _chain(system.b0[0], system.after)
        places = greedy.features.words(system, active)
        step = Step(
            [_number(each, system) for each in stack],
            [_number(each, system) for each in buffer],
            {address: _number(int(place[0]), system) if place[0] else None for address, place in places.items()},
            w, legal, theta[0], best, taken, lesson, None,
        )  # fmt: skip
        self.steps.append((step, word))
        if self.teacher:
            self.teacher.note(kind)
        return np.array([taken])

    def _taken(self, best: int, legal: Mask, lesson: OracleAdvice | None) -> int:
        """The class to take: the next of the moves, the gold tree's, or the parser's."""
        number = len(self.steps)
        if number < len(self.moves):
            taken = self.moves[number]
            if not (0 <= taken < len(legal) and legal[taken]):
                raise ClearparseError(f"move {number + 1} is not legal there: transition {taken}")
            return taken
        if self.follow_gold and lesson and lesson.target is not None:
            return lesson.target
        return best


def name(parser: TransitionParser, transition: int) -> str:
    """A class in words: `LEFT_ARC det`."""
    kind, label = parser.transitions.kind[transition], parser.transitions.label[transition]
    return f"{MOVES[kind]} {parser.transitions.labels[label]}" if kind in ARCS else MOVES[kind]


def _chain(first: int, link: Index) -> list[int]:
    """The words from `first` on along a link."""
    found, word = [], int(first)
    while word:
        found.append(word)
        word = int(link[word])
    return found


def _number(word: int, system: System) -> int:
    """A word of the only sentence as CoNLL-U numbers it; its flat index is the same, but for ROOT's."""
    return 0 if system.is_root[word] else word


def _arc(word: int, heads: NDArray[np.int32], system: System, labels: Sequence[str]) -> Arc | None:
    return Arc(int(heads[word - 1]), word, labels[int(system.label[word]) - 1]) if word else None
