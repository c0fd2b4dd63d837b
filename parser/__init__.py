"""clearparse: a transition-based dependency parser whose every gradient is written out in NumPy.

import parser
model = parser.load()                        # the English model that comes with clearparse; or a file
for sentence in model("A text. Its trees."):
    print(sentence)
for sentence in model.parse(parser.read_conllu("input.conllu")):
    print(sentence)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parser.errors import ClearparseError, FileError
from parser.pipeline import Model, load
from parser.treebank.conllu import Sentence, read_conllu, write_conllu
from parser.version import __version__

if TYPE_CHECKING:
    from parser.estimator import DependencyParser

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
    """What needs libraries that `import parser` does not wait for; parse_bag needs one that may be missing."""
    if name == "DependencyParser":
        from parser.estimator import DependencyParser

        return DependencyParser
    if name == "parse_bag":
        from parser.integrations.dask import parse_bag

        return parse_bag
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
