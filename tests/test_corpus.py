"""Parsing many files into a folder: each appears whole or not at all, bad ones are named, and runs can be continued."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clearparse.commands import parse
from clearparse.corpus.journal import JOURNAL, Journal
from clearparse.errors import ClearparseError, FileError
from clearparse.treebank.conllu import parse_block

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
MODEL = CHECKOUT / "tests" / "data" / "format-1.model"
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX systems")
FILES = 12
KILLS = 30


def write_corpus(folder: Path, files: int = FILES, times: int = 1) -> list[str]:
    """Files of some sentences each, the last one compressed."""
    folder.mkdir()
    sentences = [sentence.conllu for sentence in parse_block((SAMPLE / "train.conllu").read_bytes())]
    for i in range(files):
        (folder / f"{i:02}.conllu").write_bytes(b"".join(sentences[i::files]) * times)
    last = folder / f"{files - 1:02}.conllu"
    (folder / "compressed.conllu.gz").write_bytes(gzip.compress(last.read_bytes()))
    return sorted(map(str, folder.iterdir()))


def run(*arguments: str | Path) -> None:
    parse.main(["--model", str(MODEL), *map(str, arguments)])


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, str(CHECKOUT / "scripts" / "parse.py"), "--model", str(MODEL), *map(str, arguments)]


def contents(folder: Path) -> dict[str, bytes]:
    """The visible files of a folder, decompressed."""
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in folder.iterdir()
        if not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "in")


@pytest.fixture(scope="module")
def expected(inputs: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Each file parsed alone."""
    folder = tmp_path_factory.mktemp("alone")
    for each in inputs:
        run(each, "--output", folder / Path(each).name)
    return contents(folder)


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_file_is_parsed_as_if_alone(
    jobs: int, inputs: list[str], expected: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    run(*inputs, "--output", f"{out}/", "--jobs", str(jobs))
    assert contents(out) == expected
    assert (out / "compressed.conllu.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert capsys.readouterr() == (f"{len(inputs)} files written to {out}/\n", "")


def test_finished_files_are_not_parsed_again(
    inputs: list[str], expected: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*inputs[:3], "--output", f"{tmp_path}/")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != JOURNAL}
    capsys.readouterr()
    run(*inputs, "--output", tmp_path)
    assert capsys.readouterr().out == f"{len(inputs) - 3} files written to {tmp_path}, 3 had been parsed before\n"
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert contents(tmp_path) == expected


def change_input(source: Path, out: Path) -> None:
    source.write_bytes(source.read_bytes() + source.read_bytes())


def touch_input(source: Path, out: Path) -> None:
    os.utime(source, ns=(1, 1))  # older than before is a change too


def cut_output(source: Path, out: Path) -> None:
    (out / source.name).write_bytes(b"cut")


def remove_output(source: Path, out: Path) -> None:
    (out / source.name).unlink()


def damage_journal(source: Path, out: Path) -> None:
    journal = out / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-9])


def nothing(source: Path, out: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "options", "again"),
    [
        (nothing, [], False),
        (change_input, [], True),
        (touch_input, [], True),
        (cut_output, [], True),
        (remove_output, [], True),
        (damage_journal, [], True),
        (nothing, ["--confidence"], True),
        (nothing, ["--tag"], True),
    ],
)
def test_changed_files_are_parsed_again(
    change: Callable[[Path, Path], None],
    options: list[str],
    again: bool,
    inputs: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = tmp_path / "a.conllu", tmp_path / "out"
    source.write_bytes(Path(inputs[0]).read_bytes())
    run(source, "--output", f"{out}/")
    change(source, out)
    capsys.readouterr()
    run(source, "--output", out, *options)
    assert capsys.readouterr().out.startswith(f"{int(again)} file")
    assert (out / source.name).read_bytes().count(b"\n\n") == source.read_bytes().count(b"\n\n")


def test_another_model_parses_again(inputs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Recognized by its content, not by its name or time."""
    from clearparse.model.model import load

    model = tmp_path / "m"
    load(MODEL).save(model)
    arguments = [inputs[0], "--output", f"{tmp_path}/out/", "--model", str(model)]
    for changed in (True, False, True):
        if changed:
            loaded = load(model)
            loaded.record["note"] = loaded.record.get("note", "") + "x"
            loaded.save(model)
        parse.main(arguments)
        assert capsys.readouterr().out.startswith(f"{int(changed)} file")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_file_does_not_stop_the_others(
    jobs: int, inputs: list[str], expected: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late, broken, out = tmp_path / "late.conllu", tmp_path / "broken.conllu.gz", tmp_path / "out"
    late.write_bytes(Path(inputs[0]).read_bytes() + b"1\tx\n\n")
    broken.write_bytes(Path(inputs[-1]).read_bytes()[:-20])
    missing = tmp_path / "missing.conllu"
    arguments = [late, *inputs[:2], missing, broken, *inputs[2:], "--output", f"{out}/", "--jobs", str(jobs)]
    with pytest.raises(ClearparseError, match=r"^3 of 16 files could not be parsed; the others are in "):
        run(*arguments)
    assert contents(out) == expected
    lines = capsys.readouterr().err.splitlines()
    line = Path(inputs[0]).read_bytes().count(b"\n") + 1
    assert lines[0] == f"{late}:{line}: 2 columns, a CoNLL-U line has 10, separated by tabs"
    assert lines[1] == f"{missing}: no such file or folder"
    assert lines[2].startswith(f"{broken}: the gzip data are truncated")
    late.write_bytes(Path(inputs[0]).read_bytes())
    with pytest.raises(ClearparseError, match="^2 of 16 files"):
        run(*arguments)
    assert capsys.readouterr().out == f"1 file written to {out}/, 13 had been parsed before\n"


def test_warnings_about_the_beginning_of_a_bad_file(
    inputs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clearparse.corpus.inputs.BLOCK_BYTES", 20)  # a sentence in each chunk
    bad = tmp_path / "bad.conllu"
    bad.write_text("1\tDogs\t_\tNOUN\t_\t_\t_\t_\t_\t_\n\n" * 5 + "1\tx\n\n", encoding="utf-8")
    missing_tags = f"warning: {bad}: XPOS and FEATS not in the input"
    with pytest.raises(ClearparseError, match="^1 of 2 files could not be parsed"):
        run(bad, inputs[0], "--output", f"{tmp_path}/out/")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"{bad}:11: 2 columns")
    assert lines[1].startswith(missing_tags)
    with pytest.raises(FileError, match=r"bad\.conllu:11: 2 columns"):
        run(bad, "--output", tmp_path / "one.conllu")
    assert capsys.readouterr().err.startswith(missing_tags)


def test_a_bad_file_stops_the_others_on_request(inputs: list[str], tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.conllu", tmp_path / "out"
    bad.write_bytes(b"1\tx\n\n")
    with pytest.raises(FileError, match=r"bad\.conllu:1: 2 columns"):
        run(inputs[0], bad, inputs[1], "--output", f"{out}/", "--on-error", "stop")
    assert list(contents(out)) == ["00.conllu"]
    with pytest.raises(FileError, match=r"bad\.conllu:1: 2 columns"):
        run(bad, "--output", f"{tmp_path}/none/", "--on-error", "stop")
    assert not (tmp_path / "none").exists()


def test_wrong_inputs(inputs: list[str], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "00.conllu"
    twin.touch()
    for arguments, message in [
        ([inputs[0], twin, "--output", f"{tmp_path}/out/"], "would both be written to"),
        ([twin, "--output", twin.parent], "would be overwritten by the output"),
        (["--output", f"{tmp_path}/out/"], "^-: not a file"),
        (["Dogs bark.", "--output", f"{tmp_path}/out/"], "^Dogs bark.: not a file"),
        ([inputs[0], "--on-error", "skip", "--output", tmp_path / "file"], "--on-error needs --output FOLDER"),
        ([inputs[0], "--output", f"{twin}/"], "File exists|Not a directory"),
    ]:
        with pytest.raises(ClearparseError, match=message):
            run(*arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_extensions_of_formats(inputs: list[str], tmp_path: Path) -> None:
    text = tmp_path / "a.b.txt"
    text.write_text("Dogs bark. Cats sleep.\n", encoding="utf-8")
    compressed = tmp_path / "c.txt.gz"
    compressed.write_bytes(gzip.compress(text.read_bytes()))
    out = tmp_path / "out"
    run(text, compressed, "--text", "--output", f"{out}/")
    for form in ("tree", "svg", "html"):
        run(inputs[0], "--format", form, "--output", out)
    names = {"a.b.conllu", "c.conllu.gz", "00.txt", "00.svg", "00.html"}
    assert contents(out).keys() == names
    assert contents(out)["a.b.conllu"] == contents(out)["c.conllu.gz"]
    assert contents(out)["00.html"].endswith(b"</html>\n")


@POSIX
def test_two_commands_do_not_write_into_one_folder(inputs: list[str], tmp_path: Path) -> None:
    with Journal(str(tmp_path), {}), pytest.raises(ClearparseError, match="another command is writing"):
        run(*inputs, "--output", tmp_path)


def completes(arguments: list[str | Path], out: Path, expected: dict[str, bytes]) -> None:
    """The command succeeds, and all files are there and nothing else."""
    done = subprocess.run(command(*arguments), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert contents(out) == expected
    assert {path.name for path in out.iterdir() if path.name.startswith(".")} == {JOURNAL}


@POSIX
@pytest.mark.full
@pytest.mark.parametrize("jobs", [1, 2])
def test_resuming_after_kills_at_random_moments(jobs: int, tmp_path: Path) -> None:
    """Within the time that a complete run takes; a run that ends before its kill starts again."""
    sources = write_corpus(tmp_path / "in", files=20, times=100)
    out, rng = tmp_path / "out", random.Random(jobs)
    arguments: list[str | Path] = [*sources, "--output", f"{out}/", "--jobs", str(jobs)]
    expected, start = contents_of_all(sources, tmp_path / "alone"), time.monotonic()
    completes(arguments, out, expected)
    duration, killed, unfinished = time.monotonic() - start, 0, 0
    shutil.rmtree(out)
    for _ in range(10 * KILLS):
        with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(rng.uniform(0, duration))
            ended = process.poll() is not None
            process.kill()
        there = contents(out) if out.exists() else {}
        assert there == {name: expected[name] for name in there}  # whole files, or none
        killed += not ended
        unfinished += 0 < len(there) < len(expected)
        if ended:
            shutil.rmtree(out)
        if killed == KILLS:
            break
    assert killed == KILLS
    assert unfinished
    completes(arguments, out, expected)


def contents_of_all(sources: list[str], folder: Path) -> dict[str, bytes]:
    for each in sources:
        run(each, "--output", folder.parent / f"{folder.name}-{Path(each).name}")
    found = {Path(each).name: folder.parent / f"{folder.name}-{Path(each).name}" for each in sources}
    return {
        name: gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
        for name, path in found.items()
    }


@POSIX
def test_killed_while_a_file_is_written(inputs: list[str], expected: dict[str, bytes], tmp_path: Path) -> None:
    """Certainly inside a file: the second input is a pipe that delivers half a file."""
    out, pipe = tmp_path / "out", tmp_path / "01.conllu"
    os.mkfifo(pipe)
    with subprocess.Popen(command(inputs[0], pipe, "--output", f"{out}/")) as process, open(pipe, "wb") as stream:
        stream.write(Path(inputs[1]).read_bytes()[:500])
        stream.flush()
        while not any(path.suffix == ".tmp" for path in (out.iterdir() if out.exists() else ())):
            time.sleep(0.01)
        while not (out / "00.conllu").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert contents(out) == {"00.conllu": expected["00.conllu"]}
    arguments: list[str | Path] = [*inputs, "--output", f"{out}/"]
    completes(arguments, out, expected)


@POSIX
def test_resuming_after_a_worker_was_killed(inputs: list[str], expected: dict[str, bytes], tmp_path: Path) -> None:
    out, pipe = tmp_path / "out", tmp_path / "11.conllu"
    os.mkfifo(pipe)  # the command waits for it after it has sent all others to its processes
    sources = [*inputs[:11], str(pipe)]
    with subprocess.Popen(
        command(*sources, "--output", f"{out}/", "--jobs", "2"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        with open(pipe, "wb") as stream:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            if not children.exists():
                process.kill()
                pytest.skip("no /proc to find processes in")
            workers = [
                int(child)
                for child in children.read_text().split()
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
            ]
            assert len(workers) == 2
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            stream.write(Path(inputs[11]).read_bytes())
        _, err = process.communicate()
    assert process.returncode == 1
    assert err == b"one of the processes was killed; was there enough memory?\n"
    if out.exists():
        assert not [path for path in out.iterdir() if path.suffix == ".tmp"]
        assert contents(out) == {name: expected[name] for name in contents(out)}
    completes([*inputs, "--output", f"{out}/", "--jobs", "2"], out, expected)
