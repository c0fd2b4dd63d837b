"""Unusual input: closed streams, terminal escapes, unusual names."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import download, evaluate, serve
from clearparse.commands.command_line import UsageError
from clearparse.corpus.journal import JOURNAL, Journal
from clearparse.download.treebank import TreebankFolder
from clearparse.drawing.svg import svg
from clearparse.drawing.text import draw_sentence
from clearparse.errors import FileError
from clearparse.estimator import DependencyParser
from clearparse.model.model import Model, load
from clearparse.stages.multiword import MAX_WORDS, _check_class
from clearparse.stages.validation import MAX_VALUE_LENGTH, check_column
from clearparse.training.parser_batches import template_text
from clearparse.transition.arc_standard_swap import MAX_SWAPS_PER_WORD, MIN_SWAP_LIMIT, SWAP, ArcStandardSwap
from clearparse.transition.layout import Layout
from clearparse.transition.system import SHIFT
from clearparse.treebank.conllu import parse_block

MODEL = Path(__file__).parent / "data" / "format-1.model"
ESCAPE = "\x1b]0;title\x07\x1b[2J"
SENTENCE = f"# text = Go{ESCAPE}\n1\tGo{ESCAPE}\tgo\tVERB{ESCAPE}\t_\t_\t0\troot\t_\t_\n\n".encode()


def test_a_drawing_has_no_control_characters() -> None:
    (sentence,) = parse_block(SENTENCE)
    drawn = draw_sentence(sentence) + svg(sentence.forms, sentence.heads, ["ro\x1bot"], sentence.upos)
    assert not {character for character in drawn if ord(character) < 32} - {"\n"}


def test_the_description_of_a_model_has_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = load(MODEL)
    record = {**model.record, "preset": ESCAPE}
    path = tmp_path / "odd.model"
    Model(model.stages, record).save(path)
    evaluate.main(["--model", str(path), "--info"])
    assert "\x1b" not in capsys.readouterr().out


def test_an_iterator_is_read_like_a_list() -> None:
    estimator = DependencyParser.load(MODEL)
    sentences = list(parse_block(b"1\tGo\tgo\tVERB\tVB\tMood=Imp\t0\troot\t_\t_\n\n"))
    assert estimator.predict(iter(sentences)) == estimator.predict(sentences)
    assert len(estimator.predict(iter(sentences))) == len(estimator.predict_proba(iter(sentences))) == 1


def test_a_journal_with_a_deeply_nested_line_is_read(tmp_path: Path) -> None:
    lines = ["[" * 100_000, json.dumps({"target": []}), '{"target": ' + "[" * 100_000, json.dumps({"target": "a"})]
    (tmp_path / JOURNAL).write_text("\n".join(lines))
    with Journal(str(tmp_path), {}) as journal:
        assert list(journal._entries) == ["a"]


def test_a_web_page_is_not_a_treebank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(url: str, path: Path, *, quiet: bool) -> bool:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\n<!DOCTYPE html><title>Log in</title>")
        return True

    monkeypatch.setattr("clearparse.download.treebank.fetch", fetch)
    folder = TreebankFolder(tmp_path / "UD_English-Toy", "http://server", "r2.16")
    with pytest.raises(FileError, match="the server sent a web page"):
        folder.obtain("en_toy-ud-train.conllu")
    assert not list((tmp_path / "UD_English-Toy").iterdir())


def test_a_language_code_is_not_a_path() -> None:
    with pytest.raises(UsageError, match="is not a language code"):
        download.main(["UD_English-EWT", "--code", "../../x"])


def test_rules_and_labels_of_a_model_have_a_maximum_length() -> None:
    check_column("x" * MAX_VALUE_LENGTH)
    with pytest.raises(ValueError, match="too many for a column"):
        check_column("x" * (MAX_VALUE_LENGTH + 1))
    _check_class(json.dumps([0, *["a"] * MAX_WORDS]))
    with pytest.raises(ValueError, match="not a rule for multiword tokens"):
        _check_class(json.dumps([0, *["a"] * (MAX_WORDS + 1)]))


@pytest.mark.parametrize("words", [10, 45, 400])
def test_swaps_of_a_sentence_are_limited(words: int) -> None:
    """A model that always swaps: every pair of words of a short sentence, a number linear in a long one."""
    system, active = ArcStandardSwap(Layout(np.array([0, words]))), np.array([0])
    swaps, none = 0, np.zeros(1, np.intp)
    while True:
        legal = system.legal(active)[0]
        move = SWAP if legal[SWAP] else SHIFT
        if not legal[move]:
            break
        swaps += move == SWAP
        system.apply(active, np.array([move]), none)
    assert swaps == min(words * (words - 1) // 2, max(MAX_SWAPS_PER_WORD * words, MIN_SWAP_LIMIT))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such shell")
@pytest.mark.parametrize("closed", ["1", "2"])
def test_closed_streams(closed: str, tmp_path: Path) -> None:
    """With stdout or stderr closed, the file is as ever, and so is the status of an error."""
    out, source = tmp_path / "out.conllu", tmp_path / "in.conllu"
    source.write_bytes(b"1\tGo\tgo\tVERB\tVB\t_\t_\t_\t_\t_\n\n")
    script = "import sys; from clearparse.commands.clearparse import main; main()"
    base = f"exec {sys.executable} -c '{script}' parse -m {MODEL} -o {out}"
    done = subprocess.run(["sh", "-c", f"{base} {source} {closed}>&-"], capture_output=True, timeout=300, check=False)
    assert (done.returncode, out.read_bytes()[:7]) == (0, b"1\tGo\tgo")
    done = subprocess.run(["sh", "-c", f"{base} {tmp_path} {closed}>&-"], capture_output=True, timeout=300, check=False)
    assert done.returncode in (1, 2)
    assert not done.stdout
    assert done.stderr.count(b"\n") == (closed == "1")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want UTF-8, or translate names")
def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.conllu"
    with open(name, "wb") as file:
        file.write(b"1\tGo\tgo\tVERB\tVB\t_\t_\t_\t_\t_\n\nbad\n")
    script = "from clearparse.commands.clearparse import main; main()"
    words = [sys.executable, "-c", script, "parse", "-m", str(MODEL), name]
    done = subprocess.run(words, capture_output=True, timeout=300, check=False)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"\\udcff.conllu:3: 1 column" in done.stderr


def test_an_error_in_a_template_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "slots"
    path.write_text("from: s0\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"slots: template: no channel 'from'"):
        template_text(str(path))


def test_a_site_that_is_allowed_is_written_as_browsers_send_it() -> None:
    assert [serve._origin(text) for text in ("*", "https://Example.org/", "http://localhost:80")] == [
        *("*", "https://example.org", "http://localhost:80")
    ]
    for text in ("example.org", "https://example.org/page", "ftp://example.org", "https://", "http://a b"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not a site, such as"):
            serve._origin(text)
