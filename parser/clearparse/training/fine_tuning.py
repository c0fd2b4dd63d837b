"""Fine-tuning on a treebank with new labels: the parser gets rows and classes for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from clearparse.network.classifier import Parameters
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training.parser_batches import Treebank, labels_by_kind
from clearparse.transition.features import LABEL, STATE_ROWS, Features
from clearparse.transition.system import ARCS, Transitions
from clearparse.transition.systems import SYSTEMS


def with_labels_of(treebank: Treebank, parser: TransitionParser, rng: np.random.Generator) -> TransitionParser:
    """A copy of the parser, extended by the labeled arcs of the treebank; new parameters are random.

    The scores of existing classes do not change. Without new classes, rng is not used.
    """
    found = dict(zip(ARCS, labels_by_kind(treebank, right_to_left=parser.right_to_left), strict=True))
    old = parser.transitions
    known = {label: number for number, label in enumerate(old.labels)}
    labels = {kind: list(dict.fromkeys((*old.by_kind[kind], *found[kind]))) for kind in ARCS}
    if labels == old.by_kind:
        return parser.copy()
    left, right, root = labels.values()
    transitions = Transitions(left, right, root, SYSTEMS[parser.system])
    features = Features(parser.features.template, parser.vocabulary, len(transitions.labels))
    (d, H), C = (parser.params.L.shape[1], len(parser.params.U)), len(transitions.kind)
    params = Parameters.initial(V=features.V, m=features.m, d=d, H=H, C=C, rng=rng)
    new_rows, old_rows = np.array([*_rows(parser.features, features, known, transitions.labels)], np.intp).T
    params.L[new_rows] = parser.params.L[old_rows]
    params.W[...], params.b_1[...] = parser.params.W, parser.params.b_1
    new, of = _classes(old, transitions, known)
    params.U[:, new], params.b_2[:, new] = parser.params.U[:, of], parser.params.b_2[:, of]
    return TransitionParser(params, features, parser.system, transitions, right_to_left=parser.right_to_left)


def _rows(old: Features, new: Features, known: dict[str, int], labels: list[str]) -> Iterator[tuple[int, int]]:
    """Yield each row of the new L that the old L has, and its index there."""
    yield from ((row, row) for row in range(old.first_row[LABEL] + 1))  # words, tags, and no label
    for number, label in enumerate(labels, 1):
        if label in known:
            yield new.first_row[LABEL] + number, old.first_row[LABEL] + 1 + known[label]
    for channel, rows in STATE_ROWS.items():
        yield from ((new.first_row[channel] + k, old.first_row[channel] + k) for k in range(rows))


def _classes(old: Transitions, new: Transitions, known: dict[str, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The new classes that the old parser has, and their indices there: 2 x (n,)."""
    pairs = []
    for number, (kind, label) in enumerate(zip(new.kind.tolist(), new.label.tolist(), strict=True)):
        before = known.get(new.labels[label], -1) if kind in ARCS else 0
        if before >= 0 and old.class_of[kind, before] >= 0:
            pairs.append((number, int(old.class_of[kind, before])))
    found = np.array(pairs, np.intp).T
    return found[0], found[1]
