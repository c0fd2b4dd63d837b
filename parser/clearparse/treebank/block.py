"""Sentences of a treebank by columns, many at a time."""

from __future__ import annotations

from collections.abc import Iterator

from clearparse.treebank.sentence import Sentence, count
from clearparse.treebank.word_table import WordTable


class Block(WordTable):
    """A table of words that is read sentence by sentence."""

    def __repr__(self) -> str:
        return f"<Block {self.path}: {count(len(self), 'sentence')}, {count(self.n_words, 'word')}>"

    def __getitem__(self, index: int) -> Sentence:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sentence {index} of {len(self)}")
        return Sentence(self, index % len(self))

    def __iter__(self) -> Iterator[Sentence]:
        return (Sentence(self, s) for s in range(len(self)))
