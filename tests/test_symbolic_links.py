"""Files whose names the user did not give are never written through symbolic links: decoys lie in their places."""

from __future__ import annotations

import email.message
import importlib.util
import io
import os
import urllib.response
from pathlib import Path

import pytest

from clearparse.commands import parse, train
from clearparse.corpus.journal import JOURNAL
from clearparse.download import transfer
from clearparse.errors import FileError
from clearparse.io.files import atomic_output, open_no_link, remove_unfinished

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
MODEL = CHECKOUT / "tests" / "data" / "format-1.model"
SMALL = ["--H", "8", "--d", "4", "--epochs", "1"]
SECRET = b"not to be overwritten"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="creating symbolic links needs a privilege on Windows")


@pytest.fixture
def decoy(tmp_path: Path) -> Path:
    """A file outside of the folder that is written to."""
    path = tmp_path / "elsewhere" / "decoy"
    path.parent.mkdir()
    path.write_bytes(SECRET)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_is_replaced(decoy: Path, folder: Path, dangling: bool) -> None:
    if dangling:
        decoy.unlink()
    (folder / "out").symlink_to(decoy)
    with atomic_output(folder / "out", follow_links=False) as stream:
        stream.write(b"new")
    assert not (folder / "out").is_symlink()
    assert (folder / "out").read_bytes() == b"new"
    assert not decoy.exists() if dangling else decoy.read_bytes() == SECRET


@pytest.mark.parametrize("target", [os.devnull, "elsewhere"])
def test_a_link_to_a_device_or_a_folder_is_replaced(decoy: Path, folder: Path, target: str) -> None:
    (folder / "out").symlink_to(decoy.parent.parent / target)
    with atomic_output(folder / "out", follow_links=False) as stream:
        stream.write(b"new")
    assert not (folder / "out").is_symlink()
    assert (folder / "out").read_bytes() == b"new"


@pytest.mark.parametrize("mode", ["a+b", "wb", "ab"])
def test_a_link_is_not_opened(decoy: Path, folder: Path, mode: str) -> None:
    (folder / "out").symlink_to(decoy)
    with pytest.raises(FileError, match=r"out: this is a symbolic link"):
        open_no_link(folder / "out", mode)
    assert decoy.read_bytes() == SECRET


def test_unfinished_copies_of_a_link_are_removed(decoy: Path, folder: Path) -> None:
    (folder / "out").symlink_to(decoy)
    outputs = [atomic_output(folder / "out"), atomic_output(folder / "out", follow_links=False)]
    for output in outputs:
        output.__enter__()  # and killed before its end
    assert len(list(folder.iterdir())) == len(list(decoy.parent.iterdir())) == 2
    remove_unfinished(folder / "out")
    assert (list(folder.iterdir()), list(decoy.parent.iterdir())) == ([folder / "out"], [decoy])
    for output in outputs:
        with pytest.raises(FileError):
            output.__exit__(None, None, None)


def test_training(decoy: Path, folder: Path) -> None:
    plot = ["--plot"] if importlib.util.find_spec("matplotlib") else []
    names = ["m.checkpoint", "m.json", *["m.png"] * len(plot)]
    for name in names:
        (folder / name).symlink_to(decoy)
    train.main(["--train", str(SAMPLE / "dev.conllu"), "--output", str(folder / "m"), *SMALL, *plot])
    assert decoy.read_bytes() == SECRET
    assert {path.name for path in folder.iterdir()} == {"m", *names} - {"m.checkpoint"}
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_training_to_a_name_that_was_not_given(decoy: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "models").mkdir()
    (folder / "models" / "sample-fast.model").symlink_to(decoy)
    with pytest.raises(FileError, match=r"sample-fast\.model: this is a symbolic link"):
        train.main(["--train", str(SAMPLE / "dev.conllu"), *SMALL])
    assert decoy.read_bytes() == SECRET


def test_a_corpus(decoy: Path, folder: Path) -> None:
    source = str(SAMPLE / "dev.conllu")
    (folder / "dev.conllu").symlink_to(decoy)
    parse.main(["--model", str(MODEL), source, "--output", f"{folder}/"])
    assert not (folder / "dev.conllu").is_symlink()
    assert (folder / "dev.conllu").stat().st_size > len(SECRET)
    (folder / JOURNAL).unlink()
    (folder / JOURNAL).symlink_to(decoy)
    with pytest.raises(FileError, match=f"{JOURNAL}: this is a symbolic link"):
        parse.main(["--model", str(MODEL), source, "--output", f"{folder}/"])
    assert decoy.read_bytes() == SECRET


@pytest.mark.parametrize("name", ["f", "f.part", "f.part.etag"])
def test_a_download(decoy: Path, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / name).symlink_to(decoy)
    response = urllib.response.addinfourl(io.BytesIO(b"new"), email.message.Message(), "http://example.org/f", 200)
    monkeypatch.setattr(transfer, "_open", lambda *_: response)
    if name == "f":
        assert transfer.fetch("http://example.org/f", folder / "f")
        assert not (folder / "f").is_symlink()
        assert (folder / "f").read_bytes() == b"new"
    else:
        with pytest.raises(FileError, match=r"this is a symbolic link"):
            transfer.fetch("http://example.org/f", folder / "f")
    assert decoy.read_bytes() == SECRET
