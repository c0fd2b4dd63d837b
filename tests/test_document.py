"""Documents: what a model makes of texts, where their words are in them, and the texts again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st

import clearparse
from clearparse.errors import ClearparseError, FileError
from clearparse.model.model import Model, load
from clearparse.treebank.document import Document
from clearparse.treebank.paragraphs import split_paragraphs
from clearparse.treebank.ranges import RawText, escaped, token_ranges, unescaped
from clearparse.treebank.tokens import Tokenization

TEXT = "  Don't go\r\n\tthere.  I can't|x \\ a.\r\n\r\nNew\u00a0one. \U0001f415 \n"
TEXTS = ["Birds eat worms.", "", "It's late. Go home, don't wait.\n\nNow.", " \n\n ", TEXT, "x"]
PIECES = st.lists(st.sampled_from(["Don't", "dogs", "sleep", ".", "\U0001f415", "e\u0301", " ", "  ", "\n", "\r\n",
    "\n\n", "\t", "\u2028", "\u2029", "\u00a0", "\u3000", "|", "\\", "\\s", "\x85", "\x1c", "-", "a.b"]))  # fmt: skip


@pytest.fixture(scope="module")
def model() -> Model:
    return load("english")


def test_a_document_is_a_sequence_of_sentences(model: Model) -> None:
    document = model("Birds eat worms. They sleep.\n\nSo do cats.")
    assert repr(document) == "<Document: 3 sentences, 11 words>"
    assert len(document) == 3
    assert [sentence.text for sentence in document] == ["Birds eat worms.", "They sleep.", "So do cats."]
    assert document[-1].sent_id == "2-1"
    assert document[1:] == [document[1], document[2]]
    assert document.to_conllu() == str(document) == "".join(map(str, document))
    assert [word.form for word in document.words()][:3] == ["Birds", "eat", "worms"]
    assert document.to_dict() == {"text": document.text, "sentences": [each.to_dict() for each in document]}
    assert document.draw() == "\n\n".join(sentence.draw() for sentence in document)
    assert str(document._repr_html_()).count("<figure>") == 3
    assert document == Document.from_conllu(document.to_conllu()) == Document.from_sentences(document)


def check_offsets(document: Document, text: str) -> None:
    """The offsets lead to the tokens, and both offsets and text come back from MISC."""
    assert document.text == text
    for sentence in document:
        for token in sentence.tokens:
            assert token.start is not None
            assert token.form.split() == text[token.start : token.end].split()
    read = Document.from_conllu(document.to_conllu(ranges=True, spaces=True))
    assert [(word.start, word.end) for word in read.words()] == [(word.start, word.end) for word in document.words()]
    assert read.text == (text if len(document) else "")


@pytest.mark.parametrize("text", [*TEXTS, "Anna said:  yes.\n\n  No-break\u00a0space.\n"])
def test_offsets_and_spaces(model: Model, text: str) -> None:
    check_offsets(model(text), text)


@given(text=PIECES.map("".join))
@settings(max_examples=60)
def test_offsets_and_spaces_of_any_text(model: Model, text: str) -> None:
    check_offsets(model(text), text)


def test_misc_is_written_as_udpipe_writes_it(model: Model) -> None:
    block = model(" Don't\tgo|\n").block
    lines = [line.split("\t") for line in block.with_ranges().text.decode().splitlines() if line[:1].isdigit()]
    assert [(line[0], line[1], line[9]) for line in lines] == [
        ("1-2", "Don't", r"SpacesAfter=\t|SpacesBefore=\s|TokenRange=1:6"),
        ("1", "Do", "_"),
        ("2", "n't", "_"),
        ("3", "go", "SpaceAfter=No|TokenRange=7:9"),
        ("4", "|", r"SpacesAfter=\n|TokenRange=9:10"),
    ]
    ranges_only = block.with_ranges(spaces=False).text
    assert b"Spaces" not in ranges_only
    assert ranges_only.count(b"SpaceAfter=No") == block.text.count(b"SpaceAfter=No")
    assert b"TokenRange" not in block.with_spaces().text
    assert block.with_ranges().with_ranges().text == block.with_ranges().text


def test_a_token_with_spaces() -> None:
    """A form has single spaces; SpacesInToken has those of the text."""
    raw, text = RawText("10\n 000  x", start=5), "10 000 x"
    one, two = np.array([0, 7]), np.array([6, 8])
    ranges = token_ranges(raw, text, one, two)
    assert ranges.tolist() == [[5, 12], [14, 15]]
    flags = np.array([True, False])
    tokens = Tokenization(
        text, one, two, ["10 000", "x"], [("10 000",), ("x",)], np.array([0, 1]), flags, ~flags, np.array([0, 2])
    )
    document = Document(tokens.block(np.array([1]), raw).with_ranges())
    assert document[0].misc == (
        r"SpacesAfter=\s\s|SpacesInToken=10\n\s000|TokenRange=5:12",
        "SpaceAfter=No|TokenRange=14:15",
    )
    assert Document.from_conllu(document.to_conllu()).text == raw.text


@given(st.text())
def test_escapes_round_trip(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert not set(escaped(text)) & set(" \t\r\n|")


def test_ranges_need_raw_text(model: Model) -> None:
    block = model.tokenize(["Birds eat."])
    with pytest.raises(ValueError, match="do not come from raw text"):
        block.with_ranges()
    assert block[0][0].start is None
    assert model.tokenize("Birds  eat.")[0][1].start == 7


def test_the_text_of_a_document_that_was_read(model: Model) -> None:
    document = model("Birds don't eat. They sleep.\n\nSo do cats.")
    assert Document.from_conllu(document.to_conllu()).text == "Birds don't eat. They sleep.\n\nSo do cats."


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_pipe_equals_single_calls(model: Model, batch_size: int) -> None:
    found = list(model.pipe(iter(TEXTS), batch_size=batch_size))
    assert found == [model(text) for text in TEXTS]
    for document, text in zip(found, TEXTS, strict=True):
        check_offsets(document, text)


def test_pipe_is_lazy(model: Model) -> None:
    taken = []

    def texts() -> Iterator[str]:
        for k in range(10):
            taken.append(k)
            yield f"Text {k}."

    found = model.pipe(texts(), batch_size=2)
    assert taken == []
    assert next(found).text == "Text 0."
    assert len(taken) == 2
    assert [document.text for document in found] == [f"Text {k}." for k in range(1, 10)]
    assert list(model.pipe([])) == []


def test_tokenized_sentences(model: Model) -> None:
    document = model([["Birds", "eat"], ("They", "do", "n't", "sleep")])
    assert [sentence.forms for sentence in document] == [("Birds", "eat"), ("They", "do", "n't", "sleep")]
    assert all(word.upos and word.lemma and word.deprel for word in document.words())
    assert (document[1].sent_id, document[1].text) == ("2", "They do n't sleep")
    assert len(model([])) == 0


def test_confidence(model: Model) -> None:
    for document in (model("Birds eat.", confidence=True), *model.pipe(["Birds eat."], confidence=True)):
        assert all(0 < (word.confidence or 0) <= 1 for word in document.words())
    assert model("Birds eat.")[0][0].confidence is None


def test_errors_of_wrong_calls_name_the_right_method(model: Model) -> None:
    for call, message in (
        (lambda: model(["two", "texts"]), r"model.pipe\(texts\)"),
        (lambda: model(model("Birds eat.")), r"model.parse\(sentences\)"),
        (lambda: model(3), "a text or tokenized sentences, not int"),
        (lambda: model([3]), "a list of words, not int"),
        (lambda: model([["a", 3]]), "a text is a string, not int"),
        (lambda: model.parse("text"), r"call model\(text\)"),
        (lambda: model.pipe("text"), r"call model\(text\)"),
        (lambda: list(model.pipe([None])), "a text is a string, not NoneType"),
    ):
        with pytest.raises(TypeError, match=message):
            call()  # type: ignore[no-untyped-call]
    with pytest.raises(ValueError, match="sentence 1 has no words"):
        model([[]])
    with pytest.raises(ValueError, match="batch_size is 0"):
        model.pipe([], batch_size=0)
    with pytest.raises(ClearparseError, match=r"paragraph 2: U\+D800"):
        model("a\n\nb\ud800")


def test_the_repr_of_a_model(model: Model) -> None:
    assert repr(model).startswith("<Model english: text to trees, arc-standard, H = 304, LAS ")
    assert model.labels == tuple(sorted(model.labels))
    assert {"nsubj", "root"} <= set(model.labels)
    assert model.config.hidden_size == 304
    assert "epochs" in model.record
    with pytest.raises(ClearparseError, match="training record"):
        _ = Model(model.stages, {}).config


def test_models_by_name(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().name == load(None).name == model.name == "english"
    monkeypatch.chdir(tmp_path)
    for name in ("englsh", "missing.model", "../english", ""):
        with pytest.raises(FileError, match="no such file, nor a bundled model; bundled: english"):
            load(name)


def blas_threads() -> set[int]:
    return {each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"}


def test_blas_uses_one_thread_inside_a_model(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    before, seen = blas_threads(), []
    parse = type(model.stages.ensemble).parse

    def watched(*arguments: object) -> object:
        seen.append(blas_threads())
        return parse(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(model.stages.ensemble), "parse", watched)
    model("Birds eat.")
    assert seen == [{1}]
    assert blas_threads() == before


def test_paragraphs_and_offsets_agree_on_white_space() -> None:
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000 and chr(code).isspace():
            assert list(split_paragraphs(f"a{chr(code)}")) == ["a"]
            assert token_ranges(RawText(f" {chr(code)}a"), "a", np.array([0]), np.array([1])).tolist() == [[2, 3]]


def test_names_of_the_package() -> None:
    assert dir(clearparse) == sorted(clearparse.__all__)
    assert all(hasattr(clearparse, name) for name in clearparse.__all__ if name != "parse_bag")
    assert {"draw", "svg", "score", "Word", "Document"} <= set(dir(clearparse))


def test_scores_of_sentences(model: Model) -> None:
    gold = model("Birds eat worms. They sleep.")
    assert clearparse.score(gold, gold)["LAS"] == 100
    wrong = [gold[0].with_tree([0, 1, 1, 1], gold[0].deprels), gold[1]]
    assert clearparse.score(gold, wrong)["UAS"] < 100
    with pytest.raises(FileError):
        clearparse.score(gold, gold[:1])
