"""The English model in the box, on text as people write it: how it cuts, tags and parses what is plain to a reader."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import clearparse
from clearparse.model.model import Model

CHECKOUT = Path(__file__).resolve().parents[1]
MODEL = CHECKOUT / "models" / "english.model"
MOST_MB = 12


@pytest.fixture(scope="module")
def english() -> Model:
    return clearparse.load(MODEL)


def cut(english: Model, text: str) -> list[list[str]]:
    return [sentence.forms for sentence in english(text)]


def test_size() -> None:
    assert MODEL.stat().st_size <= MOST_MB * 1e6


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
    """As UD_English-EWT cuts them."""
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


def test_an_easy_sentence(english: Model) -> None:
    (sentence,) = english("The old man quickly gave his dogs a bone.")
    assert sentence.lemmas == ["the", "old", "man", "quickly", "give", "his", "dog", "a", "bone", "."]
    assert sentence.upos == ["DET", "ADJ", "NOUN", "ADV", "VERB", "PRON", "NOUN", "DET", "NOUN", "PUNCT"]
    assert np.array_equal(sentence.heads, [3, 3, 5, 5, 0, 7, 5, 9, 5, 5])
    assert sentence.deprels[2:9:2] == ["nsubj", "root", "iobj", "obj"]


def test_one_command_gives_a_tree() -> None:
    """Without scikit-learn, which takes long to import."""
    code = "import sys; from clearparse.commands.parse import main; main(sys.argv[1:])"
    code += "; assert 'sklearn' not in sys.modules"
    command = [sys.executable, "-c", code, "Birds eat worms.", "--format", "tree"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "parser"), "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment, encoding="utf-8")
    assert [line.split()[-2:] for line in done.stdout.splitlines()[2:5]] == [
        ["Birds", "nsubj"],
        ["eat", "root"],
        ["worms", "obj"],
    ]
