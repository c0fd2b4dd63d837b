"""The parse command: it recognizes text, takes sentences, explains errors, and writes JSON and drawings."""

from __future__ import annotations

import functools
import io
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from clearparse.commands import parse
from clearparse.commands.command_line import UsageError
from clearparse.corpus import inputs
from clearparse.corpus.formats import FORMATS, format_of_output
from clearparse.corpus.inputs import recognize
from clearparse.corpus.tasks import is_sentence
from clearparse.errors import ClearparseError
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import parse_block
from clearparse.treebank.paragraphs import read_raw_text

CONLLU = "1\tDogs\tdog\tNOUN\tNNS\tNumber=Plur\t2\tnsubj\t_\t_\n2\tbark\tbark\tVERB\tVBP\t_\t0\troot\t_\t_\n\n"
TEXT = "Birds eat worms. They sleep\nat night.\n\nDogs bark.\n"

MODEL = Path(__file__).resolve().parent / "data" / "format-1.model"


@pytest.fixture
def text_model() -> Path:
    """A model from text to trees."""
    return MODEL


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Input:
    """Standard input with some bytes."""

    def __init__(self, data: str) -> None:
        self.buffer = io.BytesIO(data.encode())

    def isatty(self) -> bool:
        return False


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def parsed(model: Path, *arguments: str, folder: Path) -> str:
    """What a command writes to a file."""
    out = folder / "out"
    parse.main(["--model", str(model), *arguments, "-o", str(out)])
    return out.read_text(encoding="utf-8")


def forms(conllu: str) -> list[list[str]]:
    return [list(sentence.forms) for sentence in parse_block(conllu.encode())]


@pytest.mark.parametrize(
    ("name", "start", "found"),
    [
        ("a.txt", "Birds eat worms.", "text"),
        ("a.txt", CONLLU, "conllu"),
        ("a.txt", "\ufeff\n\n# sent_id = 1\n" + CONLLU, "conllu"),
        ("a.md", "# Birds\n\nBirds eat worms.", "text"),
        ("a.conllu", "Birds eat worms.", "conllu"),
        ("a.CoNLL.gz", "Birds eat worms.", "conllu"),
        ("-", CONLLU.replace("\t", " "), "conllu"),  # for an error that says what is wrong
        ("-", "1 of 9 birds sang.", "text"),
        ("-", "1914 was a year", "text"),
        ("-", "1-2\tdu\t_", "conllu"),
        ("-", "", "conllu"),
        ("-", "# only a comment\n", "conllu"),
    ],
)
def test_input_formats_are_recognized(name: str, start: str, found: str) -> None:
    assert recognize(name, io.BufferedReader(io.BytesIO(start.encode()))) == found


def test_a_text_file_needs_no_flag(text_model: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "long.txt", TEXT)
    plain = parsed(text_model, source, folder=tmp_path)
    assert plain.startswith("# newpar\n# sent_id = 1-1\n")
    assert plain == parsed(text_model, source, "--input", "text", folder=tmp_path)
    assert plain == parsed(text_model, source, "--text", folder=tmp_path)


@pytest.mark.parametrize(("data", "expected"), [("Dogs bark.", ["Dogs", "bark", "."]), (CONLLU, ["Dogs", "bark"])])
def test_standard_input(
    data: str, expected: list[str], text_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Input(data))
    assert [form for each in forms(parsed(text_model, folder=tmp_path)) for form in each] == expected


def test_what_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "Dogs", CONLLU)
    for each in ("Birds", "Birds.", "U.S.", "Why?", "3.14", "Is it corpus/a.txt or b?", "彼は学生です。"):
        assert is_sentence(each), each
    for each in ("Dogs", "-", "long.txt", "my corpus.txt", "corpus/a", "a.conllu.gz", "*.gz", "corpus*", "a.text"):
        assert not is_sentence(each), each


def test_one_word_is_a_sentence(text_model: Path, tmp_path: Path) -> None:
    assert forms(parsed(text_model, "Birds", folder=tmp_path)) == [["Birds"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "an INPUT is empty"),
        (["Dogs bark.", "  "], "an INPUT is empty"),
        (["nothing.txt"], "^nothing.txt: no such file"),
        (["nothing*"], r"^nothing\*: no file matches"),
    ],
)
def test_clear_messages(arguments: list[str], message: str, text_model: Path) -> None:
    with pytest.raises(ClearparseError, match=message):
        parse.main(["--model", str(text_model), *arguments])


def test_a_sentence_per_line(text_model: Path, tmp_path: Path) -> None:
    """Other line ends than LF and CRLF are spaces."""
    source = write(tmp_path / "a.txt", "\ufeffDogs bark. Birds sing.\r\n\n  They\u2028 sleep\x85now\n")
    found = list(parse_block(parsed(text_model, source, "--input", "sentences", folder=tmp_path).encode()))
    assert [sentence.text for sentence in found] == ["Dogs bark. Birds sing.", "They sleep now"]
    assert [sentence.comments[0] for sentence in found] == ["# sent_id = 1", "# sent_id = 2"]


def test_words_separated_by_spaces(text_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "a.txt", "Don't  split\tthis . Or that\n\nNew\xa0York sleeps\n")
    found = parsed(text_model, source, "--input", "tokens", folder=tmp_path)
    assert forms(found) == [["Don't", "split", "this", ".", "Or", "that"], ["New York", "sleeps"]]
    assert forms(parsed(text_model, "Do n't", "--input", "tokens", folder=tmp_path)) == [["Do", "n't"]]
    words = replace(load(text_model).stages, tokenizer=None, tagger=None, lemmatizer=None)
    Model(words, {}).save(tmp_path / "parser.model")  # reads words too
    parsed(tmp_path / "parser.model", source, "--input", "tokens", folder=tmp_path)
    assert "UPOS" in capsys.readouterr().err
    assert "# text = Don't split this . Or that\n" in found


def test_files_without_annotation_begin_documents(text_model: Path, tmp_path: Path) -> None:
    text, lines = write(tmp_path / "a.txt", TEXT), write(tmp_path / "b.txt", "Dogs bark.\n")
    conllu = write(tmp_path / "c.conllu", CONLLU)
    found = list(parse_block(parsed(text_model, text, lines, conllu, folder=tmp_path).encode()))
    assert [sentence.document for sentence in found if sentence.document] == [text, lines]
    assert found[0].comments[:2] == (f"# newdoc id = {text}", "# newpar")
    assert found[0].text == "Birds eat worms."
    assert found[-2].comments[1:3] == ("# newpar", "# sent_id = 3-1")
    assert "newdoc" not in str(found[-1])  # CoNLL-U is kept as it is
    assert "newdoc" not in parsed(text_model, text, folder=tmp_path)


def test_json_has_an_object_per_line(text_model: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "a.conllu", "# sent_id = s1\n# text = Dogs bark\n" + CONLLU + CONLLU)
    out = tmp_path / "trees.jsonl"
    parse.main(["--model", str(text_model), source, "--confidence", "-o", str(out)])  # the name says the format
    first, second = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert (first["id"], first["text"], "id" in second) == ("s1", "Dogs bark", False)
    dogs, bark = first["words"]
    assert {name: value for name, value in dogs.items() if name not in ("head", "deprel", "misc", "confidence")} == {
        "id": 1, "form": "Dogs", "lemma": "dog", "upos": "NOUN", "xpos": "NNS", "feats": {"Number": "Plur"},
    }  # fmt: skip
    assert 0 < bark["confidence"] <= 1
    assert {dogs["head"], bark["head"]} in ({0, 1}, {0, 2})


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ranges_count_characters_of_the_file(
    jobs: str, text_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In JSON and in MISC, in a file that is read in pieces, and from 0 on in the next one."""
    text = "".join(f"\n\n\n Bäume  wachsen {i} mal.\r\nSie sind 🌳 alt. " for i in range(9))
    source, more = write(tmp_path / "a.txt", text), write(tmp_path / "b.txt", "Dogs bark.")
    monkeypatch.setattr(inputs, "read_raw_text", functools.partial(read_raw_text, block_bytes=64))
    for kind in ("text", "sentences"):
        options = ["--input", kind, "--jobs", jobs]
        lines = parsed(text_model, source, more, "--format", "json", *options, folder=tmp_path).splitlines()
        *words, dogs, bark, full_stop = [word for line in lines for word in json.loads(line)["words"]]
        assert [text[word["start"] : word["end"]] for word in words] == [word["form"] for word in words]
        assert [(word["start"], word["end"]) for word in (dogs, bark, full_stop)] == [(0, 4), (5, 9), (9, 10)]
        found = parsed(text_model, source, "--ranges", *options, folder=tmp_path)
        shown = [f"{word['start']}:{word['end']}" for word in words]
        assert shown == re.findall(r"TokenRange=(\d+:\d+)", found)
    with pytest.raises(ClearparseError, match="--ranges needs raw text"):
        parsed(text_model, source, "--ranges", "--input", "tokens", folder=tmp_path)
    assert "TokenRange" not in parsed(text_model, write(tmp_path / "c", CONLLU), "--ranges", folder=tmp_path)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_several_pictures_are_one_document(jobs: str, text_model: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "a.txt", TEXT)
    out = parsed(text_model, source, "Dogs & <cats>.", "--format", "svg", "--jobs", jobs, folder=tmp_path)
    pictures = ElementTree.fromstring(out).findall("{http://www.w3.org/2000/svg}svg")
    assert len(pictures) >= 3


def test_a_summary_on_a_terminal(text_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = write(tmp_path / "a.txt", TEXT), tmp_path / "out"
    for options, shown in (([], True), (["-q"], False)):
        monkeypatch.setattr(sys, "stderr", Terminal())
        parse.main(["--model", str(text_model), source, "Dogs bark.", "-o", str(out), *options])
        words = sum(map(len, forms(out.read_text(encoding="utf-8"))))
        assert isinstance(sys.stderr, Terminal)
        last = sys.stderr.getvalue().rpartition("\r")[2]
        assert last.strip().startswith(f"{words} words in ") is shown
        assert last.endswith(f" words/s) of 2 inputs, written to {out}\n") is shown


def test_no_summary_without_a_terminal(text_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parse.main(["--model", str(text_model), "Dogs bark.", "-o", str(tmp_path / "out")])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("bad", "good", "message"),
    [
        (1, 0, "^the file could not be parsed$"),
        (2, 0, "^none of the 2 files could be parsed$"),
        (1, 1, "^1 of 2 files could not be parsed; the other one is in "),
        (1, 2, "^1 of 3 files could not be parsed; the others are in "),
    ],
)
def test_how_many_files_could_not_be_parsed(
    bad: int, good: int, message: str, text_model: Path, tmp_path: Path
) -> None:
    sources = [write(tmp_path / f"{i}.conllu", "1\tx\n\n" if i < bad else CONLLU) for i in range(bad + good)]
    with pytest.raises(ClearparseError, match=message):
        parse.main(["--model", str(text_model), *sources, "-o", f"{tmp_path}/out/"])


def test_extensions_of_recognised_files(text_model: Path, tmp_path: Path) -> None:
    sources = [write(tmp_path / "a.txt", TEXT), write(tmp_path / "b.txt", CONLLU), write(tmp_path / "c", TEXT)]
    parse.main(["--model", str(text_model), *sources, "-o", f"{tmp_path}/out/", "-q"])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.conllu", "b.txt", "c.conllu", ".parsed.jsonl"}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("out", "conllu"),
        ("out.txt", "conllu"),
        ("out.conll", "conllu"),
        ("out.conllx.gz", "conllu"),
        ("out.CONLLU", "conllu"),
        (".hidden", "conllu"),
        ("/dev/stdout", "conllu"),
        ("v2.16/out", "conllu"),
        ("out.jsonl", "json"),
        ("out.jsonl.xz", "json"),
        ("out.svg", "svg"),
        ("out.html", "html"),
        ("out.json", None),
        ("out.pdf", None),
    ],
)
def test_the_extension_of_the_output_names_its_format(name: str, form: str | None) -> None:
    assert format_of_output(name, "conllu", FORMATS) == form


def test_an_extension_of_no_format_is_a_usage_error(text_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    with pytest.raises(UsageError, match=r"out\.json: no output format has this extension .*\.jsonl.*--format$"):
        parse.main(["--model", str(text_model), "Dogs bark.", "-o", str(output)])
    assert not output.exists()
    parse.main(["--model", str(text_model), "Dogs bark.", "-o", str(output), "--format", "json"])
    assert json.loads(output.read_text(encoding="utf-8"))["text"] == "Dogs bark."
