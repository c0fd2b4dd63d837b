"""Training records: what a model says about its training, and records and checkpoints that no training wrote."""

from __future__ import annotations

import copy
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import ODD

from clearparse.commands import train
from clearparse.commands.command_line import run
from clearparse.config import Config
from clearparse.errors import ClearparseError
from clearparse.model.container import load_arrays, save_arrays
from clearparse.model.model import load
from clearparse.model.record_schema import RECORD, checked_record
from clearparse.training import checkpoint
from clearparse.training.network_training import NetworkTraining

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
SMALL = [
    "--hidden-size",
    "8",
    "--embedding-dim",
    "4",
    "--epochs",
    "2",
    "--batch-size",
    "64",
    "--section",
    "4",
    "--quiet",
]


def few_sentences(path: Path, count: int = 12) -> Path:
    sentences = (SAMPLE / "dev.conllu").read_text(encoding="utf-8").split("\n\n")[:count]
    path.write_text("\n\n".join(sentences) + "\n\n", encoding="utf-8")
    return path


# What a model says


@pytest.mark.parametrize("held_out", [True, False])
def test_the_bytes_of_a_model_do_not_depend_on_folders(held_out: bool, tmp_path: Path) -> None:
    models = []
    for folder in (tmp_path / "first", tmp_path / "second" / "below"):
        folder.mkdir(parents=True)
        source = few_sentences(folder / "few.conllu")
        template = shutil.copy(few_template(tmp_path), folder / "my.template")
        files = ["--train", str(source), "--template", str(template), "--output", str(folder / f"{folder.name}.model")]
        train.main([*files, *([] if held_out else ["--dev", str(source)]), *SMALL])
        models.append(folder / f"{folder.name}.model")
    first, second = (path.read_bytes() for path in models)
    assert first == second
    assert str(tmp_path).encode() not in first
    for path in models:
        record = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
        assert record["train"][0]["path"] == str(path.parent / "few.conllu")
        assert f"--output {path}" in record["command"]
        assert record["config"]["template"] == str(path.parent / "my.template")
        assert load(path).record["train"][0]["path"] == "few.conllu"
        assert "few.conllu (12 sentences)" in load(path).describe()


def few_template(folder: Path) -> Path:
    path = folder / "template"
    path.write_text("form: s0 b0\nxpos: s0 s1 b0\n", encoding="utf-8")
    return path


# Records and checkpoints that no training wrote


class Command:
    """Runs the train command as a process would: its exit status, and what it prints on stderr."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.patch, self.capsys = patch, capsys

    def __call__(self, argv: list[str]) -> tuple[Any, str]:
        self.patch.setattr(sys, "argv", ["train.py", *argv])
        with pytest.raises(SystemExit) as ended:
            run(train.main)
        return ended.value.code, self.capsys.readouterr().err

    def trains_or_is_one_line(self, argv: list[str]) -> bool:
        """Whether the command trains; otherwise it must end in one line."""
        status, stderr = self(argv)
        assert status in (0, 1)
        warnings = sum(line.startswith("warning: ") for line in stderr.splitlines())
        assert stderr.count("\n") == status + warnings, stderr
        assert len(stderr) < 1000
        return bool(status == 0)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setattr(checkpoint, "TIME_SHARE", 1e9)
    return Command(monkeypatch, capsys)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record")
    source = few_sentences(folder / "few.conllu")
    train.main(["--train", str(source), "--dev", str(source), "--output", str(folder / "m"), *SMALL])
    return folder / "m.json"


def mutated(values: Any, rng: random.Random, keys: list[Any]) -> Any:
    """A copy of JSON values in which one value has been replaced or removed; keys: where from the root."""
    values = copy.deepcopy(values)
    parent, key = values, rng.choice(keys)
    while isinstance(parent[key], dict | list) and parent[key] and rng.random() < 0.85:
        parent = parent[key]
        key = rng.choice([*parent] if isinstance(parent, dict) else [*range(len(parent))])
    if rng.random() < 0.2:
        del parent[key]
    else:
        parent[key] = rng.choice([*ODD, 16, "16", 0.5, float("nan"), float("inf"), parent[key]])
    return values


COUNTS = [30, pytest.param(1000, marks=pytest.mark.full)]


@pytest.mark.parametrize("count", COUNTS)
def test_mutated_records(count: int, record: Path, command: Command, tmp_path: Path) -> None:
    values, rng, trained = json.loads(record.read_text(encoding="utf-8")), random.Random(count), 0
    keys = ["config"] * 4 + [*values]
    for _ in range(count):
        changed = mutated(values, rng, keys)
        (tmp_path / "r.json").write_text(json.dumps(changed), encoding="utf-8")
        trained += command.trains_or_is_one_line(
            ["--reproduce", str(tmp_path / "r.json"), "-q", "-o", str(tmp_path / "m")]
        )
    assert trained


def unfinished(output: Path, argv: list[str], patch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and values of the checkpoint of a training that was killed near the end of the last network."""

    class Killed(BaseException):
        pass

    def end(network: NetworkTraining) -> None:
        if network.name == "network 1":
            raise Killed

    with patch.context() as context:
        context.setattr(NetworkTraining, "_log_early_stop", end)
        with pytest.raises(Killed):
            train.main(argv)
    return load_arrays(f"{output}.checkpoint")


def mutated_arrays(arrays: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same arrays, one of them with another shape, dtype or value, or missing, or renamed."""
    arrays, name = dict(arrays), rng.choice([*arrays])
    array = arrays[name].copy()
    action = rng.randrange(7)
    if action == 0:
        del arrays[name]
    elif action == 1:
        arrays[rng.choice([f"{name}x", "x", "x/y", name.replace("/", "")])] = arrays.pop(name)
    elif action == 2:
        arrays[name] = array.astype(rng.choice(["float16", "float64", "int32", "uint8", "bool"]))
    elif action == 3:
        arrays[name] = (
            array[..., None] if rng.random() < 0.5 or not array.ndim else array[: rng.randrange(len(array) + 1)]
        )
    elif action == 4:
        arrays[name] = np.zeros((0,) * rng.randint(0, 3), array.dtype)
    elif array.size:
        odd = [0, 1, 255] if array.dtype.kind != "f" else [np.nan, np.inf, 3e38, -1e6, 0]
        array.flat[rng.randrange(array.size)] = rng.choice(odd)
        arrays[name] = array
    return arrays


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.usefixtures("small_stages")
def test_mutated_checkpoints(
    count: int, record: Path, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, rng, trained = str(record.parent / "few.conllu"), random.Random(count), 0
    raw = tmp_path / "raw.txt"
    raw.write_text("The dog sees the cat.\nA small bakery opened on Mill Street today.\n" * 20, encoding="utf-8")
    files = ["--train", source, "--dev", source, "--output", str(tmp_path / "m"), *SMALL, "--patience", "0"]
    cases = [files, [*files, "--stages", "all", "--raw-text", str(raw), "--vector-min-count", "1"]]
    saved = [unfinished(tmp_path / "m", argv, monkeypatch) for argv in cases]
    for k in range(count):
        argv, (arrays, metadata) = cases[k % 2], saved[k % 2]
        if rng.random() < 0.5:
            arrays = mutated_arrays(arrays, rng)
        else:
            metadata = mutated(metadata, rng, ["parts"] * 5 + ["kind", "provenance"])
        try:
            save_arrays(tmp_path / "m.checkpoint", arrays, metadata)
        except (ValueError, TypeError):  # JSON has no such value
            continue
        trained += command.trains_or_is_one_line([*argv, "--resume"])
    assert trained


@pytest.mark.usefixtures("small_stages")
@pytest.mark.parametrize("letter", ["L", "W", "b_1", "U", "b_2"])
def test_huge_parameters_in_a_checkpoint(
    letter: str, record: Path, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would overflow in the first sum, with or without a warning of NumPy."""
    source = str(record.parent / "few.conllu")
    argv = ["--train", source, "--dev", source, "--output", str(tmp_path / "m"), *SMALL]
    arrays, metadata = unfinished(tmp_path / "m", argv, monkeypatch)
    arrays[f"network 1/best.{letter}"][0, -1] = 3e38
    save_arrays(tmp_path / "m.checkpoint", arrays, metadata)
    status, stderr = command([*argv, "--resume"])
    assert (status, stderr.count("\n")) == (1, 1)
    assert "its part 'network 1' cannot be restored" in stderr


ODD_VALUES: list[tuple[str, Any, str]] = [
    ("section", 0, "section is 0; it must be between 1 and"),
    ("hidden_size", "16", "hidden_size is '16'; it must be a whole number"),
    ("networks", 0, "networks is 0; it must be between 1 and 100"),
    ("networks", True, "an invalid value for config"),
    ("epochs", 1.5, "epochs is 1.5; it must be a whole number"),
    ("optimizer", "x", "optimizer is 'x'; it must be"),
    ("dropout", 1, "dropout is 1; it must be between 0 and 0.95"),
    ("odd name", 1, "does not know its configuration: .*odd name"),
    ("template", "no.template", "no template 'no.template'"),
    ("l2", float("inf"), "an invalid value for config"),
]


@pytest.mark.parametrize(("name", "value", "message"), ODD_VALUES)
def test_odd_settings_in_a_record(name: str, value: Any, message: str, record: Path, tmp_path: Path) -> None:
    values = json.loads(record.read_text(encoding="utf-8"))
    values["config"][name] = value
    (tmp_path / "r.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ClearparseError, match=message):
        train.main(["--reproduce", str(tmp_path / "r.json"), "-o", str(tmp_path / "m")])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (" --help", "its command asks for help"),
        (" --help-all", "its command asks for help"),
        (" -qh", "its command asks for help"),
        (" --nonsense", "its command is invalid: .*--nonsense"),
        (" 'open", "not a training record"),
        (" --threads 99999999999", "threads is 99999999999"),
        (" --train /no/such/file", "no such file"),
    ],
)
def test_odd_commands_in_a_record(more: str, message: str, record: Path, command: Command, tmp_path: Path) -> None:
    values = json.loads(record.read_text(encoding="utf-8"))
    (tmp_path / "r.json").write_text(json.dumps({**values, "command": values["command"] + more}), encoding="utf-8")
    status, stderr = command(["--reproduce", str(tmp_path / "r.json"), "-o", str(tmp_path / "m")])
    assert status == 1
    assert message.partition(".*")[0] in stderr
    assert stderr.count("\n") == 1
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("text", ["[" * 100_000, "", "null", "{}", "\ufeff{}", '{"versions": null}', "9" * 5000])
def test_files_that_are_not_records(text: str, command: Command, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text, encoding="utf-8")
    status, stderr = command(["--reproduce", str(tmp_path / "r.json")])
    assert status == 1
    assert f"{tmp_path / 'r.json'}: not a training record: " in stderr
    assert stderr.count("\n") == 1


def test_a_record_is_what_the_schema_says(record: Path) -> None:
    values = json.loads(record.read_text(encoding="utf-8"))
    assert checked_record(values, RECORD) == values
    assert set(values["config"]) == set(vars(Config()))
    with pytest.raises(ClearparseError, match="has no command and no config"):
        checked_record({}, RECORD)


# Settings


@pytest.mark.parametrize("decay", ["0", "1e-300", "1e-5"])
def test_a_tiny_decay_of_the_moving_average(decay: str, record: Path, command: Command, tmp_path: Path) -> None:
    files = ["--train", str(record.parent / "few.conllu"), "--output", str(tmp_path / "m")]
    assert command([*files, *SMALL, "--ema-decay", decay]) == (0, "")


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1"])
def test_settings_that_are_not_numbers(value: str, command: Command, tmp_path: Path) -> None:
    status, stderr = command(["--l2", value, "--output", str(tmp_path / "m")])
    assert status == 2
    assert stderr.startswith("l2 is ")
    assert stderr.count("\n") == 1
