"""Killed training, for each combination of options: a kill loses at most the current epoch of each process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from clearparse.commands import train
from clearparse.model.container import load_arrays

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
EPOCHS = 12
SMALL = ["--hidden-size", "8", "--embedding-dim", "4", "--epochs", str(EPOCHS), "--batch-size", "64"]
SMALL += ["--explore-from", "1", "--vector-min-count", "1", "--passes", "10"]

# The worker processes, which import this script, write checkpoints and train small stages, too.
DRIVER = """
from clearparse.commands import train
from clearparse.commands.command_line import run
from clearparse.training import checkpoint
from small_networks import make_small

checkpoint.TIME_SHARE = 1e9  # written whenever possible
make_small(setattr, hidden_size=8, embedding_dim=4, epochs=1, batch_size=64)

if __name__ == "__main__":
    run(train.main)
"""


class Case(NamedTuple):
    """Options, and how many epochs they train, all networks together."""

    options: tuple[str, ...]
    epochs: int
    raw_text: bool = False
    init: bool = False
    silver: bool = False


def full(
    *options: str, epochs: int = EPOCHS, raw_text: bool = False, init: bool = False, silver: bool = False
) -> pytest.param:  # type: ignore[valid-type]  # pytest does not export the type
    case = Case(options, epochs, raw_text, init, silver)
    return pytest.param(case, id=" ".join(options) or "plain", marks=pytest.mark.full)


CASES = [
    pytest.param(Case(("--networks", "2", "--jobs", "2"), 2 * EPOCHS), id="--networks 2 --jobs 2"),
    full(),
    full("--networks", "2", epochs=2 * EPOCHS),
    full("--networks", "4", "--jobs", "2", epochs=4 * EPOCHS),
    full("--networks", "3", "--jobs", "3", "--float16", epochs=3 * EPOCHS),
    full("--networks", "2", "--jobs", "2", "--optimizer", "adagrad", epochs=2 * EPOCHS),
    full("--networks", "2", "--jobs", "2", "--transition-system", "arc-standard-swap", epochs=2 * EPOCHS),
    full("--threads", "2"),
    full("--stages", "all"),
    full("--stages", "all", "--jobs", "2"),
    full("--stages", "all", "--networks", "2", "--jobs", "2", epochs=2 * EPOCHS),
    full("--seed", "2", raw_text=True, epochs=4 * EPOCHS),
    full("--networks", "2", "--jobs", "2", raw_text=True, epochs=5 * EPOCHS),
    full("--stages", "all", "--jobs", "2", raw_text=True, epochs=4 * EPOCHS),
    full("--float16", init=True),
    full("--silver-ratio", "1", silver=True),
    full("--stages", "all", "--silver-ratio", "1", "--jobs", "2", silver=True),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training data, raw text, a model to fine-tune, and the script that trains."""
    folder = tmp_path_factory.mktemp("killed")
    sentences = (SAMPLE / "dev.conllu").read_text(encoding="utf-8").split("\n\n")[:16]
    (folder / "few.conllu").write_text("\n\n".join(sentences) + "\n\n", encoding="utf-8")
    text = [line.removeprefix("# text = ") for line in "\n".join(sentences).splitlines() if line.startswith("# text")]
    (folder / "raw.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
    (folder / "driver.py").write_text(DRIVER, encoding="utf-8")
    source = str(folder / "few.conllu")
    train.main(["--train", source, "--dev", source, "--output", str(folder / "init.model"), *SMALL, "--quiet"])
    return folder


class Training:
    """One training in processes of its own."""

    def __init__(self, folder: Path, output: Path, case: Case) -> None:
        source, self.output = str(folder / "few.conllu"), output
        self.argv = ["--train", source, "--dev", source, "--output", str(output), *SMALL, *case.options]
        self.argv += ["--raw-text", str(folder / "raw.txt")] if case.raw_text else []
        self.argv += ["--silver", str(SAMPLE / "train.conllu")] if case.silver else []
        self.argv += ["--init", str(folder / "init.model")] if case.init else []
        self.command = [sys.executable, str(folder / "driver.py"), *self.argv]

    def run(self, kill_after: int = 1 << 20) -> int:
        """Train or resume, and kill after so many epochs; the number of epochs that it has finished."""
        path = os.pathsep.join(
            filter(None, [str(CHECKOUT / "parser"), str(CHECKOUT / "tests"), os.environ.get("PYTHONPATH")])
        )
        environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"}
        pipe, epochs = subprocess.PIPE, 0
        command = [*self.command, "--resume"]
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
            assert process.stdout is not None
            for line in process.stdout:
                epochs += "  loss " in line
                if epochs == kill_after:
                    break
            workers = children(process.pid)
            if epochs == kill_after:
                process.kill()
            _, complaints = process.communicate(timeout=60)  # at its end no worker holds stderr any more
        assert complaints == ""
        assert not any(map(is_running, workers))
        return epochs

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.output.parent.iterdir()}

    def saved_epochs(self) -> int:
        """The epochs that the checkpoint has, all networks together."""
        _, metadata = load_arrays(f"{self.output}.checkpoint")
        parts = metadata["parts"].items()
        return sum(len(values["epochs"]) for name, values in parts if "network " in name)


def children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    return []


def is_running(pid: int) -> bool:
    """Whether a process is still there after some seconds; one that has ended and not been waited for is not."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                return False
        except (FileNotFoundError, ProcessLookupError):
            return False
        time.sleep(0.1)
    return True


def moments(epochs: int) -> Iterator[int]:
    """After how many more epochs each kill comes: three kills in one training."""
    yield epochs // 2
    yield epochs // 6
    yield epochs // 6


@pytest.mark.parametrize("case", CASES)
def test_a_kill_loses_at_most_one_epoch_per_process(case: Case, folder: Path, tmp_path: Path) -> None:
    """Killed by SIGKILL three times: each time at most an epoch per process is lost, and the model is the same."""
    (tmp_path / "models").mkdir()
    training = Training(folder, tmp_path / "models" / "m", case)
    jobs = int(case.options[case.options.index("--jobs") + 1]) if "--jobs" in case.options else 1
    assert training.run() == case.epochs
    whole = training.files()
    assert sorted(whole) == ["m", "m.json"]
    for path in training.output.parent.iterdir():
        path.unlink()
    saved = 0
    for epochs in moments(case.epochs):
        assert training.run(kill_after=epochs) == epochs
        kept = training.saved_epochs()
        assert kept >= saved + epochs - jobs
        saved = kept
    assert training.run() == case.epochs - saved
    assert training.files() == whole
