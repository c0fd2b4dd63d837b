"""The words and abbreviations that the tokenizer knows (see KnownWords), from a treebank and from raw text.

Which words are abbreviations is found by counting full stops, like in Punkt (Kiss & Strunk 2006): an ordinary word is
often written without one, and the text rarely goes on in lower case after it. In raw text, unlike in a treebank, most
words of a language occur often enough for that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from clearparse.features.vocabulary import lookup_form
from clearparse.io.files import PathLike, read_lines
from clearparse.stages.stretches import CLOSING, MAX_ABBREVIATION_LENGTH, NUMBER_WORD, OPENING, STOP, KnownWords
from clearparse.treebank.tokens import Paragraph, Token, text_of, tokens_in

MIN_COUNT = 2  # times that a treebank has to have a word in lower case, or at the beginning of a sentence
MIN_PLAIN, MAX_STOPPED = 10, 0.07  # times that a familiar word is without a full stop; with one, as a part of these
MIN_STOPPED = 0.3  # times that an abbreviation has a full stop, as a part of those without
MIN_INSIDE, MIN_INSIDE_PART = 4, 0.4  # times that the sentence goes on after an abbreviation, and as a part of all

MAX_DIVIDED = 0.002  # part of the words of letters that are divided into tokens
MIN_NUMBERS, MIN_AFTER = 5, 0.1  # different numbers that a unit follows, and part of its places where it follows one

_MARKS = CLOSING.replace(".", "")
_LETTERS = re.compile(r"[^\W\d_]+")
_NUMBER_AND_WORD = re.compile(r"(?<!\S)\(?(\d[\d.,]*) ([^\W\d_]+)(?!\w)")


@dataclass(frozen=True)
class StopCounts:
    """How often words of letters, in lower case, have a full stop. The last word of a line does not count.

    plain: without one. stopped: with one. inside: with one after which the sentence clearly goes on.
    """

    plain: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)
    inside: Counter[str] = field(default_factory=Counter)

    def add(self, line: str) -> None:
        """Count the words of a line of text."""
        for stretch, after in pairwise(lookup_form(line).split()):
            begun = stretch.lstrip(OPENING)
            core = begun.rstrip(_MARKS).lower()
            if len(core) <= MAX_ABBREVIATION_LENGTH and core.isalpha():
                self.plain[core] += after != "."
            elif len(core) <= MAX_ABBREVIATION_LENGTH + 1 and STOP.fullmatch(core):
                comma = begun[len(core) :].startswith((",", ";", ":"))
                goes_on = comma or after[0].islower() or after[0].isdigit()
                self.stopped[core[:-1]] += 1
                self.inside[core[:-1]] += goes_on

    def words(self) -> set[str]:
        """The short words that are rarely followed by a full stop."""
        return {word for word, n in self.plain.items() if n >= MIN_PLAIN and self.stopped[word] <= MAX_STOPPED * n}

    def abbreviations(self) -> set[str]:
        """The short words that often have a full stop, after which the sentence often goes on."""
        return {
            word
            for word, n in self.inside.items()
            if n >= max(MIN_INSIDE, MIN_INSIDE_PART * self.stopped[word])
            and self.stopped[word] > MIN_STOPPED * self.plain[word]
            and len(word) > 1
        }


@dataclass(frozen=True)
class NumberCounts:
    """How often words of letters follow a number and a space.

    words: how often each word occurs. after: after a number. numbers: the different numbers before it.
    """

    words: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, set[str]] = field(default_factory=dict)

    def add(self, line: str) -> None:
        """Count the words of a line of text."""
        self.words.update(_LETTERS.findall(line))
        for number, word in _NUMBER_AND_WORD.findall(line):
            self.numbers.setdefault(word, set()).add(number)
            self.after[word] += 1

    def units(self) -> set[str]:
        """The words that often follow a number, and several different ones."""
        return {
            word
            for word, n in self.after.items()
            if len(self.numbers[word]) >= MIN_NUMBERS and n >= MIN_AFTER * self.words[word]
        }


def known_words(paragraphs: Sequence[Paragraph], raw_text: Sequence[PathLike] = ()) -> KnownWords:
    """What a treebank and files of raw text tell about words. Raises FileError if a file is missing or damaged."""
    abbreviations: set[str] = set()
    small, capital, first = (Counter[str]() for _ in range(3))
    for paragraph in paragraphs:
        for sentence in paragraph:
            shouted = not any(token.form.islower() for token in sentence)
            for place, token in enumerate(sentence):
                for word in token.words[:1] if place == 0 or shouted else token.words:
                    if word[:1].islower():
                        small[lookup_form(word)] += 1
                    elif not shouted:
                        (capital if place else first)[lookup_form(word).lower()] += 1
                if STOP.fullmatch(token.form) and len(token.form) > 2:
                    abbreviations.add(token.form[:-1].lower())
    words = {word for word, n in small.items() if n >= max(MIN_COUNT, capital[word])}
    starters = {word for word in words if first[word] >= MIN_COUNT} | ({"i"} & first.keys())
    stops, numbers = StopCounts(), NumberCounts()
    for line in _lines(paragraphs, raw_text):
        stops.add(line)
        numbers.add(line)
    abbreviations |= stops.abbreviations()
    units = numbers.units() | _divided_from_numbers(paragraphs)
    return KnownWords(*map(frozenset, (abbreviations, words, starters, stops.words() - words, units)))


def divided_words(paragraphs: Iterable[Sequence[Token]]) -> frozenset[str] | None:
    """The words of letters that a treebank divides into tokens more than once; None if it often divides words."""
    divided: Counter[str] = Counter()
    n = 0
    for tokens in paragraphs:
        text, ends = text_of(tokens), _ends(tokens)
        for word in _LETTERS.finditer(text):
            n += 1
            divided[word[0].lower()] += not ends.isdisjoint(range(word.start() + 1, word.end()))
    if divided.total() > MAX_DIVIDED * n:
        return None
    return frozenset(word for word, times in divided.items() if times >= MIN_COUNT)


def _divided_from_numbers(paragraphs: Iterable[Paragraph]) -> set[str]:
    """What a treebank divides from a number before it."""
    units: set[str] = set()
    for paragraph in paragraphs:
        tokens = list(tokens_in(paragraph))
        text, ends = text_of(tokens), _ends(tokens)
        units.update(word[1] for word in NUMBER_WORD.finditer(text) if word.start(1) in ends)
    return units


def _ends(tokens: Sequence[Token]) -> set[int]:
    """Where tokens end in their text."""
    places = np.cumsum([len(token.form) + token.space_after for token in tokens])
    return {int(place) - token.space_after for place, token in zip(places, tokens, strict=True)}


def _lines(paragraphs: Iterable[Paragraph], raw_text: Iterable[PathLike]) -> Iterator[str]:
    """The paragraphs of a treebank, and the lines of files."""
    for paragraph in paragraphs:
        yield text_of(tokens_in(paragraph))
    for path in raw_text:
        yield from read_lines(path)
