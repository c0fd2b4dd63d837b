"""The paired bootstrap, compared with the enumeration of all samples, with sums by hand and with the scorer."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearparse.evaluation.counts import Trees, count_pairs
from clearparse.evaluation.scores import main_scores
from clearparse.evaluation.significance import Sums, comparison, paired_bootstrap, score_sums
from clearparse.treebank.conllu import parse_block

DEV = Path(__file__).resolve().parents[1] / "data" / "sample" / "dev.conllu"


def sums(*sentences: tuple[int, int]) -> Sums:
    """One score: correct and all, for each sentence."""
    return {"LAS": np.array(sentences)}


def test_two_sentences_by_hand() -> None:
    """A has 2 of 2 correct in the first sentence, B 1 of 2; in the second both have 1 of 2.

    Of the four samples of two sentences, one has the first twice (A leads by 50 points), two have each once (25), one
    the second twice (0): a quarter is <= 0, so p is a half, and the interval is 0 to 50.
    """
    found = paired_bootstrap(sums((2, 2), (1, 2)), sums((1, 2), (1, 2)))["LAS"]
    assert (found["system"], found["other"], found["difference"]) == (75.0, 50.0, 25.0)
    assert (found["low"], found["high"]) == (0.0, 50.0)
    assert found["p"] == pytest.approx(0.5, abs=0.03)


def test_one_sentence_and_no_difference() -> None:
    sure = paired_bootstrap(sums((3, 4)), sums((1, 4)), samples=999)["LAS"]
    assert (sure["low"], sure["high"]) == (50.0, 50.0)
    assert sure["p"] == pytest.approx(2 / 1000)
    same = paired_bootstrap(sums((3, 4), (0, 2)), sums((3, 4), (0, 2)))["LAS"]
    assert (same["difference"], same["low"], same["high"], same["p"]) == (0.0, 0.0, 0.0, 1.0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(3, 5)), min_size=1, max_size=4))
def test_agrees_with_the_enumeration_of_all_samples(sentences: list[tuple[int, int, int]]) -> None:
    """The random samples estimate what the enumeration of all equally likely samples gives exactly."""
    ours, theirs = (np.array([(each[side], each[2]) for each in sentences]) for side in (0, 1))
    drawn = [list(each) for each in itertools.product(range(len(sentences)), repeat=len(sentences))]
    exact = [100 * (ours[each, 0].sum() - theirs[each, 0].sum()) / ours[each, 1].sum() for each in drawn]
    differences = np.array(exact)
    p = min(1.0, 2 * min((differences <= 0).mean(), (differences >= 0).mean()))
    found = paired_bootstrap({"LAS": ours}, {"LAS": theirs}, samples=4000)["LAS"]
    assert found["p"] == pytest.approx(p, abs=0.08)
    assert differences.min() - 1e-9 <= found["low"] <= found["high"] <= differences.max() + 1e-9


def test_same_seed_same_result() -> None:
    pair = sums((2, 2), (1, 2), (0, 3)), sums((1, 2), (1, 2), (1, 3))
    assert paired_bootstrap(*pair, seed=1) == paired_bootstrap(*pair, seed=1)
    assert paired_bootstrap(*pair, samples=50, seed=1) != paired_bootstrap(*pair, samples=50, seed=2)


def test_sentence_sums_give_the_scores() -> None:
    gold = parse_block(DEV.read_bytes(), trees=True)
    heads, labels = gold.heads(), gold.column(7)
    heads[::5] = 1
    heads[gold.sentences[:-1]] = 0
    labels[::3] = [b"obl"] * len(labels[::3])
    system = parse_block(gold.with_trees(heads, labels).text)
    pairs = [(Trees.of(gold), Trees.of(system))]
    scores = main_scores(count_pairs(pairs))
    assert 0 < scores["CLAS"] < 100
    by_sentence = score_sums(pairs)
    assert {len(each) for each in by_sentence.values()} == {len(gold)}
    for name, (right, of) in {name: each.sum(axis=0) for name, each in by_sentence.items()}.items():
        assert 100 * right / of == pytest.approx(scores[name]), name
    told = comparison(pairs, [(Trees.of(gold), Trees.of(gold))])
    assert told["scores"]["LAS"]["other"] == 100
    assert sum(told["sentences"].values()) == len(gold)
    assert told["sentences"]["system has more arcs right"] == 0
    assert "10,000 samples, seed 1" in told["method"]
