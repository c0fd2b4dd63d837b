"""clearparse: a transition-based dependency parser with hand-written gradients, in NumPy.

Example::

    import clearparse
    model = clearparse.load()                        # the bundled English model; or load("a.model")
    for sentence in model("A text. Its trees."):
        print(sentence.draw())
        for word in sentence:
            print(word.form, word.upos, word.head, word.deprel)
    for sentence in model.parse(clearparse.read_conllu("input.conllu")):
        print(sentence)                              # as CoNLL-U
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from clearparse.errors import ClearparseError, FileError
from clearparse.version import __version__

if TYPE_CHECKING:
    from clearparse.corpus.dask import parse_bag
    from clearparse.drawing.svg import svg
    from clearparse.drawing.text import draw
    from clearparse.estimator import DependencyParser
    from clearparse.evaluation.sentences import score
    from clearparse.model.model import MissingTagsWarning, Model, load
    from clearparse.training.recipe import train
    from clearparse.treebank.conllu import read_conllu, write_conllu
    from clearparse.treebank.document import Document
    from clearparse.treebank.sentence import Sentence
    from clearparse.treebank.word import MultiwordToken, Word

__all__ = [
    "ClearparseError",
    "DependencyParser",
    "Document",
    "FileError",
    "MissingTagsWarning",
    "Model",
    "MultiwordToken",
    "Sentence",
    "Word",
    "__version__",
    "draw",
    "load",
    "parse_bag",
    "read_conllu",
    "score",
    "svg",
    "train",
    "write_conllu",
]

# Imported on first use: `import clearparse` stays fast, and programs can set up NumPy before it is imported.
_MODULES = {
    "DependencyParser": "clearparse.estimator",
    "Document": "clearparse.treebank.document",
    "MissingTagsWarning": "clearparse.model.model",
    "Model": "clearparse.model.model",
    "MultiwordToken": "clearparse.treebank.word",
    "Sentence": "clearparse.treebank.sentence",
    "Word": "clearparse.treebank.word",
    "draw": "clearparse.drawing.text",
    "load": "clearparse.model.model",
    "parse_bag": "clearparse.corpus.dask",
    "read_conllu": "clearparse.treebank.conllu",
    "score": "clearparse.evaluation.sentences",
    "svg": "clearparse.drawing.svg",
    "train": "clearparse.training.recipe",
    "write_conllu": "clearparse.treebank.conllu",
}


def __getattr__(name: str) -> Any:
    """Import a name on first use. If a library it needs is not installed, AttributeError says how to install it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(importlib.import_module(_MODULES[name]), name)
    except ImportError as error:
        if isinstance(error, ClearparseError):  # a MissingLibraryError
            raise AttributeError(str(error)) from error
        raise
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
