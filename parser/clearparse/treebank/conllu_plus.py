"""CoNLL-U Plus, whose first line names the columns, read as CoNLL-U; and what is not CoNLL-U at all.

Format: https://universaldependencies.org/ext-format.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from clearparse.errors import FileError
from clearparse.io.compression import not_text
from clearparse.treebank.columns import FORM, ID, MISC, NAMES, count_lines, strip_lines

_DECLARATION = re.compile(rb"#\s*global\.columns\s*=([^\n]*)")
_STANDARD = [name.encode() for name in NAMES]
_REQUIRED = [_STANDARD[ID], _STANDARD[FORM]]


def as_conllu(texts: Iterable[bytes], path: str) -> Iterator[bytes]:
    """Consecutive texts of whole lines of a file, as CoNLL-U with as many lines.

    Raises FileError for a file that is not text, and for a line of CoNLL-U Plus with too few or too many columns.
    """
    first, columns = 1, None
    for text in texts:
        if first == 1:
            if found := not_text(text):
                raise FileError(path, f"this is {found}")
            columns = declared_columns(text, path)
        yield columns.convert(text, path, first) if columns else text
        first += count_lines(text) if columns else 1


class PlusColumns(NamedTuple):
    """The columns of a CoNLL-U Plus file: their names, and the place of each of CoNLL-U's ten, None if missing."""

    names: list[bytes]
    places: list[int | None]

    def convert(self, text: bytes, path: str, first: int) -> bytes:
        """The lines as CoNLL-U; `first` is the number of the first one. Raises FileError."""
        lines = strip_lines(text).split(b"\n")
        for number, line in enumerate(lines):
            if line.startswith(b"#"):
                if number == 0 and first == 1:
                    lines[0] = b"# global.columns = " + b" ".join(_STANDARD)
            elif line:
                lines[number] = self._convert_row(line, path, first + number)
        return b"\n".join(lines)

    def _convert_row(self, line: bytes, path: str, number: int) -> bytes:
        """The ten columns. Any others are in MISC as NAME=VALUE, unless their value is `_`."""
        values = line.split(b"\t")
        if len(values) != len(self.names):
            counts = f"{len(values)} column{'s' * (len(values) != 1)}, but the first line names {len(self.names)}"
            raise FileError(path, f"{counts} (# global.columns)", number)
        row = [b"_" if place is None else values[place] for place in self.places]
        others = zip(self.names, values, strict=True)
        more = [name + b"=" + value for name, value in others if name not in _STANDARD and value != b"_"]
        if more:
            row[MISC] = b"|".join(([] if row[MISC] == b"_" else [row[MISC]]) + more)
        return b"\t".join(row)


def declared_columns(text: bytes, path: str) -> PlusColumns | None:
    """The columns that the first line declares; None without a declaration, or if they are those of CoNLL-U.

    Raises FileError if ID or FORM is missing, or if a name occurs twice.
    """
    found = _DECLARATION.match(text)
    names = found[1].split() if found else _STANDARD
    if names == _STANDARD:
        return None
    if missing := [name.decode() for name in _REQUIRED if name not in names]:
        raise FileError(path, f"# global.columns lacks the column {' and '.join(missing)}", 1)
    if len(set(names)) < len(names):
        raise FileError(path, "# global.columns names a column twice", 1)
    return PlusColumns(names, [names.index(name) if name in names else None for name in _STANDARD])
