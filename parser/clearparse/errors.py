"""Errors that the user can fix, each with a one-line message. Any other exception is a bug."""

from __future__ import annotations

import os


class ClearparseError(Exception):
    """An error that the user can fix. Its text is one line."""


class FileError(ClearparseError):
    """An error in a file: ``PATH:LINE: message``, or ``PATH: message`` if it is not about a line."""

    def __init__(self, path: str | os.PathLike[str], message: str, line: int | None = None) -> None:
        super().__init__(path, message, line)  # all three, so that the error can be pickled
        self.path = os.fspath(path)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"
