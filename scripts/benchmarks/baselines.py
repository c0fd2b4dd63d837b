"""The parsers to compare: the presets of clearparse, and baselines."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Protocol

from benchmarks.cs224n import CS224n
from benchmarks.presets import Preset
from benchmarks.spacy import SpaCy
from benchmarks.udpipe import UDPipe


class ComparedParser(Protocol):
    """A parser that can be trained, loaded and run.

    file: file name of its model; needs: the module it imports, "" for none (without it the parser is skipped);
    conditions: its input features.
    """

    name: str
    file: str
    needs: str
    conditions: str

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train on one file, select on another, write the model; quick: a few steps only. Raises ClearparseError."""

    def load(self, path: Path) -> Any:
        """Load a model from a file or folder. Raises ClearparseError."""

    def end_to_end(self, model: Any, source: Path, output: Path) -> None:
        """Parse a CoNLL-U file into another, I/O included."""

    def read(self, model: Any, source: Path) -> Any:
        """Read a CoNLL-U file into the input of `parse`."""

    def parse(self, model: Any, sentences: Any) -> None:
        """Parse the result of `read`."""


PARSERS: dict[str, ComparedParser] = {
    parser.name: parser for parser in (Preset("fast"), Preset("accurate"), UDPipe(1), UDPipe(5), SpaCy(), CS224n())
}


def missing(module: str) -> bool:
    """Whether a module is not installed."""
    try:
        return bool(module) and importlib.util.find_spec(module) is None
    except ModuleNotFoundError:
        return True
