"""The treebank in other typographies: what the stages before the parser also learn from, so that they are robust.

A treebank has the habits of its sources. Copies of its paragraphs are written as other people might have: in capitals,
with other dashes and quotation marks, without a full stop at the end or a space after a comma, with initials and
abbreviations before names. Apostrophes and double quotation marks need no copies: see lookup_form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from clearparse.stages.stretches import address_in
from clearparse.training.window_batches import Items
from clearparse.treebank.ragged import offsets
from clearparse.treebank.tokens import Paragraph, Token, Tokens

CAPITALS, SMALL = 0.06, 0.03  # part of the sentences of the copies in one case
DASHES, ELLIPSES, QUOTES, COMMAS = 0.5, 0.4, 0.15, 0.08  # part of those that are changed
NO_STOP = 0.2  # part of the paragraphs that lose their final full stop
INITIALS, TITLES = 0.15, 0.06  # part of the names that get one before them
COPIED = 0.2  # part of the sentences that the tagger sees in another typography too
CONSONANTS = "bcdfgklmnprstvz"


def altered_paragraphs(paragraphs: Sequence[Paragraph], rng: np.random.Generator) -> list[Paragraph]:
    """A copy of each paragraph in another typography."""
    return [_altered_paragraph(paragraph, rng) for paragraph in paragraphs]


def _altered_paragraph(paragraph: Paragraph, rng: np.random.Generator) -> Paragraph:
    quote = rng.random() < QUOTES
    sentences = [_altered(sentence, rng, single_quotes=quote) for sentence in paragraph]
    *_, last = sentences
    if len(last) > 1 and last[-1].form == "." and rng.random() < NO_STOP:
        last.pop()
        last[-1] = last[-1]._replace(space_after=False)
    return sentences


def _altered(sentence: Tokens, rng: np.random.Generator, *, single_quotes: bool) -> Tokens:
    """A sentence with other signs, and with initials and titles before names; now and then in one case."""
    drawn = rng.random()
    case: Callable[[str], str] = str.upper if drawn < CAPITALS else str.lower if drawn < CAPITALS + SMALL else str
    made: Tokens = []
    for place, token in enumerate(sentence):
        if _is_name(token.form) and place and made[-1].space_after:
            made += _before_name(sentence[place - 1].form, rng)
        made.append(_other_sign(token, rng, single_quotes=single_quotes))
    return [_in_case(token, case) for token in made]


def _is_name(form: str) -> bool:
    return len(form) > 1 and form.isalpha() and form[0].isupper() and form[1:].islower()


def _before_name(previous: str, rng: np.random.Generator) -> Tokens:
    """What may stand before a name: one or two initials after another name, else a made-up abbreviation."""
    if _is_name(previous) and rng.random() < INITIALS:
        initials = rng.choice(list("ABCDEFGHIJKLMNOPRSTVW"), size=1 + int(rng.random() < 0.2))
        return [_word(f"{letter}.") for letter in initials]
    if previous.islower() and previous.isalpha() and rng.random() < TITLES:
        if rng.random() < 0.3:
            return [_word(f"{rng.choice(list('ABCDEFGHJKLMRSTW'))}.")]
        letters = rng.choice(list(CONSONANTS), size=int(rng.integers(2, 5)))
        if len(letters) > 2:
            letters[1] = rng.choice(list("aeiou"))
        return [_word("".join(letters).capitalize() + ".")]
    return []


def _word(form: str) -> Token:
    return Token(form, (form,), space_after=True)


def _other_sign(token: Token, rng: np.random.Generator, *, single_quotes: bool) -> Token:
    """A token in the place of a dash, an ellipsis, a quotation mark or a comma; others as they are."""
    form, words, space = token
    if form in ("-", "--", "---") and rng.random() < DASHES:
        form = str(rng.choice(["\u2013", "\u2014", "--"]))
    elif form == "..." and rng.random() < ELLIPSES:
        form = "\u2026"
    elif form == '"' and single_quotes:
        form = "'"
    elif form == "," and space and rng.random() < COMMAS:
        space = False
    return Token(form, (form,) if len(words) == 1 else words, space)


def _in_case(token: Token, case: Callable[[str], str]) -> Token:
    """A token in capitals or small letters, unless it is an address or would become longer."""
    form, words = case(token.form), tuple(map(case, token.words))
    same = len(form) == len(token.form) and list(map(len, words)) == list(map(len, token.words))
    return Token(form, words, token.space_after) if same and not address_in(token.form) else token


def altered_rows(items: Items, rng: np.random.Generator) -> Items:
    """Tagged sentences (see tagged_words), and copies of some of them: in one case, or without their full stop."""
    keys, names, lengths = list(items.keys), list(items.names), np.diff(items.rows).tolist()
    drawn = rng.random(len(lengths)) / COPIED
    for row in np.flatnonzero(drawn < 1).tolist():
        first, end = items.rows[row : row + 2].tolist()
        copied = [key.decode().partition("\t") for key in items.keys[first:end]]
        if drawn[row] < 0.25:
            if end - first > 1 and copied[-1][0] == ".":
                end -= 1
                copied.pop()
        else:
            case = str.upper if drawn[row] < 0.8 else str.lower
            copied = [(case(form), tab, tags) for form, tab, tags in copied]
        keys += ["".join(parts).encode() for parts in copied]
        names += items.names[first:end]
        lengths.append(end - first)
    return replace(items, keys=keys, names=names, rows=offsets(lengths))
