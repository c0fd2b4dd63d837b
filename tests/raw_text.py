"""The paragraphs of a text file, for tests of reading raw text."""

from __future__ import annotations

from collections.abc import Iterator

from clearparse.io.files import PathLike, open_input, shown_name
from clearparse.treebank.paragraphs import BLOCK_BYTES, read_raw_text, split_paragraphs


def read_paragraphs(path: PathLike, block_bytes: int = BLOCK_BYTES) -> Iterator[list[str]]:
    """The paragraphs of a file in lists, one for each piece that read_raw_text gives. Raises FileError."""
    with open_input(path) as stream:
        for raw in read_raw_text(stream, shown_name(path), block_bytes):
            yield list(split_paragraphs(raw.text))
