"""clearparse: a transition-based dependency parser whose every gradient is written out in NumPy.

import clearparse
model = clearparse.load()                        # the English model that comes with clearparse; or a file
for sentence in model("A text. Its trees."):
    print(sentence)
for sentence in model.parse(clearparse.read_conllu("input.conllu")):
    print(sentence)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clearparse.errors import ClearparseError, FileError
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import Sentence, read_conllu, write_conllu
from clearparse.version import __version__

if TYPE_CHECKING:
    from clearparse.estimator import DependencyParser

__all__ = [
    "ClearparseError",
    "DependencyParser",
    "FileError",
    "Model",
    "Sentence",
    "__version__",
    "load",
    "read_conllu",
    "write_conllu",
]


def __getattr__(name: str) -> Any:
    """What needs libraries that `import clearparse` does not wait for; parse_bag needs one that may be missing."""
    if name == "DependencyParser":
        from clearparse.estimator import DependencyParser

        return DependencyParser
    if name == "parse_bag":
        from clearparse.corpus.dask import parse_bag

        return parse_bag
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
