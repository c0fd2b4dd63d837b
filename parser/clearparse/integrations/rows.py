"""Sentences as rows of ten columns, the form in which other libraries' objects are filled and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from clearparse.errors import FileError
from clearparse.treebank.columns import NAMES
from clearparse.treebank.conllu import Block, Sentence, parse_block

Row = Sequence[str]


def rows_of(sentence: Sentence) -> list[list[str]]:
    """The lines of a sentence without its comments: words, ranges and empty nodes, each ten columns."""
    lines = str(sentence).split("\n")
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def words_of(sentence: Sentence) -> list[list[str]]:
    """The rows of its words alone."""
    return [row for row in rows_of(sentence) if row[0].isdecimal()]


def block_of(sentences: Iterable[tuple[Iterable[str], Iterable[Row]]], source: str) -> Block:
    """A block of sentences, each given by its comments and rows. Raises FileError, with `source` as the file's name."""
    text = "".join(line + "\n" for comments, rows in sentences for line in [*_lines(comments, rows, source), ""])
    return parse_block(text.encode(), path=source)


def sentence_of(comments: Iterable[str], rows: Iterable[Row], source: str) -> Sentence:
    """One sentence of its comments and rows. Raises FileError as block_of, and where there is no row."""
    block = block_of([(comments, rows)], source)
    if len(block) != 1:
        raise FileError(source, "no words")
    return block[0]


def _lines(comments: Iterable[str], rows: Iterable[Row], source: str) -> Iterator[str]:
    for comment in comments:
        if "\n" in comment or not comment.startswith("#"):
            raise FileError(source, f"{comment!r} is not a comment: one line that begins with #")
        yield comment
    for row in rows:
        for name, value in zip(NAMES, row, strict=True):
            if "\t" in value or "\n" in value:
                raise FileError(source, f"{name} cannot be {value!r}: a tab or a line end in it")
        yield "\t".join(row)
