"""clearparse: a transition-based dependency parser whose every gradient is written out in NumPy.

import clearparse
model = clearparse.load()                        # the bundled English model; or load("a.model")
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
    from clearparse.training.recipe import train

__all__ = [
    "ClearparseError",
    "DependencyParser",
    "FileError",
    "Model",
    "Sentence",
    "__version__",
    "load",
    "read_conllu",
    "train",
    "write_conllu",
]


def __getattr__(name: str) -> Any:
    """Names that need large libraries, imported on first use so that `import clearparse` stays fast."""
    if name == "DependencyParser":
        from clearparse.estimator import DependencyParser

        return DependencyParser
    if name == "train":
        from clearparse.training.recipe import train

        return train
    if name == "parse_bag":
        from clearparse.corpus.dask import parse_bag

        return parse_bag
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
