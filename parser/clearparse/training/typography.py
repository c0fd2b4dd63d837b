"""Data augmentation: copies of the treebank in other typographies, which make the upstream stages robust.

The typography of a treebank is that of its sources. Copies of its paragraphs are rewritten: in capitals, with other
dashes and quotation marks, without a final full stop or a space after a comma, with initials and abbreviations before
names.
Apostrophes and double quotation marks need no copies (see lookup_form); runs of spaces are one space to all stages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from clearparse.features.word_keys import form_of, with_form
from clearparse.stages.stretches import STOP, KnownWords, address_in, beginning
from clearparse.training.window_batches import Items
from clearparse.treebank.ragged import offsets
from clearparse.treebank.tokens import Paragraph, Token, Tokens, tokens_in

UPPER, LOWER = 0.06, 0.03  # fraction of the copied sentences in upper or lower case
DASHES, ELLIPSES, QUOTES, COMMAS = 0.5, 0.4, 0.15, 0.08  # fraction of those that are changed
NO_STOP = 0.2  # fraction of the paragraphs that lose their final full stop
LAST_ABBREVIATIONS = 0.04  # fraction of the sentences before a starter (see KnownWords) that end with an abbreviation
COPIED = 0.2  # fraction of the sentences that the tagger sees in another typography too
CAPITAL_LETTERS = "ABCDEFGHIJKLMNOPRSTUVW"
INITIALS, DOTTED = 0.2, 0.3  # fraction of the titles before names that are one initial, or several
CONTRACTED = 0.3  # fraction of the abbreviations that end with the word's last letter, such as `Dept.`
TITLED, MIN_SCALE = 0.008, 0.05  # fraction of the names with a title for which the rates are meant; their lowest scale
MAX_LETTERS = 6  # longest abbreviation of a word


class Rates(NamedTuple):
    """Rates of the augmentation, as fractions.

    copies: of the paragraphs, which are rewritten. In these: initials, titles: of the names, which get one before them.
    units: of the numbers, which get an abbreviation. suffixes: of the names before a lower-case word, which get one.
    """

    copies: float
    initials: float
    titles: float
    units: float
    suffixes: float

    def for_treebank(self, paragraphs: Sequence[Paragraph]) -> Rates:
        """The same copies, with fewer abbreviations if the treebank has few titles (`Dr.`) before its names.

        Otherwise the invented ones outnumber the names at the end of sentences, and `Murat.` is tokenized like `Prof.`.
        """
        names = titled = 0
        for paragraph in paragraphs:
            for previous, token in pairwise(tokens_in(paragraph)):
                if _is_name(token.form):
                    names += 1
                    titled += len(previous.form) > 2 and STOP.fullmatch(previous.form) is not None
        scale = min(max(titled / (TITLED * max(names, 1)), MIN_SCALE), 1.0)
        copies, *abbreviations = self
        return Rates(copies, *(scale * rate for rate in abbreviations))


FOR_TOKENS = Rates(0.6, 0.2, 0.3, 0.3, 0.05)
FOR_SENTENCES = Rates(1.0, 0.2, 0.12, 0.25, 0.03)


class _Typesetter:
    """Writes paragraphs in other typographies."""

    def __init__(
        self, paragraphs: Sequence[Paragraph], known: KnownWords, rates: Rates, rng: np.random.Generator
    ) -> None:
        self.rng, self.known, self.rates = rng, known, rates
        long = {
            token.form
            for paragraph in paragraphs
            for sentence in paragraph
            for token in sentence
            if len(token.form) > MAX_LETTERS and token.form.isalpha() and token.form.islower()
        }
        self.words = known.words | known.familiar
        self.long = sorted(long) or ["abbreviation"]
        self.last = sorted(_may_end_a_sentence(paragraphs))

    def paragraph(self, paragraph: Paragraph) -> Paragraph:
        """A paragraph in another typography."""
        quote = self.rng.random() < QUOTES
        following = [*(sentence[0].form for sentence in paragraph[1:]), ""]
        sentences = [
            self._sentence(sentence, after, single_quotes=quote)
            for sentence, after in zip(paragraph, following, strict=True)
        ]
        *_, last = sentences
        if len(last) > 1 and last[-1].form == "." and self.rng.random() < NO_STOP:
            last.pop()
            last[-1] = last[-1]._replace(space_after=False)
        return sentences

    def _sentence(self, sentence: Tokens, following: str, *, single_quotes: bool) -> Tokens:
        """A sentence with other punctuation and added abbreviations; sometimes in upper or lower case.

        following: the first token of the next sentence.
        """
        drawn = self.rng.random()
        case: Callable[[str], str] = str.upper if drawn < UPPER else str.lower if drawn < UPPER + LOWER else str
        made: Tokens = []
        for place, token in enumerate(sentence):
            if not place or made[-1].space_after:
                made += map(_word, self._before(token.form, sentence[place - 1].form if place else ""))
            made.append(_other_sign(token, self.rng, single_quotes=single_quotes))
        last = len(made) > 2 and made[-1].form == "." and made[-2].form.isalpha()
        if last and beginning(following, self.known) == "word" and self.rng.random() < LAST_ABBREVIATIONS:
            form = self._last_abbreviation()
            made[-2] = Token(form, (form,), space_after=False)
        return [_in_case(token, case) for token in made]

    def _before(self, form: str, previous: str) -> list[str]:
        """Abbreviations to insert before a token: an initial or a title before a name, a unit before a number."""
        drawn = self.rng.random()
        if _is_name(form) and form.lower() not in self.known.words:
            if _is_name(previous) and drawn < self.rates.initials:
                return [f"{letter}." for letter in self.rng.choice(list(CAPITAL_LETTERS), size=1 + (drawn < 0.03))]
            title = previous.islower() or previous.isdigit() or not previous
            if title and drawn < self.rates.titles:
                return [self._title(drawn / self.rates.titles)]
        elif form.isdigit() and previous.isalpha() and drawn < self.rates.units:
            return [self._abbreviated(1, self.known.words, capital=drawn < 0.5 * self.rates.units)]
        elif form.islower() and form.isalpha() and _is_name(previous) and drawn < self.rates.suffixes:
            return [self._abbreviated(2, self.words, capital=True)]
        return []

    def _title(self, drawn: float) -> str:
        """An abbreviation before a name: an initial, several (`U.N.`), or a title (`Adm.`)."""
        if drawn < INITIALS:
            return f"{self._letter()}."
        if drawn < INITIALS + DOTTED:
            return "".join(f"{self._letter()}." for _ in range(2 + (drawn < INITIALS + DOTTED / 4)))
        return self._abbreviated(2, self.words, capital=True)

    def _letter(self) -> str:
        return str(self.rng.choice(list(CAPITAL_LETTERS)))

    def _abbreviated(self, min_letters: int, words: Set[str], *, capital: bool) -> str:
        """An abbreviation: at least min_letters first letters of a word, perhaps its last one, and a full stop.

        It is not in `words`, as long as another one is found.
        """
        while True:
            word = self.long[int(self.rng.integers(len(self.long)))]
            size = int(self.rng.integers(min_letters, MAX_LETTERS + 1))
            word = word[: size - 1] + word[-1] if size > 1 and self.rng.random() < CONTRACTED else word[:size]
            if word not in words or self.rng.random() < 0.01:  # where there are no others
                return f"{word.capitalize() if capital else word}."

    def _last_abbreviation(self) -> str:
        """An abbreviation without its final full stop, for the end of a sentence: `p.m`, `U.S`, `etc`."""
        if (drawn := self.rng.random()) < 0.5 or not self.last:
            return self._letter() if drawn < 0.05 else ".".join(self._letter() for _ in range(2 + (drawn < 0.2)))
        return self.last[int(self.rng.integers(len(self.last)))]


def altered_paragraphs(
    paragraphs: Sequence[Paragraph], known: KnownWords, rates: Rates, rng: np.random.Generator
) -> list[Paragraph]:
    """Copies of some of the paragraphs in other typographies."""
    typesetter = _Typesetter(paragraphs, known, rates, rng)
    return [typesetter.paragraph(paragraph) for paragraph in paragraphs if rng.random() < rates.copies]


def _may_end_a_sentence(paragraphs: Sequence[Paragraph]) -> set[str]:
    """Abbreviations, without their full stop, that a treebank has before something other than a name or number."""
    found: set[str] = set()
    for paragraph in paragraphs:
        for sentence in paragraph:
            for token, after in pairwise(sentence):
                abbreviation, goes_on = token.form[:-1], after.form[:1].islower() or after.form in (",", ")", ";")
                if goes_on and token.form.endswith(".") and len(abbreviation) > 1 and abbreviation[0].isalpha():
                    found.add(abbreviation)
    return found


def _is_name(form: str) -> bool:
    return len(form) > 1 and form.isalpha() and form[0].isupper() and form[1:].islower()


def _word(form: str) -> Token:
    return Token(form, (form,), space_after=True)


def _other_sign(token: Token, rng: np.random.Generator, *, single_quotes: bool) -> Token:
    """Replace a dash, an ellipsis, a quotation mark or a comma by another form; other tokens are unchanged."""
    form, words, space = token
    if form in ("-", "--", "---") and space and rng.random() < DASHES:
        form = str(rng.choice(["\u2013", "\u2014", "--"]))
    elif form == "..." and rng.random() < ELLIPSES:
        form = "\u2026"
    elif form == '"' and single_quotes:
        form = "'"
    elif form == "," and space and rng.random() < COMMAS:
        space = False
    return Token(form, (form,) if len(words) == 1 else words, space)


def _in_case(token: Token, case: Callable[[str], str]) -> Token:
    """A token in upper or lower case, unless it looks like a URL or its length would change."""
    form, words = case(token.form), tuple(map(case, token.words))
    same = len(form) == len(token.form) and list(map(len, words)) == list(map(len, token.words))
    return Token(form, words, token.space_after) if same and not address_in(token.form) else token


def altered_rows(items: Items, rng: np.random.Generator) -> Items:
    """Tagged sentences (see tagged_words), with copies of some in upper or lower case or without their full stop."""
    keys, names, lengths = list(items.keys), list(items.names), np.diff(items.rows).tolist()
    drawn = rng.random(len(lengths)) / COPIED
    for row in np.flatnonzero(drawn < 1).tolist():
        first, end = items.rows[row : row + 2].tolist()
        copied = list(items.keys[first:end])
        if drawn[row] < 0.25:
            if end - first > 1 and form_of(copied[-1]) == b".":
                end -= 1
                copied.pop()
        else:
            case = str.upper if drawn[row] < 0.8 else str.lower
            copied = [with_form(key, case) for key in copied]
        keys += copied
        names += items.names[first:end]
        lengths.append(end - first)
    return replace(items, keys=keys, names=names, rows=offsets(lengths))
