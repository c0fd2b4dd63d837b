"""Functions on trees, compared with word-by-word definitions on all graphs of up to five words."""

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
    """The ancestors of a word (from 1), up to 0 for the root; on a cycle the word itself is one of them."""
    found: list[int] = []
    while word and (not found or heads[word - 1] not in found):
        word = heads[word - 1]
        found.append(word)
    return found


def is_tree(heads: Heads) -> bool:
    return all(0 in ancestors(heads, word) for word in range(1, len(heads) + 1))


def is_nonprojective(heads: Heads, d: int) -> bool:
    h = heads[d - 1]
    return any(h not in ancestors(heads, k) for k in range(min(h, d) + 1, max(h, d)))


def is_projective(heads: Heads) -> bool:
    """No two arcs cross, with the root left of the first word: a different definition from is_nonprojective."""
    arcs = [(min(h, d), max(h, d)) for d, h in enumerate(heads, 1)]
    return not any(a < c < b < e for (a, b), (c, e) in itertools.permutations(arcs, 2))


def lift(heads: Heads) -> Heads:
    """Nivre and Nilsson's algorithm, one arc after another."""
    first = heads.index(0) + 1
    heads = tuple(first if h == 0 and d != first else h for d, h in enumerate(heads, 1))
    while arcs := [d for d in range(1, len(heads) + 1) if is_nonprojective(heads, d)]:
        d = min(arcs, key=lambda d: (abs(heads[d - 1] - d), d))
        heads = (*heads[: d - 1], heads[heads[d - 1] - 1], *heads[d:])
    return heads


def flat(sentences: list[Heads]) -> tuple[np.ndarray, np.ndarray]:
    heads = np.array([h for sentence in sentences for h in sentence], np.int32)
    return heads, np.cumsum([0, *map(len, sentences)])


@functools.cache
def graphs() -> list[Heads]:
    """All ways to give heads to up to five words, including their own positions."""
    return [heads for n in range(1, 6) for heads in itertools.product(range(n + 1), repeat=n)]


@functools.cache
def trees() -> list[Heads]:
    return [heads for heads in graphs() if is_tree(heads)]


def test_the_enumeration_is_complete() -> None:
    """There are (n + 1)^(n - 1) rooted forests on n labeled words, by Cayley's formula."""
    assert len(trees()) == sum((n + 1) ** (n - 1) for n in range(1, 6))
    single = [heads for heads in trees() if heads.count(0) == 1 and is_projective(heads)]
    assert len(single) == 183


def test_indices_of_sentences_and_heads() -> None:
    heads, sentences = flat([(2, 0), (0,), (3, 1, 0)])
    assert sentence_of(sentences).tolist() == [0, 0, 1, 2, 2, 2]
    assert absolute(heads, sentences).tolist() == [1, -1, -1, 5, 3, -1]


def test_roots_are_counted() -> None:
    assert roots_per_sentence(*flat(graphs())).tolist() == [heads.count(0) for heads in graphs()]


def test_cycles_are_found() -> None:
    expected = [word in ancestors(heads, word) for heads in graphs() for word in range(1, len(heads) + 1)]
    assert in_cycle(*flat(graphs())).tolist() == expected


def test_levels_have_each_word_at_its_depth() -> None:
    heads, sentences = flat(trees())
    depth = [len(ancestors(heads, word)) - 1 for heads in trees() for word in range(1, len(heads) + 1)]
    found = levels(heads, sentences)
    assert sum(map(len, found)) == len(heads)
    for number, words in enumerate(found):
        assert {depth[word] for word in words} == {number}


def test_preorder_gives_subtrees() -> None:
    heads, sentences = flat(trees())
    number, size = preorder(heads, sentences)
    assert sorted(number.tolist()) == list(range(len(heads)))
    for start, tree in zip(sentences.tolist(), trees(), strict=False):
        for h, w in itertools.product(range(1, len(tree) + 1), repeat=2):
            n, m = start + h - 1, start + w - 1
            assert (number[n] <= number[m] < number[n] + size[n]) == (h == w or h in ancestors(tree, w))


def test_nonprojective_arcs_are_found() -> None:
    expected = [is_nonprojective(heads, word) for heads in trees() for word in range(1, len(heads) + 1)]
    assert nonprojective_arcs(*flat(trees())).tolist() == expected


def test_nonprojective_sentences_are_found() -> None:
    assert nonprojective_sentences(*flat(trees())).tolist() == [not is_projective(heads) for heads in trees()]


def test_projectivized_lifts_the_shortest_arcs_first() -> None:
    projective = projectivized(*flat(trees()))
    assert projective.tolist() == [h for heads in trees() for h in lift(heads)]
    assert all(lift(heads) == heads for heads in trees() if is_projective(heads) and heads.count(0) == 1)
    sentences = flat(trees())[1]
    assert (roots_per_sentence(projective, sentences) == 1).all()
    assert not in_cycle(projective, sentences).any()
    assert not nonprojective_arcs(projective, sentences).any()


@pytest.mark.parametrize("words", [7, 12, 30])
def test_larger_trees_are_projectivized(words: int) -> None:
    rng = np.random.default_rng(words)
    sample = []
    for _ in range(20):
        order = rng.permutation(words) + 1
        heads = dict(zip(order, [0, *(order[rng.integers(i)] for i in range(1, words))], strict=True))
        sample.append(tuple(int(heads[word]) for word in range(1, words + 1)))
    assert projectivized(*flat(sample)).tolist() == [h for heads in sample for h in lift(heads)]


def test_arguments_are_not_changed_and_may_be_empty() -> None:
    heads, sentences = flat([(3, 4, 0, 3)])
    assert projectivized(heads, sentences).tolist() == [3, 3, 0, 3]
    assert heads.tolist() == [3, 4, 0, 3]
    for function in (in_cycle, nonprojective_arcs, projectivized, roots_per_sentence, nonprojective_sentences):
        assert function(*flat([])).tolist() == []


def test_long_chains_need_no_recursion() -> None:
    words = 20_000
    heads, sentences = flat([tuple(range(words)), (*range(2, words + 1), 0)])
    assert not in_cycle(heads, sentences).any()
    assert not nonprojective_sentences(heads, sentences).any()
    heads[9] = 15_000
    assert in_cycle(heads, sentences).sum() == 15_000 - 9
