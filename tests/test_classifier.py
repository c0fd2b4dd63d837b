"""The classifier against finite differences and against the plain dense form of the notes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearparse.network import gradient_check, notes
from clearparse.network.classifier import Gradients, Parameters, Rows, backward, forward, scores
from clearparse.network.gradient_check import BOUND, DIMS, Check, check_gradients, check_identities, random_problem

SEEDS = st.integers(0, 2**32 - 1)
OPTIONS = ["plain", "legal", "dropout", "slot dropout", "distribution", "all together"]


def legal_classes(rng: np.random.Generator, target: np.ndarray, C: int) -> np.ndarray:
    legal = rng.random((len(target), C)) < 0.6
    legal[np.arange(len(target)), target] = True
    return legal


@pytest.mark.parametrize("seed", range(3))
def test_the_seven_identities(seed: int) -> None:
    checks = list(check_identities(np.random.default_rng(seed)))
    assert len(checks) == 7
    assert all(check.error < BOUND for check in checks), checks


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("seed", range(3))
def test_every_gradient_entry_by_entry(option: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    params, w, target = random_problem(rng, DIMS)
    w[0, :] = w[0, 0]  # a row named by several slots
    goal, options = target, dict[str, Any]()
    if option in ("legal", "all together"):
        options["legal"] = legal_classes(rng, target, DIMS["C"])
    if option in ("dropout", "all together"):
        options["dropout"] = 0.4
    if option in ("slot dropout", "all together"):
        options["slot_dropout"] = 0.3
    if option in ("distribution", "all together"):
        q = rng.random((len(w), DIMS["C"])) * options.get("legal", 1.0)
        goal = q / q.sum(axis=1, keepdims=True)

    def run(params: Parameters) -> tuple[float, Gradients]:
        _, cache = forward(params, w, rng=np.random.default_rng(7), **options)
        return backward(params, cache, goal)

    checks = check_gradients(params, w, goal, lambda p: run(p)[0], rng=np.random.default_rng(7), **options)
    for check in checks:
        assert check.error < BOUND, check


def test_the_gradient_of_a_large_network_in_one_direction() -> None:
    rng = np.random.default_rng(4)
    dims = {"B": 60, "m": 48, "d": 50, "H": 200, "C": 103, "V": 600}
    params = Parameters.initial(**{k: v for k, v in dims.items() if k != "B"}, rng=rng, dtype=np.float64)
    w, target = rng.integers(0, dims["V"], (dims["B"], dims["m"])), rng.integers(0, dims["C"], dims["B"])
    params.L[...] = rng.normal(size=params.L.shape)  # so that few hidden units are near ReLU's kink
    _, gradients = backward(params, forward(params, w)[1], target)
    direction = Parameters(*(rng.normal(size=array.shape) for array in params))
    slope = sum(
        float((gradient.values * step[gradient.index]).sum() if isinstance(gradient, Rows) else (gradient * step).sum())
        for gradient, step in zip(gradients, direction, strict=True)
    )
    losses = []
    for sign in (1, -1):
        moved = Parameters(*(a + sign * 1e-7 * step for a, step in zip(params, direction, strict=True)))
        losses.append(backward(moved, forward(moved, w)[1], target)[0])
    assert slope == pytest.approx((losses[0] - losses[1]) / 2e-7, rel=1e-5)


@given(
    SEEDS,
    st.integers(1, 40),
    st.integers(1, 7),
    st.integers(1, 6),
    st.integers(1, 9),
    st.integers(1, 6),
    st.integers(1, 30),
)
def test_the_fast_form_equals_the_notes(seed: int, B: int, m: int, d: int, H: int, C: int, V: int) -> None:
    rng = np.random.default_rng(seed)
    for dtype, tolerance in ((np.float64, 1e-11), (np.float32, 1e-4)):
        params = Parameters.initial(V=V, m=m, d=d, H=H, C=C, rng=rng, dtype=dtype)
        for array in params:
            array[...] = rng.normal(size=array.shape)
        w, target = rng.integers(0, V, (B, m)).astype(np.int32), rng.integers(0, C, B)
        legal = legal_classes(rng, target, C)
        computed = notes.forward(params, w, legal)
        np.testing.assert_allclose(scores(params, w), computed.theta, rtol=tolerance, atol=tolerance)
        ours, cache = forward(params, w, legal=legal)
        np.testing.assert_allclose(ours, computed.y_hat, rtol=tolerance, atol=tolerance)
        assert not ours[~legal].any()
        J, gradients = backward(params, cache, target)
        expected = notes.backward(params, w, computed, notes.one_hot(target, C, np.dtype(dtype)))
        assert pytest.approx(expected.J, rel=1e-3, abs=1e-4) == J
        assert np.array_equal(gradients.L.index, np.unique(w))
        np.testing.assert_allclose(gradients.L.values, expected.dL[np.unique(w)], rtol=tolerance, atol=tolerance)
        for name in ("W", "b_1", "U", "b_2"):
            gradient = getattr(gradients, name)
            assert gradient.dtype == dtype
            np.testing.assert_allclose(gradient, getattr(expected, f"d{name}"), rtol=tolerance, atol=tolerance)


def test_the_gradient_check_finds_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(params: Parameters, cache: Any, target: Any) -> tuple[float, Gradients]:
        J, gradients = backward(params, cache, target)
        return J, gradients._replace(W=gradients.W * 1.001)

    monkeypatch.setattr(gradient_check, "backward", wrong)
    failed = [check.name for check in gradient_check.all_checks(1, DIMS) if not check.passed]
    assert failed == ["dJ/dW"]
    assert not Check("x", (1,), float("nan")).passed


def test_dropout_keeps_the_mean_and_follows_the_seed() -> None:
    rng = np.random.default_rng(1)
    params, w, _ = random_problem(rng, {**DIMS, "B": 200, "H": 100})
    hidden = [forward(params, w, dropout=0.5, rng=np.random.default_rng(seed))[1].h for seed in (3, 3, 4)]
    assert np.array_equal(hidden[0], hidden[1])
    assert not np.array_equal(hidden[0], hidden[2])
    assert hidden[0].mean() == pytest.approx(forward(params, w)[1].h.mean(), rel=0.05)


def test_invalid_arguments_raise_value_error() -> None:
    params, w, target = random_problem(np.random.default_rng(1), DIMS)
    none = np.zeros((len(w), DIMS["C"]), bool)
    with pytest.raises(ValueError, match="no legal class"):
        forward(params, w, legal=none)
    with pytest.raises(ValueError, match="random generator"):
        forward(params, w, dropout=0.5)
    legal = ~np.eye(DIMS["C"], dtype=bool)[target]
    with pytest.raises(ValueError, match="not legal"):
        backward(params, forward(params, w, legal=legal)[1], target)
    with pytest.raises(ValueError, match="not legal"):
        backward(params, forward(params, w, legal=legal)[1], np.full((len(w), DIMS["C"]), 0.25))
