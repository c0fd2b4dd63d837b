"""Sentences of a treebank by columns, many at a time (Block) or one (Sentence).
A block keeps the bytes that it was read from: those that are not edited are written back unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.columns import DEPREL, FEATS, FORM, HEAD, LEMMA, MISC, UPOS, XPOS, Offsets, numbers
from clearparse.treebank.edits import ALL, Edit, check_value

SHOWN = 60  # characters of a sentence in its repr


@dataclass(frozen=True, eq=False, repr=False)
class Block:
    """Whole sentences, by columns. Multiword ranges and empty nodes are kept in the text only.

    A block never changes: with_columns, with_trees and with_misc return a new one, which shares the source and adds
    the new values as edits. CoNLL-U is written only when `text` is read; all bytes that were not edited stay as they
    were in the source.
    The last block of a file may end in comments, or hold comments only: then it has no sentences.
    """

    path: str  # for error messages
    source: bytes  # the CoNLL-U text that the block was read from
    fields: Offsets  # (words, 11): source[fields[w, c] : fields[w, c + 1] - 1] is column c of word w
    sentences: Offsets  # (S + 1,): the words of sentence s are sentences[s] : sentences[s + 1]
    spans: Offsets  # (S + 1,): sentence s, with comments and blank line, is source[spans[s] : spans[s + 1]]
    lines: Offsets  # (words,) line number of each word in the file
    edits: tuple[Edit, ...] = ()  # ordered by column, none overlap

    def __repr__(self) -> str:
        return f"<Block {self.path}: {_count(len(self), 'sentence')}, {_count(self.n_words, 'word')}>"

    def __len__(self) -> int:
        return len(self.sentences) - 1

    def __getitem__(self, index: int) -> Sentence:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sentence {index} of {len(self)}")
        return Sentence(self, index % len(self))

    def __iter__(self) -> Iterator[Sentence]:
        return (Sentence(self, s) for s in range(len(self)))

    @property
    def n_words(self) -> int:
        """The number of words; multiword ranges and empty nodes do not count."""
        return len(self.fields)

    @cached_property
    def text(self) -> bytes:
        """The block as CoNLL-U: the source, with the new values in place of the edited columns."""
        if not self.edits:
            return self.source
        source, step, n = self.source, 2 * len(self.edits), self.n_words
        first, last = self.edits[0], self.edits[-1]
        starts, ends = self.fields[:, first.first].tolist(), (self.fields[:, last.last + 1] - 1).tolist()
        pieces = [b""] * (step * n + 1)
        pieces[0::step] = [source[a:b] for a, b in zip([0, *ends], [*starts, len(source)], strict=True)]
        for k, edit in enumerate(self.edits):
            pieces[2 * k + 1 :: step] = edit.values
            if k:
                pieces[2 * k :: step] = self._between(self.edits[k - 1].last, edit.first)
        return b"".join(pieces)

    def _between(self, last: int, first: int) -> list[bytes]:
        """(words,) What separates column `last` from column `first`: a tab, or the columns between them and two."""
        if last + 1 == first:
            return [b"\t"] * self.n_words
        starts, ends = (self.fields[:, last + 1] - 1).tolist(), self.fields[:, first].tolist()
        return [self.source[start:end] for start, end in zip(starts, ends, strict=True)]

    def column(self, column: int) -> list[bytes]:
        """(words,) One column of all words."""
        return self.columns(column, column)

    def is_empty(self, column: int) -> bool:
        """Is the column ``_`` in all words?"""
        for edit in self.edits:
            if edit.first <= column <= edit.last:
                distinct = edit._replace(values=list(set(edit.values)))
                return set(distinct.columns(column, column)) <= {b"_"}
        start, end = self.fields[:, column], self.fields[:, column + 1] - 1
        return bool((end - start == 1).all()) and set(self.column(column)) <= {b"_"}

    def columns(self, first: int, last: int, words: slice = ALL) -> list[bytes]:
        """(words,) The columns first to last of some words, by default of all: one value per word, tabs between."""
        parts: list[Sequence[bytes]] = []
        column = first
        while column <= last:
            edit = next((edit for edit in self.edits if edit.last >= column), None)
            if edit and edit.first <= column:
                end = min(last, edit.last)
                parts.append(edit.columns(column, end, words))
            else:
                end = min(last, edit.first - 1) if edit else last
                parts.append(self._source_columns(column, end, words))
            column = end + 1
        return list(parts[0]) if len(parts) == 1 else list(map(b"\t".join, zip(*parts, strict=True)))

    def _source_columns(self, first: int, last: int, words: slice) -> list[bytes]:
        fields, source = self.fields[words], self.source
        starts, ends = fields[:, first].tolist(), (fields[:, last + 1] - 1).tolist()
        return [source[start:end] for start, end in zip(starts, ends, strict=True)]

    def word_keys(self) -> list[bytes]:
        """(words,) FORM to FEATS of each word, tabs between: words with the same key have the same rows of L."""
        return self.columns(FORM, FEATS)

    def heads(self) -> NDArray[np.int32]:
        """(words,) HEAD: 0 for the root, -1 where it is not a number (never if read with trees=True)."""
        if not any(edit.first <= HEAD <= edit.last for edit in self.edits):
            return numbers(self.source, self.fields[:, HEAD], self.fields[:, DEPREL] - 1).astype(np.int32)
        values = self.column(HEAD)
        ends = np.cumsum(np.fromiter(map(len, values), np.int64, len(values)) + 1) - 1
        starts = np.concatenate([[0], ends + 1])[:-1]
        return numbers(b"\t".join(values), starts, ends).astype(np.int32)

    def with_columns(self, first: int, last: int, values: Sequence[bytes]) -> Block:
        """The block with new values (words,) in the columns first to last, tabs between the columns of a word.

        Raises ValueError if there are too few or too many values, or if one does not fit these columns.
        """
        if len(values) != self.n_words:
            raise ValueError(f"{len(values)} values for {self.n_words} words")
        for value in set(values):
            check_value(value, first, last)
        return self._with(Edit(first, last, values))

    def _with(self, new: Edit) -> Block:
        """The block with one more edit. Of earlier edits, the columns that it does not replace are kept."""
        edits = [new]
        for old in self.edits:
            for first, last in ((old.first, min(old.last, new.first - 1)), (max(old.first, new.last + 1), old.last)):
                if first <= last:
                    edits.append(Edit(first, last, old.columns(first, last)))
        return replace(self, edits=tuple(sorted(edits, key=lambda edit: edit.first)))

    def with_trees(self, heads: NDArray[np.integer], deprels: Sequence[bytes]) -> Block:
        """The block with new heads (words,) and deprels (words,).

        Raises ValueError if there are too few or too many, if a head is outside its sentence, or if a deprel is empty
        or would break the line.
        """
        self._check_trees(heads, deprels)
        written = [b"%d" % head for head in range(int(heads.max(initial=0)) + 1)]
        edited = self._with(Edit(HEAD, HEAD, [written[head] for head in heads.tolist()]))
        return edited._with(Edit(DEPREL, DEPREL, deprels))

    def with_misc(self, values: Sequence[bytes], key: bytes) -> Block:
        """The block with key=value (words,) in MISC: in place of an earlier value of that key, or after the rest."""
        prefix, edited = key + b"=", []
        for misc, value in zip(self.column(MISC), values, strict=True):
            others = [each for each in misc.split(b"|") if each != b"_" and not each.startswith(prefix)]
            edited.append(b"|".join([*others, prefix + value]))
        return self.with_columns(MISC, MISC, edited)

    def _check_trees(self, heads: NDArray[np.integer], deprels: Sequence[bytes]) -> None:
        words = self.n_words
        if len(heads) != words or len(deprels) != words:
            raise ValueError(f"{len(heads)} heads and {len(deprels)} deprels for {words} words")
        lengths = np.diff(self.sentences)
        if (heads < 0).any() or (heads > np.repeat(lengths, lengths)).any():
            raise ValueError("a head is outside its sentence")
        for deprel in set(deprels):
            check_value(deprel, DEPREL, DEPREL)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'s' * (n != 1)}"


@dataclass(frozen=True, eq=False, repr=False)
class Sentence:
    """One sentence of a block. Its lists are made on access. Sentences are equal if their CoNLL-U text is."""

    block: Block
    index: int

    def __repr__(self) -> str:
        name = f"Sentence {self.sent_id}" if self.sent_id else "Sentence"
        text = self.text or " ".join(self.forms)
        shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
        return f"<{name}: {shown!r} ({_count(len(self), 'word')})>"

    def _words(self) -> slice:
        start, end = self.block.sentences[self.index : self.index + 2].tolist()
        return slice(start, end)

    def __len__(self) -> int:
        words = self._words()
        return int(words.stop - words.start)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and self.conllu == other.conllu

    def __hash__(self) -> int:
        return hash(self.conllu)

    def __str__(self) -> str:
        return self.conllu.decode()

    @property
    def conllu(self) -> bytes:
        """Its CoNLL-U text, from its first comment to its blank line."""
        return self.alone().text if self.block.edits else self._source()

    def _source(self) -> bytes:
        start, end = self.block.spans[self.index : self.index + 2].tolist()
        return self.block.source[start:end]

    def column(self, column: int) -> list[str]:
        """(words,) A column of its words."""
        return [value.decode() for value in self.block.columns(column, column, self._words())]

    @property
    def forms(self) -> list[str]:
        return self.column(FORM)

    @property
    def lemmas(self) -> list[str]:
        return self.column(LEMMA)

    @property
    def upos(self) -> list[str]:
        return self.column(UPOS)

    @property
    def xpos(self) -> list[str]:
        return self.column(XPOS)

    @property
    def feats(self) -> list[str]:
        return self.column(FEATS)

    @property
    def deprels(self) -> list[str]:
        return self.column(DEPREL)

    @property
    def misc(self) -> list[str]:
        return self.column(MISC)

    @property
    def heads(self) -> NDArray[np.int32]:
        """(words,) As Block.heads."""
        return self.alone().heads()

    @property
    def comments(self) -> list[str]:
        """Its comments: whole lines, each with its ``#``."""
        found = re.match(rb"(?:#[^\n]*\n)*", self.conllu)
        return found[0].decode().split("\n")[:-1] if found else []

    @property
    def sent_id(self) -> str | None:
        return self._comment("sent_id")

    @property
    def text(self) -> str | None:
        return self._comment("text")

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

    def alone(self) -> Block:
        """A block of this sentence only."""
        block, words = self.block, self._words()
        start = block.spans[self.index]
        return Block(
            block.path,
            self._source(),
            block.fields[words] - start,
            np.array([0, len(self)]),
            np.array([0, block.spans[self.index + 1] - start]),
            block.lines[words],
            tuple(edit._replace(values=edit.values[words]) for edit in block.edits),
        )

    def with_tree(self, heads: NDArray[np.integer] | Sequence[int], deprels: Sequence[str]) -> Sentence:
        """The sentence with new heads (words,) and deprels (words,). Raises ValueError: see Block.with_trees."""
        alone = self.alone()
        labels = [deprel.encode() for deprel in deprels]
        return Sentence(alone.with_trees(np.asarray(heads, np.int32), labels), 0)
