"""The explanation agrees with parsing: steps of a sentence, attribution of a score, loss and gradients."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import train
from clearparse.config import Config
from clearparse.errors import ClearparseError
from clearparse.explanation.attribution import attribute, compute, loss
from clearparse.explanation.slots import slots, symbol
from clearparse.explanation.trace import trace
from clearparse.model.model import load
from clearparse.network.classifier import Parameters
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training.parser_batches import Treebank, initialize_parser
from clearparse.treebank.conllu import parse_block

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
DEV = parse_block((SAMPLE / "dev.conllu").read_bytes(), trees=True)
SENTENCES = [DEV[number].alone() for number in range(0, len(DEV), 7)]
FIXED_POINT = 0.01  # what scores in fixed-point arithmetic may differ by; 0.002 has been seen
SMALL = [
    "--hidden-size",
    "16",
    "--embedding-dim",
    "8",
    "--epochs",
    "3",
    "--batch-size",
    "128",
    "--learning-rate",
    "0.01",
]
CROSSING = "".join(
    f"{i}\tw\tw\tNOUN\tNN\t_\t{h}\t{'det' if h else 'root'}\t_\t_\n" for i, h in ((1, 3), (2, 4), (3, 0), (4, 3))
)


@pytest.fixture(scope="module", params=["arc-hybrid", "arc-standard", "arc-standard-swap"])
def parser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TransitionParser:
    path = tmp_path_factory.mktemp("models") / "small.model"
    files = ["--train", str(SAMPLE / "train.conllu"), "--dev", str(SAMPLE / "dev.conllu"), "--output", str(path)]
    train.main([*files, "--transition-system", request.param, *SMALL])
    return load(path).parser


def untrained(system: str) -> TransitionParser:
    """A parser that makes many errors."""
    config = Config(transition_system=system, hidden_size=16, embedding_dim=8)
    return initialize_parser(Treebank.of([DEV]), config, np.random.default_rng(1))


def double(parser: TransitionParser) -> TransitionParser:
    """The same with numbers of 64 bits."""
    return parser.with_parameters(Parameters(*(array.astype(np.float64) for array in parser.params)))


def test_a_trace_builds_the_tree_that_parsing_builds(parser: TransitionParser) -> None:
    for sentence in SENTENCES:
        heads, labels = parser.parse(sentence)
        found = trace(parser, sentence)
        assert found.heads.tolist() == heads.tolist()
        assert [label.encode() for label in found.labels] == labels
        assert all(step.taken == step.best and step.legal[step.taken] for step in found.steps)
        assert all(step.advice is None for step in found.steps)


def test_every_arc_of_the_tree_is_made_in_one_step(parser: TransitionParser) -> None:
    for sentence in SENTENCES:
        found = trace(parser, sentence)
        made = {step.arc.word: (step.arc.head, step.arc.label) for step in found.steps if step.arc}
        assert made == dict(enumerate(zip(found.heads.tolist(), found.labels, strict=True), 1))
        assert sum(step.arc is not None for step in found.steps) == len(made)


def test_stack_and_buffer_change_as_the_moves_say(parser: TransitionParser) -> None:
    for sentence in SENTENCES:
        steps = trace(parser, sentence).steps
        for step, after in pairwise(steps):
            move = parser.transitions.moves[parser.transitions.kind[step.taken]]
            stack, buffer = list(step.stack), list(step.buffer)
            if move == "SHIFT":
                stack.append(buffer.pop(0))
            elif move == "SWAP":
                s0, s1 = stack.pop(), stack.pop()
                buffer[:0] = [s0, s1]
            elif step.arc:
                stack.remove(step.arc.word)
            assert (after.stack, after.buffer) == (stack, buffer)


def test_scores_by_the_notes_equal_those_of_parsing(parser: TransitionParser) -> None:
    for sentence in SENTENCES:
        for step in trace(parser, sentence).steps:
            computation = compute(parser.params, step.w, step.legal)
            assert computation.theta[0] == pytest.approx(step.theta, abs=FIXED_POINT)
            legal = computation.theta[0, step.legal]
            assert computation.theta[0, step.best] >= legal.max() - FIXED_POINT
            assert computation.h == pytest.approx(np.maximum(computation.z, 0), abs=1e-5)
            assert computation.y_hat.sum() == pytest.approx(1, abs=1e-5)
            assert not computation.y_hat[0, ~step.legal].any()


@pytest.mark.parametrize("against", [None, 0])
def test_the_parts_of_a_score_add_up_to_it(parser: TransitionParser, against: int | None) -> None:
    for of, tolerance in ((parser, 1e-4), (double(parser), 1e-10)):
        for step in trace(of, SENTENCES[0]).steps:
            computation = compute(of.params, step.w, step.legal)
            for c in (step.taken, len(step.theta) - 1):
                parts = attribute(of.params, step.w, computation, c, against)
                expected = step.theta[c] - (0 if against is None else step.theta[against])
                assert parts.value == pytest.approx(expected, abs=FIXED_POINT)
                assert parts.slots.sum() + parts.b_1 + parts.b_2 == pytest.approx(parts.value, abs=tolerance)


def test_a_gradient_of_a_score_is_its_slope(parser: TransitionParser) -> None:
    """Numerically, for each slot in a random direction, as long as no unit changes between active and 0."""
    of, rng, checked = double(parser), np.random.default_rng(1), 0
    step = trace(of, SENTENCES[1]).steps[4]
    computation = compute(of.params, step.w, step.legal)
    gradient = attribute(of.params, step.w, computation, step.taken).gradient
    for slot in range(len(step.w)):
        x = computation.x.reshape(len(step.w), -1).copy()
        direction = rng.normal(size=x.shape[1])
        x[slot] += 1e-6 * direction
        z = x.reshape(1, -1) @ of.params.W + of.params.b_1
        if (np.sign(z) == np.sign(computation.z)).all():
            theta = np.maximum(z, 0) @ of.params.U + of.params.b_2
            slope = (theta[0, step.taken] - computation.theta[0, step.taken]) / 1e-6
            assert slope == pytest.approx(gradient[slot] @ direction, abs=1e-6)
            checked += 1
    assert checked > len(step.w) // 2


def test_the_gradient_of_the_loss_is_a_sum_over_those_of_the_scores(parser: TransitionParser) -> None:
    """delta_1 by the notes, and dJ/dL_{w_i} as the sum over classes of delta_1c times d theta_c / dL_{w_i}."""
    of = double(parser)
    step = next(step for step in trace(of, SENTENCES[2], gold=True).steps if step.legal.sum() > 1)
    assert step.advice is not None
    assert step.advice.target is not None
    computation = compute(of.params, step.w, step.legal)
    found = loss(of.params, step.w, computation, step.advice.target)
    y = np.eye(len(step.theta))[[step.advice.target]]
    p = computation.y_hat[0, step.advice.target]
    assert pytest.approx(-np.log(p)) == found.J
    assert found.delta_1 == pytest.approx(computation.y_hat - y)
    assert found.delta_2 == pytest.approx((found.delta_1 @ of.params.U.T) * np.sign(computation.h))
    each = [attribute(of.params, step.w, computation, c).gradient for c in range(len(step.theta))]
    by_slot = found.dx.reshape(len(step.w), -1)
    assert by_slot == pytest.approx(np.tensordot(found.delta_1[0], each, 1), abs=1e-12)
    by_row = np.zeros_like(of.params.L)
    np.add.at(by_row, step.w, by_slot)
    assert found.dL == pytest.approx(by_row, abs=1e-12)


def test_following_the_gold_tree_builds_it(parser: TransitionParser) -> None:
    for sentence in SENTENCES:
        found = trace(parser, sentence, gold=True, follow_gold=True)
        assert not (found.exact and parser.system == "arc-standard-swap")
        if found.exact or parser.system == "arc-standard-swap":
            assert found.heads.tolist() == sentence.heads().tolist()
            assert [label.encode() for label in found.labels] == sentence.column(7)
            assert all(
                step.advice is not None and step.advice.costs[parser.transitions.kind[step.taken]] == 0
                for step in found.steps
            )


def test_costs_add_up_to_the_gold_arcs_that_are_lost() -> None:
    """With an exact dynamic oracle the costs of the moves add up to the number of wrong heads."""
    parser = untrained("arc-hybrid")
    for sentence in SENTENCES:
        found = trace(parser, sentence, gold=True)
        if found.exact:
            lessons = [(step.advice, parser.transitions.kind[step.taken]) for step in found.steps]
            cost = sum(lesson.costs[kind] or 0 for lesson, kind in lessons if lesson)
            assert cost == int((found.heads != sentence.heads()).sum())


def test_a_static_oracle_has_no_advice_off_the_gold_path() -> None:
    parser = untrained("arc-standard")
    steps = trace(parser, SENTENCES[0], gold=True).steps
    silent = [step.advice is None for step in steps]
    assert not silent[0]
    assert silent[-1]
    assert silent == sorted(silent)


def test_nonprojective_trees_are_not_exact_and_unknown_labels_have_no_target() -> None:
    parser = untrained("arc-hybrid")
    block = parse_block(CROSSING.encode(), trees=True)
    assert not trace(parser, block, gold=True).exact
    novel = parse_block(SENTENCES[0].text.replace(b"\tnsubj\t", b"\tnovel\t"), trees=True)
    targets = [step.advice.target for step in trace(parser, novel, gold=True, follow_gold=True).steps if step.advice]
    assert None in targets


def test_given_moves_are_made_and_illegal_ones_refused(parser: TransitionParser) -> None:
    sentence = SENTENCES[3]
    before = trace(parser, sentence)
    moves = [step.taken for step in before.steps[:4]]
    other = next(c for c in np.flatnonzero(before.steps[4].legal).tolist() if c != before.steps[4].taken)
    after = trace(parser, sentence, moves=[*moves, other])
    assert [step.taken for step in after.steps[:5]] == [*moves, other]
    assert after.steps[4].best == before.steps[4].taken
    illegal = int(np.flatnonzero(~before.steps[0].legal)[0])
    for wrong in (illegal, -1, len(before.steps[0].legal)):
        with pytest.raises(ClearparseError, match="move 1: transition .* is illegal"):
            trace(parser, sentence, moves=[wrong])


def test_slots_name_what_they_show(parser: TransitionParser) -> None:
    sentence = SENTENCES[0]
    forms = ["ROOT", *(form.decode() for form in sentence.column(1))]
    labels: dict[int | None, str] = {None: "nothing"}
    for step in trace(parser, sentence).steps:
        seen = {f"{slot.channel}: {slot.address}": slot for slot in slots(parser, step)}
        assert len(seen) == len(step.w)
        for address, word in zip(("s0", "s1"), [*reversed(step.stack), None, None], strict=False):
            assert seen[f"form: {address}"].word == word
            assert seen[f"form: {address}"].sees in ({"nothing"} if word is None else {forms[word], "unknown"})
        child = seen["label: lc1(s0)"]
        assert child.sees == labels[child.word]
        both = len(step.stack) > 0 < len(step.buffer)
        assert (seen["distance: s0-b0"].sees != "nothing") == both
        if step.arc:
            labels[step.arc.word] = step.arc.label


def test_values_of_state_slots() -> None:
    parser = untrained("arc-hybrid")

    def values(channel: str, count: int) -> list[str]:
        first = parser.features.first_row[channel]
        return [symbol(parser, channel, row) for row in range(first, first + count)]

    assert values("distance", 11) == ["nothing", *"1234567", "8 to 11", "12 to 20", "21 or more"]
    assert values("left_valency", 6) == [*"01234", "5 or more"]
    assert values("label", 2) == ["nothing", parser.transitions.labels[0]]
    assert symbol(parser, "upos", parser.vocabulary.first["upos"] + 1) == "ROOT"


def test_names(parser: TransitionParser) -> None:
    names = [parser.transitions.name(c) for c in range(len(parser.transitions.kind))]
    assert names[0] == "SHIFT"
    assert len(set(names)) == len(names)
    assert any(each == "LEFT_ARC det" for each in names)


def test_the_example_of_the_documentation(text_model: Path) -> None:
    page = (SAMPLE.parents[1] / "docs" / "explanation.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert '"models/english.model"' in code
    code = code.replace('"models/english.model"', repr(str(text_model)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, total = done.stdout.splitlines()
    value, *parts = map(float, re.findall(r"-?\d+\.\d+", total))
    assert sum(parts) == pytest.approx(value, abs=0.03)
    assert len(done.stdout.splitlines()) == 7
