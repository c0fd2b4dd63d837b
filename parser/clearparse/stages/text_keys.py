"""What the tokenizer's networks see of a text: the keys of its characters and tokens (see word_keys).

The key of a character depends on its stretch, the text between two spaces, and on what follows a final full stop. So
the keys of a stretch are computed once and cached, with what the rules say about where tokens end in it.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.bounded_cache import MAX_KEY_LENGTH, BoundedCache
from clearparse.features.vocabulary import factorize, lookup_form
from clearparse.features.word_keys import word_key
from clearparse.io.locks import renew_lock_after_fork
from clearparse.network.classifier import distinct
from clearparse.stages.graphemes import inside_clusters
from clearparse.stages.stretches import (
    ADDRESS,
    LETTERS,
    OTHER,
    KnownWords,
    address_in,
    beginning,
    inside_numbers,
    inside_words,
    kind_of,
    number_kind,
    stop_kind,
    token_kind,
)
from clearparse.treebank.columns import Mask
from clearparse.treebank.ragged import offsets

MAX_CACHED = 20_000  # stretches, tokens or keys of characters that are cached
# The number of its key; does the network decide whether it ends a token; if not, does it end one; is it a space?
CHARACTER = np.dtype([("key", np.int32), ("asked", np.bool_), ("ends", np.bool_), ("space", np.bool_)], align=True)


class Characters(NamedTuple):
    """The characters of a text (n,) as the network sees them.

    keys: those of all characters so far, with the kind of their stretch in place of UPOS and their Unicode category in
    place of XPOS, so that £ is tokenized like $: both are Sc.
    table (n,): a CHARACTER each.
    """

    keys: Sequence[bytes]
    table: NDArray[np.void]


def undecided(text: str, divided: frozenset[str] | None, known: KnownWords | None, *, spaces: bool) -> Mask:
    """The characters (n,) of a text of which the network decides whether they end a token.

    A token ends before every space, unless tokens can contain spaces, and none ends inside a word: see Tokenizer.
    """
    space = np.frombuffer((text + " ").encode("utf-32-le"), np.uint32) == ord(" ")
    asked = np.ones(len(text), np.bool_) if spaces else ~(space[:-1] | space[1:])
    return asked if divided is None or known is None else asked & ~inside_words(text, divided, known.units)


def token_key(form: str, known: KnownWords | None, *, space_after: bool) -> bytes:
    """The key of a token: in place of UPOS `space` if one follows, in place of XPOS its kind."""
    kind = token_kind(form, known) if known else "_"
    return word_key(form.encode(), f"{'space' if space_after else '_'}\t{kind}\t_".encode())


def _character_key(character: str, kind: str, *, normalized: bool) -> bytes:
    """The key of a character in a stretch of some kind."""
    seen = lookup_form(character) if normalized else character
    shown = "0" if normalized and character.isdecimal() else character  # a number of another value is divided alike
    return word_key(shown.encode(), f"{kind}\t{unicodedata.category(seen)}\t_".encode())


class TextKeys:
    """Finds the keys of characters and tokens, and caches them. The arguments are those of Tokenizer. Thread-safe.

    tokens: the keys of tokens by their form (see token_key), without and with a space after them.
    """

    def __init__(self, known: KnownWords | None, divided: frozenset[str] | None, *, spaces: bool) -> None:
        self.known, self.divided, self.spaces = known, divided, spaces
        self.tokens = [
            BoundedCache(partial(token_key, known=known, space_after=space), MAX_CACHED) for space in (False, True)
        ]
        self._beginnings = BoundedCache(partial(beginning, known=known), MAX_CACHED) if known else None
        self.lock = threading.Lock()
        renew_lock_after_fork(self)
        self._stretches: dict[str, bytes] = {}  # what `_characters` gives for each marked stretch
        self._numbers: dict[bytes, int] = {}  # of the keys of characters
        self._keys: list[bytes] = []  # by number

    def __reduce__(self) -> tuple[partial[TextKeys], tuple[KnownWords | None, frozenset[str] | None]]:
        return partial(TextKeys, spaces=self.spaces), (self.known, self.divided)

    def characters(self, texts: Iterable[str]) -> Characters:
        """The characters of paragraphs joined by spaces."""
        stretches = [stretch for text in texts for stretch in self._with_stops(text.split(" "))]
        with self.lock:  # threads share the numbers
            found = list(filter(None, map(self._stretches.get, stretches)))
            data = b"".join(found if len(found) == len(stretches) else self._with_new(stretches))
            return Characters(self._keys, np.frombuffer(data, CHARACTER)[1:])

    def _with_new(self, stretches: list[str]) -> list[bytes]:
        """The bytes of marked stretches (see _characters), of which some are not cached."""
        if len(self._keys) > MAX_CACHED:
            self._stretches, self._numbers, self._keys = {}, {}, []
        distinct, cached = dict.fromkeys(stretches), self._stretches
        missing = [each for each in distinct if each not in cached]
        cached.update(zip(missing, self._characters(missing), strict=True))
        data = [cached[each] for each in stretches]
        for each in missing:
            if len(each) > MAX_KEY_LENGTH:
                del cached[each]
        if len(cached) > MAX_CACHED:  # then those of this text are kept
            kept = {each: cached[each] for each in distinct if each in cached}
            self._stretches = kept if len(kept) <= MAX_CACHED else {}
        return data

    def _with_stops(self, stretches: list[str]) -> list[str]:
        """The stretches of a paragraph, with a space and what follows after each that has a final full stop."""
        if self._beginnings is not None:
            for k in [k for k, stretch in enumerate(stretches) if stretch.endswith(".")]:
                follows = self._beginnings[stretches[k + 1]] if k + 1 < len(stretches) else "end"
                stretches[k] += f" {follows}"
        return stretches

    def _characters(self, marked: list[str]) -> list[bytes]:
        """The bytes of marked stretches (see _with_stops): CHARACTERs of the space before each and of its own."""
        stretches = [each.partition(" ")[0] for each in marked]
        text = "".join(f" {stretch}" for stretch in stretches)
        begin = offsets([1 + len(stretch) for stretch in stretches])
        ends = np.zeros(len(text), np.bool_)
        if not self.spaces:
            ends[begin[1:] - 1] = True
        asked = undecided(text, self.divided, self.known, spaces=self.spaces)
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).copy()
        addresses = list(map(address_in, stretches)) if self.known else [None] * len(stretches)
        kinds, kind = factorize([*map(self._kind, marked, addresses), "_", ADDRESS])
        kind_there = kind[:-2].repeat(begin[1:] - begin[:-1])
        kind_there[begin[:-1]] = kind[-2]
        for k, span in enumerate(addresses):
            if span:
                first, end = (begin[k] + 1 + span).tolist()
                codes[first:end], kind_there[first:end] = ord("x"), kind[-1]
                asked[first - 1 : end] = ends[first:end] = False
                ends[first - 1] = ends[end - 1] = True  # a token ends before it, and it is one
        inside = [*inside_clusters(text).tolist(), *(inside_numbers(text) if self.known else ())]
        asked[inside] = ends[inside] = False
        if not self.spaces:
            ends[begin[:-1]] = False
        characters, character = distinct(codes, int(codes.max()) + 1)
        pairs, pair = distinct(character * len(kinds) + kind_there, len(characters) * len(kinds))
        parts = zip(*(part.tolist() for part in np.divmod(pairs, len(kinds))), strict=True)
        numbers = np.array([self._number(chr(characters[k]), kinds[of]) for k, of in parts], np.int32)
        table = np.zeros(len(text), CHARACTER)
        table["key"], table["asked"], table["ends"] = numbers[pair], asked, ends
        table["space"][begin[:-1]] = True
        data, places = table.tobytes(), (CHARACTER.itemsize * begin).tolist()
        return [data[a:b] for a, b in pairwise(places)]

    def _number(self, character: str, kind: str) -> int:
        """The number of a character's key."""
        key = _character_key(character, kind, normalized=self.known is not None)
        if key not in self._numbers:
            self._keys.append(key)
            self._numbers[key] = len(self._keys) - 1
        return self._numbers[key]

    def _kind(self, marked: str, address: tuple[int, int] | None) -> str:
        """The kind of a marked stretch; of one with a final full stop it includes what follows."""
        if marked.isalpha():  # most of them
            return LETTERS
        stretch, _, follows = marked.partition(" ")
        if not self.known:
            return kind_of(stretch)
        if follows:
            return f"{stop_kind(stretch, self.known)} {follows}"
        return OTHER if address else number_kind(kind_of(stretch), stretch, self.known)
