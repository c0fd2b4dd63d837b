"""Multiword tokens: the words that a token such as `don't` or `du` is, by a rule that a network names.

A rule keeps the beginning of the token and says what becomes of the rest, as several words: `don't` loses 3 letters
that are a word of their own; `du` keeps its first letter, to which an `e` is added, and `le` is the second word.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from clearparse.features.vocabulary import form_key, lookup_form
from clearparse.io.locks import renew_lock_after_fork
from clearparse.stages.stored import StoredNetwork, StoredNetworks, sets_as_lists, sets_from_lists
from clearparse.stages.validation import check, check_column, check_letters
from clearparse.stages.window import WindowClassifier

TEMPLATE = """
    lower: 0
    suffix1: 0
    suffix2: 0
    suffix3: 0
    suffix4: 0
    prefix2: 0
    prefix3: 0
    shape: 0
"""
ONE_WORD = "one word"
LONGEST_ENDING = 12  # letters
MORE = 2  # letters before those cut off that an ending may have
MOSTLY = 0.9  # part of the tokens with an ending that are split
FEWEST_OF_ENDING, FEWEST_OF_FORM = 3, 3  # different forms with an ending, and times that a form is split
MANY = 20  # times that a form is split, if it may be one word too
MOST_REMEMBERED = 200_000  # forms whose words are remembered


class Rule(NamedTuple):
    """Remove the last `cut` letters; words: what takes their place, the first of them joined to what was kept.

    A word that is a number stands for so many of the letters cut off.
    """

    cut: int
    words: tuple[str | int, ...]

    @classmethod
    def of(cls, form: str, words: Sequence[str]) -> Rule:
        """The rule that makes these words of a form."""
        if form == "".join(words):
            return cls(len(form) - len(words[0]), (0, *map(len, words[1:])))
        same = 0
        while same < min(len(form), len(words[0])) and form[same] == words[0][same]:
            same += 1
        return cls(len(form) - same, (words[0][same:], *(word.lower() for word in words[1:])))

    def __str__(self) -> str:
        return json.dumps([self.cut, *self.words], ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Rule:
        cut, *words = json.loads(text)
        return cls(cut, tuple(words))

    def __call__(self, form: str) -> tuple[str, ...]:
        """The words; the form itself where the rule does not fit it."""
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
    """What training has seen split often enough to be split again: all other tokens are one word.

    forms: in lower case. endings: those that nearly every token with them is split at.
    """

    forms: frozenset[str]
    endings: frozenset[str]

    @classmethod
    def of(cls, rules: Mapping[str, Counter[str]]) -> SplitForms:
        """Those of a treebank: how often each form, in lower case, was split by each rule, or was ONE_WORD."""
        split = {form: rule for form, counts in rules.items() if (rule := counts.most_common(1)[0][0]) != ONE_WORD}
        ending_of: Counter[str] = Counter()
        split_at: Counter[str] = Counter()
        for form in rules:
            ending_of.update(form[-k:] for k in range(1, min(len(form), LONGEST_ENDING + 1)))
            if form in split:
                cut = Rule.parse(split[form]).cut
                split_at.update(form[-k:] for k in range(max(cut, 1), min(len(form), cut + MORE + 1)))
        endings = {
            ending for ending, n in split_at.items() if n >= FEWEST_OF_ENDING and n >= MOSTLY * ending_of.get(ending, n)
        }
        forms = {form for form in split if _often_split(form, rules)}
        return cls(
            frozenset(forms), frozenset(e for e in endings if not any(e[k:] in endings for k in range(1, len(e))))
        )

    def allow(self, form: str) -> bool:
        """May a token be more than one word?"""
        lower = lookup_form(form).lower()
        return lower in self.forms or any(
            lower[-k:] in self.endings for k in range(1, min(len(lower), LONGEST_ENDING + 1))
        )


def _often_split(form: str, rules: Mapping[str, Counter[str]]) -> bool:
    """Was a form split nearly always and often enough? What it is with an apostrophe counts as well: `youll`."""
    counts = rules[form]
    n, split = counts.total(), counts.total() - counts[ONE_WORD]
    with_apostrophe = max(
        (of.total() - of[ONE_WORD] for k in range(1, len(form)) if (of := rules.get(f"{form[:k]}'{form[k:]}"))),
        default=0,
    )
    often = split + with_apostrophe >= FEWEST_OF_FORM
    return (often and split >= MOSTLY * n) or (split >= MANY and 2 * split > n)


class MultiwordSplitter:
    """Gives tokens their words, and remembers them. seen: None in models of version 0.1, which split more boldly."""

    def __init__(self, classifier: WindowClassifier, seen: SplitForms | None = None) -> None:
        self.classifier, self.seen = classifier, seen
        self._rules = [None if name == ONE_WORD else Rule.parse(name) for name in classifier.classes]
        self.lock = threading.Lock()
        renew_lock_after_fork(self)
        self._known: dict[str, tuple[str, ...]] = {}

    def __reduce__(self) -> tuple[type[MultiwordSplitter], tuple[WindowClassifier, SplitForms | None]]:
        return MultiwordSplitter, (self.classifier, self.seen)

    def words(self, forms: Sequence[str]) -> list[tuple[str, ...]]:
        """The words of each of some tokens."""
        with self.lock:  # what is remembered is every thread's
            return self._remembered(forms)

    def _remembered(self, forms: Sequence[str]) -> list[tuple[str, ...]]:
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        new = [form for form in dict.fromkeys(forms) if form not in self._known]
        labels = self.classifier.classify([form_key(form) for form in new], np.arange(len(new) + 1))
        for form, label in zip(new, labels.tolist(), strict=True):
            rule = self._rules[label]
            self._known[form] = rule(form) if rule and (self.seen is None or self.seen.allow(form)) else (form,)
        return [self._known[form] for form in forms]

    def to_stored(self) -> StoredNetwork:
        """The network as a model file stores it, with the forms that may be split."""
        stored = self.classifier.to_stored()
        stored.about.update(sets_as_lists(self.seen._asdict()) if self.seen else {})
        return stored

    @classmethod
    def from_stored(cls, networks: StoredNetworks, name: str) -> MultiwordSplitter:
        """The splitter of a stored network. Raises ValueError or KeyError: see WindowClassifier.from_stored."""
        classifier = WindowClassifier.from_stored(networks, name, _check_class)
        sets = sets_from_lists(networks[name].about, SplitForms._fields)
        return cls(classifier, SplitForms(*sets) if sets else None)


def _check_class(name: str) -> None:
    """Raises ValueError unless the class is ONE_WORD or a Rule."""
    if name == ONE_WORD:
        return
    rule = json.loads(name)
    check(isinstance(rule, list) and len(rule) > 1, f"{ascii(name)[:40]} is not a rule for multiword tokens")
    check_letters(rule[0])
    for place, word in enumerate(rule[1:]):
        if isinstance(word, str):
            check_column(word, empty=not place)
        else:
            check_letters(word)
