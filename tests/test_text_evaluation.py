"""Scores of raw text agree with the official scorer, however words and sentences are split."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from udtools import udeval

from clearparse.errors import FileError
from clearparse.evaluation.raw_text import raw_text_scores
from clearparse.treebank.conllu import Block, parse_block

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
ROOTS = {"multiple_roots_okay": True}
NAMES = [
    "Tokens", "Sentences", "Words", "UPOS", "XPOS", "UFeats", "AllTags", "Lemmas", "UAS", "LAS", "CLAS", "MLAS", "BLEX",
]  # fmt: skip


def distorted(block: Block, seed: int) -> str:
    """The same characters split at random near the true places, with multiword tokens and many wrong columns."""
    rng = random.Random(seed)
    words = [[list(row) for row in _rows(sentence)] for sentence in block]
    pieces: list[list[str]] = []
    for row in (row for sentence in words for row in sentence):
        form = row[1]
        if rng.random() < 0.1 and len(form) > 1:
            cut = rng.randrange(1, len(form))
            pieces += [[*row[:1], form[:cut], *row[2:]], [*row[:1], form[cut:], *row[2:]]]
        elif rng.random() < 0.1 and pieces:
            pieces[-1][1] += form
        else:
            pieces.append(row)
    out, sentence = [], []
    while pieces:
        size = rng.randrange(1, 12)
        sentence, pieces = pieces[:size], pieces[size:]
        out.append(_sentence(sentence, rng))
    return "".join(out)


def _rows(sentence: object) -> list[list[str]]:
    rows = [line.split("\t") for line in str(sentence).split("\n")]
    return [row for row in rows if row[0].isdigit()]


def _sentence(rows: list[list[str]], rng: random.Random, multiword: float = 0.15, letters: str = "x") -> str:
    """A sentence in CoNLL-U; some words are put into multiword tokens, of which the words may be others."""
    n, lines = len(rows), []
    heads = [rng.randrange(i) if i else 0 for i in range(n)]  # an earlier word; the first is the root
    covered = 0
    for i, row in enumerate(rows):
        if i >= covered and rng.random() < multiword and i + 1 < n:
            covered = min(n, i + rng.randrange(2, 4))
            form = "".join(each[1] for each in rows[i:covered])
            lines.append(f"{i + 1}-{covered}\t{form}" + "\t_" * 8)
        if i < covered and rng.random() < 0.3:
            row[1] = rng.choice([*letters, row[1].upper(), row[1] + "y"])
        for column in (2, 3, 4, 5):
            if rng.random() < 0.1:
                row[column] = rng.choice(["_", "NOUN", "Number=Sing", "Foo=Bar|Number=Plur"])
        deprel = "root" if i == 0 else rng.choice([row[7].replace("root", "dep"), "case", "aux", "obj"])
        head = heads[i] + 1 if i else 0
        lines.append("\t".join([str(i + 1), *row[1:6], str(head), deprel, "_", "_"]))
    return "\n".join(lines) + "\n\n"


def check(gold: str, system: str) -> None:
    """Every score of a text of CoNLL-U is the official one."""
    blocks = [[parse_block(text.encode(), trees=True)] for text in (gold, system)]
    ours = raw_text_scores(*blocks, gold_path="gold", system_path="system")
    official = udeval.evaluate(*(udeval.load_conllu(io.StringIO(text), "", ROOTS) for text in (gold, system)))
    assert list(ours) == NAMES
    for name in NAMES:
        assert ours[name] == pytest.approx(100 * official[name].f1, abs=1e-9), (name, gold, system)


@pytest.mark.parametrize("seed", range(40))
def test_official_scores(seed: int) -> None:
    """Odd seeds: both sides with multiword tokens, and a gold with errors of its own."""
    gold = (SAMPLE / "dev.conllu").read_text(encoding="utf-8")
    block = parse_block(gold.encode(), trees=True)
    check(distorted(block, seed + 1000) if seed % 2 else gold, distorted(block, seed))


def two_letters(text: str, rng: random.Random) -> str:
    """A short text cut at random into tokens of one word or several, of which many are alike."""
    rows: list[list[str]] = []
    while text:
        form, text = text[: (size := rng.choice([1, 1, 2, 3]))], text[size:]
        rows.append(["", form, form, "X", "X", "_", "", "dep"])
    return _sentence(rows, rng, multiword=0.3, letters="ab")


def test_official_scores_with_many_equal_words() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        text = "".join(rng.choice("ab") for _ in range(rng.randrange(2, 25)))
        check(two_letters(text, rng), two_letters(text, rng))


def test_different_text_is_an_error() -> None:
    gold = parse_block((SAMPLE / "dev.conllu").read_bytes(), trees=True)
    other = parse_block(b"1\tCats\t_\t_\t_\t_\t0\troot\t_\t_\n\n", trees=True)
    with pytest.raises(FileError, match="system: not the text of gold: from character 1 on"):
        raw_text_scores([gold], [other], gold_path="gold", system_path="system")
