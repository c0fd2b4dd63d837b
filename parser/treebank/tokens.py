"""Tokens as they stand in a text, and the words they are: what cutting a text learns from, and what it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from parser.treebank.conllu import Block, Sentence


class Token(NamedTuple):
    """A stretch of text: itself a word, or, if it is a multiword token, several words."""

    form: str
    words: tuple[str, ...]
    space_after: bool

    def conllu(self, first: int) -> str:
        """Its lines in CoNLL-U, with nothing but forms in them; `first` is the ID of its first word."""
        misc = "_" if self.space_after else "SpaceAfter=No"
        if self.words == (self.form,):
            return f"{first}\t{self.form}\t_\t_\t_\t_\t_\t_\t_\t{misc}\n"
        lines = [f"{first}-{first + len(self.words) - 1}\t{self.form}\t_\t_\t_\t_\t_\t_\t_\t{misc}\n"]
        lines += [f"{first + i}\t{word}\t_\t_\t_\t_\t_\t_\t_\t_\n" for i, word in enumerate(self.words)]
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
