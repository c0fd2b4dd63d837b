"""Whole sentences of a treebank by columns, and one of them at a time.
A block keeps the bytes it was read from: what is not replaced is written back byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.columns import DEPREL, DEPS, FEATS, FORM, HEAD, LEMMA, MISC, UPOS, XPOS, Offsets, numbers
from clearparse.treebank.identifiers import quoted


@dataclass(frozen=True, eq=False)
class Block:
    """Several whole sentences, by columns; a range or an empty node is in the text alone.

    The last block of a file may have comments behind its last sentence, or nothing but comments: then it has
    no sentence.
    """

    path: str  # for messages
    text: bytes
    fields: Offsets  # (words, 11): text[fields[w, c] : fields[w, c + 1] - 1] is column c of word w
    sentences: Offsets  # (S + 1,): the words of sentence s are sentences[s] : sentences[s + 1]
    spans: Offsets  # (S + 1,): its bytes, with comments and blank line, are spans[s] : spans[s + 1]
    lines: Offsets  # (words,) the line of each word in the file

    def __len__(self) -> int:
        return len(self.sentences) - 1

    def __getitem__(self, index: int) -> Sentence:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sentence {index} of {len(self)}")
        return Sentence(self, index % len(self))

    def __iter__(self) -> Iterator[Sentence]:
        return (Sentence(self, s) for s in range(len(self)))

    def column(self, column: int) -> list[bytes]:
        """(words,) One column of all words."""
        return self.columns(column, column)

    def is_empty(self, column: int) -> bool:
        """Is the column ``_`` in all words?"""
        start, end = self.fields[:, column], self.fields[:, column + 1] - 1
        return bool((end - start == 1).all()) and set(self.column(column)) <= {b"_"}

    def columns(self, first: int, last: int) -> list[bytes]:
        """(words,) The columns first to last of all words, each word's as one value with the tabs between."""
        starts, ends = self.fields[:, first].tolist(), (self.fields[:, last + 1] - 1).tolist()
        text = self.text
        return [text[start:end] for start, end in zip(starts, ends, strict=True)]

    def word_keys(self) -> list[bytes]:
        """(words,) FORM to FEATS of each word, with the tabs between: words with one key have the same rows of L."""
        return self.columns(FORM, FEATS)

    def heads(self) -> NDArray[np.int32]:
        """(words,) HEAD: 0 for the root, -1 where it is not a number (never if read with trees=True)."""
        return numbers(self.text, self.fields[:, HEAD], self.fields[:, DEPREL] - 1).astype(np.int32)

    def with_trees(self, heads: NDArray[np.integer], deprels: Sequence[bytes]) -> bytes:
        """The text with other heads (words,) and deprels (words,); all else byte for byte.

        Raises ValueError if there are too few or too many, if a head lies outside its sentence, or if a deprel
        is empty or would break the line.
        """
        self._check_trees(heads, deprels)
        text = self.text
        ends = self.fields[:, HEAD].tolist()
        starts = (self.fields[:, DEPS] - 1).tolist()
        longest = int(heads.max(initial=0))
        written = [b"%d\t" % head for head in range(longest + 1)]
        pieces = [b""] * (3 * len(starts) + 1)
        pieces[0::3] = [text[a:b] for a, b in zip([0, *starts], [*ends, len(text)], strict=True)]
        pieces[1::3] = [written[head] for head in heads.tolist()]
        pieces[2::3] = deprels
        return b"".join(pieces)

    def replaced(self, heads: NDArray[np.integer], deprels: Sequence[bytes]) -> Block:
        """The block of the text that with_trees gives."""
        text = self.with_trees(heads, deprels)
        starts = self.fields[:, HEAD]
        digits = np.searchsorted(10 ** np.arange(1, 10), heads, side="right") + 1
        labels = np.fromiter(map(len, deprels), np.int64, len(deprels))
        growth = np.cumsum(starts + digits + labels + 2 - self.fields[:, DEPS])
        moved = np.concatenate([[0], growth])  # (words + 1,) how far the start of each word moves
        fields = self.fields + moved[:-1, None]
        fields[:, DEPREL] = fields[:, HEAD] + digits + 1
        fields[:, DEPS:] = self.fields[:, DEPS:] + moved[1:, None]
        return replace(self, text=text, fields=fields, spans=self.spans + moved[self.sentences])

    def with_misc(self, values: Sequence[bytes], key: bytes) -> bytes:
        """The text with key=value (words,) in MISC, in the place of an older one, else behind what is there."""
        text, prefix = self.text, key + b"="
        starts, ends = self.fields[:, MISC].tolist(), (self.fields[:, MISC + 1] - 1).tolist()
        pieces = [b""] * (2 * len(starts) + 1)
        pieces[0::2] = [text[a:b] for a, b in zip([0, *ends], [*starts, len(text)], strict=True)]
        for word, (start, end, value) in enumerate(zip(starts, ends, values, strict=True)):
            others = [each for each in text[start:end].split(b"|") if each != b"_" and not each.startswith(prefix)]
            pieces[2 * word + 1] = b"|".join([*others, prefix + value])
        return b"".join(pieces)

    def with_columns(self, first: int, last: int, values: Sequence[bytes]) -> bytes:
        """The text with other values (words,) in the columns first to last, each word's as one, tabs between."""
        text = self.text
        starts, ends = self.fields[:, first].tolist(), (self.fields[:, last + 1] - 1).tolist()
        pieces = [b""] * (2 * len(starts) + 1)
        pieces[0::2] = [text[a:b] for a, b in zip([0, *ends], [*starts, len(text)], strict=True)]
        pieces[1::2] = values
        return b"".join(pieces)

    def _check_trees(self, heads: NDArray[np.integer], deprels: Sequence[bytes]) -> None:
        words = len(self.fields)
        if len(heads) != words or len(deprels) != words:
            raise ValueError(f"{len(heads)} heads and {len(deprels)} deprels for {words} words")
        lengths = np.diff(self.sentences)
        if (heads < 0).any() or (heads > np.repeat(lengths, lengths)).any():
            raise ValueError("a head outside its sentence")
        for deprel in set(deprels):
            if not deprel or b"\t" in deprel or b"\n" in deprel or b"\r" in deprel:
                raise ValueError(f"DEPREL cannot be {quoted(deprel)}")


@dataclass(frozen=True, eq=False)
class Sentence:
    """One sentence of a block; its lists are made when asked for. Equal sentences have the same bytes."""

    block: Block
    index: int

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
        """Its CoNLL-U text, from its comments to its blank line."""
        start, end = self.block.spans[self.index : self.index + 2].tolist()
        return self.block.text[start:end]

    def column(self, column: int) -> list[str]:
        """(words,) One column of its words."""
        return [value.decode() for value in self.alone().column(column)]

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
        """Its comments, whole lines, each with its ``#``."""
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
        """The block of this sentence only."""
        block, words = self.block, self._words()
        start = block.spans[self.index]
        return Block(
            block.path,
            self.conllu,
            block.fields[words] - start,
            np.array([0, len(self)]),
            np.array([0, block.spans[self.index + 1] - start]),
            block.lines[words],
        )

    def with_tree(self, heads: NDArray[np.integer] | Sequence[int], deprels: Sequence[str]) -> Sentence:
        """The same sentence with other heads (words,) and deprels (words,). Raises ValueError as Block.with_trees."""
        alone = self.alone()
        labels = [deprel.encode() for deprel in deprels]
        return Sentence(alone.replaced(np.asarray(heads, np.int32), labels), 0)
