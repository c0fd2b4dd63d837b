"""A document: the sentences of one text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from clearparse.drawing.text import Drawing
from clearparse.treebank.block import Block
from clearparse.treebank.conllu import parse_block
from clearparse.treebank.ragged import offsets
from clearparse.treebank.ranges import RawText, spaces_around, unescaped
from clearparse.treebank.sentence import Sentence, count
from clearparse.treebank.tokens import PARAGRAPH_START
from clearparse.treebank.word import Word


@dataclass(frozen=True, eq=False, repr=False)
class Document(Sequence[Sentence]):
    """The sentences of one text, in order. Documents are equal if their CoNLL-U text is."""

    block: Block

    @classmethod
    def from_conllu(cls, text: str) -> Document:
        """The sentences of a CoNLL-U text. Raises FileError at the first bad line."""
        return cls(parse_block(text.encode()))

    @classmethod
    def from_sentences(cls, sentences: Iterable[Sentence]) -> Document:
        """A document of these sentences."""
        return cls(parse_block(b"".join(sentence.conllu for sentence in sentences)))

    def __repr__(self) -> str:
        return f"<Document: {count(len(self), 'sentence')}, {count(self.n_words, 'word')}>"

    def __str__(self) -> str:
        return self.to_conllu()

    def __len__(self) -> int:
        return len(self.block)

    @overload
    def __getitem__(self, index: int) -> Sentence: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sentence]: ...
    def __getitem__(self, index: int | slice) -> Sentence | list[Sentence]:
        if isinstance(index, slice):
            return [self.block[k] for k in range(*index.indices(len(self)))]
        return self.block[index]

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.block)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self.block.text == other.block.text

    def __hash__(self) -> int:
        return hash(self.block.text)

    @property
    def n_words(self) -> int:
        """The number of words."""
        return self.block.n_words

    def words(self) -> Iterator[Word]:
        """The words of all sentences."""
        return (word for sentence in self for word in sentence)

    @property
    def text(self) -> str:
        """The text that was parsed. Of a document that was read: its tokens, with the spaces that MISC gives them."""
        raw = self.block.raw
        return "".join(_pieces(self)).removesuffix(" ") if raw is None else raw.text

    def to_conllu(self, *, ranges: bool = False, spaces: bool = False) -> str:
        """The document as CoNLL-U. ranges, spaces: with the MISC of Block.with_ranges and Block.with_spaces.

        Raises ValueError if these are wanted and the sentences do not come from raw text.
        """
        block = self.block.with_spaces() if spaces else self.block
        return (block.with_ranges(spaces=False) if ranges else block).text.decode()

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON values: its text, and its sentences as Sentence.to_dict gives them."""
        return {"text": self.text, "sentences": [sentence.to_dict() for sentence in self]}

    def draw(self, *, ascii_only: bool = False) -> Drawing:
        """The trees of its sentences for the terminal. Raises ValueError if there are none."""
        return Drawing("\n\n".join(sentence.draw(ascii_only=ascii_only) for sentence in self))

    def _repr_html_(self) -> str | None:
        return "".join(sentence._repr_html_() or "" for sentence in self) or None


def split_block(block: Block, texts: Sequence[str], separator: int) -> Iterator[Block]:
    """A block for each of some texts that were tokenized together; separator: the characters between two texts."""
    if len(texts) == 1:
        yield block
        return
    assert block.ranges is not None
    begin = offsets([len(text) + separator for text in texts])
    sentences = np.searchsorted(block.ranges[block.sentences[:-1], 0], begin).tolist()
    for text, start, first, last in zip(texts, begin.tolist(), sentences, sentences[1:], strict=False):
        part = block.part(first, last)
        yield replace(part, raw=RawText(text), ranges=part.ranges - start)


def _pieces(sentences: Iterable[Sentence]) -> Iterator[str]:
    """The tokens of sentences and the spaces around them; a new paragraph follows a blank line."""
    last: dict[str, str] = {}  # MISC of the last token
    for sentence in sentences:
        if last and "SpacesAfter" not in last and any(map(PARAGRAPH_START.match, sentence.comments)):
            yield "\n\n"
        for token in sentence.tokens:
            last = {"": "", **token.misc}
            before, after = spaces_around(last)
            yield before
            yield unescaped(last["SpacesInToken"]) if "SpacesInToken" in last else token.form
            yield after
