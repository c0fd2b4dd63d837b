"""Convert sentences to and from a pandas DataFrame with a row for each line of CoNLL-U; nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from clearparse.errors import ClearparseError
from clearparse.integrations.rows import block_of, rows_of
from clearparse.io.optional import optional_import
from clearparse.treebank.columns import HEAD, NAMES
from clearparse.treebank.conllu import Sentence

with optional_import("pandas", "clearparse.integrations.pandas"):
    import pandas as pd

COLUMNS = [name.lower() for name in NAMES]
SOURCE = "<DataFrame>"
REQUIRED = ("sentence", "id", "form")
_REMEDY = {"sentence": "", "id": "", "form": "; read_csv(..., keep_default_na=False) keeps words such as NA and null"}


def to_frame(sentences: Iterable[Sentence]) -> pd.DataFrame:
    """A frame with the columns sentence (0, 1, ...), id to misc, and comments.

    id is text, because of `1-2` and `3.1`; head is Int64, missing where there is none. The comments of a sentence,
    joined by line ends, are in its first row; the other rows have an empty string.
    """
    table: list[list[object]] = []
    for number, sentence in enumerate(sentences):
        comments = "\n".join(sentence.comments)
        for row in rows_of(sentence):
            table.append([number, *row[:HEAD], _number(row[HEAD]), *row[HEAD + 1 :], comments])
            comments = ""
    frame = pd.DataFrame(table, columns=["sentence", *COLUMNS, "comments"])
    return frame.astype({"sentence": "int64", "head": "Int64"})


def from_frame(frame: pd.DataFrame) -> list[Sentence]:
    """The sentences of a frame: consecutive rows with the same value in `sentence` are one sentence.

    Only the columns sentence, id and form are required, and may not have missing values; in the others, `_` stands for
    a missing value or column. Raises ClearparseError.
    """
    if missing := set(REQUIRED) - set(frame.columns):
        raise ClearparseError(f"{SOURCE}: no column {' or '.join(sorted(missing))}")
    for name in REQUIRED:
        if (gone := frame[name].isna()).any():
            row = int(gone.to_numpy().argmax())
            raise ClearparseError(f"{SOURCE}: {name} is missing in row {row} (counted from 0){_REMEDY[name]}")
    columns = [_text(frame[name]) if name in frame.columns else ["_"] * len(frame) for name in COLUMNS]
    comments = _text(frame["comments"], "") if "comments" in frame.columns else [""] * len(frame)
    rows = list(zip(*columns, strict=True))
    return list(block_of(_grouped(frame["sentence"].tolist(), comments, rows), SOURCE))


def _grouped(
    numbers: Sequence[object], comments: Sequence[str], rows: Sequence[tuple[str, ...]]
) -> Iterator[tuple[list[str], list[tuple[str, ...]]]]:
    """The comments and rows of each sentence."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or numbers[end] != numbers[start]:
            yield [line for each in comments[start:end] if each for line in each.split("\n")], list(rows[start:end])
            start = end


def _number(head: str) -> int | None:
    if head == "_":
        return None
    if not head.isdecimal():
        raise ClearparseError(f"HEAD is {head!r}, not a whole number")
    return int(head)


def _text(column: pd.Series, empty: str = "_") -> list[str]:
    """The values as text; integers without a decimal point."""
    missing = column.isna().tolist()
    values = column.tolist()
    return [
        empty if gone else str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        for value, gone in zip(values, missing, strict=True)
    ]
