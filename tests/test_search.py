"""Random search over the configuration: what is drawn, resuming, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearparse.commands import search
from clearparse.errors import ClearparseError, FileError
from clearparse.training.search import sample

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
FILES = ["--train", str(SAMPLE / "dev.conllu"), "--dev", str(SAMPLE / "train.conllu")]
SMALL = ["--try", "hidden_size=8,16", "--try", "d=8", "--try", "epochs=1"]


def test_values_are_drawn_from_their_ranges() -> None:
    space = {"H": (10, 12), "lr": (1e-4, 1e-1), "dropout": (0.2, 0.4), "optimizer": ["adam", "sgd"]}
    drawn = sample(space, 200, 1)
    assert drawn == sample(space, 200, 1)
    assert {each["H"] for each in drawn} == {10, 11, 12}
    assert {each["optimizer"] for each in drawn} == {"adam", "sgd"}
    assert all(0.2 <= each["dropout"] <= 0.4 and 1e-4 <= each["lr"] <= 1e-1 for each in drawn)
    assert 0.3 < sum(each["lr"] < 10**-2.5 for each in drawn) / 200 < 0.7  # log-uniform
    assert len(sample({"H": [1, 2], "d": [3]}, 50, 1)) == 2  # all combinations


def test_finished_trials_are_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*FILES, *SMALL, "--output", str(tmp_path)]
    search.main([*command, "--trials", "1"])
    first = json.loads((tmp_path / "trials.json").read_text(encoding="utf-8"))["trials"]
    search.main([*command, "--trials", "2"])
    both = json.loads((tmp_path / "trials.json").read_text(encoding="utf-8"))["trials"]
    assert "2 trials, 1 already finished" in capsys.readouterr().out
    assert first[0] in both
    assert sorted(trial["config"]["hidden_size"] for trial in both) == [8, 16]
    assert all(0 < trial["LAS"] < 100 for trial in both)
    with pytest.raises(FileError, match=r"trials\.json: these trials have different data"):
        search.main([*command, "--preset", "accurate"])
    (tmp_path / "trials.json").write_text("{", encoding="utf-8")
    with pytest.raises(FileError, match="not the trials of a search"):
        search.main(command)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("hidden=3", "no field 'hidden'"),
        ("hidden_size", "expected NAME="),
        ("hidden_size=a", "expected NAME="),
        ("hidden_size=0", "hidden_size is 0"),
        ("hidden_size=3..2", "not a range"),
        ("optimizer=adam..sgd", "not a range"),
    ],
)
def test_wrong_choices_are_refused(choice: str, message: str) -> None:
    with pytest.raises(ClearparseError, match=message):
        search.main([*FILES, "--try", choice])
