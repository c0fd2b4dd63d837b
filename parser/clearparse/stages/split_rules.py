"""Rules that split a token such as `don't` or `du` into words, and the forms and endings to which they are applied.

A rule keeps the beginning of a token and replaces the rest: in `don't` the last 3 characters become a word of their
own; `du` keeps its first character, `e` is appended, and `le` is the second word.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clearparse.features.vocabulary import lookup_form

ONE_WORD = "one word"
MAX_ENDING_LENGTH = 12  # characters
MORE = 2  # characters that an ending may have before those cut off
MIN_FORMS_OF_ENDING, MIN_SHARE_OF_ENDING = 3, 0.5  # split forms with an ending, and as a fraction of all forms with it
MIN_SPLITS_OF_FORM, MIN_SHARE_OF_FORM = 4, 0.7  # times that a form is split, and as a fraction of its occurrences
AMBIGUOUS = 0.2  # this fraction, after MIN_SPLITS_OF_FORM splits: then the network decides in context
MIN_SPLITS_ALWAYS, MIN_SHARE_ALWAYS = 3, 0.9  # the same for a form that is hardly ever one word
# Probability that a form split once is split again, above which one split is enough. UD_Turkish-IMST has 0.92,
# UD_English-EWT, where many such forms are misspelled (`its` for `it's`), 0.71.
MIN_AGAIN = 0.85


class SplitRule(NamedTuple):
    """Replace the last `cut` characters by `words`, the first of which is appended to the characters kept.

    A word that is a number n stands for the next n of the removed characters.
    """

    cut: int
    words: tuple[str | int, ...]

    @classmethod
    def of(cls, form: str, words: Sequence[str]) -> SplitRule:
        """The rule that splits a form into these words."""
        if form == "".join(words):
            return cls(len(form) - len(words[0]), (0, *map(len, words[1:])))
        same = 0
        while same < min(len(form), len(words[0])) and form[same] == words[0][same]:
            same += 1
        return cls(len(form) - same, (words[0][same:], *(word.lower() for word in words[1:])))

    def __str__(self) -> str:
        return json.dumps([self.cut, *self.words], ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> SplitRule:
        cut, *words = json.loads(text)
        return cls(cut, tuple(words))

    def __call__(self, form: str) -> tuple[str, ...]:
        """The words; the form itself if the rule does not apply."""
        place = len(form) - self.cut
        if place < 0:
            return (form,)
        pieces = []
        for piece in self.words:
            if isinstance(piece, int):
                pieces.append(form[place : place + piece])
                place += piece
            else:
                pieces.append(piece.upper() if len(form) > 1 and form.isupper() else piece)
        first, *others = pieces
        words = (form[: len(form) - self.cut] + first, *others)
        return words if all(words) else (form,)


class SplitForms(NamedTuple):
    """Forms and endings that were frequently split in the training data; any other token is one word.

    forms: in lower case. endings: those that are split off in most forms that have them. always: forms that are hardly
    ever one word, and the same without an apostrophe (`havent`).
    """

    forms: frozenset[str]
    endings: frozenset[str]
    always: frozenset[str]

    @classmethod
    def of(cls, rules: Mapping[str, Counter[str]]) -> SplitForms:
        """From the counts of a treebank: how often each form, in lower case, is split by each rule, or is ONE_WORD."""
        split = {form: rule for form, counts in rules.items() if (rule := counts.most_common(1)[0][0]) != ONE_WORD}
        with_ending: Counter[str] = Counter()
        split_at: Counter[str] = Counter()
        for form in rules:
            with_ending.update(form[-k:] for k in range(1, min(len(form), MAX_ENDING_LENGTH + 1)))
            if form in split:
                cut = SplitRule.parse(split[form]).cut
                split_at.update(form[-k:] for k in range(max(cut, 1), min(len(form), cut + MORE + 1)))
        endings = {
            ending
            for ending, n in split_at.items()
            if n >= MIN_FORMS_OF_ENDING and n >= MIN_SHARE_OF_ENDING * with_ending.get(ending, n)
        }
        shortest = {each for each in endings if not any(each[k:] in endings for k in range(1, len(each)))}
        always = {form for form, counts in rules.items() if _always_split(counts)} | _without_apostrophe(rules)
        seen = cls(*map(frozenset, (always, shortest, always)))
        enough = 1 if _split_again(rules, seen) else MIN_SPLITS_OF_FORM
        return seen._replace(forms=seen.forms | {form for form in rules if _often_split(form, rules, enough)})

    def allow(self, form: str) -> bool:
        """Return True if a token may be several words."""
        return lookup_form(form).lower() in self.forms or self.allow_ending(form)

    def always_split(self, form: str) -> bool:
        """Return True if a token is hardly ever one word."""
        return lookup_form(form).lower() in self.always

    def allow_ending(self, form: str) -> bool:
        """Return True if a token may be several words because of its ending."""
        lower = lookup_form(form).lower()
        return any(lower[-k:] in self.endings for k in range(1, min(len(lower), MAX_ENDING_LENGTH + 1)))


def _splits(counts: Counter[str]) -> int:
    """How often a form is split, given how often by each rule, or is ONE_WORD."""
    return counts.total() - counts[ONE_WORD]


def _split_again(rules: Mapping[str, Counter[str]], seen: SplitForms) -> bool:
    """Return True if a form that was split once is nearly always split, so that a single split is no mistake.

    Of two occurrences of a form, drawn at random: the probability that one is split if the other is. Forms with an
    ending that is split off are left out, since their single splits are trusted anyway.
    """
    first = both = 0.0
    for form, counts in rules.items():
        n, split = counts.total(), _splits(counts)
        if n > 1 and split and not seen.allow_ending(form):
            first += split / n
            both += split * (split - 1) / (n * (n - 1))
    return first > 0 and both >= MIN_AGAIN * first


def _often_split(form: str, rules: Mapping[str, Counter[str]], enough: int) -> bool:
    """Return True if a form was split often, and not only by mistake; `you'll` counts as evidence for `youll`.

    enough: number of splits that suffice.
    """
    n, split = rules[form].total(), _splits(rules[form])
    if not split:
        return False
    others = (rules.get(f"{form[:k]}'{form[k:]}", Counter()) for k in range(1, len(form)))
    with_apostrophe = max(map(_splits, others), default=0)
    part = MIN_SHARE_OF_FORM if split < MIN_SPLITS_OF_FORM else AMBIGUOUS
    return split + with_apostrophe >= enough and split >= part * n


def _always_split(counts: Counter[str]) -> bool:
    """Return True if a form was split often enough and hardly ever one word."""
    n, split = counts.total(), _splits(counts)
    return split >= MIN_SPLITS_ALWAYS and split >= MIN_SHARE_ALWAYS * n


def _without_apostrophe(rules: Mapping[str, Counter[str]]) -> set[str]:
    """Frequently split forms without their apostrophe (`havent`), unless the treebank has that as one word.

    Forms whose second word would be a single letter are left out: `worlds` is seldom `world's`.
    """
    found: set[str] = set()
    for form, counts in rules.items():
        if "'" in form and _splits(counts) >= MIN_SPLITS_OF_FORM:
            rule, bare = counts.most_common(1)[0][0], form.replace("'", "")
            if rule != ONE_WORD and SplitRule.parse(rule).cut > 2 and not rules.get(bare, Counter())[ONE_WORD]:
                found.add(bare)
    return found
