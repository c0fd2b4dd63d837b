"""Treebanks whose relations are not UD's: CLAS has nothing to score, everything else works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearparse.commands import evaluate, train
from clearparse.model.model import load

SMALL = ["--hidden-size", "8", "--embedding-dim", "4", "--epochs", "2", "--batch-size", "32", "--quiet"]


@pytest.fixture(scope="module")
def treebank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CoNLL-X, whose FEATS, PHEAD and PDEPREL are empty, with the relations of the CoNLL 2007 shared task."""
    rows = ["The DT 2 NMOD", "dog NN 3 SBJ", "saw VBD 0 ROOT", "a DT 5 NMOD", "cat{} NN 3 OBJ", ". . 3 P"]
    sentences = []
    for k in range(30):
        words = [row.format(k % 7).split() for row in rows]
        lines = [f"{i}\t{w}\t_\t{t}\t{t}\t_\t{h}\t{d}\t_\t_" for i, (w, t, h, d) in enumerate(words, 1)]
        sentences.append("\n".join(lines) + "\n\n")
    path = tmp_path_factory.mktemp("conllx") / "train.conll"
    path.write_text("".join(sentences), encoding="utf-8")
    return path


def test_training_evaluation_and_report(treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, gold = str(tmp_path / "m"), str(treebank)
    train.main(["--train", gold, "--dev", gold, "--output", model, *SMALL])
    assert "CLAS –\n" in capsys.readouterr().out
    record = load(model).record
    assert record["dev_scores"]["CLAS"] is None
    assert [each["CLAS"] for each in record["epochs"]] == [None, None]

    train.main(["--reproduce", f"{model}.json", "--quiet"])
    assert "bit-identical" in capsys.readouterr().out

    report, scores = tmp_path / "r.html", tmp_path / "s.json"
    outputs = ["--details", "--confidence", "--report", str(report), "--json", str(scores)]
    evaluate.main(["--model", model, "--gold", gold, "--info", "--compare", model, *outputs])
    shown = capsys.readouterr().out
    assert "CLAS  content-word LAS (F1)" in shown
    assert "CLAS" not in shown[shown.index("comparison") :]  # nothing to compare
    assert json.loads(scores.read_text(encoding="utf-8"))["CLAS"] is None
    assert "<b>–</b>" in report.read_text(encoding="utf-8")
