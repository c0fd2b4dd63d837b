"""Multiword tokens: a network predicts the rule that splits a token such as `don't` or `du` into words.

Only tokens that look like those split in training can be split (see split_rules): on unseen words a network alone
overgenerates and splits `valleys`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.bounded_cache import BoundedCache
from clearparse.features.templates import Index
from clearparse.features.vocabulary import factorize
from clearparse.features.word_keys import form_key
from clearparse.stages.split_rules import ONE_WORD, SplitForms, SplitRule
from clearparse.stages.stored import StoredNetwork, StoredNetworks, sets_as_lists, sets_from_lists
from clearparse.stages.validation import check, check_column, check_length
from clearparse.stages.window import WindowClassifier

TEMPLATE = """
    lower: -1 0 1
    suffix1: 0
    suffix2: -1 0 1
    suffix3: 0 1
    suffix4: 0
    prefix2: 0
    prefix3: 0
    shape: 0
"""
FOR_FEW_TOKENS = """
    suffix5: 0
"""  # if the treebank is small
CLUSTERS = """
    cluster: -1 1 2
"""  # if there are word vectors
# Added to the score of ONE_WORD where only the form itself, and no ending, was split in training; subtracted from it
# where the form was always split.
CAUTION = 2.6
MAX_WORDS = 20  # of a multiword token
ONE_WORD_ALWAYS = 3  # in place of the number of a classifier: the form is not split
MAX_CACHED = 50_000  # forms of which is cached how their words are found


class Splits(NamedTuple):
    """The words of T tokens. forms, words: the distinct tokens and their words; which (T,): the index of each token."""

    forms: list[str]
    words: list[tuple[str, ...]]
    which: Index


class MultiwordSplitter:
    """Splits tokens into words. seen: None in models of version 0.1, which split forms without looking at context."""

    def __init__(self, classifier: WindowClassifier, seen: SplitForms | None = None) -> None:
        self.classifier, self.seen = classifier, seen
        self._rules = [None if name == ONE_WORD else SplitRule.parse(name) for name in classifier.classes]
        self._looked_up = BoundedCache(self._look_up, MAX_CACHED)
        self._cautious, self._bold = (_biased(classifier, bias) for bias in (CAUTION, -CAUTION))

    def __reduce__(self) -> tuple[type[MultiwordSplitter], tuple[WindowClassifier, SplitForms | None]]:
        return MultiwordSplitter, (self.classifier, self.seen)

    def split(self, forms: Sequence[str], which: Index, rows: NDArray[np.int64]) -> Splits:
        """The words of T tokens in their context.

        forms: the distinct tokens. which (T,): the index of each token. rows (R + 1,): offsets of the paragraphs.
        """
        if self.seen is None:
            keys, alone = list(map(form_key, forms)), np.arange(len(forms) + 1)
            labels = self.classifier.classify(keys, alone, alone[:-1])
            return Splits([*forms], list(map(self._words, forms, labels.tolist())), which)
        found = [self._looked_up[form] for form in forms]
        whole: list[tuple[str, ...]] = [(form,) for form in forms]
        if all(k == ONE_WORD_ALWAYS for k, _ in found):  # most short texts
            return Splits([*forms], whole, which)
        keys, number = [key for _, key in found], np.array([k for k, _ in found], np.intp)[which]
        places = [(number == k).nonzero()[0] for k in range(ONE_WORD_ALWAYS)]
        classifiers = self._bold, self.classifier, self._cautious
        tasks = [(each, some) for each, some in zip(classifiers, places, strict=True) if len(some)]
        labels = np.concatenate([each.classify(keys, rows, which, some) for each, some in tasks])
        asked, C = np.concatenate(places), len(self._rules)
        pairs, pair = factorize((which[asked] * C + labels).tolist())
        numbers = which.copy()
        numbers[asked] = len(forms) + pair
        split = [(forms[k // C], self._words(forms[k // C], k % C)) for k in pairs]
        return Splits([*forms, *(form for form, _ in split)], [*whole, *(words for _, words in split)], numbers)

    def _look_up(self, form: str) -> tuple[int, bytes]:
        """The number of the classifier that splits a form (bold, neutral, cautious), or ONE_WORD_ALWAYS; and its key.

        A form that was split in training is looked up in lower case: `Its` at the start of a sentence is as `its` is.
        """
        assert self.seen is not None
        by_ending = self.seen.allow_ending(form)
        by_form = not by_ending and self.seen.allow(form)
        allowed = 1 if by_ending else 2 if by_form else ONE_WORD_ALWAYS
        return 0 if self.seen.always_split(form) else allowed, form_key(form.lower() if by_form else form)

    def _words(self, form: str, label: int) -> tuple[str, ...]:
        rule = self._rules[label]
        return rule(form) if rule else (form,)

    def to_stored(self) -> StoredNetwork:
        """The network as a model file stores it, with the forms that may be split."""
        stored = self.classifier.to_stored()
        stored.metadata.update(sets_as_lists(self.seen._asdict()) if self.seen else {})
        return stored

    @classmethod
    def from_stored(cls, networks: StoredNetworks, name: str) -> MultiwordSplitter:
        """The splitter of a stored network. Raises as WindowClassifier.from_stored does."""
        classifier = WindowClassifier.from_stored(networks[name], name, _check_class)
        sets = sets_from_lists(networks[name].metadata, SplitForms._fields)
        return cls(classifier, SplitForms(*sets) if sets else None)


def _biased(classifier: WindowClassifier, bias: float) -> WindowClassifier:
    """The classifier with a bias added to the score of ONE_WORD."""
    b_2 = classifier.params.b_2.copy()
    b_2[:, [name == ONE_WORD for name in classifier.classes]] += bias
    return classifier.with_parameters(classifier.params._replace(b_2=b_2))


def _check_class(name: str) -> None:
    """Raise ValueError unless the class is ONE_WORD or a SplitRule."""
    if name == ONE_WORD:
        return
    rule = json.loads(name)
    good = isinstance(rule, list) and 1 < len(rule) <= 1 + MAX_WORDS
    check(good, f"{ascii(name)[:40]} is not a rule for multiword tokens, of at most {MAX_WORDS} words")
    check_length(rule[0])
    for place, word in enumerate(rule[1:]):
        if isinstance(word, str):
            check_column(word, empty=not place)
        else:
            check_length(word)
