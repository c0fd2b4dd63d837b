"""Training under adverse conditions: killed, interrupted, without disk or memory, on unusual treebanks."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearparse.commands import train
from clearparse.config import OLD_NAMES
from clearparse.errors import ClearparseError, FileError
from clearparse.model.container import load_arrays
from clearparse.model.model import load

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
SMALL = [
    "--hidden-size",
    "16",
    "--embedding-dim",
    "8",
    "--epochs",
    "4",
    "--batch-size",
    "64",
    "--section",
    "40",
    "--explore-from",
    "1",
]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX systems")

# Training in a process of its own that is made to fail; `event` is called at each step and around each write.
DRIVER = """
import json, os, resource, signal, sys
from clearparse.io import files
from clearparse.training import checkpoint
from clearparse.commands import train
from clearparse.commands.command_line import run
from clearparse.network.optimizers import Adam

what, number, *sys.argv[1:] = sys.argv[1:]
count = dict.fromkeys(("step", "write"), 0)

def event(kind):
    count[kind] += 1
    if kind == what and count[kind] == int(number):
        os.kill(os.getpid(), signal.SIGKILL)

def with_events(owner, name, kind):
    original = getattr(owner, name)
    def act(*arguments):
        event(kind)
        result = original(*arguments)
        event(kind)
        return result
    setattr(owner, name, act)

def write_in_halves(self, data, original=files._Output.write):
    half = len(data) // 2
    written = original(self, data[:half]) if half else 0
    event("write")
    return written + original(self, data[half:])

if what in count or what == "events":
    checkpoint.TIME_SHARE = 1e9  # written whenever possible
    with_events(Adam, "step", "step")
    files._Output.write = write_in_halves
    for name in ("fsync", "replace"):
        with_events(os, name, "write")
if what == "memory":
    resource.setrlimit(resource.RLIMIT_AS, (int(number),) * 2)
if what == "size":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(number),) * 2)
if what == "nobody":
    import safetensors.numpy  # as the folder of Python may be out of reach later
    os.setgroups([])
    os.setgid(int(number))
    os.setuid(int(number))

def main(argv):
    train.main(argv)
    if what == "events":
        print(json.dumps(count), file=sys.stderr)
    if what == "peak":
        print(open("/proc/self/status").read().split("VmPeak:")[1].split()[0], file=sys.stderr)

run(main)
"""


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(CHECKOUT / "parser"), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"} | more


def script(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / "scripts" / "train.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment(**more))


def driver(what: str, number: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DRIVER, what, str(number), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment())


def on_sample(output: Path, *more: str) -> list[str]:
    """Arguments for a training that takes a second."""
    files = ["--train", str(SAMPLE / "dev.conllu"), "--dev", str(SAMPLE / "dev.conllu")]
    return [*files, "--output", str(output), *SMALL, *more]


def all_stages(output: Path) -> list[str]:
    """Arguments for the training of all stages, thirteen networks, on a few sentences."""
    source = output.parent.with_suffix(".conllu")
    sentences = (SAMPLE / "dev.conllu").read_text(encoding="utf-8").split("\n\n")[:12]
    source.write_text("\n\n".join(sentences) + "\n\n", encoding="utf-8")
    return ["--train", str(source), "--dev", str(source), "--output", str(output), *SMALL, "--stages", "all"]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


# Killed


def _moments() -> list[tuple[str, float]]:
    """Ten moments of each kind, as fractions of the training."""
    rng = random.Random(7)
    return [(kind, rng.random()) for kind in ("clock", "step", "write") for _ in range(10)]


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("stages", ["parser", "all"])
def test_thirty_kills(stages: str, tmp_path: Path) -> None:
    """SIGKILL by the clock, at a step, and during a write; resuming always gives the same bytes."""
    argv = on_sample(tmp_path / "m") if stages == "parser" else [*all_stages(tmp_path / "m"), "--jobs", "2"]
    start = time.monotonic()
    assert script(*argv).returncode == 0
    seconds, whole = time.monotonic() - start, files(tmp_path)
    assert sorted(whole) == ["m", "m.json"]
    clear(tmp_path)
    total, killed, unfinished = json.loads(driver("events", 0, *argv).stderr), 0, 0
    assert files(tmp_path) == whole
    # With --jobs, worker processes make all steps.
    moments = [("write" if kind == "step" and not total[kind] else kind, fraction) for kind, fraction in _moments()]
    for kind, fraction in moments:
        part = fraction
        clear(tmp_path)
        if kind == "clock":
            while (status := _kill_by_clock(argv, part * seconds)) == 0:  # too late: the machine is faster now
                clear(tmp_path)
                part /= 2
        else:
            status = driver(kind, 1 + int(part * total[kind]), *argv).returncode
        killed += status == -signal.SIGKILL
        unfinished += any(path.suffix == ".tmp" for path in tmp_path.iterdir())
        for path in tmp_path.iterdir():  # every file is complete
            assert path.suffix in (".tmp", ".json") or load_arrays(path)
        done = script(*argv, "--resume")
        assert (done.returncode, done.stderr) == (0, "")
        assert files(tmp_path) == whole, f"{kind} {part}: {done.stdout}"
    assert killed >= 25
    assert unfinished >= 3


def _kill_by_clock(argv: list[str], seconds: float) -> int:
    command = [sys.executable, str(CHECKOUT / "scripts" / "train.py"), *argv]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()) as process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
    return process.returncode


@POSIX
def test_killed_during_a_write(tmp_path: Path) -> None:
    output = tmp_path / "m"
    assert driver("none", 0, *on_sample(output)).returncode == 0
    whole = files(tmp_path)
    clear(tmp_path)
    assert driver("write", 22, *on_sample(output)).returncode == -signal.SIGKILL  # 5 or 6 events for each checkpoint
    assert len([path for path in tmp_path.iterdir() if path.suffix == ".tmp"]) == 1
    done = script(*on_sample(output), "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    assert "continues from" in done.stdout
    assert files(tmp_path) == whole


# Interrupted by Ctrl-C


@POSIX
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("epoch  2", "m is the best model so far, of epoch"),
        ("stage     second network of the tagger", "stopped; the same command with --resume continues"),
    ],
)
def test_ctrl_c(line: str, message: str, tmp_path: Path) -> None:
    argv = on_sample(tmp_path / "m") if line == "epoch  2" else [*all_stages(tmp_path / "m"), "--jobs", "2"]
    command = [sys.executable, str(CHECKOUT / "scripts" / "train.py"), *argv]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, env=environment(PYTHONUNBUFFERED="1"), start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any(printed.startswith(line) for printed in process.stdout)
        os.killpg(process.pid, signal.SIGINT)  # to all processes, as a terminal does
        error = process.stderr.read()
    assert process.returncode == 130
    assert error.startswith("stopped; ")
    assert message in error
    assert error.count("\n") == 1
    assert (tmp_path / "m.checkpoint").is_file()


# Unusual data


def test_a_diverging_training(tmp_path: Path) -> None:
    done = script(*on_sample(tmp_path / "m", "--optimizer", "sgd", "--learning-rate", "100", "--warmup", "0"))
    assert done.returncode == 1
    assert done.stderr.startswith("step ")
    assert "training has diverged, at a learning rate of 9" in done.stderr
    assert done.stderr.endswith("; try a tenth of it (--learning-rate), or --clip-norm 1\n")
    assert done.stderr.count("\n") == 1
    assert not files(tmp_path)


def word(number: int, form: str, head: int = 0, deprel: str = "root", tags: str = "X\tx\t_") -> str:
    return f"{number}\t{form}\t_\t{tags}\t{head}\t{deprel}\t_\t_\n"


def pair(first: str, second: str, deprel: str = "x", tags: str = "X\tx\t_") -> str:
    return word(1, first, 2, deprel, tags) + word(2, second, tags=tags) + "\n"


UNUSUAL = {
    "one word": word(1, "a") + "\n",
    "one sentence": pair("a", "b"),
    "two sentences": pair("a", "b") * 2,
    "all the same": pair("a", "b") * 30,
    "one label": "".join(pair(f"a{k % 7}", f"b{k % 5}", "root") for k in range(40)),
    "only sentences of one word": (word(1, "a") + "\n") * 40,
    "no tags": "".join(pair(f"a{k % 7}", "b", tags="_\t_\t_") for k in range(30)),
    "every token of two words": ("1-2\tdu" + "\t_" * 8 + "\n" + pair("de", "le")) * 30,
    "several roots": (word(1, "a") + word(2, "b") + "\n") * 30,
    "a chain": "".join(word(i, "w", i + 1 if i < 200 else 0, "x" if i < 200 else "root") for i in range(1, 201)) + "\n",
}


@pytest.mark.parametrize("stages", ["parser", "all"])
@pytest.mark.parametrize("treebank", UNUSUAL)
def test_unusual_treebanks(treebank: str, stages: str, tmp_path: Path, small_stages: None) -> None:
    (tmp_path / "unusual.conllu").write_text(UNUSUAL[treebank], encoding="utf-8")
    train.main(
        ["--train", str(tmp_path / "unusual.conllu"), "--output", str(tmp_path / "m"), "--stages", stages, *SMALL]
    )
    model = load(tmp_path / "m")
    assert all(np.isfinite(theta).all() for theta in model.parser.params)
    if stages == "all":
        assert [sentence.forms for sentence in model("a b")]


def test_labels_that_occur_only_in_dev(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train").write_text(pair("a", "b") * 20, encoding="utf-8")
    (tmp_path / "dev").write_text("".join(pair("a", "b", f"new{k}") for k in range(25)), encoding="utf-8")
    files = ["--train", str(tmp_path / "train"), "--dev", str(tmp_path / "dev")]
    train.main([*files, "--output", str(tmp_path / "m"), *SMALL])
    output = capsys.readouterr().out
    assert "warning   labels that occur only in dev: new0 new1 new10 " in output
    assert " and 5 more\n" in output


def test_thousands_of_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(pair(f"a{k % 50}", f"b{k % 31}", f"label{k}") for k in range(5000))
    (tmp_path / "labels").write_text(text, encoding="utf-8")
    options = ["--output", str(tmp_path / "m"), "--hidden-size", "8", "--embedding-dim", "8", "--epochs", "1"]
    train.main(["--train", str(tmp_path / "labels"), "--dev", str(SAMPLE / "dev.conllu"), *options])
    assert "warning   5001 labels: is DEPREL really column 8" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stages", "line", "message"),
    [
        ("parser", "1\tGo\tgo\tVERB\tVB\t_\t0\t{long}\t_\t_", "1: DEPREL has 1,001 characters"),
        ("all", "1\tGo\t{long}\tVERB\tVB\t_\t0\troot\t_\t_", "1: LEMMA has 1,001 characters"),
        ("all", "1\tGo\tgo\t{long}\tVB\t_\t0\troot\t_\t_", "1: UPOS has 1,001 characters"),
        ("all", "1\tGo\tgo\tVERB\t{long}\t_\t0\troot\t_\t_", "1: XPOS has 1,001 characters"),
        ("all", "1\tGo\tgo\tVERB\tVB\t{long}\t0\troot\t_\t_", "1: FEATS has 1,001 characters"),
        ("all", "1\t{long}" + "x" * 9000 + "\tgo\tVERB\tVB\t_\t0\troot\t_\t_", "1: FORM has 10,001 characters"),
        (
            "all",
            "1-2\tGo" + "\t_" * 8 + "\n1\tG\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n2\t{long}\to\tX\tX\t_\t1\tdep\t_\t_",
            "3: FORM in a multiword token has 1,001 characters",
        ),
        (
            "all",
            "1-21\tGo" + "\t_" * 8 + "".join(f"\n{i}\tGo\tgo\tX\tX\t_\t{i - 1}\tdep\t_\t_" for i in range(1, 22)),
            "1: a multiword token of 21 words",
        ),
    ],
)
def test_values_that_no_model_can_hold(stages: str, line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.conllu"
    path.write_text((line.format(long="\u00e9" * 1001) + "\n\n") * 12, encoding="utf-8")
    with pytest.raises(FileError, match=rf"odd\.conllu:{message}"):
        train.main(["--train", str(path), "--output", str(tmp_path / "m"), "--stages", stages, *SMALL, "--quiet"])
    assert [each.name for each in tmp_path.iterdir()] == ["odd.conllu"]


@pytest.mark.parametrize("written", ["m", "m.json", "m.checkpoint"])
@pytest.mark.parametrize("read", ["--train", "--dev", "--raw-text", "--vectors"])
def test_an_input_is_not_overwritten(read: str, written: str, tmp_path: Path) -> None:
    data = tmp_path / written
    data.write_bytes((SAMPLE / "dev.conllu").read_bytes())
    arguments = ["--train", str(SAMPLE / "dev.conllu"), read, str(data), "--output", str(tmp_path / "m"), "--quiet"]
    with pytest.raises(FileError, match=f"{written}: would be overwritten by the output"):
        train.main([*arguments, *SMALL])
    assert data.read_bytes() == (SAMPLE / "dev.conllu").read_bytes()
    assert list(tmp_path.iterdir()) == [data]


def test_raw_text_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("\n\n  \n", encoding="utf-8")
    files = ["--train", str(SAMPLE / "dev.conllu"), "--raw-text", str(tmp_path / "raw.txt")]
    with pytest.raises(FileError, match=r"raw\.txt: there is no word in it"):
        train.main([*files, "--output", str(tmp_path / "m"), "--quiet", *SMALL])
    assert [each.name for each in tmp_path.iterdir()] == ["raw.txt"]


def test_a_column_that_does_not_hold_tags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(pair(f"a{k % 50}", f"b{k % 31}", tags=f"X\ttag{k}\t_") for k in range(50_000))
    (tmp_path / "tags").write_text(text, encoding="utf-8")
    argv = ["--train", str(tmp_path / "tags"), "--dev", str(SAMPLE / "dev.conllu"), "--output", str(tmp_path / "m")]
    train.main([*argv, "--hidden-size", "8", "--embedding-dim", "4", "--epochs", "1"])
    output = capsys.readouterr().out
    assert "warning   50,000 different XPOS: does column 5 hold anything but tags?" in output
    with pytest.raises(ClearparseError, match="50,000 different combinations of UPOS, XPOS and FEATS, too many"):
        train.main([*argv, "--stages", "all"])


# Disk and memory


def assert_one_line(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@POSIX
@pytest.mark.parametrize("size", [20_000, *(pytest.param(size, marks=pytest.mark.full) for size in (10, 120_000))])
def test_a_full_disk(size: int, tmp_path: Path) -> None:
    """With a limit on file sizes the first checkpoint or the model does not fit; earlier files stay complete."""
    assert_one_line(driver("size", size, *on_sample(tmp_path / "m")), "m.checkpoint: File too large")
    assert not files(tmp_path)
    (tmp_path / "m").write_bytes(b"an earlier model")
    assert_one_line(driver("size", size, *on_sample(tmp_path / "m")), "m.checkpoint: File too large")
    assert files(tmp_path) == {"m": b"an earlier model"}


def _can_mount() -> bool:
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


@pytest.mark.skipif(not _can_mount(), reason="needs the right to mount a small disk")
@pytest.mark.parametrize("kilobytes", [4, 400])
def test_a_small_disk(kilobytes: int, tmp_path: Path) -> None:
    inside = 'mount -t tmpfs -o size=$1k tmpfs "$2" || exit 9; folder="$2"; shift 2; "$@"; echo $?; ls -A "$folder"'
    training = [sys.executable, str(CHECKOUT / "scripts" / "train.py"), *on_sample(tmp_path / "m")]
    command = ["unshare", "-rm", "sh", "-c", inside, "sh", str(kilobytes), str(tmp_path), *training]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    status, *left = done.stdout[done.stdout.rindex("\n1\n") :].split()
    assert status == "1"
    assert left in ([], ["m.checkpoint"])  # complete, from before the disk was full
    assert done.stderr == f"{tmp_path / 'm.checkpoint'}: No space left on device\n"


@POSIX
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users of POSIX systems")
def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    for path in [tmp_path, *tmp_path.parents][:3]:
        path.chmod(path.stat().st_mode | 0o055)  # if root runs the test, another user can enter
    fault = ("nobody", 65534) if os.geteuid() == 0 else ("none", 0)
    done = driver(*fault, *on_sample(folder / "m"))
    assert_one_line(done, f"{folder / 'm.checkpoint'}: Permission denied")
    assert_one_line(driver(*fault, *on_sample(folder / "new" / "m")), f"{folder / 'new'}: Permission denied")
    assert not files(folder)


def test_missing_folders_are_created(tmp_path: Path) -> None:
    train.main(on_sample(tmp_path / "a" / "b" / "m", "--epochs", "1"))
    assert sorted(files(tmp_path / "a" / "b")) == ["m", "m.json"]
    (tmp_path / "file").write_bytes(b"")
    assert_one_line(script(*on_sample(tmp_path / "file" / "m")), f"{tmp_path / 'file'}: ")
    for wrong in ("-", str(tmp_path), os.devnull):
        with pytest.raises(FileError, match="must be a file name"):
            train.main(["--train", str(SAMPLE / "dev.conllu"), "--output", wrong])


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("parts", [(0.6,), pytest.param((0.9, 0.75), marks=pytest.mark.full)])
def test_not_enough_memory(parts: tuple[float, ...], tmp_path: Path) -> None:
    """With less and less address space, training succeeds or fails in one line."""
    wide = ["--hidden-size", "1000", "--embedding-dim", "100", "--epochs", "1", "--batch-size", "1000"]
    done = driver("peak", 0, *on_sample(tmp_path / "m", *wide))
    assert done.returncode == 0
    peak, ends = int(done.stderr) << 10, []
    for part in parts:
        clear(tmp_path)
        done = driver("memory", int(part * peak), *on_sample(tmp_path / "m", *wide))
        ends.append(done.returncode)
        if done.returncode:
            assert_one_line(done, "not enough memory")
        assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]
    assert 1 in ends or 0.6 not in parts


# The same bytes


@pytest.mark.parametrize("stages", ["parser", pytest.param("all", marks=pytest.mark.full)])
def test_hash_seed_and_processes_do_not_change_the_model(stages: str, tmp_path: Path) -> None:
    argv = on_sample(tmp_path / "m") if stages == "parser" else all_stages(tmp_path / "m")
    models = []
    for seed, jobs in (("0", "1"), ("4242", "2")):
        clear(tmp_path)
        done = script(*argv, "--jobs", jobs, PYTHONHASHSEED=seed)
        assert (done.returncode, done.stderr) == (0, "")
        models.append(files(tmp_path))
    assert sorted(models[0]) == ["m", "m.json"]
    assert models[0] == models[1]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again")
    shutil.copy(SAMPLE / "dev.conllu", folder / "train.conllu")
    options = ["--hidden-size", "8", "--epochs", "2", "--learning-rate", "0.01", "--jobs", "2"]
    train.main(["--train", str(folder / "train.conllu"), "--output", str(folder / "m.model"), *options])
    return folder / "m.model.json"


def test_a_record_reproduces_its_model(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train.main(["--reproduce", str(record)])
    assert capsys.readouterr().out.endswith(f"is bit-identical to the model of {record}\n")
    model, again = record.with_suffix(""), record.parent / "m-reproduced.model"
    assert again.read_bytes() == model.read_bytes()
    assert Path(f"{again}.json").read_bytes() == record.read_bytes()
    assert "--jobs" not in json.loads(record.read_text(encoding="utf-8"))["command"]


@POSIX
def test_a_reproduced_model_is_not_written_through_a_link(record: Path) -> None:
    decoy, again = record.parent / "decoy", record.parent / "m-reproduced.model"
    decoy.write_bytes(b"kept")
    again.unlink(missing_ok=True)
    again.symlink_to(decoy)
    with pytest.raises(FileError, match=r"m-reproduced\.model: this is a symbolic link"):
        train.main(["--reproduce", str(record)])
    again.unlink()
    assert decoy.read_bytes() == b"kept"


def changed(record: Path, path: Path, **values: Any) -> str:
    path.write_text(json.dumps({**json.loads(record.read_text(encoding="utf-8")), **values}), encoding="utf-8")
    return str(path)


def test_records_that_cannot_be_reproduced(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = ["--output", str(tmp_path / "new" / "m")]
    config = json.loads(record.read_text(encoding="utf-8"))["config"]
    versions = json.loads(record.read_text(encoding="utf-8"))["versions"]
    refused = [
        ({"train": [{"path": "x", "sentences": 90, "sha256": "0"}]}, "cannot be reproduced: train 1 sha256 is"),
        ({"config": {**config, "width": 3}}, "does not know its configuration: .*'width'"),
        ({"command": "python train.py"}, "not a training record"),
        ({"model_sha256": None}, "an invalid value for model_sha256"),
    ]
    for values, message in refused:
        with pytest.raises(FileError, match=message):
            train.main(["--reproduce", changed(record, tmp_path / "r.json", **values), *output])
    assert not list((tmp_path / "new").glob("*"))
    with pytest.raises(FileError, match="not a training record"):
        train.main(["--reproduce", str(SAMPLE / "dev.conllu")])
    with pytest.raises(ClearparseError, match="--reproduce takes --learning-rate from the record"):
        train.main(["--reproduce", str(record), "--learning-rate", "0.01"])
    with pytest.raises(ClearparseError, match="is the model to compare with"):
        train.main(["--reproduce", str(record), "--output", str(record.with_suffix(""))])
    other = changed(record, tmp_path / "r.json", model_sha256="0", versions={**versions, "numpy": "1.0"})
    with pytest.raises(FileError, match="not bit-identical to the model of"):
        train.main(["--reproduce", other, *output])
    assert capsys.readouterr().err == f"warning: numpy is {np.__version__}, it was 1.0: the bytes may differ\n"


def test_a_record_with_former_names_is_reproduced(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record in the new model has the new names, so its bytes differ, but no parameter does."""
    values = json.loads(record.read_text(encoding="utf-8"))
    former = {new: old for old, new in OLD_NAMES.items()}
    values["config"] = {former.get(name, name): value for name, value in values["config"].items()}
    values["half"] = values.pop("float16")
    values["command"] = values["command"].replace("--hidden-size", "--H").replace("--learning-rate", "--lr")
    values["model_sha256"] = "0" * 64
    (tmp_path / "m.model.json").write_text(json.dumps(values), encoding="utf-8")
    command = ["--reproduce", str(tmp_path / "m.model.json"), "--output", str(tmp_path / "new.model"), "--quiet"]
    with pytest.raises(FileError, match="not bit-identical"):
        train.main(command)
    shutil.copy(record.with_suffix(""), tmp_path / "m.model")
    train.main(command)
    assert f"has the parameters of {tmp_path / 'm.model'}, bit by bit" in capsys.readouterr().out
    assert load(tmp_path / "new.model").record["config"]["hidden_size"] == 8


def test_data_that_changed_are_not_trained_on(record: Path, tmp_path: Path) -> None:
    source = record.parent / "train.conllu"
    before = source.read_bytes()
    source.write_bytes(before.replace(b"bakery", b"brewery"))
    with pytest.raises(FileError, match="this training run cannot be reproduced: train 1 sha256 is"):
        train.main(["--reproduce", str(record), "--output", str(tmp_path / "m")])
    source.write_bytes(before)
