"""The commands train, evaluate and parse from end to end, with good and with bad input."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import evaluate, train
from clearparse.corpus import chunks, inputs
from clearparse.errors import ClearparseError, FileError
from clearparse.model.model import MissingTagsWarning, load
from clearparse.treebank.conllu import parse_block, read_conllu

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
SMALL = ["--hidden-size", "16", "--embedding-dim", "8", "--epochs", "2", "--batch-size", "128"]
GOOD = "1\tDogs\tdog\tNOUN\tNNS\t_\t2\tnsubj\t_\t_\n2\tbark\tbark\tVERB\tVBP\t_\t0\troot\t_\t_\n\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.model"
    train.main(["--train", str(SAMPLE / "train.conllu"), "--output", str(path), *SMALL])
    return path


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def script(name: str, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, str(CHECKOUT / "scripts" / f"{name}.py"), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_without_dev_a_part_is_held_out(model: Path) -> None:
    record = load(model).record
    assert record["dev"]["path"].startswith("36 sentences held out of")
    assert record["train"][0]["sentences"] == 365


def test_the_same_seed_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    for name, seed in (("again", "1"), ("other", "2")):
        arguments = ["--train", str(SAMPLE / "train.conllu"), "--output", str(tmp_path / name), "--seed", seed]
        train.main([*arguments, *SMALL])
    again, first, other = (load(path) for path in (tmp_path / "again", model, tmp_path / "other"))
    for name in ("L", "W", "b_1", "U", "b_2"):
        ours, theirs = (getattr(each.parser.params, name) for each in (again, first))
        assert ours.tobytes() == theirs.tobytes()
    assert not np.array_equal(other.parser.params.W, first.parser.params.W)


def test_the_same_command_gives_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = []
    for _ in range(2):
        train.main(["--train", str(SAMPLE / "train.conllu"), "--output", "m", *SMALL])
        files.append(Path("m").read_bytes())
    assert files[0] == files[1]


def test_fine_tuning(model: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.model"
    train.main(["--train", str(SAMPLE / "dev.conllu"), "--init", str(model), "--output", str(more), "--epochs", "1"])
    before, after = load(model), load(more)
    assert after.record["config"]["hidden_size"] == 16
    assert after.parser.vocabulary.symbols == before.parser.vocabulary.symbols
    assert not np.array_equal(after.parser.params.W, before.parser.params.W)


@pytest.mark.parametrize("system", ["arc-hybrid", "arc-standard"])
@pytest.mark.parametrize("template", ["cs224n-36", "chen-manning-48"])
def test_systems_and_templates_of_the_literature(system: str, template: str, tmp_path: Path) -> None:
    path = tmp_path / "m"
    options = [
        "--transition-system",
        system,
        "--template",
        template,
        "--optimizer",
        "adagrad",
        "--learning-rate",
        "0.01",
        "--l2",
        "1e-8",
    ]
    train.main(["--train", str(SAMPLE / "train.conllu"), "--output", str(path), *options, *SMALL])
    assert load(path).parser.system == system
    assert load(path).parser.features.m == int(template[-2:])


def test_one_sentence_is_enough_to_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "one.conllu", "1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_\n\n")
    train.main(["--train", source, "--output", str(tmp_path / "m"), *SMALL])
    assert "1 sentences are too few" in capsys.readouterr().out


def test_summary_of_several_roots_and_nonprojective_arcs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nonprojective_arcs = "".join(
        f"{i}\tw\tw\tX\tX\t_\t{h}\t{'dep' if h else 'root'}\t_\t_\n" for i, h in ((1, 3), (2, 4), (3, 0), (4, 3))
    )
    two_roots = "1\ta\ta\tX\tX\t_\t0\troot\t_\t_\n2\tb\tb\tX\tX\t_\t0\troot\t_\t_\n"
    source = write(tmp_path / "odd.conllu", f"{nonprojective_arcs}\n{two_roots}\n")
    train.main(["--train", source, "--output", str(tmp_path / "m"), *SMALL])
    out = capsys.readouterr().out
    assert "1 sentences (50.0 %) are not projective" in out
    assert "1 training sentences have several roots" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dropout", "1.5"], "dropout is 1.5"),
        (["--transition-system", "arc-eager"], "--transition-system: invalid choice: 'arc-eager'"),
        (["--template", "none"], "no template 'none'"),
        (["--hidden-size", "0"], "hidden_size is 0"),
        (["--init", "/no/such/model"], "/no/such/model: "),
    ],
)
def test_invalid_options(options: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ClearparseError, match=message):
        train.main(["--train", str(SAMPLE / "train.conllu"), "--output", str(tmp_path / "m"), *options])
    assert not list(tmp_path.iterdir())


def test_fine_tuning_adds_new_labels(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "new.conllu", GOOD.replace("nsubj", "novel") * 12)
    train.main(["--train", source, "--init", str(model), "--epochs", "1", "--output", str(tmp_path / "m")])
    assert "novel" in capsys.readouterr().out
    assert "novel" in load(tmp_path / "m").labels


def test_parse_reads_stdin_and_writes_stdout(model: Path) -> None:
    result = script("parse", "--model", str(model), stdin=GOOD.encode())
    assert result.returncode == 0
    assert result.stderr == b""
    assert [line.split(b"\t")[:6] for line in result.stdout.splitlines()] == [
        line.split(b"\t")[:6] for line in GOOD.encode().splitlines()
    ]


def test_several_processes_write_the_same_bytes(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "BLOCK_BYTES", 3000)
    loaded, outputs = load(model), [str(tmp_path / name) for name in ("one", "two")]
    for output, jobs in zip(outputs, (1, 2), strict=True):
        parser = chunks.ChunkParser(loaded, "conllu", confidence=False, tag=False, ascii_only=False)
        files = [str(SAMPLE / "dev.conllu"), str(SAMPLE / "train.conllu")]
        chunks.ParseJob(parser).parse(files, output, jobs)
    assert Path(outputs[0]).read_bytes() == Path(outputs[1]).read_bytes()
    assert len(list(read_conllu(outputs[0], trees=True))) == 455


def test_errors_and_warnings_of_worker_processes(model: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.conllu", GOOD + "1\tDogs\n\n")
    bare = write(tmp_path / "bare.conllu", GOOD.replace("NOUN\tNNS", "_\t_").replace("VERB\tVBP", "_\t_"))
    done = script("parse", "--model", str(model), "--jobs", "2", bare, "--output", str(tmp_path / "o"))
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode().startswith(f"warning: {bare}: UPOS and XPOS and FEATS not in the input")
    done = script("parse", "--model", str(model), "--jobs", "2", bad, "--output", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"{bad}:4: 2 columns, a CoNLL-U line has 10, separated by tabs\n"
    assert not (tmp_path / "none").exists()


def test_models_are_pickled(model: Path) -> None:
    loaded = load(model)
    copy = pickle.loads(pickle.dumps(loaded))
    block = parse_block((SAMPLE / "dev.conllu").read_bytes())
    assert copy.parse_block(block).text == loaded.parse_block(block).text


def test_bad_input_leaves_no_output(model: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.conllu", GOOD * 3 + "1\ttwo columns\n\n")
    for arguments in ([bad], [bad, "--output", str(tmp_path / "out.conllu")]):
        result = script("parse", "--model", str(model), *arguments)
        assert result.returncode == 1
        assert result.stdout == b""
        assert result.stderr.decode().startswith(f"{bad}:10: ")
        assert result.stderr.count(b"\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bad.conllu"]


def test_one_warning_about_missing_tags(model: Path, tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.conllu", GOOD.replace("NOUN\tNNS", "_\t_").replace("VERB\tVBP", "_\t_"))
    result = script("parse", "--model", str(model), plain, plain)
    assert result.returncode == 0
    assert result.stderr.decode().startswith(f"warning: {plain}: UPOS and XPOS and FEATS not in the input")
    assert result.stderr.count(b"\n") == 1
    with pytest.warns(MissingTagsWarning):
        list(load(model).parse(read_conllu(plain)))


def test_long_and_odd_sentences_are_parsed(model: Path) -> None:
    rows = [
        f"{i}\t{form}\t_\tX\t_\t_\t_\t_\t_\t_\n"
        for i, form in enumerate(["\u3000", "a b", "\U0001f469\u200d\U0001f680"], 1)
    ]
    long = [f"{i}\tw{i}\t_\tX\t_\t_\t_\t_\t_\t_\n" for i in range(1, 3001)]
    block = parse_block(("".join(rows) + "\n" + "".join(long) + "\n").encode())
    with pytest.warns(MissingTagsWarning):
        parsed = load(model).parse_block(block)
    assert [(sentence.heads == 0).sum() for sentence in parsed] == [1, 1]


def test_info_and_json(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.main(["--model", str(model), "--info"])
    out = capsys.readouterr().out
    for part in ("arc-standard", "H = 16", "template", "nsubj", "LAS", "seed=1"):
        assert part in out
    evaluate.main(["--model", str(model), "--gold", str(SAMPLE / "dev.conllu"), "--json", str(tmp_path / "s.json")])
    scores = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert scores["words"] == 1230
    assert scores["sentences"] == 90
    assert scores["conditions"]["model"]["config"]["seed"] == 1


@pytest.mark.full
def test_malformed_files_give_the_expected_errors(model: Path, shared_data: Path, tmp_path: Path) -> None:
    rows = [line.split("\t") for line in (shared_data / "bad" / "expected.tsv").read_text().splitlines()[1:]]
    for name, as_training, as_input, where in rows:
        path = str(shared_data / "bad" / name)
        output = tmp_path / "out"
        runs = {
            "train": (
                as_training,
                ["--train", path, "--dev", str(SAMPLE / "dev.conllu"), "--output", str(output), *SMALL],
            ),
            "evaluate": (as_training, ["--model", str(model), "--gold", path, "--json", str(output)]),
            "parse": (as_input, ["--model", str(model), path, "--output", str(output)]),
        }
        for command, (expected, arguments) in runs.items():
            result = script(command, *arguments)
            case = f"{command} {name}: {result.stderr.decode()}"
            if expected == "accept" or (result.returncode == 0 and "ignore" in expected):
                assert result.returncode == 0, case
            else:
                assert result.returncode == 1, case
                error = result.stderr.decode().splitlines(keepends=True)[-1]
                warnings = result.stderr.decode().removesuffix(error).splitlines()
                assert all(line.startswith("warning: ") for line in warnings), case
                assert len(warnings) <= 1, case
                assert not list(tmp_path.iterdir()), case
                first, _, last = where.partition("-")
                if first:
                    line = int(error.removeprefix(path).split(":")[1])
                    assert int(first) <= line <= int(last or first), case
            for left in tmp_path.iterdir():
                left.unlink()


def test_other_kinds_of_model_files_are_refused(tmp_path: Path) -> None:
    for text in ("", "not a model", "{}"):
        with pytest.raises(FileError):
            load(write(tmp_path / "m", text))


def test_ensemble(tmp_path: Path) -> None:
    small = [
        "--networks",
        "2",
        "--hidden-size",
        "8",
        "--embedding-dim",
        "6",
        "--epochs",
        "2",
        "--learning-rate",
        "0.01",
        "--float16",
    ]
    files = ["--train", str(SAMPLE / "train.conllu"), "--dev", str(SAMPLE / "dev.conllu")]
    train.main([*files, "--preset", "best", *small, "--output", str(tmp_path / "m")])
    model = load(tmp_path / "m")
    assert [(each.system, len(each.params.U)) for each in model.stages.ensemble.members] == [
        ("arc-standard", 8),
        ("arc-hybrid", 8),
    ]
    assert [each["epoch"] for each in model.record["epochs"]] == [1, 2, 1, 2]
    with pytest.raises(ClearparseError, match="single network"):
        train.main([*files, "--init", str(tmp_path / "m"), "--output", str(tmp_path / "n")])
