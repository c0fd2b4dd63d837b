"""Downloads end with complete, checked files or with a one-line error; the server is on this machine."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from clearparse.commands import clearparse, download, train
from clearparse.download import transfer, universal_dependencies
from clearparse.download.treebank import file_prefix
from clearparse.download.ud_languages import CODES
from clearparse.errors import ClearparseError, FileError

TRAIN = b"".join(b"# sent_id = %d\n1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n\n" % n for n in range(5_000))
FILES = {
    "en_toy-ud-train.conllu": TRAIN,
    "en_toy-ud-dev.conllu": TRAIN[:400],
    "en_toy-ud-test.conllu": TRAIN[:800],
    "LICENSE.txt": b"Attribution-ShareAlike 4.0 International\n",
    "README.md": b"# Summary\n\nA toy.\n\nLicense: CC BY-SA 4.0\nGenre: news\n",
}


class Server(http.server.ThreadingHTTPServer):
    """Serves FILES under /UD_English-Toy/r2.16/, with the faults that a test injects."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.version: str | None = '"v1"'
        self.cuts: list[int] = []  # bytes after which the next responses with the training file break off
        self.codes: list[int] = []  # HTTP status codes of the next responses, instead of a file
        self.ranges: list[tuple[str, str | None]] = []  # (file, Range header) of every request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version: ClassVar[str] = "HTTP/1.1"

    def do_GET(self) -> None:
        folder, _, name = self.path.rpartition("/")
        asked = self.headers["Range"]
        self.server.ranges.append((name, asked))
        data = self.server.files.get(name) if folder == "/UD_English-Toy/r2.16" else None
        state = self.server.codes.pop(0) if self.server.codes else 404 if data is None else 200
        if state != 200 or data is None:
            self.send_error(state)
            return
        first = 0
        if asked and self.headers["If-Range"] == self.server.version:
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            state = 206 if first < len(data) else 416
        self.send_response(state)
        self.send_header("Content-Length", str(max(0, len(data) - first)))
        self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        if self.server.version:
            self.send_header("ETag", self.server.version)
        self.end_headers()
        body = data[first:]
        if name.endswith("train.conllu") and self.server.cuts:
            body = body[: self.server.cuts.pop(0)]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(transfer, "DELAYS", (0.0, 0.0, 0.0))
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(server: Server, folder: Path, *more: str) -> None:
    download.main(["UD_English-Toy", "--url", server.url, "--output", str(folder), *more])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_treebank_is_downloaded(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(server, tmp_path / "data")
    folder = tmp_path / "data" / "UD_English-Toy"
    assert names(folder) == {*FILES, "SHA256SUMS"}
    assert all((folder / name).read_bytes() == data for name, data in FILES.items())
    out = capsys.readouterr().out
    assert "License of the treebank: CC BY-SA 4.0" in out
    assert str(folder / "LICENSE.txt") in out
    assert "scripts/train.py --train" in out


def test_checksums_have_the_format_of_sha256sum(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    title, *lines = (tmp_path / "UD_English-Toy" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert title == "# UD_English-Toy r2.16"
    assert lines == sorted(
        (f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in FILES.items()), key=lambda s: s[66:]
    )


def test_a_second_run_verifies_and_downloads_nothing(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(server, tmp_path)
    server.ranges.clear()
    fetch(server, tmp_path)
    assert server.ranges == []
    assert "already downloaded, unchanged" in capsys.readouterr().out


def test_a_second_run_downloads_deleted_files(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    (tmp_path / "UD_English-Toy" / "LICENSE.txt").unlink()
    server.ranges.clear()
    fetch(server, tmp_path)
    assert server.ranges == [("LICENSE.txt", None)]


def test_a_changed_file_is_not_overwritten(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    changed = tmp_path / "UD_English-Toy" / "en_toy-ud-dev.conllu"
    changed.write_bytes(b"mine")
    with pytest.raises(FileError, match="differs from its checksum"):
        fetch(server, tmp_path)
    assert changed.read_bytes() == b"mine"


@pytest.mark.parametrize("record", ["# UD_English-Toy r2.15\n", "", "\xff"])
def test_a_folder_of_another_release_is_not_changed(server: Server, tmp_path: Path, record: str) -> None:
    folder = tmp_path / "UD_English-Toy"
    folder.mkdir()
    (folder / "SHA256SUMS").write_bytes(record.encode("latin-1"))
    with pytest.raises(FileError, match="choose another --output"):
        fetch(server, tmp_path)
    assert names(folder) == {"SHA256SUMS"}


def test_an_interrupted_download_resumes(server: Server, tmp_path: Path) -> None:
    server.cuts = [100_000, 50_000]
    fetch(server, tmp_path)
    assert (tmp_path / "UD_English-Toy" / "en_toy-ud-train.conllu").read_bytes() == TRAIN
    assert server.ranges[:3] == [
        ("en_toy-ud-train.conllu", None),
        ("en_toy-ud-train.conllu", "bytes=100000-"),
        ("en_toy-ud-train.conllu", "bytes=150000-"),
    ]


def test_a_partial_file_is_kept_and_the_next_run_resumes(server: Server, tmp_path: Path) -> None:
    server.cuts = [10_000, 0, 0, 0]
    with pytest.raises(ClearparseError, match=r"received 10,000 of \d+,\d+ bytes"):
        fetch(server, tmp_path)
    assert names(tmp_path / "UD_English-Toy") == {f"en_toy-ud-train.conllu.part{end}" for end in ("", ".etag")}
    server.ranges.clear()
    fetch(server, tmp_path)
    assert server.ranges[0] == ("en_toy-ud-train.conllu", "bytes=10000-")
    assert names(tmp_path / "UD_English-Toy") == {*FILES, "SHA256SUMS"}
    assert (tmp_path / "UD_English-Toy" / "en_toy-ud-train.conllu").read_bytes() == TRAIN


def test_a_file_that_changed_on_the_server_is_downloaded_from_its_start(server: Server, tmp_path: Path) -> None:
    server.cuts = [10_000, 0, 0, 0]
    with pytest.raises(ClearparseError):
        fetch(server, tmp_path)
    server.version = '"v2"'
    server.files["en_toy-ud-train.conllu"] = TRAIN[::-1]
    fetch(server, tmp_path)
    assert (tmp_path / "UD_English-Toy" / "en_toy-ud-train.conllu").read_bytes() == TRAIN[::-1]


def test_without_an_etag_nothing_is_resumed(server: Server, tmp_path: Path) -> None:
    server.version = None
    server.cuts = [10_000]
    fetch(server, tmp_path)
    assert server.ranges[1] == ("en_toy-ud-train.conllu", None)
    assert (tmp_path / "UD_English-Toy" / "en_toy-ud-train.conllu").read_bytes() == TRAIN


def test_a_complete_partial_file(server: Server, tmp_path: Path) -> None:
    """As after a kill between the last byte and the renaming."""
    folder = tmp_path / "UD_English-Toy"
    folder.mkdir()
    (folder / "en_toy-ud-train.conllu.part").write_bytes(TRAIN)
    (folder / "en_toy-ud-train.conllu.part.etag").write_text('"v1"')
    fetch(server, tmp_path)
    assert (folder / "en_toy-ud-train.conllu").read_bytes() == TRAIN
    assert names(folder) == {*FILES, "SHA256SUMS"}


def test_temporary_errors_are_retried(server: Server, tmp_path: Path) -> None:
    server.codes = [503, 429]
    fetch(server, tmp_path)
    assert (tmp_path / "UD_English-Toy" / "en_toy-ud-train.conllu").read_bytes() == TRAIN


def test_a_refusal_is_a_one_line_error(server: Server, tmp_path: Path) -> None:
    server.codes = [403]
    with pytest.raises(ClearparseError, match=r"^http://\S+: the server answered 403 Forbidden$"):
        fetch(server, tmp_path)
    assert names(tmp_path) == set()


def test_a_treebank_without_training_data(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del server.files["en_toy-ud-train.conllu"], server.files["en_toy-ud-dev.conllu"]
    fetch(server, tmp_path)
    out = capsys.readouterr().out
    assert "UD_English-Toy r2.16 has no en_toy-ud-train.conllu" in out
    assert "Train on it" not in out
    assert names(tmp_path / "UD_English-Toy") == {
        "en_toy-ud-test.conllu",
        "LICENSE.txt",
        "README.md",
        "SHA256SUMS",
    }


def test_a_readme_with_another_name(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.files["README.txt"] = server.files.pop("README.md")
    fetch(server, tmp_path)
    assert "CC BY-SA 4.0" in capsys.readouterr().out


def test_training_data_in_several_files(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.files["en_toy-ud-train-a.conllu"] = server.files["en_toy-ud-train-b.conllu"] = TRAIN
    fetch(server, tmp_path, "--parts", "train-a", "train-b", "dev")
    assert {"en_toy-ud-train-a.conllu", "en_toy-ud-train-b.conllu"} <= names(tmp_path / "UD_English-Toy")
    assert "train-b.conllu --dev" in capsys.readouterr().out


SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
SMALL = ["--hidden-size", "8", "--embedding-dim", "8", "--epochs", "1"]


def test_training_on_a_treebank_by_its_name(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "download", functools.partial(universal_dependencies.download, server=server.url))
    for part in ("train", "dev"):
        server.files[f"en_toy-ud-{part}.conllu"] = (SAMPLE / f"{part}.conllu").read_bytes()
    clearparse.dispatch(["train", "--treebank", "UD_English-Toy", *SMALL])
    out = capsys.readouterr().out
    assert "License of the treebank: CC BY-SA 4.0" in out
    assert "parse     clearparse parse --model models/UD_English-Toy-fast.model FILE.conllu\n" in out
    record = json.loads(Path("models/UD_English-Toy-fast.model.json").read_text(encoding="utf-8"))
    assert record["command"] == "clearparse train --treebank UD_English-Toy " + " ".join(SMALL)
    assert record["dev"]["path"] == "data/UD_English-Toy/en_toy-ud-dev.conllu"
    requests = len(server.ranges)
    clearparse.dispatch(["train", "--reproduce", "models/UD_English-Toy-fast.model.json"])
    assert "bit-identical" in capsys.readouterr().out
    assert len(server.ranges) == requests  # what is there is not requested again


def test_treebanks_that_cannot_be_trained_on(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "download", functools.partial(universal_dependencies.download, server=server.url))
    del server.files["en_toy-ud-train.conllu"]
    for arguments, message in (
        (["--treebank", "UD_English-Toy"], "has no file data/UD_English-Toy/.*-ud-train.conllu, only dev and test"),
        (["--treebank", "UD_English-Toy", "--train", "a"], "--train: not allowed with argument --treebank"),
        (["--treebank", "../UD_English-Toy"], "is not the name of a treebank, such as UD_French-GSD"),
    ):
        with pytest.raises(ClearparseError, match=message):
            train.main(arguments)


@pytest.mark.parametrize("more", [["--release", "r9.9"], ["--code", "xx"]])
def test_a_missing_treebank_leaves_nothing_behind(server: Server, tmp_path: Path, more: list[str]) -> None:
    with pytest.raises(ClearparseError, match="check treebank and release"):
        fetch(server, tmp_path, *more)
    assert names(tmp_path) == set()


def test_an_unknown_language_needs_its_code() -> None:
    with pytest.raises(ClearparseError, match="--code"):
        download.main(["UD_Klingon-Toy"])


@pytest.mark.parametrize(
    "argv",
    [
        ["English-EWT"],
        ["UD_English-EWT/../x"],
        ["UD_English-EWT", "--release", "../r2"],
        ["UD_English-EWT", "--url", "file:///tmp"],
    ],
)
def test_wrong_usage(argv: list[str]) -> None:
    with pytest.raises(ClearparseError, match="--help"):
        download.main(argv)


def test_names_of_files() -> None:
    known = {
        "UD_English-EWT": "en_ewt",
        "UD_Ancient_Greek-PTNK": "grc_ptnk",
        "UD_Norwegian-Bokmaal": "no_bokmaal",
        "UD_Turkish_German-SAGT": "qtd_sagt",
        "UD_Western_Sierra_Puebla_Nahuatl-ITML": "nhi_itml",
    }
    assert {treebank: file_prefix(treebank, None) for treebank in known} == known


def test_language_codes_are_well_formed() -> None:
    assert all(code.isalpha() and code.islower() and len(code) in (2, 3) for code in CODES.values())
    assert list(CODES) == sorted(CODES)


def test_offline_is_a_one_line_error(tmp_path: Path) -> None:
    with socket.socket() as free:  # bound but not listening: nobody answers
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        script = Path(__file__).parent.parent / "scripts" / "download.py"
        command = [
            sys.executable,
            str(script),
            "UD_English-Toy",
            "--url",
            url,
            "--output",
            str(tmp_path / "data"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be reached" in done.stderr
    assert names(tmp_path) == set()
