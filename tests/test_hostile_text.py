"""Hostile text: no characters, a million without a space, surrogates, control characters."""

from __future__ import annotations

import io
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearparse.commands import parse
from clearparse.errors import ClearparseError, FileError
from clearparse.model.model import Model, load
from clearparse.stages.stretches import KnownWords, inside_words, kind_of, number_shape
from clearparse.treebank.conllu import Block, parse_block
from clearparse.treebank.document import Document
from clearparse.treebank.paragraphs import read_raw_text, split_paragraphs
from clearparse.treebank.tokens import text_of, tokens_of

MODEL = Path(__file__).resolve().parent / "data" / "format-1.model"
MEGABYTE = 1_000_000

ODD = {
    "nothing": "",
    "space": " \n\n\t \u3000 \x0b \x85 ",
    "one word": "a",
    "NUL": "a\0b c \0",
    "no width": "\u200b\u200d\ufeff \u2060x",
    "right to left": "\u202eabc\u202c \u05d0\u05d1\u05d2. \u0627\u0644\u0643\u062a\u0627\u0628!",
    "emoji": "😀👩\u200d👩\u200d👧 🇩🇪" * 20,
    "digits": "1234567890" * 60,
    "line ends": "a\rb\r\n\r\nc\n\n\rd\u2028e\u2029f\x85g\x1ch",
    "marks": "e\u0301" * 100 + " \u0301",
    "like comments": "# text = x\n\n# newpar\n1\ta\t_\n2-3\tb",
    "not assigned": "\U0010ffff\ufffe\ue000\u0378",
    "capitals that grow": "ﬁ ŉ ΐ İ ß ǰ",
}


@pytest.fixture(scope="module")
def model() -> Model:
    return load(MODEL)


def check(model: Model, text: str) -> Document:
    """The sentences contain the whole text, and each has a tree with one root."""
    found = model(text)
    for sentence in found:
        block = parse_block(sentence.conllu, trees=True)
        assert (block.heads() == 0).sum() == 1
        assert sentence.text == text_of(tokens_of(sentence))
    assert "".join(str(sentence.text) for sentence in found).replace(" ", "") == re.sub(r"\s", "", text)
    return found


@pytest.mark.parametrize("name", ODD)
def test_odd_text(name: str, model: Model) -> None:
    assert bool(check(model, ODD[name])) == bool(ODD[name].strip())


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_any_text(text: str) -> None:
    model = _shared()
    if re.search("[\ud800-\udfff]", text):
        with pytest.raises(ClearparseError, match="an unpaired surrogate"):
            model(text)
    else:
        check(model, text)


_models: list[Model] = []


def _shared() -> Model:
    """The model, loaded once: hypothesis takes no fixture of a function."""
    if not _models:
        _models.append(load(MODEL))
    return _models[0]


@pytest.mark.parametrize("text", ["\ud800", "a \udcff b", "fine\n\n\udfff\ud800"])
def test_surrogates(text: str, model: Model) -> None:
    number = 1 + text.count("\n\n")
    with pytest.raises(ClearparseError, match=rf"^paragraph {number}: U\+D[8-F].. is an unpaired surrogate"):
        model(text)


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"fine\n\nline \xed\xa0\x80 three\n")
    with pytest.raises(FileError, match=r"text:3: not UTF-8$"):
        parse.main(["--model", str(MODEL), "--text", str(path), "--output", str(tmp_path / "o")])
    assert [each.name for each in tmp_path.iterdir()] == ["text"]


@pytest.mark.parametrize("piece", ["a@", "a@b", "www", "1.", "-", ".com", "a.b@", "://", "é", "http://a@b.", "@@"])
def test_kind_of_takes_linear_time(piece: str) -> None:
    """A pattern that backtracks from each position would take hours."""
    assert kind_of(piece * (MEGABYTE // len(piece))) in ("mail", "address", "number", "letters", "other")


@pytest.mark.parametrize("piece", ["1", "1a", "a1", "1.", "1a ", "a" * 99 + "1"])
def test_words_with_digits_take_linear_time(piece: str) -> None:
    text = piece * (MEGABYTE // len(piece))
    assert len(inside_words(text, frozenset(), frozenset(["a"]))) == len(text)
    known = KnownWords(*[frozenset[str]()] * 4, units=frozenset(["kg"]))
    assert number_shape(text, known) in ("00000", "")


MAIL = re.compile(r"\S*\w@\w\S*\.\w+\S*\Z")


@given(st.text("a@.é1_-", max_size=12))
def test_kind_of_mail_agrees_with_a_pattern(stretch: str) -> None:
    """The pattern is the plain form of the two searches."""
    assert (kind_of(stretch) == "mail") == bool(MAIL.match(stretch))


@pytest.mark.parametrize("text", ["a" * 2000, "é" * 1000, "ab " * 700, "漢字" * 400])
def test_a_text_without_line_ends_is_split(text: str) -> None:
    raw = list(read_raw_text(io.BytesIO(text.encode()), "text", 16))
    assert "".join(each.text for each in raw) == text
    pieces = [piece for each in raw for piece in split_paragraphs(each.text)]
    assert len(pieces) > 5
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert list(split_paragraphs(" ".join(pieces))) == [" ".join(pieces).strip()]


def sentence_of(words: int) -> Block:
    rows = (f"{i}\tw{i % 9973}\t_\tNOUN\tNN\t_\t_\t_\t_\t_\n" for i in range(1, words + 1))
    return parse_block(("".join(rows) + "\n").encode())


@pytest.mark.parametrize("words", [1, 3000])
def test_a_sentence_of_any_length(words: int, model: Model) -> None:
    tree = model.parse_block(sentence_of(words))
    assert (tree.heads() == 0).sum() == 1


@pytest.mark.full
def test_a_sentence_of_fifty_thousand_words(model: Model) -> None:
    assert (model.parse_block(sentence_of(50_000)).heads() == 0).sum() == 1


MEGABYTES = {
    "no space": "abcdefghij" * (MEGABYTE // 10),
    "digits": "1234567890" * (MEGABYTE // 10),
    "different words": " ".join(f"w{i:x}." for i in range(MEGABYTE // 7)),
    "no sentence end": "word " * (MEGABYTE // 5),
    "blank lines": "a\n\n" * (MEGABYTE // 3),
}


def grown(act: Any) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.full
@pytest.mark.parametrize("name", MEGABYTES)
def test_a_megabyte(name: str) -> None:
    """Tokenized and tagged (parsing a megabyte takes longer: see the test above); memory grows linearly."""
    text, model = MEGABYTES[name], load(MODEL)

    def work(part: str) -> int:
        return len(model.tag(model.tokenize(list(split_paragraphs(part)))).fields)

    work(text[: MEGABYTE // 10])
    small, large = (grown(lambda part=text[: MEGABYTE // n]: work(part)) for n in (4, 1))
    assert large < 6 * small + (64 << 20)
