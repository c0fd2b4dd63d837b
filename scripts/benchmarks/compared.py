"""What is compared: parsers that get gold tags, and pipelines that get raw text."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any


class System(ABC):
    """A program with a model that can be trained, loaded and run on a file.

    name: in tables; file: file name of its model, which systems with the same recipe share; needs: the module it
    imports, "" for none (without it the system is skipped); conditions: its input features, or the text it has seen;
    recipe: the options of its training; training_cores: how many its training uses; part: it is timed on the first
    1/part of the input; environment: variables that are set for its processes.
    """

    name: str
    file: str
    needs: str = ""
    conditions: str
    recipe: str = ""
    training_cores: int = 1
    part: int = 1
    environment: Mapping[str, str] = MappingProxyType({})

    @property
    def bundled(self) -> Path | None:
        """Path of its model if it comes trained."""
        return None

    @abstractmethod
    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train on one file, select on another, write the model; quick: a few steps only. Raises ClearparseError."""

    @abstractmethod
    def load(self, path: Path) -> Any:
        """Load a model from a file or folder."""

    @abstractmethod
    def end_to_end(self, model: Any, source: Path, output: Path) -> None:
        """Parse a file into CoNLL-U, I/O included; the file is CoNLL-U for a parser, and text for a pipeline."""

    @property
    def is_clearparse(self) -> bool:
        """Whether clearparse trains its model, so that the model depends on the code."""
        return not self.needs


class Parser(System):
    """A system that gets gold tokens and tags, and whose parsing can be timed apart from I/O."""

    @abstractmethod
    def read(self, model: Any, source: Path) -> Any:
        """Read a CoNLL-U file into the input of `parse`."""

    @abstractmethod
    def parse(self, model: Any, sentences: Any) -> None:
        """Parse the result of `read`."""


class Pipeline(System):
    """A system that gets raw text."""

    @abstractmethod
    def parse_text(self, model: Any, text: str) -> None:
        """Parse a text whose paragraphs are separated by blank lines."""


def missing(module: str) -> bool:
    """Whether a module is not installed."""
    try:
        return bool(module) and importlib.util.find_spec(module) is None
    except ModuleNotFoundError:
        return True
