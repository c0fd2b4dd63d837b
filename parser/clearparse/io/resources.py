"""What comes with clearparse: the English model and the sample treebank.

An installed package has them inside (`pyproject.toml` puts them there), a checkout in models/ and data/.
"""

from __future__ import annotations

from pathlib import Path

from clearparse.errors import ClearparseError

PACKAGE = Path(__file__).resolve().parents[1]
INSIDE = PACKAGE / "_bundled"
CHECKOUT = PACKAGE.parents[1]

ENGLISH = "models/english.model"
SAMPLE = "data/sample"


def english() -> Path:
    """The file of the English model. Raises ClearparseError."""
    return find(ENGLISH, "name a model")


def sample(part: str) -> Path:
    """A file of the sample treebank: part is train or dev. Raises ClearparseError."""
    return find(f"{SAMPLE}/{part}.conllu", "name the training data: --train FILE")


def find(name: str, instead: str) -> Path:
    """A bundled file, by its place in a checkout. Raises ClearparseError, which says what to do instead."""
    places = [folder / name for folder in (INSIDE, CHECKOUT)]
    for place in places:
        if place.is_file():
            return place
    raise ClearparseError(f"{instead}; none is bundled here: there is no {places[-1]}")
