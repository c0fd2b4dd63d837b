"""Lemmatizer: a network predicts the edit rule that turns a form into its lemma.

As in UDPipe (Straka & Straková 2017, section 3.3), a rule removes and adds characters at both ends of a form. It
depends only on the form and its tags, so each distinct word is lemmatized once. The network sees only the ends of a
form and learns only rules that several words share. Words of the training data for which these rules give a wrong
lemma, such as `woke`, are stored as exceptions. Among rules with similar scores, one that gives a known lemma is
preferred.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.bounded_cache import MAX_KEY_LENGTH
from clearparse.features.vocabulary import lookup_form
from clearparse.features.word_keys import form_of, upos_of, with_form
from clearparse.io.locks import renew_lock_after_fork
from clearparse.stages.stored import StoredNetwork, StoredNetworks
from clearparse.stages.validation import check, check_column, check_length, check_texts
from clearparse.stages.window import WindowClassifier
from clearparse.treebank.ragged import offsets

TEMPLATE = """
    suffix1: 0
    suffix2: 0
    suffix3: 0
    suffix4: 0
    suffix5: 0
    prefix1: 0
    prefix2: 0
    prefix3: 0
    shape: 0
    upos: 0
    xpos: 0
    feats: 0
"""
CASES: dict[str, Callable[[str], str]] = {"as it is": str, "lower": str.lower, "title": str.title, "upper": str.upper}
MARGIN = 4.0  # a rule with a known lemma is preferred if its score is at most this much lower than the best
MAX_CACHED = 50_000  # words whose lemmas are cached


class LemmaRule(NamedTuple):
    """Change the case of a form, remove `first` characters at its start and `last` at its end, add prefix and suffix.

    If form and lemma have no character in common, `prefix` is the lemma and `case` is empty.
    """

    case: str
    first: int
    prefix: str
    last: int
    suffix: str

    @classmethod
    def of(cls, form: str, lemma: str) -> LemmaRule:
        """The rule that turns this form into this lemma and keeps the longest substring that they share."""
        from difflib import SequenceMatcher  # here: only training needs it

        same = SequenceMatcher(None, form.lower(), lemma.lower(), autojunk=False).find_longest_match()
        if not same.size or len(form.lower()) != len(form) or len(lemma.lower()) != len(lemma):
            return cls("", 0, lemma, 0, "")
        piece, wanted = form[same.a : same.a + same.size], lemma[same.b : same.b + same.size]
        case = next((case for case, to in CASES.items() if to(piece) == wanted), "")
        if not case:
            return cls("", 0, lemma, 0, "")
        after = len(form) - same.a - same.size
        return cls(case, same.a, lemma[: same.b], after, lemma[same.b + same.size :])

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> LemmaRule:
        return cls(*json.loads(text))

    def __call__(self, form: str) -> str:
        """The lemma; the form itself if the rule would remove all of it."""
        if not self.case:
            return self.prefix
        if self.first + self.last >= len(form):
            return form
        return self.prefix + CASES[self.case](form[self.first : len(form) - self.last]) + self.suffix


class Lexicon(NamedTuple):
    """The words of the training data.

    lemmas: the known lemmas of each UPOS. exceptions: lemmas that no learned rule gives, by the word's key or short
    key.
    """

    lemmas: dict[bytes, frozenset[bytes]]
    exceptions: dict[bytes, bytes]


def short_key(key: bytes) -> bytes:
    """The part of a word's key that most often decides its lemma: the form in lower case, and UPOS."""
    return form_of(key).decode().lower().encode() + b"\t" + upos_of(key)


def lookup_key(key: bytes) -> bytes:
    """A word's key with its form normalized by lookup_form."""
    return key if key.isascii() and b"`" not in key else with_form(key, lookup_form)


class Lemmatizer:
    """Lemmatizes words and caches their lemmas."""

    NETWORKS: ClassVar = ("lemmas",)  # its name in a model file

    def __init__(self, classifier: WindowClassifier, known: Lexicon) -> None:
        self.classifier, self.known = classifier, known
        self._rules = [LemmaRule.parse(name) for name in classifier.classes]
        self.lock = threading.Lock()
        renew_lock_after_fork(self)
        self._lemmas: dict[bytes, bytes] = {}

    def __reduce__(self) -> tuple[type[Lemmatizer], tuple[WindowClassifier, Lexicon]]:
        return Lemmatizer, (self.classifier, self.known)

    def lemmas(self, keys: Sequence[bytes]) -> list[bytes]:
        """The lemma of each word, given its key (see word_keys)."""
        with self.lock:  # threads share the cache
            found = {key: lemma for key in keys if (lemma := self._lemmas.get(key))}
            new = [key for key in dict.fromkeys(keys) if key not in found]
            if new:
                self._add(new, found)
            return [found[key] for key in keys]

    def _add(self, new: Sequence[bytes], found: dict[bytes, bytes]) -> None:
        """Add the lemmas of new keys to those found, and to the cache."""
        size = self.classifier.cache.layer.max_types
        for first in range(0, len(new), size):
            found.update(self._lemmatize(new[first : first + size]))
        if len(self._lemmas) + len(new) > MAX_CACHED:
            self._lemmas.clear()
        if len(new) <= MAX_CACHED:
            self._lemmas.update((key, found[key]) for key in new if len(key) <= MAX_KEY_LENGTH)

    def _lemmatize(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Each key with its lemma."""
        exceptions, normalized = self.known.exceptions, self.classifier.vocabulary.normalized
        theta = self.classifier.theta(keys, np.arange(len(keys) + 1))
        for key, rules in zip(keys, _near_the_best(theta), strict=True):
            seen = lookup_key(key) if normalized else key
            exception = exceptions.get(seen) or exceptions.get(short_key(seen))
            yield key, exception or self._by_rule(seen, rules)

    def _by_rule(self, key: bytes, rules: Sequence[int]) -> bytes:
        """The lemma by the first of the rules that gives a known lemma; if none does, by the first."""
        form, known = form_of(key).decode(), self.known.lemmas.get(upos_of(key), frozenset())
        lemmas = [self._rules[k](form).encode() for k in rules]
        return next((lemma for lemma in lemmas if lemma in known), lemmas[0])

    def classifiers(self) -> dict[str, WindowClassifier]:
        """Its network by its name in a model file."""
        return dict(zip(self.NETWORKS, (self.classifier,), strict=True))

    def to_stored(self) -> dict[str, StoredNetwork]:
        """Its network as a model file stores it, with the lexicon."""
        stored = self.classifier.to_stored()
        lemmas = self.known.lemmas.items()
        stored.metadata["known"] = {upos.decode(): sorted(map(bytes.decode, known)) for upos, known in lemmas}
        stored.metadata["exceptions"] = {key.decode(): lemma.decode() for key, lemma in self.known.exceptions.items()}
        return dict(zip(self.NETWORKS, (stored,), strict=True))

    @classmethod
    def from_stored(cls, networks: StoredNetworks) -> Lemmatizer:
        """The lemmatizer of a stored network. Raises as WindowClassifier.from_stored does."""
        (name,) = cls.NETWORKS
        classifier = WindowClassifier.from_stored(networks[name], name, _check_class)
        metadata = networks[name].metadata  # without a lexicon in the first models
        return cls(classifier, _stored_lexicon(metadata.get("known", {}), metadata.get("exceptions", {})))


def _near_the_best(theta: NDArray[np.floating]) -> Iterator[list[int]]:
    """For each word the rules that score within MARGIN of the best, the best first; theta (B, C): the scores."""
    near = theta >= theta.max(axis=1, keepdims=True) - MARGIN
    word, rule = np.nonzero(near)
    rules = rule[np.lexsort((-theta[near], word))].tolist()
    begin = offsets(np.count_nonzero(near, axis=1)).tolist()
    return (rules[first:last] for first, last in pairwise(begin))


def _stored_lexicon(known: Any, exceptions: Any) -> Lexicon:
    """The lexicon of a stored network. Raises ValueError if it is invalid."""
    check(isinstance(known, dict) and isinstance(exceptions, dict), "the known lemmas are not dictionaries")
    for upos, lemmas in known.items():
        check_texts([upos], "UPOS")
        check_texts(lemmas, f"lemmas of {ascii(upos)[:40]}")
    check_texts(list(exceptions), "words with exceptional lemmas")
    for lemma in exceptions.values():
        check_column(lemma)
    check_texts(list(set(exceptions.values())), "exceptional lemmas")
    return Lexicon(
        {upos.encode(): frozenset(map(str.encode, lemmas)) for upos, lemmas in known.items()},
        {key.encode(): lemma.encode() for key, lemma in exceptions.items()},
    )


def _check_class(name: str) -> None:
    """Raise ValueError unless the class is a LemmaRule."""
    rule = json.loads(name)
    check(isinstance(rule, list) and len(rule) == 5, f"{ascii(name)[:40]} is not a rule for lemmas")
    case, first, prefix, last, suffix = rule
    check(isinstance(case, str) and case in ("", *CASES), f"{ascii(case)[:40]} is not a case")
    check_column(prefix, empty=bool(case))
    check_column(suffix, empty=True)
    check_length(first)
    check_length(last)
