"""What training learns about words for the tokenizer: abbreviations, familiar words, words that are divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clearparse.errors import FileError
from clearparse.stages.stretches import inside_words, number_shape
from clearparse.stages.text_keys import TextKeys, undecided
from clearparse.training.known_words import MIN_NUMBERS, StopCounts, divided_words, known_words
from clearparse.training.typography import MIN_SCALE, TITLED, Rates, altered_paragraphs
from clearparse.training.upstream_items import characters_of
from clearparse.treebank.tokens import Token, Tokens, text_of

RAW = [
    *["He met Prof. Smith, the dept. of physics, in Oslo yesterday."] * 4,
    *["The Oslo road is long. Oslo is far."] * 6,
    *["They sold 5 lbs. of it, 5 lbs. for a pound."] * 2,
    "We drove to Oslo. Then we left",
]


def tokens(text: str) -> Tokens:
    """The tokens of a text in which `_` stands for no space before the next one."""
    forms = text.replace("_", " _").split(" ")
    found = [Token(form.lstrip("_"), (form.lstrip("_"),), space_after=True) for form in forms]
    for k in range(1, len(forms)):
        if forms[k].startswith("_"):
            found[k - 1] = found[k - 1]._replace(space_after=False)
    return found


def test_full_stops_are_counted_in_raw_text() -> None:
    counts = StopCounts()
    for line in RAW:
        counts.add(line)
    assert (counts.plain["oslo"], counts.stopped["oslo"], counts.inside["oslo"]) == (16, 1, 0)
    assert (counts.stopped["dept"], counts.inside["dept"]) == (4, 4)
    assert counts.words() == {"oslo", "is", "the"}
    assert counts.abbreviations() == {"dept", "lbs"}
    assert counts.stopped["prof"] == 4  # a name follows, as it may follow the end of a sentence


def test_words_and_abbreviations_of_a_treebank_and_raw_text(tmp_path: Path) -> None:
    paragraph = [tokens("The dog saw Dr. Who_."), tokens("The dog left_."), tokens("Then the dog saw a dog_.")]
    (tmp_path / "raw.txt").write_text("\n".join(RAW), encoding="utf-8")
    known = known_words([paragraph], [tmp_path / "raw.txt"])
    assert known.abbreviations == {"dr", "dept", "lbs"}
    assert known.words == {"dog", "saw"}
    assert known.starters == frozenset()
    assert "oslo" in known.familiar
    assert known_words([paragraph]).familiar == frozenset()  # too few words without a full stop
    with pytest.raises(FileError, match="missing"):
        known_words([paragraph], [tmp_path / "missing.txt"])


def test_words_of_letters_are_divided_only_if_training_divides_them() -> None:
    plain = tokens("we like it very much " + "we go to an old inn on it " * 200 + "end")
    assert divided_words([plain]) == frozenset()
    divided = divided_words([[*tokens("a_lot of it a_lot of it once_more"), *plain]])
    assert divided == {"alot"}
    often = [tokens("a_b c_d e")] * 9
    assert divided_words(often) is None  # as in scripts without spaces


def test_the_network_is_asked_where_rules_do_not_decide() -> None:
    text = "An iPhone, Alot: it's 50kg, 3DS."
    inside = inside_words(text, frozenset(["alot"]), frozenset(["kg"]))
    assert (
        "".join("-" if here else letter for letter, here in zip(text, inside, strict=True))
        == "-n -----e, Alot: -t's -0-g, --S."
    )
    assert inside_words("नमस्ते", frozenset(), frozenset()).tolist() == [True] * 5 + [False]
    known = known_words([[tokens("it is 50_kg_.")]])
    asked = undecided(text, frozenset(["alot"]), known, spaces=False)
    assert [text[k] for k in np.flatnonzero(asked)] == ["e", "A", "l", "o", "t", "t", "'", "0", "g", "S"]
    assert np.count_nonzero(undecided(text, None, known, spaces=True)) == len(text)


def test_no_token_ends_inside_a_number_or_path() -> None:
    known = known_words([[tokens("it is 50_kg_.")]])
    for text, whole in (
        ("It is v2.0.1.", "v2.0.1"),
        ("$1,000.50, or", "1,000.50"),
        ("(11.8B)", "11.8"),
        ('in "/usr/bin/python3"', "/usr/bin/python3"),
        ("(see ../a_b/c.d)", "../a_b/c.d"),
        ("C:\\Users\\me is", "C:\\Users\\me"),
    ):
        table = TextKeys(known, frozenset(), spaces=False).characters([text]).table
        start = text.index(whole)
        assert not (table["asked"] | table["ends"])[start : start + len(whole) - 1].any(), text
    for text, apart in (("and/or", "/"), ("w/o a/b/c", "/"), ("5/6", "/"), ("a.5", "."), ("x1.5", ".")):
        table = TextKeys(known, frozenset(), spaces=False).characters([text]).table
        assert table["asked"][text.index(apart)], text


def test_the_ma_of_maam_is_no_word() -> None:
    inside = inside_words("I ma go, ma'am", frozenset(["ma"]), frozenset())
    assert np.flatnonzero(inside).tolist() == [5, 9, 12]  # go, ma, am


def test_units_follow_numbers_in_a_treebank_or_in_raw_text(tmp_path: Path) -> None:
    raw = [f"After {n} km they saw {n} D and the 3DS of D." for n in range(MIN_NUMBERS)] + ["D D D and D"] * 20
    (tmp_path / "raw.txt").write_text("\n".join(raw), encoding="utf-8")
    paragraphs = [[tokens("it weighs 50_kg and 3DS is a 2nd one")]]
    assert known_words(paragraphs).units == {"kg"}  # the treebank divides 50kg, not 3DS
    assert known_words(paragraphs, [tmp_path / "raw.txt"]).units == {"kg", "km"}  # D rarely follows a number


@pytest.mark.parametrize(
    ("stretch", "shape"),
    [("(555-0134),", "000-0000"), ("1/2", "0/0"), ("A320", "A000"), ("10kg.", "unit"), ("1.2.3.4", "")],
)
def test_the_shape_of_a_number(stretch: str, shape: str) -> None:
    assert number_shape(stretch, known_words([[tokens("it weighs 50_kg")]])) == shape


def test_the_tokenizer_learns_only_where_it_is_asked() -> None:
    paragraph = tokens("We saw it_, twice_.")
    known = known_words([[paragraph]])
    items = characters_of([paragraph], known, frozenset())
    assert items.learned is not None
    assert [text_of(paragraph)[k] for k in items.learned] == ["t", "e"]
    assert len(items) == 2
    assert len(characters_of([paragraph], known)) == 10


def test_a_treebank_with_few_titles_gets_few_abbreviations() -> None:
    untitled, titled = tokens("Kerem met Murat_."), tokens("Kerem met Dr. Murat_.")
    rates = Rates(0.6, 0.2, 0.3, 0.3, 0.05)
    assert rates.for_treebank([[titled]] * 4) == rates
    assert rates.for_treebank([[untitled]] * 4).titles == pytest.approx(MIN_SCALE * 0.3)
    some = rates.for_treebank([[untitled]] * 249 + [[titled]])
    assert some.copies == rates.copies
    assert some.titles == pytest.approx(0.3 / 250 / TITLED)


def test_copies_have_abbreviations_that_are_no_words() -> None:
    words = "information technology department organization management international"
    paragraphs = [[tokens(f"we met Smith near {words} 5 Brown left_.")] for _ in range(200)]
    known = known_words(paragraphs)
    copies = altered_paragraphs(paragraphs, known, Rates(1, 0, 1, 1, 1), np.random.default_rng(1))
    added = {token.form for copy in copies for sentence in copy for token in sentence if token.form.endswith(".")} - {
        "."
    }
    assert any(form.count(".") > 1 for form in added)
    assert any(form[0].isupper() and form[-2].islower() for form in added)
    assert {form[:-1].lower() for form in added}.isdisjoint(known.words)
