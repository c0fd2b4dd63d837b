"""Checks of the training data, before training: values that a model file cannot hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clearparse.errors import FileError
from clearparse.stages.multiword import MAX_WORDS
from clearparse.stages.validation import MAX_RULE_LENGTH, MAX_VALUE_LENGTH
from clearparse.treebank.columns import DEPREL, FEATS, FORM, LEMMA, NAMES, UPOS, XPOS
from clearparse.treebank.conllu import Block
from clearparse.treebank.ranges import multiword_rows

Value = tuple[str, bytes, int]  # its column, the value, and its line


def check_values(blocks: Sequence[Block], stages: str) -> None:
    """Check what models of these stages, "parser" or "all", store: tags, lemmas, labels and rules for words.

    Raises FileError for a value that is too long (see stages/validation.py), and for a multiword token of too many
    words.
    """
    for block in blocks:
        _check_columns(block, (LEMMA, UPOS, XPOS, FEATS, DEPREL) if stages == "all" else (DEPREL,))
        if stages == "all":  # rules remove letters of forms, and add the words of multiword tokens
            _check_columns(block, (FORM,), MAX_RULE_LENGTH)
            _check_multiword_tokens(block)


def _check_columns(block: Block, columns: Iterable[int], most: int = MAX_VALUE_LENGTH) -> None:
    """Raise FileError if a value in these columns has more than `most` characters."""
    for column in columns:
        values = zip(block.column(column), block.lines, strict=True)
        _check_lengths(block.path, ((NAMES[column], value, int(line)) for value, line in values), most)


def _check_multiword_tokens(block: Block) -> None:
    forms, rows = block.column(FORM), multiword_rows(block)
    for row in rows:
        line = int(block.lines[row.word])
        if row.words > MAX_WORDS:
            message = f"a multiword token of {row.words} words; a model can have at most {MAX_WORDS}"
            raise FileError(block.path, message, line - 1)
        words = enumerate(forms[row.word : row.word + row.words], line)
        _check_lengths(block.path, [("FORM", row.form, line - 1)], MAX_RULE_LENGTH)
        _check_lengths(block.path, (("FORM in a multiword token", form, at) for at, form in words), MAX_VALUE_LENGTH)


def _check_lengths(path: str, values: Iterable[Value], most: int) -> None:
    for name, value, line in values:
        if len(value) > most and (characters := len(value.decode())) > most:
            raise FileError(path, f"{name} has {characters:,} characters; a model can have at most {most:,}", line)
