"""Optimizers and the moving average against the formulas of their papers, and the training loop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from clearparse.network.classifier import Gradients, Parameters, Rows
from clearparse.network.optimizers import SGD, AdaGrad, Adam, MovingAverage, Optimizer, clip_by_norm
from clearparse.network.training import Batch, Schedule, fit

STEPS = 60


def start(dtype: type = np.float64) -> Parameters:
    rng = np.random.default_rng(1)
    params = Parameters.initial(V=6, m=2, d=3, H=4, C=3, rng=rng, dtype=dtype)
    return Parameters(*(rng.normal(size=array.shape).astype(dtype) for array in params))


def steps(params: Parameters, count: int = STEPS) -> Iterator[Gradients]:
    """Gradients of several steps; each names one to three rows of L, row 5 only in the first and the last."""
    rng = np.random.default_rng(2)
    for k in range(count):
        index = np.sort(rng.choice(5, size=rng.integers(1, 4), replace=False))
        if k in (0, count - 1):
            index = np.append(index, 5)
        dense = [rng.normal(size=array.shape) for array in params[1:]]
        yield Gradients(Rows(index, rng.normal(size=(len(index), 3))), *dense)


def adam(theta: np.ndarray, gradients: list[np.ndarray | None], lr: float, l2: float) -> np.ndarray:
    """Algorithm 1 of Kingma & Ba (2015), as printed; None: the row is not seen and rests."""
    m = v = np.zeros_like(theta)
    for t, g in enumerate(gradients, 1):
        if g is not None:
            g = g + l2 * theta
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            theta = theta - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return theta


def adagrad(theta: np.ndarray, gradients: list[np.ndarray | None], lr: float, l2: float) -> np.ndarray:
    total = np.zeros_like(theta)
    for g in gradients:
        if g is not None:
            g = g + l2 * theta
            total = total + g**2
            theta = theta - lr * g / (np.sqrt(total) + 1e-6)
    return theta


def momentum(theta: np.ndarray, gradients: list[np.ndarray | None], lr: float, l2: float) -> np.ndarray:
    velocity = np.zeros_like(theta)
    for g in gradients:
        if g is not None:
            velocity = 0.9 * velocity + g + l2 * theta
            theta = theta - lr * velocity
    return theta


@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize(
    ("make", "formula"),
    [(Adam, adam), (AdaGrad, adagrad), (lambda lr, l2: SGD(lr, momentum=0.9, l2=l2), momentum)],
)
def test_optimizers_follow_their_papers(make: type[Optimizer], formula: type, l2: float) -> None:
    params, optimizer = start(), make(0.05, l2=l2)
    every = list(steps(params))
    for gradients in every:
        optimizer.step(params, gradients)
    for name, before, after in zip(params._fields[1:], start()[1:], params[1:], strict=True):
        expected = formula(before, [getattr(gradients, name) for gradients in every], 0.05, l2)
        np.testing.assert_allclose(after, expected, rtol=1e-10)
    for row, before in enumerate(start().L):
        seen = [
            gradients.L.values[list(gradients.L.index).index(row)] if row in gradients.L.index else None
            for gradients in every
        ]
        np.testing.assert_allclose(params.L[row], formula(before, seen, 0.05, l2), rtol=1e-10)


def test_the_learning_rate_of_a_step_overrides_that_of_the_optimizer() -> None:
    one, other = start(), start()
    gradients = next(steps(one))
    SGD(0.5).step(one, gradients, 0.1)
    SGD(0.1).step(other, gradients)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("make", [Adam, AdaGrad, SGD])
def test_an_optimizer_continues_from_its_state(make: type[Optimizer]) -> None:
    params, optimizer = start(np.float32), make(0.05)
    every = list(steps(params))
    for gradients in every[:30]:
        optimizer.step(params, gradients)
    copy, again = Parameters(*(array.copy() for array in params)), make(0.05)
    again.restore(optimizer.state())
    for gradients in every[30:]:
        optimizer.step(params, gradients)
        again.step(copy, gradients)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(params, copy, strict=True))


@pytest.mark.parametrize("decay", [0.5, 0.97])
@pytest.mark.parametrize("count", [1, 5, 200])
def test_the_moving_average_is_exact_for_rows_without_gradients(decay: float, count: int) -> None:
    """200 steps at decay 0.5 also pass the point where the average rescales its sums."""
    params, optimizer = start(), SGD(0.1)
    average, naive = MovingAverage(params, decay), [array.copy() for array in params]
    for t, gradients in enumerate(steps(params, count), 1):
        optimizer.step(params, gradients)
        average.update(params, gradients)
        kept = min(decay, (1 + t) / (10 + t))
        naive = [kept * mean + (1 - kept) * array for mean, array in zip(naive, params, strict=True)]
    for ours, expected in zip(average.parameters(), naive, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_clipping_limits_the_norm_and_leaves_smaller_gradients() -> None:
    params = start()
    (gradients,) = steps(params, 1)
    arrays = [gradients.L.values, *gradients[1:]]
    before = [array.copy() for array in arrays]
    norm = np.sqrt(sum((array**2).sum() for array in before))
    clip_by_norm(gradients, norm + 1)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
    clip_by_norm(gradients, norm / 4)
    for array, whole in zip(arrays, before, strict=True):
        np.testing.assert_allclose(array, whole / 4)


def test_the_schedule_rises_and_falls() -> None:
    schedule = Schedule(peak=2.0, warmup=0.1, final=0.25)
    assert [schedule(p) for p in (0.0, 0.05, 0.1, 1.0)] == pytest.approx([0.02, 1.0, 2.0, 0.5])
    assert schedule(0.55) == pytest.approx(1.25)
    assert Schedule(1.0, 0.0, 1.0)(0.0) == 1.0


def test_the_training_loop_reduces_the_loss_and_stops_early() -> None:
    rng = np.random.default_rng(3)
    params = Parameters.initial(V=8, m=2, d=4, H=16, C=3, rng=rng)
    w = rng.integers(0, 8, (64, 2)).astype(np.int32)
    batch = Batch(w, w.sum(axis=1) % 3, np.ones((64, 3), bool), 0.5)
    losses: list[float] = []
    epochs: list[int] = []

    def stop(epoch: int, average: Parameters) -> bool:
        epochs.append(epoch)
        return epoch == 29

    fit(
        params, lambda epoch: [batch] * 10, epochs=99, optimizer=Adam(), average=MovingAverage(params, 0.9),
        schedule=Schedule(0.02, 0.0, 1.0), dropout=0.0, slot_dropout=0.0, max_norm=1.0, rng=rng,
        log=lambda J, B: losses.append(J), stop=stop,
    )  # fmt: skip
    assert epochs == list(range(30))
    assert len(losses) == 300
    assert losses[0] > 1.0
    assert losses[-1] < 0.05
