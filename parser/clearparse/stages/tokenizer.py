"""Tokenizer and sentence splitter: one network over characters ends tokens, another over tokens ends sentences.

To the network a character is a word of one letter. Tokens also end at every space, unless the treebank has tokens
with spaces; sentences also end with their paragraph. Addresses and grapheme clusters are never split (see stretches
and graphemes).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import Index
from clearparse.features.vocabulary import factorize, lookup_form
from clearparse.network.classifier import distinct
from clearparse.stages.graphemes import inside_clusters
from clearparse.stages.multiword import MultiwordSplitter
from clearparse.stages.stored import StoredNetwork, StoredNetworks, sets_as_lists, sets_from_lists
from clearparse.stages.stretches import (
    ADDRESS,
    OTHER,
    KnownWords,
    address_in,
    beginning,
    inside_words,
    kind_of,
    number_kind,
    stop_kind,
    token_kind,
)
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


class Characters(NamedTuple):
    """The characters of a text (n,) as the network sees them.

    keys: the different ones (see Block.word_keys), with the kind of their stretch in place of UPOS and their Unicode
    category in place of XPOS, so that £ is tokenized like $: both are Sc. which (n,): the key of each character.
    addresses: start and end of each address in the text; all its characters have one key.
    """

    keys: list[bytes]
    which: Index
    addresses: list[tuple[int, int]]


def characters_of_text(text: str, begin: NDArray[np.int64], known: KnownWords | None) -> Characters:
    """The characters of paragraphs joined by spaces; begin (P,): the start of each paragraph.

    known: decides the kinds of stretches; None in models of version 0.1, which have neither these nor addresses.
    """
    stretches, which = factorize(text.split(" "))
    lengths = np.array([len(stretch) for stretch in stretches])[which]
    start = offsets(lengths + 1)[:-1]
    names = [kind_of(stretch) for stretch in stretches]
    addresses: list[tuple[int, int]] = []
    if known:
        names = [number_kind(name, stretch, known) for name, stretch in zip(names, stretches, strict=True)]
        inside = {k: span for k, stretch in enumerate(stretches) if (span := address_in(stretch))}
        names = [OTHER if k in inside else name for k, name in enumerate(names)]
        places = np.isin(which, list(inside)).nonzero()[0].tolist() if inside else []
        spans = [(start[k], *inside[which[k]]) for k in places]
        addresses = [(int(at + a), int(at + b)) for at, a, b in spans]
    kinds, kind = factorize([*names, "_", ADDRESS])
    kind_of_stretch = kind[which]
    if known:
        kind_of_stretch = _with_stops(stretches, which, np.searchsorted(start, begin), known, kind_of_stretch, kinds)
    kind_there = kind_of_stretch.repeat(lengths + 1)[:-1]  # of each character and of the space after the stretch
    kind_there[start[1:] - 1] = kind[-2]
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    if addresses:
        codes = codes.copy()
        for a, b in addresses:
            codes[a:b], kind_there[a:b] = ord("x"), kind[-1]
    characters, character = distinct(codes, int(codes.max(initial=0)) + 1)
    pairs, pair = distinct(character * len(kinds) + kind_there, len(characters) * len(kinds))
    parts = zip(*(part.tolist() for part in np.divmod(pairs, len(kinds))), strict=True)
    keys = [_character_key(chr(characters[k]), kinds[of], normalized=known is not None) for k, of in parts]
    return Characters(keys, pair.astype(np.intp), addresses)


def undecided(text: str, divided: frozenset[str] | None, known: KnownWords | None, *, spaces: bool) -> Mask:
    """The characters (n,) of a text of which the network decides whether they end a token.

    A token ends before every space, unless tokens can contain spaces, and none ends inside a word: see Tokenizer.
    """
    space = np.frombuffer((text + " ").encode("utf-32-le"), np.uint32) == ord(" ")
    asked = np.ones(len(text), np.bool_) if spaces else ~(space[:-1] | space[1:])
    return asked if divided is None or known is None else asked & ~inside_words(text, divided, known.units)


def _with_stops(
    stretches: list[str],
    which: Index,
    first: Index,
    known: KnownWords,
    kind: Index,
    kinds: list[str],
) -> Index:
    """The kinds of stretches (n,), which for a stretch with a final full stop include what follows it.

    first (P,): the first stretch of each paragraph. kinds: the names; new ones are appended.
    """
    stops = [stop_kind(stretch, known) for stretch in stretches]
    places = np.array([bool(stop) for stop in stops])[which].nonzero()[0]
    ends = np.zeros(len(which) + 1, np.bool_)
    ends[first] = ends[-1] = True
    kind, number = kind.copy(), {name: k for k, name in enumerate(kinds)}
    begins: dict[int, str] = {}
    for place in places.tolist():
        follows = "end"
        if not ends[place + 1]:
            after = int(which[place + 1])
            if after not in begins:
                begins[after] = beginning(stretches[after], known)
            follows = begins[after]
        name = f"{stops[which[place]]} {follows}"
        kind[place] = number.setdefault(name, len(number))
    kinds[:] = number
    return kind


def _character_key(character: str, kind: str, *, normalized: bool) -> bytes:
    """The key of a character in a stretch of some kind."""
    seen = lookup_form(character) if normalized else character
    shown = "0" if normalized and character.isdecimal() else character  # a number of another value is divided alike
    return f"{shown}\t_\t{kind}\t{unicodedata.category(seen)}\t_".encode()


def token_key(form: str, known: KnownWords | None, *, space_after: bool) -> bytes:
    """The key of a token (see Block.word_keys): in place of UPOS `space` if one follows, in place of XPOS its kind."""
    kind = token_kind(form, known) if known else "_"
    return f"{form}\t_\t{'space' if space_after else '_'}\t{kind}\t_".encode()


def _ends(
    classifier: WindowClassifier,
    keys: Sequence[bytes],
    rows: NDArray[np.int64],
    which: Index,
    asked: Mask | None = None,
) -> Mask:
    """The items classified as ENDS (n,): see WindowClassifier.classify."""
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

    def tokenize(self, texts: Sequence[str]) -> Tokenization:
        """The tokens, words and sentences of paragraphs (see treebank.paragraphs)."""
        text, lengths = " ".join(texts), np.array([len(text) for text in texts], np.int64)
        start, stop, space_after, rows = self._tokens(text, offsets(lengths + 1)[:-1])
        forms, which = factorize([text[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)])
        last = self.sentence_ends(forms, which, space_after, rows)
        split = self.splitter.split(forms, which, rows)
        return Tokenization(text, start, stop, *split, space_after, last, rows)

    def sentence_ends(self, forms: Sequence[str], which: Index, space_after: Mask, rows: NDArray[np.int64]) -> Mask:
        """The tokens of paragraphs that end a sentence (T,).

        forms: the different tokens; which (T,): the form of each token. rows (P + 1,): the start of each paragraph.
        """
        pairs, pair = distinct(2 * which + space_after, 2 * len(forms))
        keys = [token_key(forms[k // 2], self.known, space_after=bool(k % 2)) for k in pairs.tolist()]
        ends = _ends(self.sentences, keys, rows, pair.astype(np.intp))
        ends[rows[1:] - 1] = True
        return ends

    def _tokens(self, text: str, begin: NDArray[np.int64]) -> tuple[Index, Index, Mask, NDArray[np.int64]]:
        """Start, stop and whether a space follows, (T,) each, of the T tokens of paragraphs; rows (P + 1,).

        text: the paragraphs joined by spaces. begin (P,): the start of each.
        """
        space = np.frombuffer((text + " ").encode("utf-32-le"), np.uint32) == ord(" ")
        ends = self._character_ends(text, begin, undecided(text, self.divided, self.known, spaces=self.spaces))
        # A space belongs to a token if neither the character before it ends one nor it itself does.
        inside = ~ends & ~np.append(True, ends[:-1]) if self.spaces else np.zeros(len(text), np.bool_)
        outside = space.copy()
        outside[:-1] &= ~inside
        stop = ((ends | outside[1:]) & ~space[:-1]).nonzero()[0] + 1
        space[begin[1:] - 1] = space[-1] = False  # the space between paragraphs belongs to neither
        space_after = space[stop]
        start = np.zeros_like(stop)
        start[1:] = (stop + space_after)[:-1]
        rows = np.concatenate((stop.searchsorted(begin), [len(stop)]))
        some = (rows[1:] > rows[:-1]).nonzero()[0]
        start[rows[some]] = begin[some]
        return start, stop, space_after, rows

    def _character_ends(self, text: str, begin: NDArray[np.int64], asked: Mask) -> Mask:
        """The characters that end a token (n,); only those asked for are classified."""
        keys, which, addresses = characters_of_text(text, begin, self.known)
        ends, inside = np.ones(len(text), np.bool_), np.ones(len(text), np.bool_)
        inside[begin[1:] - 1] = False
        rows = np.append(begin - np.arange(len(begin)), np.count_nonzero(inside))
        ends[inside] = _ends(self.characters, keys, rows, which[inside], asked[inside]) & asked[inside]
        for first, end in addresses:
            ends[first : end - 1], ends[end - 1] = False, True
            if first:
                ends[first - 1] = True
        ends[inside_clusters(text)] = False
        return ends

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
