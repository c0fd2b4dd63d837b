"""The bundled English model on everyday text: tokens, sentences, multiword tokens, tags and trees."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import clearparse
from clearparse.evaluation.raw_text import raw_text_scores
from clearparse.model.model import Model
from clearparse.treebank.conllu import parse_block
from clearparse.treebank.tokens import paragraphs_of, text_of

CHECKOUT = Path(__file__).resolve().parents[1]
MODEL = CHECKOUT / "models" / "english.model"
MAX_MB = 25
EVERYDAY = CHECKOUT / "tests" / "data" / "everyday.conllu"


@pytest.fixture(scope="module")
def english() -> Model:
    return clearparse.load(MODEL)


def cut(english: Model, text: str) -> list[list[str]]:
    return [list(sentence.forms) for sentence in english(text)]


def test_size() -> None:
    assert MODEL.stat().st_size <= MAX_MB * 1e6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't know.", "I do n't know ."),
        ("It's Mary's dog, isn't it?", "It 's Mary 's dog , is n't it ?"),
        ("We cannot wait, we'll go.", "We can not wait , we 'll go ."),
        ("See http://www.example.com/a-b?c=1 for more.", "See http://www.example.com/a-b?c=1 for more ."),
        ("Write to jane.doe@example.org today.", "Write to jane.doe@example.org today ."),
        ("It costs $3,500.75 (or 20%).", "It costs $ 3,500.75 ( or 20 % ) ."),
        ("He came at 5:30 on 12/10/2005.", "He came at 5:30 on 12/10/2005 ."),
        ('"Stop!" she said.', '" Stop ! " she said .'),
        ("Well ... maybe.", "Well ... maybe ."),
        ("Dr. Smith lives in the U.S. now.", "Dr. Smith lives in the U.S. now ."),
        ("That is great :)", "That is great :)"),
        ("a well-known 10-year plan", "a well - known 10 - year plan"),
    ],
)
def test_words(english: Model, text: str, expected: str) -> None:
    """As tokenized in UD_English-EWT."""
    assert " ".join(word for sentence in cut(english, text) for word in sentence) == expected


@pytest.mark.parametrize(
    "text",
    ["🙂", "👍👍 nice", "日本語", "a\u200bb", "שלום", "?!?!?!", "1" * 300, "x" * 5000, "\u00e9\u0301", "-", "\u2028 a"],
)
def test_anything_becomes_trees(english: Model, text: str) -> None:
    sentences = english(text)
    assert "".join("".join(sentence.forms) for sentence in sentences) == "".join(text.split())
    assert all((sentence.heads == 0).sum() == 1 for sentence in sentences)


def test_sentences(english: Model) -> None:
    text = "The train was late. We waited for an hour! Did Mr. Brown call? No.\n\nA new paragraph begins here"
    assert [sentence.text for sentence in english(text)] == [
        "The train was late.",
        "We waited for an hour!",
        "Did Mr. Brown call?",
        "No.",
        "A new paragraph begins here",
    ]


@pytest.fixture
def everyday(english: Model) -> Model:
    """The English model, if it was trained for everyday text: a model of version 0.1 was not."""
    tokenizer = english.stages.tokenizer
    if tokenizer is None or tokenizer.known is None:
        pytest.skip("models/english.model is of version 0.1; train it as models/README.md says")
    return english


APOSTROPHES = "'\u2019\u2018\u02bc\u00b4\uff07`"
CONTRACTIONS = """
    I'm you're he's it's we're they've I'd he'd they'd I'll he'll we'll that's there's who's what's where's let's
    isn't aren't wasn't don't doesn't didn't haven't hasn't can't couldn't won't wouldn't shouldn't
    Bob's dog's Mary's company's children's today's women's world's
"""
PLAIN_WORDS = """
    valleys donors toddlers plumbers Travelers Andrews Hebrews Donna Madonna cats hams shell well were wed
    Vermont important friends horses Texas James antenna panorama
"""


@pytest.mark.parametrize("apostrophe", APOSTROPHES)
@pytest.mark.parametrize("case", [str.lower, str.capitalize, str.upper])
def test_contractions(everyday: Model, apostrophe: str, case: Callable[[str], str]) -> None:
    """In every typography and case."""
    wrong = []
    for form in CONTRACTIONS.split():
        place = len(form) - 3 if form.endswith("n't") else form.index("'")
        expected = [case(form)[:place], case(form)[place:].replace("'", apostrophe)]
        before, after = (case(text) for text in ("They saw ", " good ones."))
        (sentence, *_) = cut(everyday, before + case(form).replace("'", apostrophe) + after)
        if sentence[2:4] != expected:
            wrong.append(sentence)
    assert len(wrong) <= 1


def test_the_text_is_kept(everyday: Model) -> None:
    text = "\u201cI\u2019m sure it\u2019ll rain,\u201d she said \u2014 \u2018maybe\u2019\u2026"
    (sentence,) = everyday(text)
    assert sentence.text == text
    lemma = dict(zip(sentence.forms, sentence.lemmas, strict=True))
    assert (lemma["\u2019m"], lemma["\u2019ll"]) == ("be", "will")


def test_plain_words_are_not_split(everyday: Model) -> None:
    words = PLAIN_WORDS.split()
    assert [cut(everyday, f"We saw {word} there.")[0][2] for word in words] == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Its cover is torn.", "Its cover is torn ."),
        ("Its a good idea.", "It s a good idea ."),
        ("He lets us go.", "He lets us go ."),
        ("We cannot go.", "We can not go ."),
        ("I dont know.", "I do nt know ."),
        ("It isnt here.", "It is nt here ."),
        ("I wanna go.", "I wan na go ."),
    ],
)
def test_split_without_an_apostrophe(everyday: Model, text: str, expected: str) -> None:
    assert " ".join(cut(everyday, text)[0]) == expected


@pytest.mark.parametrize("noun", ["roof", "battery", "economy", "colour", "name", "first album", "main street"])
def test_its_before_a_noun_is_one_word(everyday: Model, noun: str) -> None:
    assert cut(everyday, f"Its {noun} is big.")[0][0] == "Its"


@pytest.mark.parametrize("name", ["iPhone", "iPython", "eBay", "YouTube", "ITDashboard", "McAllister", "highschool"])
def test_a_word_of_letters_is_one_token(everyday: Model, name: str) -> None:
    """Also where training has not seen it, and with marks around it."""
    for frame in ("We saw {} there.", 'My ({}) and "{}", yes.', "{}!"):
        words = [word for sentence in cut(everyday, frame.replace("{}", name)) for word in sentence]
        assert words.count(name) == frame.count("{}")


def test_its_is_a_pronoun(everyday: Model) -> None:
    (sentence,) = everyday("Its cover is torn.")
    assert (sentence.upos[0], sentence.deprels[0], sentence.heads[0]) == ("PRON", "nmod:poss", 2)


ADDRESSES = (
    "http://www.example.com", "https://www.example.com/a/b", "https://example.org/a?b=c&d=e", "www.example.com",
    "example.com/path/to", "https://en.wikipedia.org/wiki/Foo_(bar)", "jane.doe+x@mail.example.co.uk", "@jane_doe",
    "#hashtag", "report.pdf", "http://192.168.0.1:8080/a", "sci.space.history", "os.path.join",
)  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "mark", "sentences"),
    [
        ("See {}. Then call us.", ".", 2),
        ("See {}, then call us.", ",", 1),
        ("Have you seen {}? It is great.", "?", 2),
        ("Look at {}! It is great.", "!", 2),
        ("Go to {}; it is good.", ";", 1),
        ("Go to {}: it is good.", ":", 1),
        ("I like {}... It is great.", "...", None),
        ("I like {}'s colours.", "'s", 1),
        ("I got mail <{}> today.", ">", 1),
        ("Go there ({}) today.", ")", 1),
    ],
)
def test_punctuation_after_an_address(everyday: Model, frame: str, mark: str, sentences: int | None) -> None:
    for address in ADDRESSES:
        found = cut(everyday, frame.format(address))
        words = [word for sentence in found for word in sentence]
        assert words[words.index(address) + 1] == mark
        assert sentences is None or len(found) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "The book by Susan B. Anthony is good.",
        "We met John Q. Public at school.",
        "George W. Bush and J. R. Smith left.",
        "Prof. Smith and Col. Adams met Capt. Cook.",
        "Gen. Lee wrote to Gov. Brown and Sgt. Miller.",
        "She moved to St. Thomas near Mt. Everest.",
        "See Fig. 3 and No. 5 below.",
        "It was Texas vs. Ohio that day.",
        "He came on Sept. 5 and left on Oct. 31.",
        "The U.S. Congress met in Washington.",
        "We saw Maj. Ross and Adm. Nelson there.",
        "They told Supt. Hall to call Cpl. Jones.",
        "Pres. Lincoln wrote to Lieut. Dan.",
        "It starts at 5 a.m. Monday in London.",
        "He came on Thurs. 8 May.",
        "See App. 2 and Vol. 12 for more.",
        "The Smith Bros. circus came to Elm St. in May.",
    ],
)
def test_abbreviations_do_not_end_sentences(everyday: Model, text: str) -> None:
    assert len(everyday(text)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("We arrived at 5 p.m.", "Then he left."),
        ("I live in the U.S.", "She lives in Canada."),
        ("We bought apples, pears, etc.", "The shop was closed."),
        ("He works for Apple Inc.", "They make phones."),
        ("He came back on Sept. 5.", "It was late."),
        ("He said no.", "Then he left."),
        ("He saw the dog.", "Paul left."),
        ("She works for the CIA.", "Tom works there too."),
        ("They sell CDs.", "Prices are low."),
        ("I met Tom.", "Bob left."),
    ],
)
def test_sentences_may_end_with_an_abbreviation(everyday: Model, first: str, second: str) -> None:
    assert [sentence.text for sentence in everyday(f"{first} {second}")] == [first, second]


@pytest.mark.parametrize(
    "text",
    ["👍🏽 ok", "🏳️\u200d🌈 flag", "👨\u200d👩\u200d👧!", "1️⃣ first", "🇩🇪🇫🇷", "e\u0301t\u00e9", "नमस्ते", "각"],
)
def test_grapheme_clusters_are_never_split(everyday: Model, text: str) -> None:
    regex = pytest.importorskip("regex")
    clusters = [cluster for form in cut(everyday, text) for word in form for cluster in regex.findall(r"\X", word)]
    assert clusters == regex.findall(r"\X", text.replace(" ", ""))


def test_unicode_line_and_paragraph_separators(everyday: Model) -> None:
    found = everyday("It is\u2028late\u2029and nobody came")
    assert [sentence.sent_id for sentence in found] == ["1-1", "2-1"]


@pytest.mark.parametrize(
    "form",
    [
        *["3DS", "MP3", "A320", "2nd", "90s", "555-0134", "212-555-0187"],
        *["1.2.3", "192.168.0.1", "12/05/2024", "14:30", "1,250", "1.5", "e-mail"],
        *["v2.0.1", "11.8B", "2.5.1", "1,234.5", "ma'am", "Ma’am", "README.md", "data.tar.gz"],
        *["/usr/bin/python", "~/bin/run.sh", "./a/b", "C:\\Users\\me"],
    ],
)
def test_numbers_and_codes_are_one_token(everyday: Model, form: str) -> None:
    assert form in cut(everyday, f"We saw {form} there.")[0]


@pytest.mark.parametrize("words", ["20 km", "10 mg", "16 GB", "5 pm", "60 mph", "$ 3.50", "1998 - 2000"])
def test_units_and_ranges_are_tokens_of_their_own(everyday: Model, words: str) -> None:
    assert words in " ".join(cut(everyday, f"We saw {words.replace(' ', '')} there.")[0])


def test_everyday_text(everyday: Model) -> None:
    """202 sentences annotated by hand, none of which the model has seen."""
    gold = [parse_block(EVERYDAY.read_bytes(), trees=True)]
    texts = [text_of([token for sentence in each for token in sentence]) for each in paragraphs_of(gold)]
    system = [everyday.parse_block(everyday.tag(everyday.tokenize(texts)))]
    scores = raw_text_scores(gold, system, gold_path="gold", system_path="system")
    least = {"Words": 99.0, "Sentences": 98.0, "UPOS": 96.5, "UAS": 93.0}
    assert {name: scores[name] for name in least if scores[name] < least[name]} == {}


def test_an_easy_sentence(english: Model) -> None:
    (sentence,) = english("The old man quickly gave his dogs a bone.")
    assert list(sentence.lemmas) == ["the", "old", "man", "quickly", "give", "his", "dog", "a", "bone", "."]
    assert list(sentence.upos) == ["DET", "ADJ", "NOUN", "ADV", "VERB", "PRON", "NOUN", "DET", "NOUN", "PUNCT"]
    assert np.array_equal(sentence.heads, [3, 3, 5, 5, 0, 7, 5, 9, 5, 5])
    assert sentence.deprels[2:9:2] == ("nsubj", "root", "iobj", "obj")


def test_one_command_gives_a_tree() -> None:
    """As text, with the English model."""
    code = "import sys; from clearparse.commands.parse import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "Birds eat worms.", "--format", "tree"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "parser"), "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment, encoding="utf-8")
    assert [line.split()[-2:] for line in done.stdout.splitlines()[2:5]] == [
        ["Birds", "nsubj"],
        ["eat", "root"],
        ["worms", "obj"],
    ]
