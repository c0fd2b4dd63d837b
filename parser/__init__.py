"""clearparse: a transition-based dependency parser whose every gradient is written out in NumPy.

import parser
model = parser.load()                        # the English model that comes with clearparse; or a file
for sentence in model("A text. Its trees."):
    print(sentence)
for sentence in model.parse(parser.read_conllu("input.conllu")):
    print(sentence)
"""

from __future__ import annotations

from parser.errors import ClearparseError, FileError
from parser.pipeline import Model, load
from parser.treebank.conllu import Sentence, read_conllu, write_conllu
from parser.version import __version__

__all__ = [
    "ClearparseError",
    "FileError",
    "Model",
    "Sentence",
    "__version__",
    "load",
    "read_conllu",
    "write_conllu",
]
