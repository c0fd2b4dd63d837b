"""Limits of the system: a full disk, folders that cannot be written, no memory, no reader, no network."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from clearparse.commands import evaluate, parse, train
from clearparse.errors import ClearparseError

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
MODEL = CHECKOUT / "tests" / "data" / "format-1.model"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits of POSIX systems")

LIMITED = """
import os, resource, sys
limit, most, *command = sys.argv[1:]
resource.setrlimit(getattr(resource, limit), (int(most), int(most)))
os.execv(sys.executable, [sys.executable, *command])
"""
AS_NOBODY = """
import locale, os, sys  # and all that is imported later: the folder of Python may be out of reach then
from clearparse.commands import command_line, parse
from clearparse.io import parallel, progress
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
command_line.run(parse.main)
"""


def limited(*arguments: str | Path, limit: str, most: int) -> tuple[int, str]:
    """Exit status and stderr of parse.py under a resource limit."""
    script = [str(CHECKOUT / "scripts" / "parse.py"), "--model", str(MODEL), *map(str, arguments)]
    return ended([sys.executable, "-c", LIMITED, limit, str(most), *script])


def ended(command: list[str]) -> tuple[int, str]:
    """Exit status and stderr of a command that writes nothing to stdout."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(CHECKOUT / "parser")}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert done.stdout == b""
    return done.returncode, done.stderr.decode()


def one_line(outcome: tuple[int, str], *parts: str) -> None:
    status, said = outcome
    assert status == 1
    assert said.count("\n") == 1, said
    assert "Traceback" not in said
    for part in parts:
        assert part in said


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        ("o.conllu", 1),
        ("o.conllu.gz", 1),
        ("folder/", 2),
        *(
            pytest.param(*case, marks=pytest.mark.full)
            for case in (("o.conllu", 2), ("o.conllu.gz", 2), ("folder/", 1))
        ),
    ],
)
def test_a_disk_that_is_full(name: str, jobs: int, tmp_path: Path) -> None:
    """A limit on the size of files fails in the same places as a full disk."""
    arguments = [SAMPLE / "train.conllu", "--output", f"{tmp_path}/{name}", "--jobs", str(jobs)]
    one_line(limited(*arguments, limit="RLIMIT_FSIZE", most=5000), "File too large")
    assert list(tmp_path.iterdir()) == []


def test_stdout_to_a_full_device() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs the device that is always full")
    script = str(CHECKOUT / "scripts" / "parse.py")
    command = [sys.executable, script, "--model", str(MODEL), str(SAMPLE / "dev.conllu")]
    one_line(ended([*command, "--output", "/dev/full"]), "/dev/full: No space left on device")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    one_line((done.returncode, done.stderr.decode()), "No space left on device")


@pytest.mark.parametrize("output", ["none/o.conllu", "file/o.conllu", "file/"])
def test_folders_that_do_not_exist(output: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClearparseError, match=re.escape(f"{tmp_path}/{output}")):
        parse.main(["--model", str(MODEL), str(SAMPLE / "dev.conllu"), "--output", f"{tmp_path}/{output}"])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("output", ["o.conllu", *(pytest.param(each, marks=pytest.mark.full) for each in ("sub/", ""))])
def test_a_folder_that_may_not_be_written(output: str) -> None:
    """As a user who owns nothing, in a folder outside of pytest's, which only its owner may enter."""
    if os.geteuid() != 0:
        pytest.skip("only the superuser can be someone else")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(MODEL, folder)
        source = f"{folder}/in/a.conllu"
        os.mkdir(os.path.dirname(source))
        shutil.copy(SAMPLE / "dev.conllu", source)
        arguments = ["--model", f"{folder}/{MODEL.name}", source, "--output", f"{folder}/{output}"]
        one_line(ended([sys.executable, "-c", AS_NOBODY, *arguments]), f"{folder}/{output}", "Permission denied")
        assert {path.name for path in Path(folder).iterdir()} == {"in", MODEL.name}


def test_a_reader_that_closes_the_pipe(tmp_path: Path) -> None:
    """As in `parse.py ... | head -1`."""
    large = tmp_path / "large.conllu"
    large.write_bytes((SAMPLE / "dev.conllu").read_bytes() * 20)
    command = [sys.executable, str(CHECKOUT / "scripts" / "parse.py"), "--model", str(MODEL), str(large)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.full)])
def test_too_little_memory(jobs: int, tmp_path: Path) -> None:
    """Enough to start, but not for a sentence of a hundred megabytes."""
    if sys.platform != "linux":
        pytest.skip("other systems do not limit memory so")
    large = tmp_path / "large.conllu"
    row = "\tword\t_\tNOUN\tNN\t_\t_\t_\t_\t_\n"
    large.write_text("".join(f"{i}{row}" for i in range(1, 1_500_001)) + "\n", encoding="ascii")
    arguments = [large, "--output", tmp_path / "o.conllu", "--jobs", str(jobs)]
    one_line(limited(*arguments, limit="RLIMIT_AS", most=600 << 20), "memory")
    assert [path.name for path in tmp_path.iterdir()] == ["large.conllu"]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> None:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.usefixtures("no_network")
def test_parsing_opens_no_socket(tmp_path: Path) -> None:
    parse.main(["--model", str(MODEL), "Dogs bark.", "--output", str(tmp_path / "o")])
    parse.main(["--model", str(MODEL), str(SAMPLE / "dev.conllu"), "--output", f"{tmp_path}/out/"])
    with pytest.raises(ClearparseError):
        parse.main(["--model", "https://example.org/m", "Dogs bark."])


@pytest.mark.usefixtures("no_network")
def test_training_opens_no_socket(tmp_path: Path) -> None:
    small = ["--hidden-size", "8", "--embedding-dim", "4", "--epochs", "1"]
    train.main(["--train", str(SAMPLE / "dev.conllu"), "--output", str(tmp_path / "m"), *small])
    evaluate.main(["--model", str(tmp_path / "m"), "--gold", str(SAMPLE / "dev.conllu")])


def test_imports_of_network_modules() -> None:
    """Only downloads, the server and Dask, which the user asks for, import what could open a connection."""
    import ast

    network = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "asyncio", "requests", "xmlrpc"}
    for path in (CHECKOUT / "parser").rglob("*.py"):
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module).split(".")[0])
        asked_for = path.name in ("download.py", "transfer.py", "dask.py") or path.parent.name == "web"
        assert not names & network or asked_for, path
