"""The bundled English model, sample treebank and derivation of the gradients.

An installed package contains them (see `pyproject.toml`); in a checkout they are in models/, data/ and docs/.
"""

from __future__ import annotations

from pathlib import Path

from clearparse.errors import ClearparseError, FileError

PACKAGE = Path(__file__).resolve().parents[1]
BUNDLED = PACKAGE / "_bundled"
CHECKOUT = PACKAGE.parents[1]

ENGLISH = "models/english.model"
SAMPLE = "data/sample"
GRADIENTS = "docs/gradients.md"


def english() -> Path:
    """The file of the bundled English model. Raises ClearparseError if it is missing."""
    return find(ENGLISH, "name a model")


def model(name: str) -> Path:
    """The file of the bundled model of this name: english. Raises FileError for another name, or if it is missing."""
    present = any((folder / ENGLISH).is_file() for folder in (BUNDLED, CHECKOUT))
    if present and name == Path(ENGLISH).stem:
        return english()
    bundled = Path(ENGLISH).stem if present else "none"
    raise FileError(name, f"no such file, nor a bundled model; bundled: {bundled}")


def sample(part: str) -> Path:
    """A file of the sample treebank, train or dev. Raises ClearparseError if it is missing."""
    return find(f"{SAMPLE}/{part}.conllu", "name the training data: --train FILE")


def gradients() -> Path:
    """The page that derives every gradient. Raises ClearparseError if it is missing."""
    return find(GRADIENTS, "install clearparse anew")


def find(name: str, instead: str) -> Path:
    """A bundled file, by its path in a checkout. Raises ClearparseError, which says `instead`, if it is missing."""
    places = [folder / name for folder in (BUNDLED, CHECKOUT)]
    for place in places:
        if place.is_file():
            return place
    raise ClearparseError(f"{instead}; none is bundled here: there is no {places[-1]}")
