"""clearparse.train from Python: paths and sentences, all stages, output, early stopping, wrong arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearparse
from clearparse.commands import train as command
from clearparse.config import PRESETS, NetworkConfig
from clearparse.errors import ClearparseError, FileError
from clearparse.treebank.conllu import Sentence

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
DEV = SAMPLE / "dev.conllu"
SMALL: dict[str, Any] = {"hidden_size": 8, "embedding_dim": 8, "epochs": 2, "batch_size": 64, "learning_rate": 0.01}
QUIET: dict[str, Any] = {**SMALL, "quiet": True}


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return list(clearparse.read_conllu(DEV))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> clearparse.Model:
    return clearparse.train(DEV, dev=DEV, output=tmp_path_factory.mktemp("recipe") / "m", **QUIET)


def same_parameters(one: clearparse.Model, other: clearparse.Model) -> bool:
    return all(map(np.array_equal, one.parser.params, other.parser.params))


def test_paths_and_sentences_give_the_same_model(model: clearparse.Model, sentences: list[Sentence]) -> None:
    for train, dev in (([str(DEV)], [DEV]), (sentences, iter(sentences)), (iter(sentences), DEV)):
        assert same_parameters(clearparse.train(train, dev=dev, **QUIET), model)


def test_the_command_gives_the_same_model(model: clearparse.Model, tmp_path: Path) -> None:
    flags = [word for name, value in SMALL.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    command.main(["--train", str(DEV), "--dev", str(DEV), "--output", str(tmp_path / "m"), *flags])
    loaded = clearparse.load(tmp_path / "m")
    assert same_parameters(loaded, model)
    assert {**loaded.record, "command": ""} == {**model.record, "command": ""}


def test_output_has_the_model_and_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = clearparse.train(DEV, dev=DEV, output=tmp_path / "new" / "m", **QUIET)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["m", "m.json"]
    loaded = clearparse.load(tmp_path / "new" / "m")
    assert same_parameters(loaded, model)
    assert loaded.record == model.record
    clearparse.train(DEV, dev=DEV, **QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]  # without output no file is written


def test_without_dev_sentences_are_held_out(sentences: list[Sentence]) -> None:
    record = clearparse.train(sentences, dev_part=0.2, **QUIET).record
    assert record["dev"]["path"] == "18 sentences held out of sentences given in Python (seed 1)"
    assert record["config"]["dev_part"] == 0.2


def test_all_stages_parse_text(small_stages: None, sentences: list[Sentence]) -> None:
    model = clearparse.train(sentences, stages="all", **QUIET)
    assert model.stages.lemmatizer is not None
    assert "".join("".join(sentence.forms) for sentence in model("Dogs bark. Cats sleep.")) == "Dogsbark.Catssleep."


def test_fine_tuning_keeps_the_network(model: clearparse.Model, sentences: list[Sentence], tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    tuned = clearparse.train(sentences, init=tmp_path / "m", hidden_size=100, epochs=1, quiet=True)
    assert tuned.record["config"]["hidden_size"] == 8
    assert tuned.parser.vocabulary.symbols == model.parser.vocabulary.symbols
    assert not same_parameters(tuned, model)


def test_float16_halves_the_file(model: clearparse.Model, tmp_path: Path) -> None:
    half = clearparse.train(DEV, dev=DEV, float16=True, output=tmp_path / "half", **QUIET)
    model.save(tmp_path / "whole")
    assert half.record["float16"]
    assert (tmp_path / "half").stat().st_size < 0.8 * (tmp_path / "whole").stat().st_size


def test_quiet_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    clearparse.train(DEV, **QUIET)
    assert capfd.readouterr() == ("", "")
    clearparse.train(DEV, **SMALL)
    assert "epoch  2  loss" in capfd.readouterr().out


def test_a_finished_training_is_not_repeated(
    model: clearparse.Model, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = tmp_path / "m"
    clearparse.train(DEV, dev=DEV, output=output, **QUIET)
    capfd.readouterr()
    assert same_parameters(clearparse.train(DEV, dev=DEV, output=output, resume=True, **SMALL), model)
    assert capfd.readouterr().out == f"resume    nothing to do: {output} is finished\n"


def test_early_stopping_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    small = {**SMALL, "epochs": 20, "learning_rate": 0.05, "patience": 1}
    record = clearparse.train(DEV, **small).record
    best, last = record["dev_scores"]["epoch"], record["epochs"][-1]["epoch"]
    assert best + 1 == last < 20
    line = f"stopped early: dev LAS has not improved for 1 epochs; best epoch {best}\n"
    assert line in capfd.readouterr().out


def test_only_small_treebanks_stop_early_by_default() -> None:
    fast = PRESETS["fast"]
    assert fast.for_data(5_000, 0.0).patience == 8
    assert fast.for_data(200_000, 0.0).patience == 0
    assert NetworkConfig(epochs=30).for_words(5_000).patience == 0  # a given number of epochs is trained
    assert NetworkConfig(patience=3).for_words(200_000).patience == 3
    assert NetworkConfig(patience=0).for_words(5_000).patience == 0


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"hiden_size": 3}, TypeError, "unknown parameter hiden_size; the parameters are seed, "),
        ({"preset": "slow"}, ClearparseError, "preset is 'slow'; it must be fast or accurate or best"),
        ({"stages": "tagger"}, ClearparseError, "stages is 'tagger'; it must be 'parser' or 'all'"),
        ({"epochs": 2.5}, ClearparseError, "epochs is 2.5; it must be a whole number"),
        ({"dropout": 2}, ClearparseError, "dropout is 2.0; it must be between 0 and 0.95"),
        ({"jobs": 0}, ClearparseError, "jobs is 0; it must be a whole number from 1"),
        ({"resume": True}, ClearparseError, "resume needs output"),
        ({"init": "no.model"}, FileError, "no.model: no such file"),
        ({"output": "-"}, FileError, "must be a file name"),
        ({"dev": "no.conllu"}, FileError, "no.conllu: no such file"),
        ({"dev": []}, ClearparseError, "no sentences"),
        ({"dev": ["a.conllu", 3]}, ClearparseError, "expected clearparse.Sentence objects, got str"),
        ({"dev": 3}, ClearparseError, "cannot train on a int"),
    ],
)
def test_wrong_arguments_give_one_clear_error(wrong: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        clearparse.train(DEV, **{**QUIET, **wrong})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sentences_without_trees_are_refused(sentences: list[Sentence]) -> None:
    cycle = sentences[0].with_tree([2, 1] + [0] * (len(sentences[0]) - 2), sentences[0].deprels)
    with pytest.raises(FileError, match="in a cycle"):
        clearparse.train([cycle], **QUIET)
