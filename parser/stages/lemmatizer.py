"""Lemmas: what a form loses and gains at both ends to be a lemma, by a rule that a network names.

As in UDPipe (Straka & Strakova 2017, section 3.3), a rule is told by the form and its tags alone; so it is found once
for each different word.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np

from parser.stages.window import Labeller

TEMPLATE = """
    form: 0
    lower: 0
    suffix1: 0
    suffix2: 0
    suffix3: 0
    suffix4: 0
    prefix1: 0
    prefix2: 0
    prefix3: 0
    shape: 0
    upos: 0
    xpos: 0
    feats: 0
"""
CASES: dict[str, Callable[[str], str]] = {"as it is": str, "lower": str.lower, "title": str.title, "upper": str.upper}
MOST_REMEMBERED = 200_000  # words whose lemmas are remembered


class Rule(NamedTuple):
    """The form in a case, without `first` letters at its beginning and `last` at its end, between two affixes.

    Where form and lemma have no letter in common, the lemma itself is `prefix`, and `case` is empty.
    """

    case: str
    first: int
    prefix: str
    last: int
    suffix: str

    @classmethod
    def of(cls, form: str, lemma: str) -> Rule:
        """The rule that makes this lemma of this form, with the longest piece that they share."""
        same = SequenceMatcher(None, form.lower(), lemma.lower(), autojunk=False).find_longest_match()
        if not same.size or len(form.lower()) != len(form) or len(lemma.lower()) != len(lemma):
            return cls("", 0, lemma, 0, "")
        piece, wanted = form[same.a : same.a + same.size], lemma[same.b : same.b + same.size]
        case = next((case for case, to in CASES.items() if to(piece) == wanted), "")
        if not case:
            return cls("", 0, lemma, 0, "")
        behind = len(form) - same.a - same.size
        return cls(case, same.a, lemma[: same.b], behind, lemma[same.b + same.size :])

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Rule:
        return cls(*json.loads(text))

    def __call__(self, form: str) -> str:
        """The lemma; the form itself where the rule leaves nothing of it."""
        if not self.case:
            return self.prefix
        if self.first + self.last >= len(form):
            return form
        return self.prefix + CASES[self.case](form[self.first : len(form) - self.last]) + self.suffix


class Lemmatizer:
    """Gives words their lemmas, and remembers them."""

    def __init__(self, labeller: Labeller) -> None:
        self.labeller = labeller
        self._rules = [Rule.parse(name) for name in labeller.classes]
        self._lock = threading.Lock()
        self._known: dict[bytes, bytes] = {}

    def __reduce__(self) -> tuple[type[Lemmatizer], tuple[Labeller]]:
        return Lemmatizer, (self.labeller,)

    def lemmas(self, keys: Sequence[bytes]) -> list[bytes]:
        """The lemma of each word, given its key (see word_keys)."""
        with self._lock:  # what is remembered is every thread's
            return self._remembered(keys)

    def _remembered(self, keys: Sequence[bytes]) -> list[bytes]:
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        labels = self.labeller.label(new, np.arange(len(new) + 1))
        for key, label in zip(new, labels.tolist(), strict=True):
            form = key.split(b"\t", 1)[0].decode()
            self._known[key] = self._rules[label](form).encode()
        return [self._known[key] for key in keys]
