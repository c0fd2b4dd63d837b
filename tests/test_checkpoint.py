"""Checkpoints: a training that is killed anywhere resumes, and gives a bit-identical model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_networks import make_small

from clearparse.commands import train
from clearparse.errors import ClearparseError, FileError
from clearparse.features.vocabulary import Vocabulary
from clearparse.model.model import load
from clearparse.network.classifier import Parameters
from clearparse.network.optimizers import Adam, MovingAverage
from clearparse.network.training import DivergedError
from clearparse.stages.window import Window, WindowClassifier, compile_window
from clearparse.training import checkpoint
from clearparse.training.checkpoint import CLASSIFIER, LINES, VECTORS, Checkpoint
from clearparse.training.provenance import difference
from clearparse.training.word_vectors import Vectors

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
SENTENCES = 24  # of the sample, to train and score on
SMALL = [
    "--hidden-size",
    "8",
    "--embedding-dim",
    "8",
    "--epochs",
    "4",
    "--batch-size",
    "32",
    "--section",
    "6",
    "--explore-from",
    "1",
]
SMALL += ["--learning-rate", "0.02", "--dropout", "0", "--slot-dropout", "0.1"]


class Killed(BaseException):
    """Ends a training in the middle of anything, as SIGKILL would."""


@pytest.fixture(autouse=True)
def always_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are written whenever possible; by the clock they would be rare and at random."""
    monkeypatch.setattr(checkpoint, "TIME_SHARE", 1e9)


def few_sentences(path: Path, count: int) -> Path:
    sentences = (SAMPLE / "dev.conllu").read_text(encoding="utf-8").split("\n\n")
    path.write_text("\n\n".join(sentences[:count]) + "\n\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module", autouse=True)
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few sentences; `command` trains on them."""
    Sources.path = few_sentences(tmp_path_factory.mktemp("data") / "few.conllu", SENTENCES)
    return Sources.path


class Sources:
    """Where the sentences are that `command` trains on."""

    path: Path


def command(output: Path, *more: str) -> list[str]:
    return ["--train", str(Sources.path), "--dev", str(Sources.path), "--output", str(output), *more]


def files(output: Path) -> dict[str, bytes]:
    """The contents of all files in the folder of a model."""
    return {path.name: path.read_bytes() for path in output.parent.iterdir()}


class Interrupter:
    """Counts the calls of a method of a class, and raises an exception at call number `at`."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: type, method: str, *, after: bool = False) -> None:
        self.calls, self.at = 0, 0
        self.exception: BaseException | type[BaseException] = Killed
        original: Callable[..., Any] = getattr(owner, method)

        def counted(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            if after:
                original(*arguments, **options)
            if self.calls == self.at:
                raise self.exception
            return None if after else original(*arguments, **options)

        patch.setattr(owner, method, counted)

    def run(self, argv: list[str], at: int = 0) -> int:
        """Train, and return the number of calls. Raises Killed at call `at`, if there are as many."""
        self.calls, self.at = 0, at
        train.main(argv)
        return self.calls


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Interrupter:
    return Interrupter(monkeypatch, Adam, "step")


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Interrupter:
    return Interrupter(monkeypatch, Checkpoint, "write", after=True)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models" / "m"


def resumes_to_the_same_bytes(
    argv: list[str], output: Path, killer: Interrupter, moments: Callable[[int], Iterator[int]]
) -> None:
    """Kill at each of the moments that `moments` chooses from their number, resume, and compare."""
    count = killer.run(argv)
    whole = files(output)
    assert sorted(whole) == ["m", "m.json"]
    tried = 0
    for at in moments(count):
        for path in output.parent.iterdir():
            path.unlink()
        with pytest.raises(Killed):
            killer.run(argv, at)
        left = killer.run([*argv, "--resume"])
        assert files(output) == whole, f"killed at {at} of {count}"
        assert left <= count - at + count / 4
        tried += 1
    assert tried >= 4


def full(*arguments: str) -> Any:
    return pytest.param(list(arguments), marks=pytest.mark.full)


@pytest.mark.parametrize(
    "more", [["--patience", "1"], full(), full("--networks", "2"), full("--float16"), full("--optimizer", "adagrad")]
)
def test_killed_after_any_write(more: list[str], output: Path, writes: Interrupter) -> None:
    argv = command(output, *SMALL, *more)
    resumes_to_the_same_bytes(argv, output, writes, lambda count: iter(range(1, count + 1, max(count // 4, 1))))


def test_killed_at_any_step(output: Path, steps: Interrupter) -> None:
    resumes_to_the_same_bytes(command(output, *SMALL), output, steps, lambda count: iter(range(2, count, count // 4)))


def test_killed_repeatedly(output: Path, steps: Interrupter) -> None:
    argv = command(output, *SMALL)
    count = steps.run(argv)
    whole, done = files(output), 0
    output.unlink()
    while True:
        try:
            steps.run([*argv, "--resume"], at=count // 4)
            break
        except Killed:
            done += 1
    assert done >= 3
    assert files(output) == whole


def test_killed_in_any_upstream_stage(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: Interrupter
) -> None:
    make_small(monkeypatch.setattr, hidden_size=8, embedding_dim=4, epochs=1, batch_size=64)
    source = str(few_sentences(tmp_path / "few.conllu", 12))
    argv = ["--train", source, "--dev", source, "--raw-text", source, "--stages", "all", "--output", str(output)]
    argv += ["--hidden-size", "8", "--embedding-dim", "4", "--epochs", "2", "--vector-min-count", "1"]
    resumes_to_the_same_bytes(argv, output, writes, lambda count: iter(range(2, count + 1, count // 4)))


def test_resuming_trains_only_the_rest(output: Path, steps: Interrupter) -> None:
    """Killed after 70 % of the steps, at most 40 % are taken when resumed."""
    argv = command(output, *SMALL)
    count = steps.run(argv)
    with pytest.raises(Killed):
        steps.run(argv, at=round(0.7 * count))
    assert steps.run([*argv, "--resume"]) <= 0.4 * count


def test_a_finished_network_is_stored_without_optimizer_state(output: Path, steps: Interrupter) -> None:
    """Only the best parameters and the scores of its epochs are left."""
    argv = command(output, *SMALL, "--networks", "2")
    count = steps.run(argv)
    with pytest.raises(Killed):
        steps.run(argv, at=round(0.75 * count))
    arrays, metadata = checkpoint.load_arrays(f"{output}.checkpoint")
    first = {name for name in arrays if name.startswith("network 1/")}
    assert first == {f"network 1/best.{name}" for name in Parameters._fields}
    assert len(metadata["parts"]["network 1"]["epochs"]) == 4


def test_resuming_without_a_checkpoint(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = command(output, *SMALL, "--resume")
    train.main(argv)
    assert f"resume    there is no {output}.checkpoint: training starts from the beginning\n" in capsys.readouterr().out
    before = files(output)
    train.main(argv)
    assert capsys.readouterr().out == f"resume    nothing to do: {output} is finished\n"
    assert files(output) == before
    train.main([*argv, "--seed", "2"])  # another training
    assert "starts from the beginning" in capsys.readouterr().out
    assert files(output).keys() == before.keys()
    assert files(output) != before


def test_without_resume_a_training_starts_from_the_beginning(
    output: Path, steps: Interrupter, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = command(output, *SMALL)
    count = steps.run(argv)
    with pytest.raises(Killed):
        steps.run(argv, at=count // 2)
    assert steps.run(argv) == count
    assert f"--resume would continue from {output}.checkpoint" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--learning-rate", "0.01"], "another training run: learning_rate is 0.01, it was 0.02$"),
        (["--preset", "best"], "networks is 4, it was 1; preset is best, it was fast$"),
        (["--preset", "accurate", "--passes", "11", "--ema-decay", "0.9", "--min-count", "1"], "; and 1 more$"),
        (["--stages", "all"], "stages is all, it was parser"),
        (["--float16"], "float16 is True, it was False"),
        (["--threads", "2"], "threads is 2, it was 1"),
        (["--train", str(SAMPLE / "train.conllu")], "train 1 sentences is 365, it was 24; train 1 sha256 is"),
        (["--dev", str(SAMPLE / "train.conllu")], "dev sentences is 365"),
        (["--raw-text", str(SAMPLE / "train.conllu")], "raw_text 1 sha256 is [0-9a-f]+, it was None"),
    ],
)
def test_the_checkpoint_of_another_training_is_refused(
    change: list[str], message: str, output: Path, steps: Interrupter
) -> None:
    argv = command(output, *SMALL)
    with pytest.raises(Killed):
        steps.run(argv, at=30)
    before = files(output)
    with pytest.raises(FileError, match=message):
        train.main([*argv, *change, "--resume"])
    assert files(output) == before


def test_other_versions_of_libraries_are_reported(
    output: Path, steps: Interrupter, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = command(output, *SMALL)
    for versions, fails in (({"numpy": "1.0"}, False), ({"clearparse": "99.0"}, True)):
        with pytest.raises(Killed):
            steps.run(argv, at=30)
        path = Path(f"{output}.checkpoint")
        arrays, metadata = checkpoint.load_arrays(path)
        metadata["provenance"]["versions"] |= versions
        checkpoint.save_arrays(path, arrays, metadata)
        if fails:
            with pytest.raises(FileError, match=r"only clearparse 99\.0"):
                train.main([*argv, "--resume"])
        else:
            train.main([*argv, "--resume"])
            assert (
                f"warning   numpy is {np.__version__}, it was 1.0: the model may not be bit-identical"
                in capsys.readouterr().out
            )


@pytest.mark.parametrize("damage", ["cut", "model", "bare"])
def test_a_file_that_is_not_a_checkpoint_is_refused(damage: str, output: Path, steps: Interrupter) -> None:
    argv = command(output, *SMALL)
    train.main(argv)
    path = Path(f"{output}.checkpoint")
    with pytest.raises(Killed):
        steps.run(argv, at=30)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "model":
        path.write_bytes(output.read_bytes())
    else:
        arrays, metadata = checkpoint.load_arrays(path)
        checkpoint.save_arrays(path, arrays, {"kind": checkpoint.KIND, "provenance": metadata["provenance"]})
    messages = {"cut": "damaged", "model": "a dependency parser, not a checkpoint", "bare": "not a checkpoint that can"}
    with pytest.raises(FileError, match=messages[damage]):
        train.main([*argv, "--resume"])


# Interrupted or diverging


def test_ctrl_c_leaves_the_best_model(output: Path, steps: Interrupter) -> None:
    argv = command(output, *SMALL)
    count = steps.run(argv)
    whole = files(output)
    output.unlink()
    steps.exception = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt) as caught:
        steps.run(argv, at=round(0.7 * count))
    record = load(output).record
    assert record["stopped"] == "after 2 of 4 epochs of network 1"
    best = f"of epoch {record['dev_scores']['epoch']} (dev LAS {record['dev_scores']['LAS']:.2f})"
    assert str(caught.value) == (
        f"stopped; {output} is the best model so far, {best}; the same command with --resume continues"
    )
    assert sorted(files(output)) == ["m", "m.checkpoint", "m.json"]
    steps.run([*argv, "--resume"])
    assert files(output) == whole


def test_ctrl_c_in_the_second_network_leaves_the_first(output: Path, steps: Interrupter) -> None:
    argv = command(output, *SMALL, "--networks", "2")
    count = steps.run(argv)
    steps.exception = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt, match="the best model so far"):
        steps.run(argv, at=round(0.9 * count))
    assert load(output).parser.params.U.shape[0] == 8  # one network's hidden units
    assert load(output).record["stopped"] == "after 4 of 4 epochs of network 1"


def test_ctrl_c_in_the_first_epoch(output: Path, steps: Interrupter) -> None:
    count = steps.run(command(output, *SMALL))
    output.unlink()
    Path(f"{output}.json").unlink()
    steps.exception = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt, match="^$"):
        steps.run(command(output, *SMALL), at=2)
    assert not files(output)
    with pytest.raises(KeyboardInterrupt, match="^stopped; the same command with --resume continues$"):
        steps.run(command(output, *SMALL), at=count // 4 - 1)  # after a section of the first epoch
    assert sorted(files(output)) == ["m.checkpoint"]


def test_an_error_before_the_first_step_leaves_no_files(output: Path, tmp_path: Path) -> None:
    train.main(command(output, *SMALL))
    (tmp_path / "vectors").write_text("the 0.1 x\n", encoding="utf-8")
    before = files(output)
    with pytest.raises(ClearparseError, match="vectors:1: "):
        train.main(command(Path(f"{output}2"), *SMALL, "--vectors", str(tmp_path / "vectors")))
    assert files(output) == before


# Parts


def test_writing_takes_at_most_its_share_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(checkpoint, "TIME_SHARE", 0.05)
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now)

    def save(*arguments: Any, **options: Any) -> None:
        nonlocal now
        now += 2

    monkeypatch.setattr(checkpoint, "save_arrays", save)
    kept = Checkpoint(tmp_path / "c", {})
    assert kept.due()
    kept.write()
    assert kept.due()  # however long the empty file took: an interruption shall not find it
    kept.save("part", {}, None)
    due = []
    for _ in range(45):
        now += 1
        due.append(kept.due())
    assert due.index(True) == 39  # 2 s of 40
    assert not Checkpoint().due()


def test_parts_round_trip(tmp_path: Path) -> None:
    params = Parameters.initial(V=5, m=1, d=2, H=3, C=2, rng=np.random.default_rng(1))
    window = Window(compile_window("form: 0"), Vocabulary({"form": ["a", "ü"]}))
    classifier = WindowClassifier(params, window, ["x", "y"])
    vectors = Vectors(["a", "b"], np.ones((2, 3), np.float32), ["A", "b"], ["a\tb"])
    versions = {"clearparse": checkpoint.__version__}
    provenance = {"config": {}, "train": [], "dev": {"path": "d"}, "versions": versions}
    first = Checkpoint(tmp_path / "c", provenance)
    texts = ([], [b""], [b"NOUN\tNN\t_", b""])
    first.get_or_compute("classifier", CLASSIFIER, lambda: classifier)
    first.get_or_compute("vectors", VECTORS, lambda: vectors)
    for i, text in enumerate(texts):
        first.save(f"lines {i}", *LINES.encode(text))
    again = Checkpoint(tmp_path / "c", provenance)
    again.read(lambda topic, message: None)

    def never() -> Any:
        raise AssertionError("it is in the checkpoint")

    found = again.get_or_compute("classifier", CLASSIFIER, never)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(found.params, params, strict=True))
    assert found.window.template == classifier.window.template
    assert (found.vocabulary.symbols, found.classes) == ({"form": ["a", "ü"]}, ["x", "y"])
    found = again.get_or_compute("vectors", VECTORS, never)
    assert (found.words, found.forms, found.values.tolist()) == (vectors.words, vectors.forms, vectors.values.tolist())
    assert [again.get(f"lines {i}", LINES) for i in range(3)] == list(texts)


def test_the_moving_average_can_be_restored() -> None:
    rng = np.random.default_rng(3)
    params = Parameters.initial(V=4, m=2, d=2, H=3, C=2, rng=rng)
    one, other = MovingAverage(params, 0.9), MovingAverage(params, 0.9)
    for k in range(200):
        gradients = Parameters(*(rng.standard_normal(theta.shape).astype(np.float32) for theta in params))
        for theta, gradient in zip(params, gradients, strict=True):
            theta -= gradient
        one.update(params, gradients)  # type: ignore[arg-type]  # dense gradients only
        if k % 50 == 7:
            state = one.state()
            other = MovingAverage(params, 0.9)
            other.restore(state)
            state["L.last"][...] = 99  # a copy, both ways
        else:
            other.update(params, gradients)  # type: ignore[arg-type]
    for ours, theirs in zip(one.parameters(), other.parameters(), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_differences_of_provenance_are_named() -> None:
    before = {"config": {"lr": 1, "d": 2}, "train": [{"path": "a", "sha256": "1"}], "versions": {"numpy": "1"}}
    assert not difference(before, {**before, "versions": {}, "train": [{"path": "b", "sha256": "1"}]})
    assert difference(before, {**before, "train": []}) == "train 1 sha256 is None, it was 1"
    assert difference(before, {**before, "config": {"lr": 2}}) == "lr is 2, it was 1; d is None, it was 2"


def test_a_diverging_training_ends_in_one_line(output: Path, capfd: pytest.CaptureFixture[str]) -> None:
    argv = command(output, *SMALL, "--optimizer", "sgd", "--learning-rate", "100", "--warmup", "0")
    with pytest.raises(DivergedError, match=r"^step [0-9]+: training has diverged, at a learning"):
        train.main(argv)
    assert not files(output)
    assert capfd.readouterr().err == ""


def test_a_diverging_training_leaves_the_best_model(output: Path, steps: Interrupter) -> None:
    argv = command(output, *SMALL)
    count = steps.run(argv)
    steps.exception = DivergedError(60, 0.003)
    with pytest.raises(ClearparseError, match=r"try a tenth of it .*; .*m is the best model so far, of epoch"):
        steps.run(argv, at=round(0.6 * count))
    assert load(output).record["stopped"] == "after 2 of 4 epochs of network 1"
