"""The keys of characters and tokens, and their cache."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearparse.features.bounded_cache import MAX_KEY_LENGTH
from clearparse.stages import text_keys
from clearparse.stages.stretches import KnownWords
from clearparse.stages.text_keys import TextKeys, undecided

KNOWN = KnownWords(*map(frozenset, (["dr"], ["then"], ["then"], ["oslo"], ["kg"])))
DIVIDED = frozenset(["alot"])
TEXTS = (
    "Dr. Who has 50kg, alot.",
    "See www.a.com/b. Then Dr. No",
    "",
    "Dr. Who",
    "e\u0301te\u0301 e\u0301",
    "no no no.",
)

Found = list[tuple[bytes, bool, bool, bool]]


def found(keys: TextKeys, *texts: str) -> Found:
    """Of each character: its key, whether it is asked for, whether it ends a token, and whether it is a space."""
    characters = keys.characters(texts)
    return [(characters.keys[k], *flags) for k, *flags in characters.table.tolist()]


@pytest.mark.parametrize("size", [0, 1, 5, 1000])
@pytest.mark.parametrize("spaces", [False, True])
def test_the_cache_changes_nothing(size: int, spaces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [found(TextKeys(KNOWN, DIVIDED, spaces=spaces), text) for text in TEXTS]
    monkeypatch.setattr(text_keys, "MAX_CACHED", size)
    keys = TextKeys(KNOWN, DIVIDED, spaces=spaces)
    for text, characters in zip(TEXTS * 2, expected * 2, strict=True):
        assert found(keys, text) == characters
        assert len(keys._stretches) <= size
    assert found(copy.deepcopy(keys), TEXTS[0]) == expected[0]
    joined = found(keys, *TEXTS[:2])
    assert joined == [*expected[0], joined[len(TEXTS[0])], *expected[1]]


def test_long_stretches_are_not_cached() -> None:
    keys = TextKeys(KNOWN, DIVIDED, spaces=False)
    long = "x" * (MAX_KEY_LENGTH + 1)
    assert [each[0][:1] for each in found(keys, f"a {long}")] == [b"a", b" ", *[b"x"] * len(long)]
    assert list(keys._stretches) == ["a"]


def test_a_full_cache_keeps_the_stretches_of_the_present_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_keys, "MAX_CACHED", 3)
    keys = TextKeys(KNOWN, DIVIDED, spaces=False)
    found(keys, "a b c")
    found(keys, "a d")
    assert set(keys._stretches) == {"a", "d"}


@given(st.text("ab1k ,-'", min_size=1, max_size=30), st.booleans())
def test_rules_see_a_stretch_as_they_see_the_text(text: str, spaces: bool) -> None:
    """No rule looks beyond a space."""
    table = TextKeys(KNOWN, DIVIDED, spaces=spaces).characters([text]).table
    np.testing.assert_array_equal(table["asked"], undecided(text, DIVIDED, KNOWN, spaces=spaces))
    np.testing.assert_array_equal(table["space"], [character == " " for character in text])
    before_space = [here != " " and after == " " for here, after in zip(text, text[1:] + " ", strict=True)]
    np.testing.assert_array_equal(table["ends"], np.array(before_space) & (not spaces))


def test_addresses_and_grapheme_clusters_are_not_divided() -> None:
    keys = TextKeys(KNOWN, DIVIDED, spaces=True)
    _, space, *address, comma = keys.characters(["a www.b.com,"]).table.tolist()
    assert [flags for _, *flags in (space, comma)] == [[False, True, True], [True, False, False]]
    assert [flags for _, *flags in address] == [[False, False, False]] * 8 + [[False, True, False]]
    assert keys.characters(["e\u0301-"]).table["asked"].tolist() == [False, True, True]
