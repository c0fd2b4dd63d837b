"""Scores from the precomputed layer equal those of the classifier, and so do the trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearparse.features import precompute
from clearparse.features.precompute import MAX_TYPES, PrecomputedLayer
from clearparse.features.row_sums import FEW, sums_of_rows
from clearparse.features.vocabulary import NULL, ROOT, Encoder, Vocabulary
from clearparse.model.model import load
from clearparse.network.classifier import Parameters, scores
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition import decode
from clearparse.transition.features import TEMPLATES, Features, compile_template
from clearparse.transition.layout import Layout
from clearparse.transition.system import Transitions
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import DEPREL, Block, parse_block

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
ONE_SLOT = {"one slot of tags": "xpos: s0", "one slot of forms": "form: s0"}
ALL_TEMPLATES = TEMPLATES | ONE_SLOT


@pytest.fixture(scope="module")
def block() -> Block:
    return parse_block((SAMPLE / "dev.conllu").read_bytes())


def random_parser(block: Block, template: str, system: str, dtype: Any) -> TransitionParser:
    """A parser with random numbers that make scores of a few units, as training does."""
    rng = np.random.default_rng(5)
    labels = [label.decode() for label in sorted(set(block.column(DEPREL)))]
    transitions = Transitions(labels, labels, ["root"], SYSTEMS[system].moves)
    compiled = compile_template(template)
    vocabulary = Vocabulary.count(block.word_keys(), compiled.channels, {"form": 2})
    features = Features(compiled, vocabulary, len(transitions.labels))
    C = len(transitions.kind)
    params = Parameters.initial(V=features.V, m=features.m, d=9, H=24, C=C, rng=rng, dtype=dtype)
    params.L[...] *= 50
    for bias in (params.b_1, params.b_2):
        bias[...] = rng.normal(size=bias.shape) / 10
    return TransitionParser(params, features, system, transitions)


def reference(parser: TransitionParser, block: Block, theta_of: Any) -> np.ndarray:
    """Heads when each choice follows the scores theta_of(w)."""
    layout = Layout(block.sentences)
    system, transitions = SYSTEMS[parser.system](layout), parser.transitions
    encoder = Encoder(parser.vocabulary)
    types = layout.spread(encoder.types(block.word_keys()), null=NULL, root=ROOT)
    rows = encoder.rows()[types]

    def choose(active: np.ndarray) -> np.ndarray:
        legal = system.legal(active)
        transition, free = decode.forced(legal, transitions)
        if len(free):
            theta = theta_of(parser.features.slot_rows(*parser.features.extract(system, active[free]), rows))
            transition[free] = decode.best(theta, legal[free], transitions)
        return transition

    decode.run(system, transitions, choose)
    return layout.index_to_heads(system.head)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("system_name", SYSTEMS)
@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_scores_and_choices_are_those_of_the_classifier(block: Block, name: str, system_name: str, dtype: Any) -> None:
    parser = random_parser(block, ALL_TEMPLATES[name], system_name, dtype)
    layout = Layout(block.sentences)
    system, transitions = SYSTEMS[system_name](layout), parser.transitions
    encoder = Encoder(parser.vocabulary)
    types = layout.spread(encoder.types(block.word_keys()), null=NULL, root=ROOT)
    filled = PrecomputedLayer(parser.params, parser.features)
    filled.extend(encoder.rows())
    greedy = decode.GreedyPolicy(system, transitions, parser.features, filled, types)
    exact = Parameters(*(array.astype(np.float64) for array in parser.params))
    states = different = 0

    def choose(active: np.ndarray) -> np.ndarray:
        nonlocal states, different
        words, values, theta = greedy.extract(active)
        expected = scores(exact, parser.features.slot_rows(words, values, encoder.rows()[types]))
        error = 1e-12 if dtype == np.float64 else 1e-5
        np.testing.assert_allclose(theta, expected, rtol=error, atol=error)
        legal = system.legal(active)
        choice, should_be = (decode.best(each, legal, transitions) for each in (theta, expected))
        lines = np.arange(len(active))
        gap = expected[lines, should_be] - expected[lines, choice]
        assert (gap < (1e-12 if dtype == np.float64 else 1e-5)).all()
        states, different = states + len(active), different + int((choice != should_be).sum())
        return should_be

    decode.run(system, transitions, choose, batch=16)
    assert states >= 2 * len(block.fields)  # more with SWAP
    assert different <= (0 if dtype == np.float64 else states / 1000)


@pytest.mark.parametrize("system_name", SYSTEMS)
@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_in_double_precision_the_trees_are_those_of_the_classifier(block: Block, name: str, system_name: str) -> None:
    parser = random_parser(block, ALL_TEMPLATES[name], system_name, np.float64)
    heads, _ = parser.parse(block)
    assert np.array_equal(heads, reference(parser, block, lambda w: scores(parser.params, w)))


def test_extending_in_parts_gives_the_same_scores(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompute, "TAGS", 1)
    parser = random_parser(block, TEMPLATES["default"], "arc-hybrid", np.float64)
    encoder, rng = Encoder(parser.vocabulary), np.random.default_rng(1)
    encoder.types(block.word_keys())
    rows = encoder.rows()
    at_once, in_parts = (
        PrecomputedLayer(parser.params, parser.features),
        PrecomputedLayer(parser.params, parser.features),
    )
    at_once.extend(rows)
    in_parts.extend(rows[:3])
    for first, end in ((3, 10), (10, 11), (11, len(rows))):
        in_parts.extend(rows[first:end], np.arange(first, end))
    types = rng.integers(0, len(rows), (len(parser.features.addresses), 200))
    values = np.array([rng.integers(0, n, 200) for n in parser.features.state_values])
    thetas = [made.theta(types, values) for made in (at_once, in_parts)]
    np.testing.assert_allclose(*thetas, rtol=1e-12, atol=1e-12)


def test_sums_of_few_rows_and_of_many_are_the_same() -> None:
    rng = np.random.default_rng(0)
    P = rng.integers(-32768, 32768, (50, 4)).astype(np.int16)
    P[0] = 0
    rows = rng.integers(0, 50, (FEW // 16, 5), np.int32)
    many = sums_of_rows(P, rows)
    assert rows.size * P.shape[1] > FEW
    assert np.array_equal(sums_of_rows(P, rows[:100]), many[:100])
    assert np.array_equal(sums_of_rows(P, rows, np.zeros(5, np.int32)), many)


def test_more_types_than_the_capacity_raise_value_error(block: Block) -> None:
    parser = random_parser(block, "form: s0\nxpos: s0", "arc-hybrid", np.float32)
    filled = PrecomputedLayer(parser.params, parser.features)
    encoder = Encoder(parser.vocabulary)
    filled.extend(encoder.rows())
    with pytest.raises(ValueError, match="the capacity is"):
        filled.extend(encoder.rows(), np.arange(len(encoder.rows())) + filled.capacity)


def test_the_capacity_of_narrow_tables_is_limited() -> None:
    """What is remembered of each type of word takes memory too, however few numbers a row of the tables has."""
    model = load(Path(__file__).parent / "data" / "format-1.model")
    model("A few words, and a few more.")
    for each in (model.parser, *model.stages.window_classifiers().values()):
        assert 100 < each.cache.layer.capacity <= MAX_TYPES
