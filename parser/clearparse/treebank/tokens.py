"""Tokens as they stand in a text, and the words they are: what cutting a text learns from, and what it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.columns import Mask
from clearparse.treebank.conllu import Block, Sentence

_NO_TAGS = "\t_" * 7 + "\t"
_MISC = ("SpaceAfter=No", "_")  # of a token that no space follows, and of one that a space does


class Token(NamedTuple):
    """A stretch of text: itself a word, or, if it is a multiword token, several words."""

    form: str
    words: tuple[str, ...]
    space_after: bool

    def conllu(self, first: int) -> str:
        """Its lines in CoNLL-U, with nothing but forms in them; `first` is the ID of its first word."""
        misc = _MISC[self.space_after]
        if self.words == (self.form,):
            return f"{first}\t{self.form}{_NO_TAGS}{misc}\n"
        lines = [f"{first}-{first + len(self.words) - 1}\t{self.form}{_NO_TAGS}{misc}\n"]
        lines += [f"{first + i}\t{word}{_NO_TAGS}_\n" for i, word in enumerate(self.words)]
        return "".join(lines)


Tokens = list[Token]  # of a sentence
Paragraph = list[Tokens]  # the sentences of a paragraph

_ROW = re.compile(r"^(\d+)(?:-(\d+))?\t([^\t]*)\t(?:[^\t]*\t){7}([^\t\n]*)$", re.MULTILINE)
_BEGINS = re.compile(r"#\s*new(?:par|doc)\b")


def tokens_of(sentence: Sentence) -> Tokens:
    """The tokens of a sentence of a treebank."""
    found, last = [], 0
    for first, end, form, misc in _ROW.findall(str(sentence)):
        if int(first) > last:  # not a word of the multiword token before it
            last = int(end or first)
            space = "SpaceAfter=No" not in misc.split("|")
            found.append((form, int(first) - 1, last, space))
    words = sentence.forms
    return [Token(form, tuple(words[first:end]), space) for form, first, end, space in found]


def paragraphs_of(blocks: Iterable[Block]) -> Iterator[Paragraph]:
    """The paragraphs of a treebank, as its comments `newpar` and `newdoc` tell them."""
    paragraph: Paragraph = []
    for block in blocks:
        for sentence in block:
            if paragraph and any(map(_BEGINS.match, sentence.comments)):
                yield paragraph
                paragraph = []
            paragraph.append(tokens_of(sentence))
    if paragraph:
        yield paragraph


def text_of(tokens: Sequence[Token]) -> str:
    """The text that some tokens are cut from; no space behind the last one."""
    return "".join(token.form + " " * token.space_after for token in tokens).removesuffix(" ")


def conllu_of(tokens: Tokens, comments: Sequence[str] = ()) -> str:
    """A sentence in CoNLL-U with nothing but forms, its text as a comment, and a blank line at its end."""
    lines, first = [*(f"{comment}\n" for comment in comments), f"# text = {text_of(tokens)}\n"], 1
    for token in tokens:
        lines.append(token.conllu(first))
        first += len(token.words)
    return "".join(lines) + "\n"


@dataclass(frozen=True)
class Tokenization:
    """The T tokens of some paragraphs, in columns; a Token for each of many would cost more than finding them.

    text: the paragraphs, with a space between them. start, stop (T,): where each token stands in it.
    forms, words: the different tokens, and the words of each. which (T,): which of them each token is.
    last (T,): is it the last of its sentence? rows (P + 1,): the tokens of paragraph p are rows[p] : rows[p + 1].
    """

    text: str
    start: NDArray[np.intp]
    stop: NDArray[np.intp]
    forms: list[str]
    words: list[tuple[str, ...]]
    which: NDArray[np.intp]
    space_after: Mask
    last: Mask
    rows: NDArray[np.int64]

    def tokens(self) -> Tokens:
        """All tokens."""
        columns = zip(self.which.tolist(), self.space_after.tolist(), strict=True)
        return [Token(self.forms[which], self.words[which], space) for which, space in columns]

    def conllu(self, first: int = 1) -> str:
        """The sentences in CoNLL-U, with nothing but forms; `first` is the number of the first paragraph.

        A sentence's sent_id is 3-2 if it is the second of paragraph 3.
        """
        if not len(self.which):
            return ""
        begins = np.flatnonzero(np.concatenate(([True], self.last[:-1])))
        words = np.array([len(words) for words in self.words])[self.which]
        before = np.cumsum(words) - words  # this token, from the first sentence on
        number = before + 1 - np.repeat(before[begins], np.diff(begins, append=len(words)))
        ids = [f"{k}\t" for k in range(int(number.max()) + 1)]
        lines = [f"{form}{_NO_TAGS}{misc}\n" for form in self.forms for misc in _MISC]
        pieces = [""] * (2 * len(words))
        pieces[0::2] = [ids[k] for k in number.tolist()]
        pieces[1::2] = [lines[k] for k in (2 * self.which + self.space_after).tolist()]
        for k in np.flatnonzero(self._is_multiword()[self.which]).tolist():
            which = self.which[k]
            token = Token(self.forms[which], self.words[which], bool(self.space_after[k]))
            pieces[2 * k : 2 * k + 2] = "", token.conllu(int(number[k]))
        for k, comments in zip(begins.tolist(), self._comments(begins, first), strict=True):
            pieces[2 * k] = comments + pieces[2 * k]
        return "".join(pieces)[1:] + "\n"

    def _is_multiword(self) -> Mask:
        """Which of the different tokens are not just a word."""
        return np.array([words != (form,) for form, words in zip(self.forms, self.words, strict=True)], np.bool_)

    def _comments(self, begins: NDArray[np.intp], first: int) -> Iterator[str]:
        """What stands before the first word of each sentence, the blank line behind the sentence before it too."""
        paragraph = np.searchsorted(self.rows, begins, side="right") - 1
        opens = np.searchsorted(paragraph, paragraph)  # the first sentence of each one's paragraph
        number = np.arange(len(begins)) - opens + 1
        ends = self.stop[np.append(begins[1:], len(self.stop)) - 1]
        columns = (paragraph + first, number, self.start[begins], ends)
        for p, k, start, end in zip(*(column.tolist() for column in columns), strict=True):
            opening = "# newpar\n" if k == 1 else ""
            yield f"\n{opening}# sent_id = {p}-{k}\n# text = {self.text[start:end]}\n"
