"""Symbols and their rows of L: which form, tag or affix a row stands for.

Each channel (form, xpos, suffix ...) owns a range of rows: NULL, ROOT and UNKNOWN, then its symbols.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearparse.features.bounded_cache import BoundedCache
from clearparse.features.word_keys import form_of, tags_of

NULL, ROOT, UNKNOWN = range(3)  # the first rows of every channel

MAX_SHAPE_LENGTH = 10
MAX_CACHED_CHARACTERS = 10_000  # whose shapes are cached
MAX_CACHED_FORMS = 20_000  # forms whose shapes are cached
_DIGIT, _LETTER, _REPEATED = re.compile(r"\d"), re.compile(r"[^\W\d_]"), re.compile(r"(.)\1\1+")


class _ShapeOf(dict[int, str]):
    """The shape of each character, by code point, for str.translate."""

    def __missing__(self, code: int) -> str:
        if len(self) >= MAX_CACHED_CHARACTERS:
            self.clear()
        character = chr(code)
        if _DIGIT.match(character):
            shape = "9"
        elif _LETTER.match(character):
            shape = "X" if character.isupper() else "x"
        else:
            shape = character
        self[code] = shape
        return shape


_SHAPE_OF = _ShapeOf()

# Typographic variants, each looked up as the ASCII character that stands for it.
_VARIANTS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u02b9\u00b4\u2032\uff07`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", '"'),
    }
)


def lookup_form(form: str) -> str:
    """The form as it is looked up: every apostrophe and quotation mark is the ASCII one. Its length does not change."""
    return form if form.isascii() and "`" not in form else form.translate(_VARIANTS)


def _shape(form: str) -> str:
    return _REPEATED.sub(r"\1\1", form.translate(_SHAPE_OF))[:MAX_SHAPE_LENGTH]


_SHAPES = BoundedCache(_shape, MAX_CACHED_FORMS)  # several networks need them


def shape(form: str) -> str:
    """A form with X for capitals, x for other letters, 9 for digits, and at most two of a kind in a row."""
    return _SHAPES[form]


CLUSTER, BETWEEN = "cluster", "\t"  # a tab occurs in no word

# Channels of a word's form, and of its tags: from form or tags to a symbol.
FORM_CHANNELS: dict[str, Callable[[str], str]] = {
    "form": lambda form: form,
    "lower": str.lower,
    "suffix1": lambda form: form[-1:].lower(),
    "suffix2": lambda form: form[-2:].lower(),
    "suffix3": lambda form: form[-3:].lower(),
    "suffix4": lambda form: form[-4:].lower(),
    "suffix5": lambda form: form[-5:].lower(),
    "prefix1": lambda form: form[:1].lower(),
    "prefix2": lambda form: form[:2].lower(),
    "prefix3": lambda form: form[:3].lower(),
    "shape": shape,
    CLUSTER: str.lower,  # a symbol of this one stands for several words, with BETWEEN between them
}
CASED = "form"
WHOLE_FORM = (CASED, "lower")  # hidden to make a word unknown
TAG_CHANNELS: dict[str, Callable[[Sequence[str]], str]] = {
    "upos": lambda tags: tags[0],
    "xpos": lambda tags: tags[1],
    "feats": lambda tags: tags[2],
}
CHANNELS = (*FORM_CHANNELS, *TAG_CHANNELS)
Item = TypeVar("Item", bound=Hashable)


def factorize(items: Sequence[Item]) -> tuple[list[Item], NDArray[np.intp]]:
    """The distinct items, in order of first occurrence, and the index of each item among them (n,)."""
    different = list(dict.fromkeys(items))
    number = dict(zip(different, range(len(different)), strict=True))
    return different, np.fromiter(map(number.__getitem__, items), np.intp, len(items))


@functools.lru_cache(maxsize=2)  # most networks of a model have the same clusters
def _cluster_of_words(clusters: tuple[str, ...]) -> dict[str, int]:
    """The number of each word's cluster."""
    return {word: number for number, words in enumerate(clusters) for word in words.split(BETWEEN)}


class Vocabulary:
    """Rows of L by channel and symbol.

    symbols: the symbols of each channel, in the order of their rows; channels are in the order of CHANNELS.
    first: the first row of each channel, which is NULL. n_rows: the number of rows of all channels.
    normalized: are forms looked up by lookup_form? In the models of version 0.1 they are not.

    Raises ValueError if a symbol of a channel is listed twice.
    """

    def __init__(self, symbols: Mapping[str, Sequence[str]], *, normalized: bool = True) -> None:
        self.normalized = normalized
        self.symbols = {channel: list(symbols[channel]) for channel in CHANNELS if channel in symbols}
        self._numbers: dict[str, dict[str, int]] = {}  # of each symbol in its channel, or of each word in a cluster
        self.first: dict[str, int] = {}
        row = 0
        for channel, names in self.symbols.items():
            self.first[channel] = row
            numbers = dict(zip(names, range(len(names)), strict=True))
            if len(numbers) < len(names):
                raise ValueError(f"a symbol of {channel} is listed twice")
            self._numbers[channel] = _cluster_of_words(tuple(names)) if channel == CLUSTER else numbers
            row += UNKNOWN + 1 + len(names)
        self.n_rows = row
        self._first_symbol = np.array([first + UNKNOWN + 1 for first in self.first.values()], np.int32)  # (channels,)
        self._of_form = [(of, self._numbers[each].get) for each, of in FORM_CHANNELS.items() if each in self.first]
        self._of_tags = [(of, self._numbers[each].get) for each, of in TAG_CHANNELS.items() if each in self.first]

    def __reduce__(self) -> tuple[Callable[..., Vocabulary], tuple[dict[str, list[str]]]]:
        # For pickle: all else follows from these.
        return functools.partial(Vocabulary, normalized=self.normalized), (self.symbols,)

    @classmethod
    def count(cls, keys: Iterable[bytes], channels: Sequence[str], min_count: Mapping[str, int]) -> Vocabulary:
        """The symbols of the words with these keys, most frequent first, that occur at least min_count[channel] times.

        Clusters are not counted: they come from raw text.
        """
        counts: dict[str, Counter[str]] = {channel: Counter() for channel in channels}
        counted = {channel: counter for channel, counter in counts.items() if channel != CLUSTER}
        for key, times in Counter(keys).items():
            form, tags = lookup_form(form_of(key).decode()), tags_of(key).decode().split("\t")
            for channel, counter in counted.items():
                symbol = FORM_CHANNELS[channel](form) if channel in FORM_CHANNELS else TAG_CHANNELS[channel](tags)
                counter[symbol] += times
        return cls(
            {
                channel: [
                    symbol
                    for symbol, times in sorted(counter.items(), key=lambda item: (-item[1], item[0]))
                    if times >= min_count.get(channel, 1)
                ]
                for channel, counter in counts.items()
            }
        )

    def with_symbols(self, channel: str, symbols: Iterable[str]) -> Vocabulary:
        """The same vocabulary with more symbols of a channel, after its present ones."""
        more = [symbol for symbol in dict.fromkeys(symbols) if symbol not in self._numbers[channel]]
        return Vocabulary({**self.symbols, channel: self.symbols[channel] + more}, normalized=self.normalized)

    def encode(self, keys: Sequence[bytes]) -> NDArray[np.int32]:
        """The rows of L of words, one for each channel (n, channels), given their keys (see word_keys)."""
        # form_of and tags_of without calls. No list that split returns is kept: thousands would trigger the garbage
        # collector.
        forms, tags = [key.split(b"\t", 1)[0] for key in keys], [key.split(b"\t", 2)[2] for key in keys]
        rows = np.empty((len(keys), len(self.first)), np.int32)
        if len(keys):
            different, which = factorize(forms)
            self._encode(self._of_form, self._as_looked_up(different), which, rows[:, : len(self._of_form)])
            different, which = factorize(tags)
            split = [of.decode().split("\t") for of in different]
            self._encode(self._of_tags, split, which, rows[:, len(self._of_form) :])
        rows += self._first_symbol
        return rows

    def _as_looked_up(self, forms: Sequence[bytes]) -> list[str]:
        decoded = [form.decode() for form in forms]
        return [lookup_form(form) for form in decoded] if self.normalized else decoded

    @staticmethod
    def _encode(
        channels: Sequence[Any], items: Sequence[Any], which: NDArray[np.intp], rows: NDArray[np.int32]
    ) -> None:
        """Write the symbols' numbers of items (k,) to `rows` (n, channels); word i is item which[i]. UNKNOWN: -1."""
        for k, (of, number_of) in enumerate(channels):
            numbers = map(number_of, map(of, items), itertools.repeat(-1))
            rows[:, k] = np.fromiter(numbers, np.int32, len(items))[which]

    def rows_of(self, channel: str) -> slice:
        """The rows of L of a channel."""
        first = self.first[channel]
        return slice(first, first + UNKNOWN + 1 + len(self.symbols[channel]))

    def special(self, row: int) -> list[int]:
        """The row of NULL, ROOT or UNKNOWN in each channel."""
        return [first + row for first in self.first.values()]


class Encoder:
    """Encodes words as types, and types as rows of L. Type 0 is NULL, 1 is ROOT, then words in order of occurrence."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._types: dict[bytes, int] = {}
        self._rows = [np.array([vocabulary.special(row) for row in (NULL, ROOT)], np.int32)]

    def types(self, keys: Sequence[bytes]) -> NDArray[np.intp]:
        """The type of each word (words,)."""
        new = [key for key in dict.fromkeys(keys) if key not in self._types]
        self._rows.append(self.vocabulary.encode(new))
        self._types.update(zip(new, itertools.count(ROOT + 1 + len(self._types)), strict=False))
        return np.fromiter(map(self._types.__getitem__, keys), np.intp, len(keys))

    def rows(self) -> NDArray[np.int32]:
        """Rows of L of all types: (types, channels)."""
        return np.concatenate(self._rows)
