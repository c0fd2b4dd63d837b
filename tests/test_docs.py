"""The documentation: its programs, commands and patches run; what it quotes and prints is compared."""

from __future__ import annotations

import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from benchmarks.make_docs import options_page
from clearparse.commands import clearparse
from clearparse.io import resources

CHECKOUT = Path(__file__).resolve().parents[1]
MAIN = "from clearparse.commands.clearparse import main; main()"
DOCS = CHECKOUT / "docs"
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Fence(NamedTuple):
    """A fenced block: its language and the rest of its opening line, its text, and the line where the text begins."""

    kind: str
    rest: str
    text: str
    line: int


def fences(name: str, folder: Path = DOCS) -> list[Fence]:
    text = (folder / name).read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+) ?(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE)
    return [Fence(each[1], each[2], each[3], text[: each.start(3)].count("\n") + 1) for each in found]


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of each command in a block."""
    for line in text.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "clearparse", line
        yield arguments


def run_examples(fence: Fence, name: str, names: dict[str, Any]) -> None:
    """Run a block: ``>>>`` examples are compared with their output, other code is executed."""
    if not fence.text.startswith(">>>"):
        exec(compile("\n" * fence.line + fence.text, name, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(fence.text, names, name, name, fence.line)
    runner, output = doctest.DocTestRunner(optionflags=LOOSE), []
    runner.run(test, out=output.append, clear_globs=False)
    names.update(test.globs)
    assert not runner.failures, "".join(output)


def test_readme(capsys: pytest.CaptureFixture[str]) -> None:
    """Its program prints what README shows, and follows the command that installs clearparse."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    program, printed = fences("README.md", CHECKOUT)
    run_examples(program, "README.md", {})
    assert capsys.readouterr().out == printed.text
    assert text.index("pip install -e .") < text.index(program.text)
    assert len(text.splitlines()) <= 130


def test_options() -> None:
    """The list of options is what the commands print."""
    page = (DOCS / "options.md").read_text(encoding="utf-8")
    assert page.split() == options_page().split(), "docs/options.md is out of date: run python scripts/make_docs.py"


def test_links_lead_to_files() -> None:
    """Relative links and pictures."""
    for page in [*DOCS.glob("*.md"), *CHECKOUT.glob("*.md")]:
        text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_gradients() -> None:
    names: dict[str, Any] = {}
    blocks = fences("gradients.md")
    quoted = [each for each in blocks if each.rest.startswith("from ")]
    with np.printoptions():  # restore the options that the page sets
        for each in blocks:
            if each not in quoted:
                run_examples(each, "gradients.md", names)
    for each in quoted:
        source = (CHECKOUT / each.rest.removeprefix("from ")).read_text(encoding="utf-8").splitlines()
        for line in each.text.splitlines():
            assert line in source, line
    assert len(quoted) >= 5
    assert len(blocks) - len(quoted) >= 20


def test_gradients_derives_everything_that_backward_computes() -> None:
    text = " ".join((DOCS / "gradients.md").read_text(encoding="utf-8").split())
    assert all(f"**({number}) " in text for number in range(1, 8))
    for result in (
        "dJ/dU = h^T delta_1",
        "dJ/db_2 = delta_1",
        "dJ/dW = x^T delta_2",
        "dJ/db_1 = delta_2",
        "dJ/dL_{w_i} = delta_2 (W_{di:d(i+1)})^T",
    ):
        assert result in text


def test_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    names: dict[str, Any] = {}
    for fence in fences("python.md"):
        run_examples(fence, "python.md", names)


def test_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    out, names = "", dict[str, Any]()
    for fence in fences("tutorial.md"):
        if fence.kind == "sh":
            for arguments in commands(fence.text):
                clearparse.dispatch(arguments)
            out = capsys.readouterr().out
        elif fence.kind == "python":
            run_examples(fence, "tutorial.md", names)
        else:
            assert doctest.OutputChecker().check_output(fence.text, out, LOOSE), (fence, out)
    made = {path.name for path in tmp_path.iterdir()}
    assert {"second.model", "second.model.json", "second.model.md", "report.html", "parsed.conllu"} <= made
    card = (tmp_path / "second.model.md").read_text(encoding="utf-8")
    assert "clearparse train --train my-treebank/train.conllu" in card
    assert re.search(r"Dev: LAS \d\d\.\d\d, UAS \d\d\.\d\d", card)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and the sample treebank, to be patched."""
    hidden = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "parser", tmp_path / "copy" / "parser", ignore=hidden)
    shutil.copytree(CHECKOUT / "data" / "sample", tmp_path / "copy" / "data" / "sample")
    return tmp_path / "copy"


def change(path: Path, text: str) -> None:
    """Apply a diff. Its old lines (- or space) must occur once and are replaced by its new lines (+ or space)."""
    lines = text.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in marks or line == "\n") for marks in ("- ", "+ "))
    source = path.read_text(encoding="utf-8")
    assert old
    assert source.count(old) == 1, f"{path}: {old}"
    path.write_text(source.replace(old, new), encoding="utf-8")


def run_in(folder: Path, package: Path, *arguments: str) -> str:
    """The output of Python with these arguments and the `clearparse` of another folder."""
    environment = {**os.environ, "PYTHONPATH": str(package)}
    command = [sys.executable, *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, f"{command}\n{run.stdout}\n{run.stderr}"
    return run.stdout


def test_extending(copy: Path, tmp_path: Path) -> None:
    done, out = dict.fromkeys(("text", "diff", "sh", "python"), 0), ""
    for fence in fences("extending.md"):
        done[fence.kind] += 1
        if fence.kind == "text":
            (tmp_path / fence.rest).write_text(fence.text, encoding="utf-8")
        elif fence.kind == "python" and fence.rest:
            (copy / fence.rest).write_text(fence.text, encoding="utf-8")
        elif fence.kind == "diff":
            change(copy / fence.rest, fence.text)
        elif fence.kind == "sh":
            for arguments in commands(fence.text):
                out = run_in(tmp_path, copy / "parser", "-c", MAIN, *arguments)
        else:
            page = tmp_path / "examples.txt"
            page.write_text(fence.text, encoding="utf-8")
            run_in(tmp_path, copy / "parser", "-m", "doctest", str(page))
    assert min(done.values()) >= 1
    assert "optimizer=rmsprop" in out
    assert {"small.model", "initial.model", "eager.model", "rmsprop.model"} <= {
        path.name for path in tmp_path.iterdir()
    }


def figures(text: str) -> Iterator[str]:
    """The measured figures of a page: numbers with a decimal point or a thousands separator."""
    text = re.sub(r"\]\([^)]*\)", "", text)
    yield from re.findall(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?!\w)|(?<![\w.,])\d+\.\d+(?![\w.])", text)


def test_comparison_quotes_only_measured_figures() -> None:
    """Each figure of docs/comparison.md is in docs/speed.md."""
    measured = set(figures((DOCS / "speed.md").read_text(encoding="utf-8")))
    [section] = re.findall(r"(?s)## What we measured\n(.*?)\n## ", (DOCS / "comparison.md").read_text(encoding="utf-8"))
    quoted = set(figures(section))
    assert len(quoted) > 10
    assert quoted <= measured, quoted - measured


def test_documented_commands_exist() -> None:
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"\bclearparse ([a-z]+(?:-[a-z]+)?) (?:--|UD_|my-)", text):
            assert name in clearparse.COMMANDS, f"{page.name}: {name}"


def test_documented_files_exist() -> None:
    """Source files that a page names by their path."""
    for page in {*DOCS.glob("*.md"), *CHECKOUT.glob("*.md")} - {DOCS / "extending.md"}:  # which adds files
        for path in re.findall(r"\b(?:parser|scripts|tests)/[\w/]+\.py\b", page.read_text(encoding="utf-8")):
            assert (CHECKOUT / path).is_file(), f"{page.name}: {path}"


def test_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    """Each block of commands, and the output of the last one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (tmp_path / "birds.txt").write_text("Birds eat worms.\n", encoding="utf-8")
    (tmp_path / "words.txt").write_text("Birds eat worms .\n", encoding="utf-8")
    shutil.copy(resources.english(), tmp_path / "my.model")
    out = ""
    for fence in fences("cli.md"):
        if fence.kind == "sh":
            for arguments in commands(fence.text):
                capfdbinary.readouterr()
                clearparse.dispatch(arguments)
            sys.stdout.flush()
            out = capfdbinary.readouterr().out.decode()
        else:
            assert doctest.OutputChecker().check_output(fence.text, out, LOOSE), (fence, out)
    made = {"both.conllu", "birds.svg", "birds.html", "parsed"}
    assert made <= {path.name for path in tmp_path.iterdir()}
