"""Facts about trees, against their definitions word by word, on everything that up to five words can be."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from clearparse.treebank.tree import (
    absolute,
    in_cycle,
    levels,
    nonprojective_arcs,
    nonprojective_sentences,
    preorder,
    projectivized,
    roots_per_sentence,
    sentence_of,
)

Heads = tuple[int, ...]


def ancestors(heads: Heads, word: int) -> list[int]:
    """The words above a word, which may come round to itself once, and 0 if the root is reached. Words from 1."""
    found: list[int] = []
    while word and (not found or heads[word - 1] not in found):
        word = heads[word - 1]
        found.append(word)
    return found


def is_tree(heads: Heads) -> bool:
    return all(0 in ancestors(heads, word) for word in range(1, len(heads) + 1))


def is_crossing(heads: Heads, d: int) -> bool:
    h = heads[d - 1]
    return any(h not in ancestors(heads, k) for k in range(min(h, d) + 1, max(h, d)))


def is_projective(heads: Heads) -> bool:
    """No two arcs cross, the root being left of the first word: another definition than is_crossing's."""
    arcs = [(min(h, d), max(h, d)) for d, h in enumerate(heads, 1)]
    return not any(a < c < b < e for (a, b), (c, e) in itertools.permutations(arcs, 2))


def lift(heads: Heads) -> Heads:
    """Nivre and Nilsson's algorithm, one arc after another."""
    first = heads.index(0) + 1
    heads = tuple(first if h == 0 and d != first else h for d, h in enumerate(heads, 1))
    while crossed := [d for d in range(1, len(heads) + 1) if is_crossing(heads, d)]:
        d = min(crossed, key=lambda d: (abs(heads[d - 1] - d), d))
        heads = (*heads[: d - 1], heads[heads[d - 1] - 1], *heads[d:])
    return heads


def flat(sentences: list[Heads]) -> tuple[np.ndarray, np.ndarray]:
    heads = np.array([h for sentence in sentences for h in sentence], np.int32)
    return heads, np.cumsum([0, *map(len, sentences)])


@functools.cache
def graphs() -> list[Heads]:
    """Every way to give heads to up to five words, a word's own place among them."""
    return [heads for n in range(1, 6) for heads in itertools.product(range(n + 1), repeat=n)]


@functools.cache
def trees() -> list[Heads]:
    return [heads for heads in graphs() if is_tree(heads)]


def test_the_small_world_is_whole() -> None:
    """Rooted forests on n labelled words: (n + 1)^(n - 1), by Cayley's formula."""
    assert len(trees()) == sum((n + 1) ** (n - 1) for n in range(1, 6))
    single = [heads for heads in trees() if heads.count(0) == 1 and is_projective(heads)]
    assert len(single) == 183


def test_places_of_sentences_and_heads() -> None:
    heads, sentences = flat([(2, 0), (0,), (3, 1, 0)])
    assert sentence_of(sentences).tolist() == [0, 0, 1, 2, 2, 2]
    assert absolute(heads, sentences).tolist() == [1, -1, -1, 5, 3, -1]


def test_roots_are_counted() -> None:
    assert roots_per_sentence(*flat(graphs())).tolist() == [heads.count(0) for heads in graphs()]


def test_cycles_are_found() -> None:
    expected = [word in ancestors(heads, word) for heads in graphs() for word in range(1, len(heads) + 1)]
    assert in_cycle(*flat(graphs())).tolist() == expected


def test_levels_hold_each_word_once_below_its_head() -> None:
    heads, sentences = flat(trees())
    depth = [len(ancestors(heads, word)) - 1 for heads in trees() for word in range(1, len(heads) + 1)]
    found = levels(heads, sentences)
    assert sum(map(len, found)) == len(heads)
    for number, words in enumerate(found):
        assert {depth[word] for word in words} == {number}


def test_preorder_tells_what_is_below() -> None:
    heads, sentences = flat(trees())
    number, size = preorder(heads, sentences)
    assert sorted(number.tolist()) == list(range(len(heads)))
    for start, tree in zip(sentences.tolist(), trees(), strict=False):
        for h, w in itertools.product(range(1, len(tree) + 1), repeat=2):
            n, m = start + h - 1, start + w - 1
            assert (number[n] <= number[m] < number[n] + size[n]) == (h == w or h in ancestors(tree, w))


def test_crossing_arcs_are_found() -> None:
    expected = [is_crossing(heads, word) for heads in trees() for word in range(1, len(heads) + 1)]
    assert nonprojective_arcs(*flat(trees())).tolist() == expected


def test_nonprojective_sentences_are_found() -> None:
    assert nonprojective_sentences(*flat(trees())).tolist() == [not is_projective(heads) for heads in trees()]


def test_trees_are_made_projective_by_the_shortest_lifts() -> None:
    lifted = projectivized(*flat(trees()))
    assert lifted.tolist() == [h for heads in trees() for h in lift(heads)]
    assert all(lift(heads) == heads for heads in trees() if is_projective(heads) and heads.count(0) == 1)
    sentences = flat(trees())[1]
    assert (roots_per_sentence(lifted, sentences) == 1).all()
    assert not in_cycle(lifted, sentences).any()
    assert not nonprojective_arcs(lifted, sentences).any()


@pytest.mark.parametrize("words", [7, 12, 30])
def test_larger_trees_are_made_projective(words: int) -> None:
    rng = np.random.default_rng(words)
    sample = []
    for _ in range(20):
        order = rng.permutation(words) + 1
        heads = dict(zip(order, [0, *(order[rng.integers(i)] for i in range(1, words))], strict=True))
        sample.append(tuple(int(heads[word]) for word in range(1, words + 1)))
    assert projectivized(*flat(sample)).tolist() == [h for heads in sample for h in lift(heads)]


def test_nothing_is_changed_in_place_and_nothing_is_needed() -> None:
    heads, sentences = flat([(3, 4, 0, 3)])
    assert projectivized(heads, sentences).tolist() == [3, 3, 0, 3]
    assert heads.tolist() == [3, 4, 0, 3]
    for function in (in_cycle, nonprojective_arcs, projectivized, roots_per_sentence, nonprojective_sentences):
        assert function(*flat([])).tolist() == []


def test_a_long_chain_is_no_deep_recursion() -> None:
    words = 20_000
    heads, sentences = flat([tuple(range(words)), (*range(2, words + 1), 0)])
    assert not in_cycle(heads, sentences).any()
    assert not nonprojective_sentences(heads, sentences).any()
    heads[9] = 15_000
    assert in_cycle(heads, sentences).sum() == 15_000 - 9
