"""The words of spaCy's Docs and the sentence boundaries that are set in them; Docs of texts by our own tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.model.model import Model
from clearparse.treebank.paragraphs import split_paragraphs
from clearparse.treebank.ranges import RawText, token_ranges
from clearparse.treebank.tokens import Token

SENT_START = "SENT_START"  # spaCy's attribute: 1, -1, or 0 for a token that may or may not begin a sentence


@dataclass(frozen=True)
class DocWords:
    """The n words of a Doc, as spaCy tokens and as tokens of CoNLL-U, and where sentences end.

    ends, joined (n,): must a sentence end after the word, or must it not? Elsewhere the model decides.
    """

    doc: Any
    words: list[Any]
    tokens: list[Token]
    ends: NDArray[np.bool_]
    joined: NDArray[np.bool_]

    @classmethod
    def of(cls, doc: Any) -> DocWords:
        """The words of a Doc. Tabs and line ends inside a form become spaces. A sentence ends at the end of a
        paragraph unless the next word must not begin one.
        """
        words = [token for token in doc if not token.is_space]
        found = []
        for token in words:
            form = " ".join(token.text.split())
            next_is_space = token.i + 1 < len(doc) and doc[token.i + 1].is_space
            found.append(Token(form, (form,), bool(token.whitespace_) or next_is_space))
        place = np.array([token.i for token in words], np.int64)
        starts = doc.to_array(SENT_START).astype(np.int64)
        paragraph = np.array([token.is_space and token.text.count("\n") > 1 for token in doc], np.bool_)
        required = _border_after(place, starts == 1)
        joined = np.zeros(len(place), np.bool_)
        joined[:-1] = ~required[:-1] & (starts[place[1:]] == -1)
        return cls(doc, words, found, required | (_border_after(place, paragraph) & ~joined), joined)

    @property
    def has_sentences(self) -> bool:
        """Are all sentence boundaries set?"""
        return bool((self.ends | self.joined).all())


def _border_after(place: NDArray[np.int64], border: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) Is there a border (tokens,) after the word at each place (n,) and not after the next? True for the last."""
    found = np.ones(len(place), np.bool_)
    found[:-1] = np.diff(np.cumsum(border)[place]) != 0
    return found


class DocToken(NamedTuple):
    """A token of a Doc: a word, or whitespace. starts: does it begin a sentence?"""

    text: str
    space_after: bool
    starts: bool


def doc_tokens(text: str, model: Model) -> list[DocToken]:
    """A text in tokens, by the tokenizer of a model; as in spaCy, whitespace but a single space is a token.

    A multiword token is several tokens if the forms of its words make up its own (`do` and `n't`). Raises
    ClearparseError if the model has no tokenizer.
    """
    if model.stages.tokenizer is None:
        raise ClearparseError("this model cannot tokenize: it was trained without `--stages all`")
    tokenization = model.stages.tokenizer.tokenize(list(split_paragraphs(text)))
    ranges = token_ranges(RawText(text), tokenization.text, tokenization.start, tokenization.stop).tolist()
    spans: list[tuple[int, int, bool]] = []  # start, end, and whether a sentence begins
    starts = True
    for (start, end), token, last in zip(ranges, tokenization.tokens(), tokenization.last.tolist(), strict=True):
        parts = token.words if "".join(token.words) == text[start:end] else (token.form,)
        for form in parts[:-1]:
            spans.append((start, start + len(form), starts))
            start, starts = start + len(form), False
        spans.append((start, end, starts))
        starts = last
    return list(_with_spaces(text, spans))


def _with_spaces(text: str, spans: list[tuple[int, int, bool]]) -> Iterator[DocToken]:
    """The tokens in these spans of the text, and those of the whitespace around them."""
    if white := text[: spans[0][0] if spans else len(text)]:
        yield DocToken(white, space_after=False, starts=True)
    for (start, end, starts), (following, *_) in pairwise([*spans, (len(text), len(text), False)]):
        one = text[end : end + 1] == " "
        yield DocToken(text[start:end], one, starts)
        if white := text[end + one : following]:
            yield DocToken(white, space_after=False, starts=False)
