"""One sentence, its words and its multiword tokens: views of a table, made on access."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from clearparse.drawing.text import Drawing, draw
from clearparse.treebank.columns import DEPREL, DEPS, FEATS, FORM, HEAD, LEMMA, MISC, UPOS, XPOS, strip_lines
from clearparse.treebank.pairs import Pairs, written
from clearparse.treebank.sentence_columns import SentenceColumns
from clearparse.treebank.word import MultiwordToken, Word, given_values, multiword_tokens
from clearparse.treebank.word_table import WordTable

SHOWN = 60  # characters of a sentence in its repr
COLUMN_OF = {
    "forms": FORM,
    "lemmas": LEMMA,
    "upos": UPOS,
    "xpos": XPOS,
    "feats": FEATS,
    "heads": HEAD,
    "deprels": DEPREL,
    "deps": DEPS,
    "misc": MISC,
}
EMPTY_COLUMNS = "\t_" * 9 + "\n"
Columns = Iterable[str | int | Pairs]


def count(n: int, noun: str) -> str:
    """``1 word``, ``2 words``."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


@dataclass(frozen=True, eq=False, repr=False)
class Sentence(SentenceColumns):
    """One sentence: a sequence of words, with its columns as tuples (words,).

    Sentences are immutable: with_columns and with_tree return new ones. They are equal if their CoNLL-U text is.
    """

    @classmethod
    def from_words(
        cls, forms: Iterable[str], *, text: str | None = None, sent_id: str | None = None, **columns: Columns
    ) -> Sentence:
        """A sentence of these words, with the columns of with_columns: ``Sentence.from_words(["Birds", "eat"],
        upos=["NOUN", "VERB"])``; text and sent_id become comments. Raises ValueError: see with_columns.
        """
        comments = [("sent_id", sent_id), ("text", text)]
        if any(value is not None and re.search(r"[\r\n]", value) for _, value in comments):
            raise ValueError("text and sent_id are one line each")
        head = "".join(f"# {key} = {value}\n" for key, value in comments if value is not None)
        words = list(forms)
        if not words:
            raise ValueError("a sentence has at least one word")
        rows = "".join(f"{k}{EMPTY_COLUMNS}" for k in range(1, len(words) + 1))
        return cls.from_conllu(head + rows).with_columns(forms=words, **columns)

    @classmethod
    def from_conllu(cls, text: str) -> Sentence:
        """The sentence in a CoNLL-U text. Raises FileError at a bad line, and ValueError if there is not just one."""
        lines = strip_lines(text.removeprefix("\ufeff").encode() + b"\n\n")
        table = WordTable.from_lines(lines, "<text>", 1, trees=False)
        if len(table) != 1:
            raise ValueError(f"{len(table)} sentences in the text, not one; Document.from_conllu reads several")
        return cls(table, 0)

    def __repr__(self) -> str:
        name = f"Sentence {self.sent_id}" if self.sent_id else "Sentence"
        shown = self.text if len(self.text) <= SHOWN else f"{self.text[: SHOWN - 3]}..."
        return f"<{name}: {shown!r} ({count(len(self), 'word')})>"

    def __str__(self) -> str:
        return self.to_conllu()

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Word, ...]: ...
    def __getitem__(self, index: int | slice) -> Word | tuple[Word, ...]:
        return self.words[index]

    def __iter__(self) -> Iterator[Word]:
        return iter(self.words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and self.conllu == other.conllu

    def __hash__(self) -> int:
        return hash(self.conllu)

    @property
    def words(self) -> tuple[Word, ...]:
        """Its words, from 0: sentence[0].id is 1."""
        return tuple(Word(self, index) for index in range(len(self)))

    @property
    def root(self) -> Word | None:
        """The first word with HEAD 0."""
        roots = np.flatnonzero(self.heads == 0)
        return Word(self, int(roots[0])) if len(roots) else None

    @property
    def multiword_tokens(self) -> tuple[MultiwordToken, ...]:
        """Its multiword tokens, such as ``don't`` of the words ``do`` and ``n't``."""
        return multiword_tokens(self)

    @property
    def tokens(self) -> tuple[Word | MultiwordToken, ...]:
        """The tokens of its text: its words, and multiword tokens in place of theirs."""
        multiword = {token.first: token for token in self.multiword_tokens}
        inside = {word.index for token in multiword.values() for word in token.words[1:]}
        return tuple(multiword.get(word.index, word) for word in self if word.index not in inside)

    @property
    def conllu(self) -> bytes:
        """Its CoNLL-U text as bytes, from its first comment to its blank line."""
        return self.alone().text if self.block.edits else self._source()

    def to_conllu(self) -> str:
        """Its CoNLL-U text, from its first comment to its blank line."""
        return self.conllu.decode()

    def to_dict(self) -> dict[str, Any]:
        """The sentence as JSON values, as `parse --format json` writes it; what it does not have is left out.

        document: the ID of the document that begins with it. id: its sent_id. text. words: see Word.to_dict.
        multiword_tokens: see MultiwordToken.to_dict.
        """
        values = {
            "document": self.document,
            "id": self.sent_id,
            "text": self.text,
            "words": [word.to_dict() for word in self],
            "multiword_tokens": [token.to_dict() for token in self.multiword_tokens],
        }
        return given_values(values)

    def draw(self, *, ascii_only: bool = False) -> Drawing:
        """Its tree for the terminal, one line for each word. Raises ValueError if it has no tree."""
        return Drawing(draw(self.forms, self.heads, self.deprels, ascii_only=ascii_only))

    def to_svg(self) -> str:
        """Its tree as SVG. Raises ValueError if it has no tree."""
        if not self.has_tree:
            raise ValueError("the sentence has no tree: a HEAD is not a number")
        from clearparse.drawing.svg import svg_of  # here: parsing does not need to import what draws

        return svg_of(self)

    @property
    def has_tree(self) -> bool:
        """Whether every word has a head."""
        return bool((self.heads >= 0).all() and (self.heads <= len(self)).all())

    def _repr_svg_(self) -> str | None:
        return self.to_svg() if self.has_tree else None

    def _repr_html_(self) -> str | None:
        from clearparse.drawing.pages import figure

        return figure(self) if self.has_tree else None

    @property
    def text(self) -> str:
        """Its text: the comment ``# text``, or else its tokens with spaces where no SpaceAfter=No forbids them."""
        text = self._comment("text")
        return self._joined_tokens() if text is None else text

    def _joined_tokens(self) -> str:
        pieces = [token.form + " " * (token.misc.get("SpaceAfter") != "No") for token in self.tokens]
        return "".join(pieces).removesuffix(" ")

    def with_tree(self, heads: NDArray[np.integer] | Sequence[int], deprels: Sequence[str]) -> Sentence:
        """The sentence with new heads (words,) and deprels (words,). Raises ValueError: see WordTable.with_trees."""
        labels = [deprel.encode() for deprel in deprels]
        return Sentence(self.alone().with_trees(np.asarray(heads, np.int32), labels), 0)

    def with_columns(self, **columns: Columns) -> Sentence:
        """The sentence with new values (words,) in some columns, each by the name it has here: forms, lemmas, upos,
        xpos, feats, heads, deprels, deps, misc. Dictionaries may stand for feats and misc.

        Raises TypeError for another name, ValueError for a wrong number of values or one that does not fit.
        """
        table = self.alone()
        if unknown := columns.keys() - COLUMN_OF.keys():
            raise TypeError(f"unknown column {', '.join(sorted(unknown))}; the columns are {', '.join(COLUMN_OF)}")
        for name, values in columns.items():
            column, lines = COLUMN_OF[name], [written(value).encode() for value in values]
            table = table.with_columns(column, column, lines)
        if "heads" in columns:
            table = table.with_trees(table.heads(), table.column(DEPREL))  # checks the heads
        return Sentence(table, 0)
