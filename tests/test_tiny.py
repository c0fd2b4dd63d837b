"""The whole pipeline on the bundled treebank, in seconds: train, save, load, parse, evaluate, draw."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import clearparse
from clearparse.commands import evaluate, parse, train
from clearparse.treebank.conllu import parse_block

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
SMALL = [
    "--hidden-size",
    "32",
    "--embedding-dim",
    "16",
    "--epochs",
    "8",
    "--batch-size",
    "32",
    "--learning-rate",
    "0.01",
    "--dropout",
    "0",
    "--slot-dropout",
    "0",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny.model"
    files = ["--train", str(SAMPLE / "train.conllu"), "--dev", str(SAMPLE / "dev.conllu")]
    train.main([*files, "--output", str(path), *SMALL])
    return path


def test_training_learns_and_leaves_a_record(model: Path) -> None:
    record = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
    assert [each["epoch"] for each in record["epochs"]] == list(range(1, 9))
    assert record["epochs"][-1]["loss"] < record["epochs"][0]["loss"]
    assert record["dev_scores"]["LAS"] > 40  # every word attached to the one before: about 10
    assert record["config"]["hidden_size"] == 32
    assert len(record["train"][0]["sha256"]) == 64


def test_parsing_gives_every_sentence_one_tree(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "parsed.conllu"
    parse.main(["--model", str(model), "--output", str(output), str(SAMPLE / "dev.conllu")])
    text = output.read_bytes()
    block = parse_block(text, trees=True)  # refuses cycles and heads out of range
    assert all((sentence.heads == 0).sum() == 1 for sentence in block)
    gold = (SAMPLE / "dev.conllu").read_bytes()
    assert parse_block(gold).with_trees(block.heads(), block.column(7)).text == text  # all other columns byte for byte


def test_evaluation_gives_the_score_of_training(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "scores.json"
    evaluate.main(["--model", str(model), "--gold", str(SAMPLE / "dev.conllu"), "--json", str(output)])
    scores = json.loads(output.read_text(encoding="utf-8"))
    record = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
    assert {name: scores[name] for name in ("UAS", "LAS", "CLAS")} == {
        name: record["dev_scores"][name] for name in ("UAS", "LAS", "CLAS")
    }
    assert "LAS" in capsys.readouterr().out


def test_the_python_interface(model: Path, tmp_path: Path) -> None:
    loaded = clearparse.load(model)
    sentences = list(clearparse.read_conllu(SAMPLE / "dev.conllu"))
    parsed = list(loaded.parse(iter(sentences)))
    assert [sentence.forms for sentence in parsed] == [sentence.forms for sentence in sentences]
    clearparse.write_conllu(parsed, tmp_path / "out.conllu")
    assert list(clearparse.read_conllu(tmp_path / "out.conllu")) == parsed
    assert "transitions  arc-standard" in loaded.describe()
    assert re.fullmatch(r"<Model tiny: tagged words to trees, arc-standard, H = 32, LAS [0-9.]+>", repr(loaded))


def test_a_tree_is_drawn(model: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in.conllu", tmp_path / "trees.txt"
    source.write_bytes(parse_block((SAMPLE / "dev.conllu").read_bytes())[0].conllu)
    parse.main(["--model", str(model), "--format", "tree", "--output", str(output), str(source)])
    assert "root" in output.read_text(encoding="utf-8")


def test_the_same_sentences_in_any_order_get_the_same_trees(model: Path) -> None:
    loaded = clearparse.load(model)
    sentences = list(clearparse.read_conllu(SAMPLE / "dev.conllu"))
    order = np.random.default_rng(1).permutation(len(sentences))
    straight = list(loaded.parse(sentences))
    shuffled = list(loaded.parse([sentences[i] for i in order]))
    assert [straight[i] for i in order] == shuffled
