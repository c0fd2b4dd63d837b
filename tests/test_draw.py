"""`clearparse draw`: the trees of annotated files as text and pictures."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from clearparse.commands import draw
from clearparse.commands.command_line import UsageError
from clearparse.drawing.text import draw_sentence
from clearparse.errors import ClearparseError, FileError
from clearparse.treebank.conllu import read_conllu

DEV = Path(__file__).resolve().parents[1] / "data" / "sample" / "dev.conllu"


def drawn(*arguments: str | Path, folder: Path, name: str = "out") -> str:
    draw.main([*map(str, arguments), "-o", str(folder / name)])
    return (folder / name).read_text(encoding="utf-8")


def test_trees_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    expected = [draw_sentence(sentence, ascii_only=True) for sentence in read_conllu(DEV)]
    assert drawn(DEV, folder=tmp_path) == "".join(f"{each}\n\n" for each in expected)


def test_pictures(tmp_path: Path) -> None:
    svg = drawn(DEV, DEV, folder=tmp_path, name="trees.svg")
    n = sum(1 for _ in read_conllu(DEV))
    assert len(ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}svg")) == 2 * n
    html = drawn(DEV, folder=tmp_path, name="trees.html")
    assert html.count("<figure>") == n
    assert html == drawn(DEV, "--format", "html", folder=tmp_path)


@pytest.mark.parametrize("name", ["trees.json", "trees.conllu", "trees.pdf", "trees.png.gz"])
def test_an_extension_of_no_format_is_a_usage_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r": no output format has this extension \(known: \.txt, \.svg, \.html\); rename it"
    ):
        drawn(DEV, folder=tmp_path, name=name)
    assert not (tmp_path / name).exists()


def test_some_sentences(tmp_path: Path) -> None:
    first, second, *_ = read_conllu(DEV)
    out = drawn(DEV, "--format", "html", "--sent-id", str(second.sent_id), str(first.sent_id), folder=tmp_path)
    assert out.count("<figure>") == 2
    with pytest.raises(ClearparseError, match="^no sentence has the sent_id nowhere$"):
        drawn(DEV, "--sent-id", str(first.sent_id), "nowhere", folder=tmp_path, name="none")
    assert not (tmp_path / "none").exists()


def test_a_file_without_trees_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "bare.conllu"
    bare.write_text("1\tDogs" + "\t_" * 8 + "\n\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"bare\.conllu:1: word 1 has no HEAD"):
        drawn(bare, folder=tmp_path, name="none")
