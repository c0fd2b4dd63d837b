"""Files parsed by the workers of a cluster, real processes that are really killed; and by Spark."""

from __future__ import annotations

import ast
import glob
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import documented
import pytest

import clearparse
from benchmarks import cluster_command
from clearparse.commands import parse, train
from clearparse.corpus.chunks import BadFile, ChunkParser, ParsedFile, ParseJob
from clearparse.corpus.journal import JOURNAL
from clearparse.corpus.tasks import expand_patterns, plan_tasks
from clearparse.errors import ClearparseError, FileError
from clearparse.io.optional import is_installed
from clearparse.model.model import MissingTagsWarning

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
NEEDED = "Dask is not installed: the extra `dask`"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.model"
    small = [
        "--hidden-size",
        "16",
        "--embedding-dim",
        "8",
        "--epochs",
        "4",
        "--batch-size",
        "64",
        "--learning-rate",
        "0.01",
    ]
    train.main(["--train", str(SAMPLE / "train.conllu"), "--output", str(path), *small])
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files of several sizes, one of them compressed."""
    folder = tmp_path_factory.mktemp("corpus")
    sentences = list(clearparse.read_conllu(SAMPLE / "train.conllu"))
    for k in range(8):
        name = f"{k}.conllu.gz" if k == 3 else f"{k}.conllu"
        clearparse.write_conllu(sentences[k * 10 : (k + 3) * 10] * (1 + 20 * k), folder / name)
    return folder


@pytest.fixture(scope="module")
def expected(model: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Each file as parsed by the plain command."""
    folder = tmp_path_factory.mktemp("plain")
    for path in corpus.iterdir():
        parse.main(["--model", str(model), str(path), "--output", str(folder / path.name)])
    return contents(folder)


@pytest.fixture
def quiet() -> Iterator[None]:
    """When workers are killed, Dask leaves sockets and tasks to the garbage collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, also hidden ones, except the journal."""
    found = [path for path in folder.iterdir() if path.name != JOURNAL]
    return {path.name: path.read_bytes() if path.is_file() else b"a folder" for path in found}


def test_patterns(tmp_path: Path) -> None:
    for name in ("b.conllu", "a.conllu.gz", "odd[1].conllu"):
        (tmp_path / name).write_bytes(b"")
    assert expand_patterns([f"{tmp_path}/?.conllu*"]) == [str(tmp_path / name) for name in ("a.conllu.gz", "b.conllu")]
    assert expand_patterns([f"{tmp_path}/odd[1].conllu", "none", "Who ?"]) == [
        f"{tmp_path}/odd[1].conllu",
        "none",
        "Who ?",
    ]
    with pytest.raises(ClearparseError, match=r"\*\.txt: no file matches"):
        expand_patterns([f"{tmp_path}/*.txt"])


def test_wrong_usage(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ClearparseError, match="--engine dask"):
        parse.main(["--model", str(model), "--scheduler", "tcp://head:8786", "a.conllu"])
    with pytest.raises(ClearparseError, match="--output FOLDER"):
        parse.main(["--model", str(model), "--engine", "dask", "a.conllu"])
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delattr("clearparse.corpus.dask", raising=False)
    monkeypatch.delitem(sys.modules, "clearparse.corpus.dask", raising=False)
    library = "distributed" if is_installed("dask") else "dask"  # the first one that cannot be imported
    with pytest.raises(
        ClearparseError, match=rf"engine needs {library}, which is not installed: pip install -e '.\[dask\]'"
    ):
        parse.main(["--model", str(model), "--engine", "dask", "a.conllu", "--output", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_file_parsed_for_a_cluster(model: Path, corpus: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """What a worker runs: the same bytes as the plain command, and warnings as a result."""
    job = ParseJob(ChunkParser(clearparse.load(model), "conllu", False, False, True))
    assert job.parse_file(str(corpus / "3.conllu.gz"), str(tmp_path / "3.conllu.gz")).warnings == []
    assert contents(tmp_path) == {"3.conllu.gz": expected["3.conllu.gz"]}
    bare = tmp_path / "bare.conllu"
    bare.write_text("1\tDogs\t_\t_\t_\t_\t_\t_\t_\t_\n\n", encoding="utf-8")
    parsed = job.parse_file(str(bare), str(tmp_path / "out"))
    assert isinstance(parsed, ParsedFile)
    (warned,), words = parsed
    assert isinstance(warned, MissingTagsWarning)
    assert words == 1
    bare.write_text("1\tx\n\n", encoding="utf-8")
    bad = job.parse_file(str(bare), str(tmp_path / "none"))
    assert isinstance(bad, BadFile)
    assert str(bad.error).startswith(f"{bare}:1: 2 columns")
    assert not (tmp_path / "none").exists()


def test_a_bag_of_sentences(model: Path) -> None:
    bag = pytest.importorskip("dask.bag", reason=NEEDED)
    sentences = list(clearparse.read_conllu(SAMPLE / "dev.conllu"))
    loaded = clearparse.load(model)
    expected = list(loaded.parse(sentences))
    corpus = bag.from_sequence(sentences, npartitions=4)
    for of in (model, str(model), loaded):
        assert clearparse.parse_bag(corpus, of).compute(scheduler="synchronous") == expected
    assert clearparse.parse_bag(corpus, loaded).compute(scheduler="threads", num_workers=4) == expected
    counted = clearparse.parse_bag(corpus, loaded).map(len).sum().compute(scheduler="synchronous")
    assert counted == sum(map(len, sentences))
    with pytest.raises(FileError, match="no such file"):
        clearparse.parse_bag(corpus, "none.model")


def run_command(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(CHECKOUT / "scripts" / "parse.py"), "--engine", "dask", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.full
@pytest.mark.parametrize("kill", [False, True])
def test_the_command(kill: bool, model: Path, corpus: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """Also when a worker is killed as soon as the first file is there: the same files and no others."""
    psutil = pytest.importorskip("psutil", reason=NEEDED)
    out = tmp_path / "out"
    command = run_command("--model", str(model), f"{corpus}/*", "--output", str(out), "--jobs", "2")
    killed = 0
    while kill and not killed and command.poll() is None:
        if glob.glob(f"{out}/*.conllu*"):
            workers = [
                child for child in psutil.Process(command.pid).children(recursive=True)
                if "spawn_main" in " ".join(child.cmdline())
            ]  # fmt: skip
            assert len(workers) == 2
            workers[0].kill()
            killed += 1
        time.sleep(0.01)
    printed, complaints = command.communicate()
    assert command.returncode == 0, complaints.decode()
    assert killed == kill
    assert printed.decode() == f"8 files written to {out}\n"
    assert b"Traceback" not in complaints
    assert contents(out) == expected


class Fatal:
    """Parses files, but kills its process in the middle of one of them, the first time or always."""

    def __init__(self, job: ParseJob, name: str, sign: Path, always: bool) -> None:
        self.job, self.name, self.sign, self.always = job, name, sign, always

    def __call__(self, source: str, target: str) -> ParsedFile | BadFile:
        if os.path.basename(source) == self.name and (self.always or not self.sign.exists()):
            self.sign.touch()
            Path(target).write_bytes(b"1\thalf a senten")
            os.kill(os.getpid(), signal.SIGKILL)
        return self.job.parse_file(source, target)


@pytest.mark.full
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("always", [False, True])
def test_files_of_a_killed_worker_are_parsed_again(
    always: bool, model: Path, corpus: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    from clearparse.corpus.dask import connect, parse_files_on

    job = ParseJob(ChunkParser(clearparse.load(model), "conllu", False, False, True))
    sign, out = tmp_path / "sign", tmp_path / "out"
    out.mkdir()
    tasks = plan_tasks(expand_patterns([f"{corpus}/*"]), str(out))
    with connect(None, 2) as client:
        found = dict(parse_files_on(client, Fatal(job, "5.conllu", sign, always), tasks))
    assert sign.exists()
    assert sorted(found) == list(range(8))
    bad = {tasks[k].source: str(each.error) for k, each in found.items() if isinstance(each, BadFile)}
    if always:
        (message,) = bad.values()
        assert message == f"{corpus}/5.conllu: each worker that parsed it was killed; was there enough memory?"
        assert contents(out) == {name: text for name, text in expected.items() if name != "5.conllu"}
    else:
        assert not bad
        assert contents(out) == expected


@pytest.mark.full
@pytest.mark.usefixtures("quiet")
def test_a_running_scheduler(
    model: Path,
    corpus: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    distributed = pytest.importorskip("distributed", reason=NEEDED)
    from clearparse.corpus import dask

    options = ["--model", str(model), "--engine", "dask", "--output", str(tmp_path / "out")]
    bad = tmp_path / "bad.conllu"
    bad.write_text("1\tDogs\n\n", encoding="utf-8")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        at = ["--scheduler", cluster.scheduler_address]
        parse.main([*options, *at, f"{corpus}/*"])
        assert contents(tmp_path / "out") == expected
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
        with pytest.raises(ClearparseError, match=r"1 of 9 files could not be parsed"):
            parse.main([*options, *at, f"{corpus}/*", str(bad)])
        assert "bad.conllu:1: 2 columns" in capsys.readouterr().err
        with pytest.raises(FileError, match=r"bad\.conllu:1: 2 columns"):
            parse.main([*options, *at, f"{corpus}/*", str(bad), "--on-error", "stop"])
        assert before == {path: path.stat().st_mtime_ns for path in before}
        monkeypatch.setattr(dask, "__version__", "9.9")
        with pytest.raises(ClearparseError, match=r"has clearparse .*; this is 9\.9"):
            parse.main([*options, *at, f"{corpus}/*"])
    monkeypatch.setattr(dask, "TIMEOUT", "1s")
    with pytest.raises(ClearparseError, match=r"the scheduler tcp://127\.0\.0\.1:9 does not answer"):
        parse.main([*options, "--scheduler", "tcp://127.0.0.1:9", f"{corpus}/*"])


@pytest.mark.full
@pytest.mark.usefixtures("quiet")
def test_local_workers_keep_freed_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Returning it to the system would make them half as slow again; Dask's other settings are kept."""
    pytest.importorskip("distributed", reason=NEEDED)
    from clearparse.corpus.dask import connect

    for name in ("MALLOC_TRIM_THRESHOLD_", "OMP_NUM_THREADS"):  # Dask sets them in this process too
        monkeypatch.delenv(name, raising=False)
    with connect(None, 1) as client:
        (found,) = client.run(lambda: dict(os.environ)).values()
    assert "MALLOC_TRIM_THRESHOLD_" not in found
    assert found["OMP_NUM_THREADS"] == "1"


@pytest.mark.full
def test_each_run_of_the_benchmark_parses_again(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them: what an earlier one has made is not there any more."""
    pytest.importorskip("distributed", reason=NEEDED)
    from benchmarks import cluster

    there = []

    def parsed(task: str, *arguments: str, cores: int) -> dict[str, float]:
        folder = Path(arguments[arguments.index("--output") + 1])
        there.append(folder.exists())
        parse.main([*arguments])
        assert len(list(folder.glob("*.conllu"))) in (1, 2)
        return {"seconds": 1.0, "CPU seconds": 1.0}

    monkeypatch.setattr(cluster, "whole_command", parsed)
    monkeypatch.setattr(cluster, "ENGINES", ("processes", "processes"))
    cluster.measure(model, SAMPLE / "dev.conllu", tmp_path, shards=2, copies=1, jobs=1, runs=2)
    assert there == [False] * 8


@pytest.mark.full
def test_the_benchmark_of_a_cluster(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed", reason=NEEDED)
    files = ["--model", str(model), "--input", str(SAMPLE / "dev.conllu")]
    cluster_command.main([*files, "--shards", "3", "--copies", "2", "--runs", "1"])
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("7,380 words in 3 files, 1 cores of ")
    assert [line.split()[0] for line in printed[1:]] == ["processes", "runs:", "dask", "runs:", "dask", "dask", "a"]
    with pytest.raises(ClearparseError, match="--jobs 4096: only"):
        cluster_command.main([*files, "--jobs", "4096"])


@pytest.mark.full
def test_the_program_for_dask(model: Path, tmp_path: Path) -> None:
    for library in ("dask", "distributed"):
        pytest.importorskip(library, reason=NEEDED)
    treebanks = [str(tmp_path / f"{name}.conllu") for name in ("one", "two")]
    for path, part in zip(treebanks, ("train", "dev"), strict=True):
        Path(path).write_bytes((SAMPLE / f"{part}.conllu").read_bytes())
    printed = documented.run(documented.programs("cluster.md")[0], tmp_path, str(model), *treebanks)
    parsed = list(clearparse.load(model).parse(each for path in treebanks for each in clearparse.read_conllu(path)))
    counted: dict[str, int] = {}
    for name in (name for sentence in parsed for name in sentence.deprels):
        counted[name] = counted.get(name, 0) + 1
    top = sorted(counted.values(), reverse=True)[:3]
    assert [count for _, count in ast.literal_eval(printed.splitlines()[0])] == top
    assert "{'learning_rate': " in printed
    for path in treebanks:
        assert f"{path} {{'epoch': 1," in printed
        assert clearparse.load(f"{path}.model").record["config"]["hidden_size"] == 16


@pytest.mark.full
def test_the_program_for_spark(
    model: Path, corpus: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is a sentence; many partitions of one file, and the bytes of the plain command."""
    for library in ("pyspark", "pandas", "pyarrow"):
        pytest.importorskip(library, reason=f"{library} is not installed: the extra `test-full`")
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    few = (corpus / "7.conllu").stat().st_size // 5
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--conf spark.sql.files.maxPartitionBytes={few} pyspark-shell")
    source, target = corpus / "7.conllu", tmp_path / "parsed"
    arguments = [str(model), str(source), str(target)]
    # Spark warns of pandas 3, which it says it does not support in everything; what is needed here works.
    documented.run(documented.programs("cluster.md")[1], tmp_path, *arguments, warnings="default")
    parts = sorted(target.glob("part-*"))
    assert len(parts) > 4
    assert b"".join(part.read_bytes() for part in parts) == expected["7.conllu"]
