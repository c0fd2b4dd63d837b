"""What can go wrong that a user can mend, each told in one line. Every other exception is a defect of the program."""

from __future__ import annotations

import os


class ClearparseError(Exception):
    """Something the user can mend; its text is the one line to show."""


class FileError(ClearparseError):
    """Something wrong with a file: ``PATH:LINE: message``, or ``PATH: message`` where no line is to blame."""

    def __init__(self, path: str | os.PathLike[str], message: str, line: int | None = None) -> None:
        super().__init__(path, message, line)  # all three, so that the error survives pickling between processes
        self.path = os.fspath(path)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"
