"""From text to tokens and sentences: a network over characters cuts tokens, one over tokens cuts sentences.

A character is to the network a word of one letter. A token ends where the network over characters says so, and at
every space unless the treebank has tokens with spaces; a sentence ends behind a token, and with its paragraph.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from parser.stages.multiword import Splitter
from parser.stages.window import Labeller
from parser.treebank.tokens import Paragraph, Token

GOES_ON, ENDS = "goes on", "ends"  # the classes of both networks

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
"""

SHORT = 60  # characters of a stretch of which it is worth remembering what it is

# What stretches of text without a space are, where this tells how to cut them.
_AT, _DOT = re.compile(r"\w@\w"), re.compile(r"\.\w")
_KINDS = (
    ("address", re.compile(r"\S*(?:://|www\.)\S*\Z|\S+\.(?:com|org|net|edu|gov|htm|html|php|pdf|doc|jpg|xls)\b\S*\Z")),
    ("number", re.compile(r"[^\w\s]*\d[\d.,:/-]*\d\S?\Z")),
    ("letters", re.compile(r"[^\W\d_]+\Z")),
)


def character_keys(text: str) -> list[bytes]:
    """A key (see word_keys) for each character of a paragraph.

    In place of UPOS is what it stands in, in place of XPOS its Unicode category: £ is cut as $ is, both being Sc.
    """
    keys: list[bytes] = []
    for stretch in text.split(" "):
        kind = kind_of(stretch)
        keys += [character_key(character, kind) for character in stretch]
        keys.append(character_key(" ", "_"))
    return keys[:-1]


@functools.lru_cache(maxsize=100_000)
def character_key(character: str, kind: str) -> bytes:
    """The key of a character in a stretch of some kind."""
    return f"{character}\t_\t{kind}\t{unicodedata.category(character)}\t_".encode()


def kind_of(stretch: str) -> str:
    """What a stretch of text without a space is: address, mail, number, letters or other."""
    return _short_kind(stretch) if len(stretch) <= SHORT else _kind(stretch)


def _kind(stretch: str) -> str:
    at = _AT.search(stretch)
    if at and _DOT.search(stretch, at.end()):  # two searches, one behind the other, take no more time than one
        return "mail"
    return next((kind for kind, pattern in _KINDS if pattern.match(stretch)), "other")


_short_kind = functools.lru_cache(maxsize=100_000)(_kind)


def token_key(form: str, *, space_after: bool) -> bytes:
    """A key (see word_keys) of a token, with `space` or `_` in place of UPOS: what follows it."""
    return f"{form}\t_\t{'space' if space_after else '_'}\t_\t_".encode()


def _ends(labeller: Labeller, keys: Sequence[bytes], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where something ends."""
    ends: NDArray[np.bool_] = labeller.label(keys, rows) == labeller.classes.index(ENDS)
    return ends


@dataclass(frozen=True)
class Tokenizer:
    """Cuts paragraphs. spaces: do tokens have spaces inside?"""

    characters: Labeller
    sentences: Labeller
    splitter: Splitter
    spaces: bool

    def cut(self, texts: Sequence[str]) -> list[Paragraph]:
        """The sentences of some paragraphs (see plain_text), each a list of tokens."""
        cut = self.cut_tokens(texts)
        ends, rows = self.sentence_ends(cut)
        words = self.splitter.words([form for paragraph in cut for form, _ in paragraph])
        all_tokens = (token for paragraph in cut for token in paragraph)
        tokens = [Token(form, of, space) for (form, space), of in zip(all_tokens, words, strict=True)]
        last = np.flatnonzero(ends) + 1
        found: list[Paragraph] = []
        for first, end in pairwise(rows.tolist()):
            bounds = [first, *last[slice(*np.searchsorted(last, [first + 1, end + 1]))].tolist()]
            found.append([tokens[a:b] for a, b in pairwise(bounds)])
        return found

    def sentence_ends(
        self, paragraphs: Sequence[Sequence[tuple[str, bool]]]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which tokens (tokens,) of paragraphs end a sentence, and where these begin, (P + 1,); none is empty."""
        keys = [token_key(form, space_after=space) for paragraph in paragraphs for form, space in paragraph]
        rows = np.concatenate(([0], np.cumsum([len(paragraph) for paragraph in paragraphs]))).astype(np.int64)
        ends = _ends(self.sentences, keys, rows)
        ends[rows[1:] - 1] = True
        return ends, rows

    def cut_tokens(self, texts: Sequence[str]) -> list[list[tuple[str, bool]]]:
        """The tokens of some paragraphs, each with whether a space follows it."""
        keys = [key for text in texts for key in character_keys(text)]
        rows = np.concatenate(([0], np.cumsum([len(text) for text in texts]))).astype(np.int64)
        ends = _ends(self.characters, keys, rows)
        return [self._tokens(text, ends[first : first + len(text)]) for text, first in zip(texts, rows, strict=False)]

    def _tokens(self, text: str, ends: NDArray[np.bool_]) -> list[tuple[str, bool]]:
        """The tokens of one paragraph, given which of its characters are the last of a token."""
        space = np.frombuffer(text.encode("utf-32-le"), np.uint32) == ord(" ")
        # A space belongs to a token if neither the character before it ends one nor it itself does.
        inside = space & ~ends & ~np.concatenate(([True], ends[:-1])) if self.spaces else np.zeros_like(space)
        outside = space & ~inside
        before_space = np.concatenate((outside[1:], [True]))
        last = (ends | before_space) & ~space
        stops = (np.flatnonzero(last) + 1).tolist()
        tokens, start = [], 0
        for stop in stops:
            follows = stop < len(text) and text[stop] == " "
            tokens.append((text[start:stop], follows))
            start = stop + follows
        return tokens
