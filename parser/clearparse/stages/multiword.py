"""Multiword tokens: the words that a token such as `don't` or `du` is, by a rule that a network names.

A rule keeps the beginning of the token and says what becomes of the rest, as several words: `don't` loses 3 letters
that are a word of their own; `du` keeps its first letter, to which an `e` is added, and `le` is the second word.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from clearparse.features.vocabulary import form_key
from clearparse.io.locks import renew_lock_after_fork
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


class MultiwordSplitter:
    """Gives tokens their words, and remembers them."""

    def __init__(self, classifier: WindowClassifier) -> None:
        self.classifier = classifier
        self._rules = [None if name == ONE_WORD else Rule.parse(name) for name in classifier.classes]
        self.lock = threading.Lock()
        renew_lock_after_fork(self)
        self._known: dict[str, tuple[str, ...]] = {}

    def __reduce__(self) -> tuple[type[MultiwordSplitter], tuple[WindowClassifier]]:
        return MultiwordSplitter, (self.classifier,)

    def words(self, forms: Sequence[str]) -> list[tuple[str, ...]]:
        """The words of each of some tokens."""
        with self.lock:  # what is remembered is every thread's
            return self._remembered(forms)

    def _remembered(self, forms: Sequence[str]) -> list[tuple[str, ...]]:
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        new = [form for form in dict.fromkeys(forms) if form not in self._known]
        labels = self.classifier.label([form_key(form) for form in new], np.arange(len(new) + 1))
        for form, label in zip(new, labels.tolist(), strict=True):
            rule = self._rules[label]
            self._known[form] = rule(form) if rule else (form,)
        return [self._known[form] for form in forms]
