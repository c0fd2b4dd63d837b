"""Files: reading errors are one line, and output appears whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from clearparse.commands import draw, evaluate, parse
from clearparse.corpus.tasks import plan_tasks
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output, open_input, remove_unfinished
from clearparse.io.overwriting import refuse_overwriting

POSIX = pytest.mark.skipif(os.name == "nt", reason="permissions and devices of POSIX systems")
TEXT = b"one\ntwo\n" * 1000
TESTS = Path(__file__).resolve().parent
MODEL, DEV = TESTS / "data" / "format-1.model", TESTS.parent / "data" / "sample" / "dev.conllu"


def read(path: Path | str) -> bytes:
    with open_input(path) as stream:
        return stream.read()


def write(path: Path | str, content: bytes) -> None:
    with atomic_output(path) as stream:
        stream.write(content)


def fail_to_write(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_output(path) as stream:
        stream.write(TEXT)
        raise ZeroDivisionError


def message(path: Path | str) -> str:
    with pytest.raises(FileError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value.message


def test_an_error_names_file_and_line() -> None:
    assert str(FileError("a.conllu", "is bad")) == "a.conllu: is bad"
    assert str(FileError(Path("a.conllu"), "is bad", 7)) == "a.conllu:7: is bad"
    assert issubclass(FileError, ClearparseError)


def test_errors_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(FileError("a.conllu", "is bad", 7)))
    assert (str(error), error.line) == ("a.conllu:7: is bad", 7)


@pytest.mark.parametrize("name", ["plain.txt", "a.txt.gz", "a.txt.bz2", "a.txt.xz", "dots.and ünïcode.txt"])
def test_round_trip(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, TEXT)
    assert read(tmp_path / name) == TEXT
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_gzip_output_is_deterministic(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write(tmp_path / name, TEXT)
    compressed = (tmp_path / "a.gz").read_bytes()
    assert gzip.decompress(compressed) == TEXT
    assert compressed == (tmp_path / "b.gz").read_bytes()


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert message(tmp_path / "none") == "no such file or folder"
    assert message(tmp_path) == "this is a folder, not a file"
    assert message("nul\0inside")


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0)
    assert message(path) == "Permission denied"


COMPRESSED = gzip.compress(bytes(range(256)) * 40, mtime=0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (COMPRESSED[:-20], "the gzip data are truncated"),
        (COMPRESSED[:5], "the gzip data are truncated"),
        (COMPRESSED[:40] + bytes(8) + COMPRESSED[48:], "damaged gzip data"),
        (COMPRESSED[:-6] + b"\0\0" + COMPRESSED[-4:], "damaged gzip data"),
        (TEXT, "damaged gzip data"),
        (b"", "this file is empty, though its name ends in .gz"),
    ],
)
def test_broken_gzip(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "broken.gz"
    path.write_bytes(content)
    assert message(path).startswith(expected)


def test_standard_input_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(TEXT))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert read("-") == TEXT
    assert not stdin.buffer.closed


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(FileError, match="^<stdin>: standard input is closed$"):
        open_input("-")


@pytest.mark.parametrize(
    ("extension", "kind", "compress"), [("bz2", "bzip2", bz2.compress), ("xz", "xz", lzma.compress)]
)
def test_broken_bzip2_and_xz(tmp_path: Path, extension: str, kind: str, compress: Callable[[bytes], bytes]) -> None:
    path, whole = tmp_path / f"broken.{extension}", compress(bytes(range(256)) * 40)
    for content, expected in (
        (whole[:-20], f"the {kind} data are truncated"),
        (whole[:40] + bytes(8) + whole[48:], f"damaged {kind} data ("),
        (TEXT, f"damaged {kind} data ("),
        (b"", f"this file is empty, though its name ends in .{extension}"),
    ):
        path.write_bytes(content)
        assert message(path).startswith(expected)


@pytest.mark.parametrize("name", ["new", "new.gz", "new.xz", "new.bz2"])
def test_a_failure_leaves_nothing(tmp_path: Path, name: str) -> None:
    fail_to_write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"old")
    fail_to_write(path)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert path.read_bytes() == b"old"


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with atomic_output(path) as stream:
        stream.write(TEXT)
        assert not path.exists()
    assert path.read_bytes() == TEXT


def test_outputs_that_cannot_be_written(tmp_path: Path) -> None:
    for path, expected in [(tmp_path, "this is a folder"), (tmp_path / "none" / "new", "cannot be written")]:
        with pytest.raises(FileError) as caught:
            write(path, TEXT)
        assert caught.value.message.startswith(expected)
    assert list(tmp_path.iterdir()) == []


@POSIX
def test_permissions_are_kept(tmp_path: Path) -> None:
    old, new, usual = tmp_path / "old", tmp_path / "new", tmp_path / "usual"
    old.touch()
    old.chmod(0o604)
    usual.touch()
    write(old, TEXT)
    write(new, TEXT)
    assert stat.S_IMODE(old.stat().st_mode) == 0o604
    assert new.stat().st_mode == usual.stat().st_mode


@POSIX
def test_a_link_that_the_user_named_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    write(link, TEXT)
    assert link.is_symlink()
    assert target.read_bytes() == TEXT


@POSIX
def test_a_device_is_not_replaced() -> None:
    write(os.devnull, TEXT)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs the device that is always full")
def test_a_full_disk() -> None:
    with pytest.raises(FileError, match=r"^/dev/full: No space left on device$"):
        write("/dev/full", TEXT)


@POSIX
def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))
    try:
        for name in ("new", "new.gz"):
            with pytest.raises(FileError, match="new.*: File too large"):
                write(tmp_path / name, os.urandom(1 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(tmp_path.iterdir()) == []


def test_unfinished_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    streams = [atomic_output(tmp_path / name) for name in ("mine", "other")]
    for stream in streams:
        stream.__enter__()
    assert len(list(tmp_path.iterdir())) == 2
    remove_unfinished(tmp_path / "mine")
    assert len(list(tmp_path.iterdir())) == 1
    streams[1].__exit__(None, None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    with pytest.raises(FileError, match="mine: no such file"):
        streams[0].__exit__(None, None, None)


def test_standard_output_gets_all_or_nothing(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(ZeroDivisionError), atomic_output("-") as stream:
        stream.write(TEXT)
        raise ZeroDivisionError
    assert capfdbinary.readouterr().out == b""
    write("-", TEXT)
    assert capfdbinary.readouterr().out == TEXT


def test_the_ending_of_compressed_files_stays(tmp_path: Path) -> None:
    names = ["a.conllu", "b.conllu.gz", "c.conllu.bz2", "d.conllu.xz"]
    tasks = plan_tasks(names, str(tmp_path), lambda name: ".svg")
    assert [Path(task.target).name for task in tasks] == ["a.svg", "b.svg.gz", "c.svg.bz2", "d.svg.xz"]


@POSIX
@pytest.mark.parametrize("same", ["name", "symbolic link", "hard link"])
@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (parse, ["--model", str(MODEL), "{input}", "-o", "{output}"]),
        (parse, ["--model", "{input}", "Dogs bark.", "-o", "{output}"]),
        (draw, ["{input}", "-o", "{output}"]),
        (evaluate, ["--system", str(DEV), "--gold", "{input}", "--json", "{output}"]),
        (evaluate, ["--system", "{input}", "--gold", str(DEV), "--report", "{output}"]),
    ],
)
def test_an_input_is_not_overwritten(command: ModuleType, arguments: list[str], same: str, tmp_path: Path) -> None:
    content = (MODEL if arguments[1] == "{input}" and command is parse else DEV).read_bytes()
    source, target = tmp_path / "input", tmp_path / ("input" if same == "name" else "output")
    source.write_bytes(content)
    if same == "symbolic link":
        target.symlink_to(source)
    elif same == "hard link":
        target.hardlink_to(source)
    with pytest.raises(FileError, match=f"input: would be overwritten by the output .*{target.name}; choose another"):
        command.main([each.format(input=source, output=target) for each in arguments])
    assert source.read_bytes() == content


def test_two_outputs_of_one_name_are_refused(tmp_path: Path) -> None:
    one, link = tmp_path / "one", tmp_path / "link"
    link.symlink_to(one)
    for second in (one, link):
        with pytest.raises(FileError, match="two outputs would be written to this file"):
            refuse_overwriting([one, second], [])
    refuse_overwriting([os.devnull, os.devnull], [])
