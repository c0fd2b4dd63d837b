"""Confidence: probabilities of arcs, their calibration, the column Conf and the evaluation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import evaluate, parse
from clearparse.errors import ClearparseError
from clearparse.evaluation.calibration import reliability
from clearparse.evaluation.counts import correct_arcs
from clearparse.model.model import load
from clearparse.network.classifier import softmax
from clearparse.stages.ensemble import Calibration, logit
from clearparse.transition.decode import GreedyPolicy, best
from clearparse.transition.layout import Index, Layout
from clearparse.transition.system import SHIFT
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import parse_block

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
DEV = SAMPLE / "dev.conllu"


def test_the_probability_of_an_arc_is_that_of_its_transition(parser_model: Path) -> None:
    """Compared with parsing sentence by sentence, with the softmax by hand."""
    parser, block = load(parser_model).parser, parse_block(DEV.read_bytes())
    heads, deprels, probability = parser.parse_with_probabilities(block)
    plain = parser.parse(block)
    assert np.array_equal(heads, plain[0])
    assert deprels == plain[1]
    system = SYSTEMS[parser.system](Layout(block.sentences))
    greedy: GreedyPolicy = parser.greedy(system, block.word_keys())
    expected = np.ones(system.layout.size)
    for s in range(0, len(block), 7):
        active: Index = np.array([s])
        while (legal := system.legal(active)).any():
            situation = system.situation(active)
            if legal[0][parser.transitions.kind].sum() > 1:
                theta = greedy.extract(active)[-1]
                choice = best(theta, situation, parser.transitions)
                y_hat = softmax(theta, legal[:, parser.transitions.kind])[0][0, choice[0]]
            else:
                choice, y_hat = greedy(active), 1.0
            kind = int(parser.transitions.kind[choice[0]])
            if kind != SHIFT:
                expected[system.dependent(active)[kind - 1]] = y_hat
            system.apply(active, parser.transitions.kind[choice], parser.transitions.label[choice])
        words = slice(*block.sentences[s : s + 2])
        np.testing.assert_allclose(probability[words], expected[system.layout.words[words]], rtol=1e-4)


def test_calibration_is_a_logistic_curve() -> None:
    p = np.array([0.0, 0.2, 0.5, 0.9, 1.0])
    assert np.allclose(Calibration()(p), p, atol=1e-5)
    assert np.allclose(Calibration(2.0, -1.0)(p[1:4]), 1 / (1 + np.exp(1 - 2 * logit(p[1:4]))))
    assert (np.diff(Calibration(0.5, -0.3)(p)) > 0).all()


def test_mean_confidence_is_the_accuracy_on_dev(parser_model: Path) -> None:
    parser, block = load(parser_model).stages.ensemble, parse_block(DEV.read_bytes(), trees=True)
    assert parser.calibration != Calibration()
    heads, deprels, probability = parser.parse_with_probabilities(block)
    assert parser.calibration(probability).mean() == pytest.approx(correct_arcs(block, heads, deprels).mean(), abs=0.01)


def test_confidence_is_written_to_misc_and_nothing_else_changes(parser_model: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / name for name in ("plain", "sure", "again")]
    files = ["--model", str(parser_model), "--output"]
    parse.main([*files, str(outputs[0]), str(DEV)])
    parse.main([*files, str(outputs[1]), "--confidence", str(DEV)])
    parse.main([*files, str(outputs[2]), "--confidence", str(outputs[1])])
    plain, sure, again = (path.read_text(encoding="utf-8") for path in outputs)
    assert sure == again
    confidences = re.findall(r"(?:\t|[|])Conf=([01][.][0-9]{2})\n", sure)
    assert len(confidences) == len(parse_block(plain.encode()).fields)
    assert re.sub(r"[|]Conf=[01][.][0-9]{2}\n", "\n", re.sub(r"\tConf=[01][.][0-9]{2}\n", "\t_\n", sure)) == plain


def test_reliability_by_hand() -> None:
    confidence = np.array([0.2, 0.5, 0.55, 0.97, 1.0, 1.0])
    right = np.array([False, True, True, True, True, False])
    found = reliability(confidence, right)
    assert list(found["bins"]) == ["0.00-0.50", "0.50-0.60", "0.95-0.98", "0.98-1.00"]
    assert found["bins"]["0.00-0.50"] == {"words": 2, "confidence": pytest.approx(35), "LAS": 50}
    assert found["bins"]["0.98-1.00"] == {"words": 2, "confidence": 100, "LAS": 50}
    assert found["expected_calibration_error"] == pytest.approx((2 * 15 + 45 + 3 + 2 * 50) / 6)


def test_evaluation_of_confidence(parser_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.main(["--model", str(parser_model), "--gold", str(DEV), "--confidence"])
    out = capsys.readouterr().out
    assert "expected calibration error" in out
    assert "expected calibration error" in out
    with pytest.raises(ClearparseError, match="--confidence needs --model"):
        evaluate.main(["--system", str(DEV), "--gold", str(DEV), "--confidence"])
