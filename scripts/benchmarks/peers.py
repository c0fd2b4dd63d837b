"""The parsers that are compared."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Protocol

from benchmarks.cs224n import CS224n
from benchmarks.ours import Ours
from benchmarks.spacy import SpaCy
from benchmarks.udpipe import UDPipe


class Peer(Protocol):
    """A parser that can be trained, loaded and run.

    file: the name of its model; needs: the module without which it is skipped, if any; conditions: what it sees.
    """

    name: str
    file: str
    needs: str
    conditions: str

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train on one file, choosing by another, and write the model; quick: too little. Raises ClearparseError."""

    def load(self, path: Path) -> Any:
        """The model of a file or folder. Raises ClearparseError."""

    def text_to_text(self, model: Any, source: Path, output: Path) -> None:
        """CoNLL-U file in, CoNLL-U file out."""

    def read(self, model: Any, source: Path) -> Any:
        """What `parse` works on."""

    def parse(self, model: Any, sentences: Any) -> None:
        """Parse what `read` gave."""


PEERS: dict[str, Peer] = {
    peer.name: peer for peer in (Ours("fast"), Ours("accurate"), UDPipe(1), UDPipe(5), SpaCy(), CS224n())
}


def missing(module: str) -> bool:
    """Is a module not installed?"""
    try:
        return bool(module) and importlib.util.find_spec(module) is None
    except ModuleNotFoundError:
        return True
