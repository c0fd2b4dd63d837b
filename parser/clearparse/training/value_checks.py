"""Checks of the training data: values that a model file cannot hold are found before training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearparse.errors import FileError
from clearparse.stages.multiword import MAX_WORDS
from clearparse.stages.validation import MAX_LETTERS, MAX_VALUE_LENGTH
from clearparse.treebank.columns import DEPREL, FEATS, FORM, LEMMA, NAMES, UPOS, XPOS
from clearparse.treebank.conllu import Block
from clearparse.treebank.ranges import multiword_rows

STORED = {"parser": (DEPREL,), "all": (LEMMA, UPOS, XPOS, FEATS, DEPREL)}  # columns whose values a model has

Value = tuple[str, bytes, int, int]  # its column, the value, how many characters it may have, and its line


def check_values(blocks: Sequence[Block], stages: str) -> None:
    """Check what models of these stages, "parser" or "all", store: tags, lemmas, labels and rules for words.

    Raises FileError for a value that is too long (see stages/validation.py), and for a multiword token of too many
    words.
    """
    for block in blocks:
        for name, value, most, line in _stored_values(block, stages):
            if len(value) > most and (characters := len(value.decode())) > most:
                message = f"{name} has {characters:,} characters; a model can have at most {most:,}"
                raise FileError(block.path, message, line)
        for row in multiword_rows(block) if stages == "all" else ():
            if row.words > MAX_WORDS:
                message = f"a multiword token of {row.words} words; a model can have at most {MAX_WORDS}"
                raise FileError(block.path, message, int(block.lines[row.word]) - 1)


def _stored_values(block: Block, stages: str) -> Iterator[Value]:
    for column in STORED[stages]:
        yield from _values(block, column, MAX_VALUE_LENGTH)
    if stages == "all":  # rules remove letters of forms, and add the words of multiword tokens
        yield from _values(block, FORM, MAX_LETTERS)
        forms = block.column(FORM)
        for row in multiword_rows(block):
            first_line = int(block.lines[row.word])
            yield "FORM", row.form, MAX_LETTERS, first_line - 1
            for k, form in enumerate(forms[row.word : row.word + row.words]):
                yield "FORM in a multiword token", form, MAX_VALUE_LENGTH, first_line + k


def _values(block: Block, column: int, most: int) -> Iterator[Value]:
    for value, line in zip(block.column(column), block.lines, strict=True):
        yield NAMES[column], value, most, int(line)
