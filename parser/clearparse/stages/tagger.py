"""Tagger for UPOS, XPOS and FEATS: two networks over the words of a sentence.

A class is the combination of a word's three tags. The first network, a smaller one, sees only forms; the second also
sees the tags that the first predicts for the word and its neighbors. It is trained on jackknifed tags: those that the
first network predicts for sentences it was not trained on. With raw text in training, both also see word clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import Index
from clearparse.features.vocabulary import factorize
from clearparse.features.word_keys import form_of, tags_of, word_key
from clearparse.stages.stored import StoredNetwork, StoredNetworks
from clearparse.stages.validation import check, check_column
from clearparse.stages.window import WindowClassifier
from clearparse.treebank.conllu import FEATS, UPOS, Block

FIRST = """
    lower: -3 -2 -1 0 1 2 3
    suffix1: 0
    suffix2: -1 0 1
    suffix3: -2 -1 0 1 2
    suffix4: 0
    prefix1: 0
    prefix2: -1 0 1
    prefix3: 0
    shape: -1 0 1
"""
SECOND = f"""{FIRST}
    form: -2 -1 0 1 2
    upos: -3 -2 -1 0 1 2 3
    xpos: -3 -2 -1 0 1 2 3
    feats: -1 0 1
"""
CLUSTERS = """
    cluster: -1 0 1
"""
# The first network is sure of a class whose score is this far above all others: it is e^MARGIN = 55 times as probable
# as the next. On EWT dev that is so for 80 % of the words, and 0.06 % of the tags differ from the second network's.
MARGIN = 4.0
SURE = b"\t"  # at the end of tags of which the first network is sure, in a checkpoint of training


@dataclass(frozen=True)
class Tagger:
    """The two networks. A class is UPOS, XPOS and FEATS, separated by tabs."""

    NETWORKS: ClassVar = ("first tags", "tags")  # their names in a model file

    first: WindowClassifier
    second: WindowClassifier

    def tags(self, keys: Sequence[bytes], sentences: NDArray[np.int64]) -> list[bytes]:
        """The tags of each word, given the words' keys, whose tags are ignored. sentences (S + 1,): as in Block."""
        tagged, which = self.tagged(*factorize(list(map(form_of, keys))), sentences)
        tags = list(map(tags_of, tagged))
        return [tags[k] for k in which.tolist()]

    def tagged(self, forms: Sequence[bytes], which: Index, sentences: NDArray[np.int64]) -> tuple[list[bytes], Index]:
        """The keys of the distinct words with their tags, and the index of each word among them (words,).

        forms: the distinct ones. which (words,): the index of each word's form.
        """
        names, number_of_second = self._names
        keys = list(map(word_key, forms))
        labels, sure = self.first.classify_with_margin(keys, sentences, which, MARGIN)
        unsure = (~sure).nonzero()[0]
        if len(unsure):
            seen, which_seen = _tagged(forms, which, names, labels)
            labels[unsure] = number_of_second[self.second.classify(seen, sentences, which_seen, unsure)]
        return _tagged(forms, which, names, labels)

    @cached_property
    def _names(self) -> tuple[list[bytes], Index]:
        """The classes of both networks, the first one's in front, and the indices of the second one's among them."""
        names, number = factorize([*self.first.encoded_classes, *self.second.encoded_classes])
        return names, number[len(self.first.classes) :]

    def classifiers(self) -> dict[str, WindowClassifier]:
        """Its networks by their names in a model file."""
        return dict(zip(self.NETWORKS, (self.first, self.second), strict=True))

    def to_stored(self) -> dict[str, StoredNetwork]:
        """The networks by their names in a model file; symbols that both have are stored with the first only."""
        first, second = self.first.to_stored(), self.second.to_stored()
        common = first.metadata["symbols"]
        own = {channel: names for channel, names in second.metadata["symbols"].items() if names != common.get(channel)}
        second = second._replace(metadata={**second.metadata, "symbols": own})
        return dict(zip(self.NETWORKS, (first, second), strict=True))

    @classmethod
    def from_stored(cls, networks: StoredNetworks) -> Tagger:
        """The tagger of stored networks. Raises as WindowClassifier.from_stored does."""
        first, second = (networks[name] for name in cls.NETWORKS)
        for name, network in zip(cls.NETWORKS, (first, second), strict=True):
            network.check(name)
        symbols = {**first.metadata["symbols"], **second.metadata["symbols"]}
        second = second._replace(metadata={**second.metadata, "symbols": symbols})
        whole = dict(zip(cls.NETWORKS, (first, second), strict=True))
        return cls(*(WindowClassifier.from_stored(whole[name], name, _check_class) for name in cls.NETWORKS))


def _check_class(name: str) -> None:
    tags = name.split("\t")
    check(len(tags) == 3, f"{ascii(name)[:40]} is not UPOS, XPOS and FEATS")
    for tag in tags:
        check_column(tag)


def _tagged(forms: Sequence[bytes], which: Index, names: Sequence[bytes], labels: Index) -> tuple[list[bytes], Index]:
    """The distinct words with tags, and each word's index among them, given the indices of form and class (words,)."""
    pairs, pair = factorize((which * len(names) + labels).tolist())  # faster than np.unique for the words of a sentence
    return [word_key(forms[k // len(names)], names[k % len(names)]) for k in pairs], pair


def marked_tags(classifier: WindowClassifier, keys: Sequence[bytes], sentences: NDArray[np.int64]) -> list[bytes]:
    """The tags that one network predicts for each word, followed by SURE where it is sure."""
    distinct, which = factorize(keys)
    labels, sure = classifier.classify_with_margin(distinct, sentences, which, MARGIN)
    names = classifier.encoded_classes
    return [names[k] + SURE if certain else names[k] for k, certain in zip(labels.tolist(), sure.tolist(), strict=True)]


def retagged_keys(
    keys: Sequence[bytes], sentences: NDArray[np.int64], tagger: Tagger | WindowClassifier
) -> list[bytes]:
    """The words' keys with the tags that a tagger, or its first network alone, predicts; equal keys are one object."""
    distinct, which = factorize(keys)
    forms, of_form = factorize(list(map(form_of, distinct)))
    which = of_form[which]
    if isinstance(tagger, Tagger):
        distinct, which = tagger.tagged(forms, which, sentences)
    else:
        labels = tagger.classify(list(map(word_key, forms)), sentences, which)
        distinct, which = _tagged(forms, which, tagger.encoded_classes, labels)
    return [distinct[k] for k in which.tolist()]


def retagged(block: Block, tagger: Tagger) -> Block:
    """An annotated block whose tags are replaced by predicted ones."""
    tags = tagger.tags(block.word_keys(), block.sentences)
    return block.with_columns(UPOS, FEATS, tags)
