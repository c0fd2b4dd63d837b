"""Sentences as rows of ten columns, from which the objects of other libraries are made, and vice versa."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from clearparse.errors import FileError
from clearparse.treebank.columns import NAMES
from clearparse.treebank.conllu import Block, Sentence, parse_block

Row = Sequence[str]


def rows_of(sentence: Sentence) -> list[list[str]]:
    """The words, multiword tokens and empty nodes of a sentence, ten columns each."""
    lines = str(sentence).split("\n")
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def word_rows_of(sentence: Sentence) -> list[list[str]]:
    """The words of a sentence, ten columns each."""
    return [row for row in rows_of(sentence) if row[0].isdecimal()]


def block_of(sentences: Iterable[tuple[Iterable[str], Iterable[Row]]], source: str) -> Block:
    """The block of sentences given as (comments, rows). Raises FileError, with `source` as the name of the file."""
    text = "".join(line + "\n" for comments, rows in sentences for line in [*_lines(comments, rows, source), ""])
    return parse_block(text.encode(), path=source)


def sentence_of(comments: Iterable[str], rows: Iterable[Row], source: str) -> Sentence:
    """The sentence with these comments and rows. Raises FileError as block_of does, and if there are no rows."""
    block = block_of([(comments, rows)], source)
    if len(block) != 1:
        raise FileError(source, "no words")
    return block[0]


def _lines(comments: Iterable[str], rows: Iterable[Row], source: str) -> Iterator[str]:
    for comment in comments:
        if "\n" in comment or not comment.startswith("#"):
            raise FileError(source, f"{comment!r} is not a comment, which is one line that begins with #")
        yield comment
    for row in rows:
        for name, value in zip(NAMES, row, strict=True):
            if "\t" in value or "\n" in value:
                raise FileError(source, f"{name} cannot be {value!r}: it contains a tab or a line end")
        yield "\t".join(row)
