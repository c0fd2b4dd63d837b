"""What is released: the console command, what comes bundled, licenses; and, marked full, a wheel tried on its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import clearparse
from clearparse.commands.clearparse import COMMANDS, dispatch
from clearparse.commands.command_line import UsageError
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.treebank.conllu import parse_block

CHECKOUT = Path(__file__).resolve().parents[1]
ENGLISH = CHECKOUT / "models" / "english.model"
SMALL = ["--hidden-size", "16", "--embedding-dim", "8", "--epochs", "1", "--batch-size", "64"]


def test_every_script_is_a_console_command() -> None:
    scripts = (CHECKOUT / "scripts").glob("*.py")
    own = [path for path in scripts if f'run_module("clearparse.commands.{path.stem}")' in path.read_text()]
    assert set(COMMANDS) == {path.stem.replace("_", "-") for path in own}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_fits_a_screen(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        dispatch([name, "--help"])
    assert stop.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"usage: clearparse {name} ")
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_all(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for flag in ("--help", "--help-all"):
        with pytest.raises(SystemExit) as stop:
            dispatch([name, flag])
        assert stop.value.code == 0
        shown.append(capsys.readouterr().out)
    usual, everything = shown
    assert everything.startswith(f"usage: clearparse {name} ")
    assert ("--help-all" in usual) is (usual != everything)


@pytest.mark.parametrize("argv", [[], ["--help"], ["--help-all"]])
def test_help_lists_the_commands(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        dispatch(argv)
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("argv", [["pars"], ["train", "--lerning-rate", "1"]])
def test_a_usage_error_names_the_help_of_the_command(argv: list[str]) -> None:
    command = "clearparse train" if argv[0] == "train" else "clearparse"
    with pytest.raises(UsageError, match=rf"\(see {command} --help\)$"):
        dispatch(argv)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        dispatch(["--version"])
    assert capsys.readouterr().out == f"clearparse {clearparse.__version__}\n"


@pytest.mark.parametrize("argv", [["nonsense"], *([name, "--nonsense"] for name in COMMANDS), ["download"]])
def test_wrong_usage_is_one_line(argv: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        dispatch(argv)
    assert "\n" not in str(error.value)
    assert "clearparse" in str(error.value)


def test_the_recorded_command_can_be_repeated(tmp_path: Path) -> None:
    dispatch(["train", *SMALL, "--output", str(tmp_path / "m")])
    record = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("clearparse train --hidden-size 16")
    assert [Path(each["path"]) for each in record["train"]] == [CHECKOUT / "data" / "sample" / "train.conllu"]


def test_bundled_files_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "BUNDLED", tmp_path / "inside")
    monkeypatch.setattr(resources, "CHECKOUT", tmp_path / "checkout")
    with pytest.raises(ClearparseError, match=r"name a model; none is bundled here: there is no .*english\.model"):
        clearparse.load()
    for place in ("checkout", "inside"):
        model = tmp_path / place / "models" / "english.model"
        model.parent.mkdir(parents=True)
        model.write_bytes(b"")
        assert resources.english() == model


def test_the_english_model_is_the_default() -> None:
    if not ENGLISH.is_file():
        pytest.skip(f"there is no {ENGLISH}")
    [sentence] = clearparse.load()("She sees the stars.")
    assert sentence.heads.tolist() == [2, 0, 4, 2, 2]


def test_versions_and_licenses_agree() -> None:
    citation = (CHECKOUT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {clearparse.__version__}\n" in citation
    assert f"\n## {clearparse.__version__}\n" in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    names = re.search(r'^license = "(.*)"$', project, re.MULTILINE)[1].split(" AND ")  # type: ignore[index]
    files = json.loads(re.search(r"^license-files = (.*)$", project, re.MULTILINE)[1])  # type: ignore[index]
    assert len(names) == len(files)
    for name, file in zip(names, files, strict=True):
        text = (CHECKOUT / file).read_text(encoding="utf-8")
        assert name in text or name.replace("CC-", "CC ").replace("-4.0", " 4.0") in text, file


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout without what work left in it, so that building leaves nothing there."""
    if not ENGLISH.is_file():
        pytest.skip(f"there is no {ENGLISH}")
    copy = tmp_path_factory.mktemp("sources") / "clearparse"
    left = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info", "UD_*", "*venv*", "benchmark.*")
    for folder in ("parser", "data", "scripts", "tests", "docs"):
        shutil.copytree(CHECKOUT / folder, copy / folder, ignore=left)
    (copy / "models").mkdir()
    for path in (*CHECKOUT.glob("*.*"), CHECKOUT / "LICENSE", *ENGLISH.parent.glob("*.[mt][dx]*"), ENGLISH):
        if path.is_file():
            shutil.copy(path, copy / path.relative_to(CHECKOUT))
    return copy


def build(sources: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "build", "--no-isolation", *options, str(sources)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.full
def test_a_wheel_without_the_model_is_not_built(sources: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sources, copy, ignore=shutil.ignore_patterns("english.model"))
    run = build(copy, "--wheel")
    assert run.returncode
    assert "models/english.model belongs in the wheel, and is missing" in run.stdout + run.stderr


def installed(wheel: Path, tmp_path: Path) -> tuple[Callable[..., str], Path, Path]:
    """The console command of a fresh environment with this wheel, where that has its packages, and where it runs."""
    environment = venv.EnvBuilder(with_pip=False)
    environment.create(tmp_path / "environment")
    context = environment.ensure_directories(tmp_path / "environment")
    python, scripts = context.env_exe, Path(context.bin_path)
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    # NumPy and the others come from the environment of the tests: no network is needed.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def clearparse(*arguments: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [str(scripts / "clearparse"), *arguments]
        run = subprocess.run(command, cwd=elsewhere, env=clean, capture_output=True, encoding="utf-8", check=False)
        assert run.returncode == 0, run.stderr
        return run.stdout

    return clearparse, site, elsewhere


@pytest.mark.full
def test_the_wheel_alone(sources: Path, tmp_path: Path) -> None:
    """An archive of the sources, a wheel from it, in a fresh environment: from elsewhere it parses, trains, reports."""
    made = tmp_path / "dist"
    run = build(sources, "--outdir", str(made))
    assert run.returncode == 0, run.stdout + run.stderr
    [wheel], [_] = made.glob("*.whl"), made.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    assert sum("/licenses/" in name for name in names) == 3
    assert {name.split("/")[0] for name in names} == {"clearparse", f"clearparse-{clearparse.__version__}.dist-info"}

    command, site, elsewhere = installed(wheel, tmp_path)
    assert command("--version") == f"clearparse {clearparse.__version__}\n"
    block = parse_block(command("parse", "She sees the stars.").encode(), trees=True)
    assert block.heads().tolist() == [2, 0, 4, 2, 2]
    assert "dev UAS" in command("train", *SMALL, "--output", "own.model")
    record = json.loads((elsewhere / "own.model.json").read_text(encoding="utf-8"))
    assert Path(record["train"][0]["path"]).is_relative_to(site)
    command("evaluate", "--model", "own.model", "--gold", record["dev"]["path"], "--report", "report.html")
    assert (elsewhere / "report.html").stat().st_size > 10_000
