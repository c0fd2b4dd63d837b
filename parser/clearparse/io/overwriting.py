"""Checks, before work begins, that no output of a command destroys one of its inputs or another output."""

from __future__ import annotations

import os
from collections.abc import Iterable

from clearparse.errors import FileError
from clearparse.io.files import PathLike


def refuse_overwriting(outputs: Iterable[PathLike], inputs: Iterable[PathLike | None]) -> None:
    """Raises FileError if an output is one of the inputs, or another output, which would be lost.

    Devices and pipes may be both.
    """
    outputs = list(outputs)
    places = [os.path.realpath(path) for path in outputs]
    for k, (output, place) in enumerate(zip(outputs, places, strict=True)):
        if place in places[:k] and (os.path.isfile(place) or not os.path.exists(place)):
            raise FileError(output, "two outputs would be written to this file; choose another name for one")
    read = {_identity(path): path for path in inputs if path is not None and os.path.isfile(path)}
    for output in outputs:
        if os.path.isfile(output) and (path := read.get(_identity(output))) is not None:
            raise FileError(path, f"would be overwritten by the output {os.fspath(output)}; choose another name")


def _identity(path: PathLike) -> tuple[int, int]:
    """What all names of a file have in common."""
    found = os.stat(path)
    return found.st_dev, found.st_ino
