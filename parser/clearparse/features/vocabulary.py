"""Symbols of words and their rows of L: which form, tag or affix a row stands for.

Each channel (form, xpos, suffix ...) owns a range of rows: NULL, ROOT and UNKNOWN, then its symbols.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

NULL, ROOT, UNKNOWN = range(3)  # the first rows of every channel

LONGEST_SHAPE = 10
_DIGIT, _LETTER, _REPEATED = re.compile(r"\d"), re.compile(r"[^\W\d_]"), re.compile(r"(.)\1\1+")


class _Drawn(dict[int, str]):
    """What is drawn for each character, by its number: as str.translate wants it."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if _DIGIT.match(character):
            drawn = "9"
        elif _LETTER.match(character):
            drawn = "X" if character.isupper() else "x"
        else:
            drawn = character
        self[code] = drawn
        return drawn


_DRAWN = _Drawn()

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


@functools.lru_cache(maxsize=100_000)  # several networks look at it
def shape(form: str) -> str:
    """A form with X for capitals, x for other letters, 9 for digits, and at most two of a kind in a row."""
    return _REPEATED.sub(r"\1\1", form.translate(_DRAWN))[:LONGEST_SHAPE]


CLUSTER, BETWEEN = "cluster", "\t"  # which stands in no word

# Channels of a word: those of its form, and those of its tags.
OF_FORM: dict[str, Callable[[str], str]] = {
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
WHOLE_FORM = (CASED, "lower")  # what is hidden where a word is to be unknown
OF_TAGS: dict[str, Callable[[Sequence[str]], str]] = {
    "upos": lambda tags: tags[0],
    "xpos": lambda tags: tags[1],
    "feats": lambda tags: tags[2],
}
CHANNELS = (*OF_FORM, *OF_TAGS)
Value = TypeVar("Value")
Item = TypeVar("Item", bound=Hashable)

MOST_FORMS = 500_000  # how many forms an Encoder remembers when it forgets its types


def form_key(form: str) -> bytes:
    """The key of a word without lemma and tags."""
    return f"{form}\t_\t_\t_\t_".encode()


def factorize(items: Sequence[Item]) -> tuple[list[Item], NDArray[np.intp]]:
    """The different ones of some items as they are met, and which of these each item is: (n,)."""
    different = list(dict.fromkeys(items))
    number = dict(zip(different, range(len(different)), strict=True))
    return different, np.fromiter(map(number.__getitem__, items), np.intp, len(items))


class Vocabulary:
    """Rows of L by channel and symbol.

    symbols: for each channel its symbols in the order of their rows; the channels' own order is that of CHANNELS.
    first: the first row of each channel, its NULL. last_row: the number of all rows.
    normalized: are forms looked up by lookup_form? In the models of version 0.1 they are not.
    """

    def __init__(self, symbols: Mapping[str, Sequence[str]], *, normalized: bool = True) -> None:
        self.normalized = normalized
        self.symbols = {channel: list(symbols[channel]) for channel in CHANNELS if channel in symbols}
        self._rows: dict[str, dict[str, int]] = {}
        self.first: dict[str, int] = {}
        row = 0
        for channel, names in self.symbols.items():
            self.first[channel] = row
            rows = {name: number for number, name in enumerate(names, row + UNKNOWN + 1)}
            if channel == CLUSTER:
                rows = {word: number for words, number in rows.items() for word in words.split(BETWEEN)}
            self._rows[channel] = rows
            row += UNKNOWN + 1 + len(names)
        self.last_row = row
        # For each channel what it shows of a word, the row of that, and the row of UNKNOWN.
        self._of_form = [(of, *self._row_of(channel)) for channel, of in OF_FORM.items() if channel in self.first]
        self._of_tags = [(of, *self._row_of(channel)) for channel, of in OF_TAGS.items() if channel in self.first]

    def __reduce__(self) -> tuple[Callable[..., Vocabulary], tuple[dict[str, list[str]]]]:
        # For pickle: all else follows from these.
        return functools.partial(Vocabulary, normalized=self.normalized), (self.symbols,)

    def _row_of(self, channel: str) -> tuple[Callable[[str, int], int], int]:
        return self._rows[channel].get, self.first[channel] + UNKNOWN

    @classmethod
    def count(cls, keys: Iterable[bytes], channels: Sequence[str], min_count: Mapping[str, int]) -> Vocabulary:
        """The symbols of these words, most frequent first, without those seen less than min_count[channel] times.

        There are no clusters among them: see Vectors.
        """
        counts: dict[str, Counter[str]] = {channel: Counter() for channel in channels}
        counted = {channel: counter for channel, counter in counts.items() if channel != CLUSTER}
        for key, times in Counter(keys).items():
            form, _, *tags = key.decode().split("\t")
            form = lookup_form(form)
            for channel, counter in counted.items():
                symbol = OF_FORM[channel](form) if channel in OF_FORM else OF_TAGS[channel](tags)
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

    def with_more(self, channel: str, symbols: Iterable[str]) -> Vocabulary:
        """The same with more symbols of a channel, behind those there are."""
        more = [symbol for symbol in dict.fromkeys(symbols) if symbol not in self._rows[channel]]
        return Vocabulary({**self.symbols, channel: self.symbols[channel] + more}, normalized=self.normalized)

    def encode_form(self, form: str) -> list[int]:
        """Rows of a form, one for each of the channels that depend on it."""
        form = lookup_form(form) if self.normalized else form
        return [row_of(of(form), unknown) for of, row_of, unknown in self._of_form]

    def encode_tags(self, tags: Sequence[str]) -> list[int]:
        """Rows of (UPOS, XPOS, FEATS), one for each of the channels that depend on them."""
        return [row_of(of(tags), unknown) for of, row_of, unknown in self._of_tags]

    def special(self, row: int) -> list[int]:
        """NULL's or ROOT's row in each channel."""
        return [first + row for first in self.first.values()]


class _Memory(dict[bytes, Value]):
    """What a function gives for each key, remembered."""

    def __init__(self, of: Callable[[bytes], Value]) -> None:
        self._of = of

    def __missing__(self, key: bytes) -> Value:
        value = self[key] = self._of(key)
        return value


class Encoder:
    """Words as types, by number, and types as rows of L: 0 is NULL, 1 is ROOT, then words as they were met."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        # Tuples: of so many lists Python's collector would look through every one, again and again.
        self._forms = _Memory(lambda form: tuple(vocabulary.encode_form(form.decode())))
        self._tags = _Memory(lambda tags: tuple(vocabulary.encode_tags(tags.decode().split("\t"))))
        self._forget()

    def _forget(self) -> None:
        """Start again with NULL and ROOT alone."""
        if len(self._forms) > MOST_FORMS:
            self._forms.clear()
            self._tags.clear()
        self._types = _Memory(self._new_type)
        self._rows = [tuple(self.vocabulary.special(row)) for row in (NULL, ROOT)]

    def _new_type(self, key: bytes) -> int:
        form, _, tags = key.split(b"\t", 2)
        self._rows.append(self._forms[form] + self._tags[tags])
        return len(self._rows) - 1

    def types(self, keys: Sequence[bytes], capacity: int | None = None) -> tuple[NDArray[np.intp], int]:
        """The type of each word (words,), and the number of the first type that is new by this call.

        If there would be more than `capacity` types, all earlier ones are forgotten, and all are new (0).
        """
        first = len(self._rows)
        if capacity is not None and first + len(set(keys).difference(self._types)) > capacity:
            if first > ROOT + 1:
                self._forget()
            first = 0
        return self._numbers(keys), first

    def _numbers(self, keys: Sequence[bytes]) -> NDArray[np.intp]:
        return np.fromiter(map(self._types.__getitem__, keys), dtype=np.intp, count=len(keys))

    def rows(self, first: int = 0) -> NDArray[np.int32]:
        """Rows of L of every type from number `first` on: (types, channels)."""
        return np.array(self._rows[first:], dtype=np.int32).reshape(-1, len(self.vocabulary.first))
