"""The columns and comments of one sentence of a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.columns import DEPREL, DEPS, FEATS, FORM, LEMMA, MISC, UPOS, XPOS
from clearparse.treebank.ragged import Offsets
from clearparse.treebank.word_table import WordTable


@dataclass(frozen=True, eq=False, repr=False)
class SentenceColumns:
    """The columns of one sentence as tuples (words,), made on first access, and its comments."""

    block: WordTable
    index: int

    def _words(self) -> slice:
        start, end = self.block.sentences[self.index : self.index + 2].tolist()
        return slice(start, end)

    def __len__(self) -> int:
        words = self._words()
        return int(words.stop - words.start)

    def _source(self) -> bytes:
        start, end = self.block.spans[self.index : self.index + 2].tolist()
        return self.block.source[start:end]

    def column(self, column: int) -> tuple[str, ...]:
        """(words,) A column of its words."""
        return tuple(value.decode() for value in self.block.columns(column, column, self._words()))

    @cached_property
    def forms(self) -> tuple[str, ...]:
        return self.column(FORM)

    @cached_property
    def lemmas(self) -> tuple[str, ...]:
        return self.column(LEMMA)

    @cached_property
    def upos(self) -> tuple[str, ...]:
        return self.column(UPOS)

    @cached_property
    def xpos(self) -> tuple[str, ...]:
        return self.column(XPOS)

    @cached_property
    def feats(self) -> tuple[str, ...]:
        return self.column(FEATS)

    @cached_property
    def deprels(self) -> tuple[str, ...]:
        return self.column(DEPREL)

    @cached_property
    def deps(self) -> tuple[str, ...]:
        return self.column(DEPS)

    @cached_property
    def misc(self) -> tuple[str, ...]:
        return self.column(MISC)

    @cached_property
    def heads(self) -> NDArray[np.int32]:
        """(words,) As Block.heads; read-only."""
        heads = self.alone().heads()
        heads.setflags(write=False)
        return heads

    @cached_property
    def comments(self) -> tuple[str, ...]:
        """Its comments: whole lines, each with its ``#``."""
        found = re.match(rb"(?:#[^\n]*\n)*", self._source())
        return tuple(found[0].decode().split("\n")[:-1]) if found else ()

    @property
    def sent_id(self) -> str | None:
        return self._comment("sent_id")

    @cached_property
    def ranges(self) -> Offsets | None:
        """(words, 2) Start and end of the token of each word in the raw text, if the sentence comes from one."""
        return None if self.block.ranges is None else self.block.ranges[self._words()]

    @property
    def document(self) -> str | None:
        """The ID of the document that begins with this sentence."""
        return self._comment("newdoc id")

    def _comment(self, key: str) -> str | None:
        """The value of a comment ``# key = value``."""
        for comment in self.comments:
            if found := re.fullmatch(rf"#\s*{key}\s*=\s*(.*)", comment, re.DOTALL):
                return found[1].rstrip(" ")
        return None

    def alone(self) -> WordTable:
        """A table of this sentence only."""
        return self.block.part(self.index, self.index + 1)
