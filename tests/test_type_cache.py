"""Tests of the cache of types of word: what is in it, and which types are evicted."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import MODEL

from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.type_cache import FIRST, TypeCache
from clearparse.model.model import load

PARSER = load(MODEL).parser
WORDS = [f"{form}\t_\tNOUN\tNN\t_".encode() for form in PARSER.vocabulary.symbols["form"][:12]]


class Small(PrecomputedLayer):
    """Tables with room for six words."""

    capacity = FIRST + 6


class SmallCache(TypeCache):
    """A TypeCache with these tables."""

    layer_type = Small


def scores(layer: PrecomputedLayer, types: np.ndarray) -> np.ndarray:
    """theta (words, C) of configurations with the same word at all addresses."""
    features = layer.features
    at_addresses = np.tile(types, (len(features.addresses), 1))
    return layer.exact_theta(at_addresses, np.zeros((len(features.state_values), len(types)), np.intp))


@functools.cache
def all_scores() -> np.ndarray:
    """The scores of WORDS, from tables with room for all of them."""
    cache = TypeCache(PARSER.params, PARSER.features)
    types = cache.types(WORDS)
    return scores(cache.layer, types)


@given(calls=st.lists(st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=9)))
def test_keys_of_a_call_have_types_with_their_own_rows(calls: list[list[int]]) -> None:
    cache, expected = SmallCache(PARSER.params, PARSER.features), all_scores()
    for words in calls:
        types = cache.types([WORDS[word] for word in words])
        assert len({*types.tolist()}) == len({*words})
        assert np.array_equal(scores(cache.layer, types), expected[words])
        assert cache._key_bytes == sum(map(len, cache._types))  # without those of evicted types


def test_the_least_recently_used_types_are_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, added = SmallCache(PARSER.params, PARSER.features), []
    cache.types(WORDS[:6])
    cache.types(WORDS[2:6])
    monkeypatch.setattr(cache, "_add", lambda new, add=cache._add: (added.append(new), add(new)))
    cache.types([WORDS[0], WORDS[6]])  # in the place of WORDS[1]
    cache.types([WORDS[0], *WORDS[2:7]])
    cache.types(WORDS[1:2])
    assert added == [WORDS[6:7], WORDS[1:2]]
