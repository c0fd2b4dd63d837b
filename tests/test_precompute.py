"""Scores from the precomputed layer are those of the classifier in fixed-point arithmetic, and so are the trees."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearparse.features import fixed_point, precompute
from clearparse.features.fixed_point import FixedPoint
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
NEAR = 5e-3  # the scores of a random parser in fixed-point arithmetic differ by less
RNG = np.random.default_rng(0)
ALL_TEMPLATES = TEMPLATES | ONE_SLOT


@pytest.fixture(scope="module")
def block() -> Block:
    return parse_block((SAMPLE / "dev.conllu").read_bytes())


def random_parser(block: Block, template: str, system: str, dtype: Any) -> TransitionParser:
    """A parser with random numbers that make scores of a few units, as training does."""
    rng = np.random.default_rng(5)
    labels = [label.decode() for label in sorted(set(block.column(DEPREL)))]
    transitions = Transitions(labels, labels, ["root"], SYSTEMS[system])
    compiled = compile_template(template)
    vocabulary = Vocabulary.count(block.word_keys(), compiled.channels, {"form": 2})
    features = Features(compiled, vocabulary, len(transitions.labels))
    C = len(transitions.kind)
    params = Parameters.initial(V=features.V, m=features.m, d=9, H=24, C=C, rng=rng, dtype=dtype)
    params.L[...] *= 50
    for bias in (params.b_1, params.b_2):
        bias[...] = rng.normal(size=bias.shape) / 10
    return TransitionParser(params, features, system, transitions)


def fixed_point_scores(layer: PrecomputedLayer, w: np.ndarray) -> np.ndarray:
    """theta (B, C) in double precision from z' in 64-bit integers, for the rows w (B, m) of L."""
    fixed, params = layer._fixed, layer.params
    z = fixed.z_null.astype(np.int64) + np.zeros((len(w), 1), np.int64)
    for slots, (a, b, W, null) in zip(layer._slots, fixed.factors, strict=True):
        x = np.rint(a * params.L[w[:, slots]].astype(np.float32)).reshape(len(w), -1) - null
        product = x.astype(np.int64) @ W.astype(np.int64)
        z += np.rint(product.astype(np.float32) * np.float32(1 / (a * b * fixed.unit))).astype(np.int64)
    assert np.abs(z).max() < 1 << 15
    theta: np.ndarray = np.maximum(z, 0) @ layer._U.astype(np.float64) + params.b_2
    return theta


def reference(parser: TransitionParser, block: Block, theta_of: Any) -> np.ndarray:
    """Heads when each choice follows the scores theta_of(w)."""
    layout = Layout(block.sentences)
    system, transitions = SYSTEMS[parser.system](layout), parser.transitions
    encoder = Encoder(parser.vocabulary)
    types = layout.spread(encoder.types(block.word_keys()), null=NULL, root=ROOT)
    rows = encoder.rows()[types]

    def choose(active: np.ndarray) -> np.ndarray:
        situation = system.situation(active)
        transition, free = transitions.first[situation], np.flatnonzero(transitions.undecided[situation])
        if len(free):
            theta = theta_of(parser.features.slot_rows(*parser.features.extract(system, active[free]), rows))
            transition[free] = decode.best(theta, situation[free], transitions)
        return transition

    decode.run(system, transitions, choose)
    return layout.index_to_heads(system.head)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("system_name", SYSTEMS)
@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_scores_and_choices_are_nearly_those_of_the_classifier(
    block: Block, name: str, system_name: str, dtype: Any
) -> None:
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
        w = parser.features.slot_rows(words, values, encoder.rows()[types])
        error = 1e-12 if dtype == np.float64 else 1e-5
        np.testing.assert_allclose(theta, fixed_point_scores(filled, w), rtol=error, atol=error)
        expected = scores(exact, w)
        np.testing.assert_allclose(theta, expected, rtol=0, atol=NEAR)
        situation = system.situation(active)
        choice, should_be = (decode.best(each, situation, transitions) for each in (theta, expected))
        lines = np.arange(len(active))
        gap = expected[lines, should_be] - expected[lines, choice]
        assert (gap < 2 * NEAR).all()
        states, different = states + len(active), different + int((choice != should_be).sum())
        return should_be

    decode.run(system, transitions, choose, batch=16)
    assert states >= 2 * len(block.fields)  # more with SWAP
    assert different <= states / 200


@pytest.mark.parametrize("system_name", SYSTEMS)
@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_trees_are_those_of_fixed_point_arithmetic_in_double_precision(
    block: Block, name: str, system_name: str
) -> None:
    for dtype in (np.float64, np.float32):
        parser = random_parser(block, ALL_TEMPLATES[name], system_name, dtype)
        heads, _ = parser.parse(block)
        assert np.array_equal(heads, reference(parser, block, partial(fixed_point_scores, parser.cache.layer)))


def test_rows_do_not_depend_on_the_batch() -> None:
    """A product of a hundred rows is, row by row, that of one."""
    rng = np.random.default_rng(7)
    params = Parameters.initial(V=300, m=3, d=50, H=40, C=2, rng=rng)
    fixed = FixedPoint(params, [slice(0, 100), slice(100, 300), slice(100, 300)], [[0], [1, 2]])
    rows = rng.integers(100, 300, (1000, 2)).astype(np.int32)
    whole = fixed.product(1, rows)
    assert np.ptp(whole) > 1000
    for n in (1, 2, 3, 7, 129, 600):
        parts = [fixed.product(1, rows[k : k + n]) for k in range(0, len(rows), n)]
        assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("longest", [1, 2, 3])
def test_the_largest_possible_sums_fit(scale: float, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the rows of L are multiples of a column of W, the bounds of Cauchy and Schwarz are reached."""
    monkeypatch.setattr(fixed_point, "LONGEST", longest)
    m, d = 20, 8
    params = Parameters.initial(V=3 * m, m=m, d=d, H=5, C=2, rng=np.random.default_rng(8), dtype=np.float64)
    L, W = params.L, params.W.reshape(m, d, -1)
    L[...] *= scale
    L[::3] = 0  # NULL
    L[1::3] = scale * W[:, :, 0]
    L[2::3] = -L[1::3]
    slots = [[k, k + 1] for k in range(0, m, 2)]
    fixed = FixedPoint(params, [slice(3 * k, 3 * k + 3) for k in range(m)], slots)
    for sign in (1, 2):
        rows = 3 * np.arange(m, dtype=np.int32).reshape(-1, 1, 2) + sign
        z = fixed.z_null + sum(fixed.product(k, each) for k, each in enumerate(rows))
        exact = L[sign::3].ravel() @ params.W + params.b_1
        assert np.abs(z.astype(int)).max() > 30_000
        np.testing.assert_allclose(z * fixed.unit, exact, atol=0.002 * np.abs(exact).max())


def test_rows_and_columns_of_very_different_sizes() -> None:
    """One slot has large rows of L and a W of zeros, the other the reverse, and the largest product is 0."""
    params = Parameters.initial(V=4, m=2, d=50, H=2, C=2, rng=RNG)
    params.L[...] = [[0], [1e6], [0], [0]]
    params.W[...] = np.repeat([[0], [1e6]], 50, axis=0)
    fixed = FixedPoint(params, [slice(0, 2), slice(2, 4)], [[0, 1]])
    assert not fixed.product(0, np.array([[1, 3]], np.int32)).any()


def test_parameters_of_zeros_have_scores_of_zero() -> None:
    params = Parameters(*(np.zeros_like(each) for each in Parameters.initial(V=4, m=2, d=3, H=2, C=2, rng=RNG)))
    fixed = FixedPoint(params, [slice(0, 4)] * 2, [[0], [1]])
    assert not fixed.product(1, np.array([[3]], np.int32)).any()
    assert not fixed.z_null.any()


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
