"""The page's questions about a transition as if it were right: loss, gradients, and a step of learning."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearparse.errors import ClearparseError
from clearparse.explanation.attribution import compute, loss
from clearparse.explanation.learning import learn
from clearparse.explanation.trace import trace
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import parse_block
from clearparse.web.limits import Limits

WITHOUT = "the server is not tested: {} is missing, pip install 'clearparse[test-full]'"
server = pytest.importorskip("clearparse.web.server", reason=WITHOUT.format("its extra"))
httpx = pytest.importorskip("httpx", reason=WITHOUT.format("httpx"))

DEV = (Path(__file__).resolve().parents[1] / "data" / "sample" / "dev.conllu").read_text(encoding="utf-8")
FIRST = DEV[: DEV.index("\n\n") + 2]
BARE = {"conllu": FIRST}


@pytest.fixture(scope="module")
def model(text_model: Path) -> Model:
    return load(text_model)


@pytest.fixture(scope="module")
def transport(model: Model) -> Any:
    return httpx.ASGITransport(server.Application({"first": model, "second": model}, Limits()))


@pytest.fixture
def ask(transport: Any) -> Any:
    """Sends a question of the page and returns the answer; with status: the status and the text."""

    def ask(path: str, status: int = 200, **question: Any) -> Any:
        async def answer() -> Any:
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.post(f"/page/{path}", json=question)

        found = asyncio.run(answer())
        assert found.status_code == status, found.text
        return found.json() if status == 200 else found.text

    return ask


def choice(ask: Any) -> tuple[int, list[int], int]:
    """The first step with a choice, the transitions before it, and the second most probable transition there."""
    steps = ask("explain", **BARE)["steps"]
    k = next(k for k, step in enumerate(steps) if not step["forced"] and k)
    scores = ask("numbers", **BARE, step=k)["scores"]
    legal = sorted((c for c, score in enumerate(scores) if score["legal"]), key=lambda c: -scores[c]["theta"])
    return k, [step["taken"] for step in steps[:k]], legal[1]


def test_every_legal_transition_has_a_loss_without_a_gold_tree(ask: Any, model: Model) -> None:
    k, _, _ = choice(ask)
    step = trace(model.parser, parse_block(FIRST.encode())[0].alone()).steps[k]
    computed = compute(model.parser.params, step.w, step.legal)
    assert ask("numbers", **BARE, step=k)["loss"]["target"] == step.taken
    for target in np.flatnonzero(step.legal).tolist():
        found = ask("numbers", **BARE, step=k, target=target)["loss"]
        expected = loss(model.parser.params, step.w, computed, target)
        assert found["J"] == pytest.approx(expected.J, rel=1e-5)
        assert not found["advised"]
        for key, array in (("delta_1", expected.delta_1), ("delta_2", expected.delta_2), ("dJ/dL", expected.dx)):
            np.testing.assert_allclose(found["quantities"][key]["values"], array.ravel(), rtol=1e-3, atol=1e-12)
        for key, array in (("dJ/dU", expected.dU), ("dJ/dW", expected.dW)):
            assert found["quantities"][key]["shape"] == list(array.shape)
            assert found["quantities"][key]["norm"] == pytest.approx(float(np.linalg.norm(array)), rel=1e-3)
    illegal = int(np.flatnonzero(~step.legal)[0])
    assert "is illegal" in ask("numbers", 400, **BARE, step=k, target=illegal)


def test_the_gold_label_decides_whether_a_label_is_right(ask: Any) -> None:
    question = {**BARE, "gold": True}
    sentence = ask("explain", **question)
    for k, step in enumerate(sentence["steps"]):
        for score in ask("numbers", **question, step=k)["scores"]:
            side = ["LEFT_ARC", "RIGHT_ARC", "ROOT_ARC"].index(score["kind"]) if score["labelled"] else None
            word = 0 if side is None else step["dependents"][side]
            label = score["name"].split(" ")[-1]
            assert score["wrong_label"] == (word > 0 and sentence["gold"]["labels"][word - 1] != label)
    assert not any(score["wrong_label"] for score in ask("numbers", **BARE, step=3)["scores"])


def test_a_step_of_learning_lowers_the_loss_and_changes_nothing_else(ask: Any, model: Model) -> None:
    k, moves, target = choice(ask)
    before = [array.copy() for array in model.parser.params]
    lesson = {"moves": moves, "target": target, "learning_rate": 0.01}
    first = ask("learn", **BARE, lessons=[lesson])
    second = ask("learn", **BARE, lessons=[lesson, lesson])
    assert first["J"][0] > first["J"][1] == pytest.approx(second["J"][0], rel=1e-3)
    assert second["J"][0] > second["J"][1]
    assert first["p"][1] > first["p"][0]
    numbers = ask("numbers", **BARE, moves=moves, lessons=[lesson], step=k, target=target)
    assert numbers["loss"]["J"] == pytest.approx(first["J"][1], rel=1e-3)
    assert all(np.array_equal(old, new) for old, new in zip(before, model.parser.params, strict=True))
    unchanged = ask("numbers", **BARE, moves=moves, step=k, target=target)
    assert unchanged["loss"]["J"] == pytest.approx(first["J"][0], rel=1e-3)


def test_enough_learning_changes_the_tree(ask: Any) -> None:
    _, moves, target = choice(ask)
    lessons = [{"moves": moves, "target": target, "learning_rate": 0.05}] * 10
    outcome = ask("learn", **BARE, lessons=lessons)
    trees = [ask("explain", **BARE), ask("explain", **BARE, lessons=lessons)]
    assert trees[1]["steps"][len(moves)]["taken"] == target
    arcs = [list(zip(tree["heads"], tree["labels"], strict=True)) for tree in trees]
    assert outcome["changed"] == [word for word, (a, b) in enumerate(zip(*arcs, strict=True), 1) if a != b]


def test_the_step_follows_the_negative_gradient(model: Model) -> None:
    step = trace(model.parser, parse_block(FIRST.encode())[0].alone()).steps[4]
    target, rate = int(np.flatnonzero(step.legal)[-1]), 0.25
    gradient = loss(model.parser.params, step.w, compute(model.parser.params, step.w, step.legal), target)
    learned = learn(model.parser, step.w, step.legal, target, rate).parser.params
    for name in ("L", "W", "b_1", "U", "b_2"):
        expected = getattr(model.parser.params, name) - rate * getattr(gradient, f"d{name}")
        np.testing.assert_allclose(getattr(learned, name), expected, rtol=1e-5, atol=1e-7)


LESSON = {"moves": [], "target": 0, "learning_rate": 0.1}


@pytest.mark.parametrize(
    ("lessons", "status", "message"),
    [
        ([], 400, "'lessons' is empty"),
        ("x", 400, "'lessons' must be a list"),
        ([1], 400, "a lesson must be an object"),
        ([LESSON] * 21, 413, "21 steps of learning; at most 20 are made"),
        ([{**LESSON, "learning_rate": 0}], 400, "a learning rate must be above 0 and at most 10"),
        ([{**LESSON, "learning_rate": 11}], 400, "a learning rate must be above 0 and at most 10"),
        ([{**LESSON, "learning_rate": "high"}], 400, "a learning rate must be above 0 and at most 10"),
        ([{**LESSON, "target": 9999}], 400, "a target must be from 0 to"),
        ([{**LESSON, "moves": [0] * 999}], 400, "move"),
        ([{**LESSON, "moves": "x"}], 400, "'conllu' must be a string"),
    ],
)
def test_invalid_lessons(ask: Any, lessons: Any, status: int, message: str) -> None:
    assert ask("learn", status, **BARE, lessons=lessons).startswith(message)


def test_a_learning_rate_that_is_too_high_is_an_error_and_no_infinite_number(model: Model) -> None:
    step = trace(model.parser, parse_block(FIRST.encode())[0].alone()).steps[4]
    with pytest.raises(ClearparseError, match="choose a lower learning rate"):
        learn(model.parser, step.w, step.legal, int(np.flatnonzero(step.legal)[-1]), 1e38)


def test_several_models_are_served_by_name(ask: Any) -> None:
    for name in ("first", "second"):
        assert ask("read", text="Dogs bark.", model=name)["sentences"]


def test_the_sample_treebank(ask: Any) -> None:
    found = ask("read", sample=True)["sentences"]
    assert "".join(sentence["conllu"] for sentence in found) == DEV
    assert all(sentence["gold"] for sentence in found)
