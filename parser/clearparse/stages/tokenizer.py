"""Tokenizer and sentence splitter: one network over characters ends tokens, another over tokens ends sentences.

To the network a character is a word of one letter. Tokens also end at every space, unless the treebank has tokens
with spaces; sentences also end with their paragraph. Addresses and grapheme clusters are never split (see stretches
and graphemes).
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
from clearparse.network.classifier import distinct
from clearparse.stages.multiword import MultiwordSplitter
from clearparse.stages.stored import StoredNetwork, StoredNetworks, sets_as_lists, sets_from_lists
from clearparse.stages.stretches import KnownWords
from clearparse.stages.text_keys import TextKeys
from clearparse.stages.validation import check, flag
from clearparse.stages.window import WindowClassifier
from clearparse.treebank.columns import Mask
from clearparse.treebank.ragged import offsets
from clearparse.treebank.tokens import Tokenization

CONTINUES, ENDS = "goes on", "ends"  # the classes of both networks, as model files have them

CHARACTERS = """
    form: -8 -7 -6 -5 -4 -3 -2 -1 0 1 2 3 4 5 6 7 8
    xpos: -4 -3 -2 -1 0 1 2 3 4
    upos: 0
"""
SENTENCES = """
    form: -2 -1 0 1 2
    lower: -4 -3 -2 -1 0 1 2 3 4
    shape: -4 -3 -2 -1 0 1 2 3 4
    suffix2: -1 0 1
    prefix1: -1 0 1
    upos: -3 -2 -1 0 1 2 3
    xpos: -2 -1 0 1 2
"""
CLUSTERS = """
    cluster: -2 -1 0 1 2 3
"""  # of the sentence splitter, if there are word vectors


def _ends(
    classifier: WindowClassifier,
    keys: Sequence[bytes],
    rows: NDArray[np.int64],
    which: Index,
    asked: Index | None = None,
) -> Mask:
    """Which of the items asked for (A,), by default of all, are classified as ENDS: see WindowClassifier.classify."""
    ends: Mask = classifier.classify(keys, rows, which, asked) == classifier.classes.index(ENDS)
    return ends


@dataclass(frozen=True)
class Tokenizer:
    """Splits paragraphs into sentences, tokens and words.

    spaces: whether tokens can contain spaces. known: None in models of version 0.1.
    divided: the words of letters, in lower case, that training divides into tokens; others stay whole. None where such
    words are common, as in scripts without spaces.
    """

    NETWORKS: ClassVar = ("characters", "sentences", "multiword")  # their names in a model file

    characters: WindowClassifier
    sentences: WindowClassifier
    splitter: MultiwordSplitter
    spaces: bool
    known: KnownWords | None = None
    divided: frozenset[str] | None = None

    @cached_property
    def keys(self) -> TextKeys:
        """What the networks see of characters and tokens."""
        return TextKeys(self.known, self.divided, spaces=self.spaces)

    def tokenize(self, texts: Sequence[str]) -> Tokenization:
        """The tokens, words and sentences of paragraphs (see treebank.paragraphs)."""
        text = " ".join(texts)
        start, stop, space_after, rows = self._tokens(texts)
        forms, which = factorize([text[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)])
        last = self.sentence_ends(forms, which, space_after, rows)
        forms, words, which = self.splitter.split(forms, which, rows)
        return Tokenization(text, start, stop, forms, words, which, space_after, last, rows)

    def sentence_ends(self, forms: Sequence[str], which: Index, space_after: Mask, rows: NDArray[np.int64]) -> Mask:
        """The tokens of paragraphs that end a sentence (T,).

        forms: the different tokens; which (T,): the form of each token. rows (P + 1,): the start of each paragraph.
        """
        pairs, pair = distinct(2 * which + space_after, 2 * len(forms))
        of_tokens = self.keys.tokens
        keys = [of_tokens[k % 2][forms[k // 2]] for k in pairs.tolist()]
        ends = _ends(self.sentences, keys, rows, pair.astype(np.intp))
        ends[rows[1:] - 1] = True
        return ends

    def _tokens(self, texts: Sequence[str]) -> tuple[Index, Index, Mask, NDArray[np.int64]]:
        """Start, stop and whether a space follows, (T,) each, of the T tokens of paragraphs; rows (P + 1,).

        Places are those in the paragraphs joined by spaces. rows: the first token of each paragraph.
        """
        begin = offsets([1 + len(text) for text in texts])  # of each paragraph, and the end of the last
        bounds = begin.repeat(2)[1:-1]  # the space between paragraphs is a sequence of its own
        bounds[1::2] -= 1
        keys, table = self.keys.characters(texts)
        asked, ends, space = table["asked"].nonzero()[0], table["ends"].copy(), table["space"].copy()
        ends[asked] = _ends(self.characters, keys, bounds, table["key"], asked)
        if self.spaces:  # a space belongs to a token if neither the character before it ends one nor it itself does
            ends[begin[1:-1] - 1] = True
            ends[:-1] |= ends[1:] & space[1:]
            ends[-1:] = True
            ends &= ~space
        space[begin[1:-1] - 1] = False  # the space between paragraphs belongs to neither
        stop = ends.nonzero()[0] + 1
        rows = stop.searchsorted(begin)
        space_after: Mask = space.take(stop, mode="clip")  # clipped at the end of the text, which is no space
        start = np.zeros_like(stop)
        start[1:] = (stop + space_after)[:-1]
        if len(texts) > 1:
            some = (rows[1:] > rows[:-1]).nonzero()[0]
            start[rows[some]] = begin[some]
        return start, stop, space_after, rows

    def classifiers(self) -> dict[str, WindowClassifier]:
        """Its networks by the names they have in a file."""
        networks = (self.characters, self.sentences, self.splitter.classifier)
        return dict(zip(self.NETWORKS, networks, strict=True))

    def to_stored(self) -> dict[str, StoredNetwork]:
        """Its networks as a model file stores them."""
        characters, sentences = self.characters.to_stored(), self.sentences.to_stored()
        characters.metadata["spaces"] = self.spaces
        characters.metadata.update(sets_as_lists(self.known._asdict()) if self.known else {})
        characters.metadata.update(sets_as_lists({"divided": self.divided}) if self.divided is not None else {})
        return dict(zip(self.NETWORKS, (characters, sentences, self.splitter.to_stored()), strict=True))

    @classmethod
    def from_stored(cls, networks: StoredNetworks) -> Tokenizer:
        """The tokenizer of stored networks. Raises ValueError or KeyError: see WindowClassifier.from_stored."""
        characters, sentences, multiword = cls.NETWORKS
        of_characters, of_sentences = (
            WindowClassifier.from_stored(networks[name], name, _check_class) for name in (characters, sentences)
        )
        splitter, metadata = MultiwordSplitter.from_stored(networks, multiword), networks[characters].metadata
        sets = sets_from_lists(metadata, KnownWords._fields)
        known = KnownWords(*sets) if sets else None
        divided = sets_from_lists(metadata, ["divided"])
        spaces = flag(metadata, "spaces")
        return cls(of_characters, of_sentences, splitter, spaces, known, divided[0] if divided else None)


def _check_class(name: str) -> None:
    check(name in (CONTINUES, ENDS), f"{ascii(name)[:40]} is not a class of the tokenizer")
