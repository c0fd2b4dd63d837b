"""The bundled English model and sample treebank.

An installed package contains them (see `pyproject.toml`); in a checkout they are in models/ and data/.
"""

from __future__ import annotations

from pathlib import Path

from clearparse.errors import ClearparseError, FileError

PACKAGE = Path(__file__).resolve().parents[1]
INSIDE = PACKAGE / "_bundled"
CHECKOUT = PACKAGE.parents[1]

MODELS = "models"
ENGLISH = f"{MODELS}/english.model"
SAMPLE = "data/sample"


def english() -> Path:
    """The file of the bundled English model. Raises ClearparseError if it is missing."""
    return find(ENGLISH, "name a model")


def model(name: str) -> Path:
    """The file of a bundled model, such as english. Raises FileError, which names those that there are."""
    for folder in (INSIDE, CHECKOUT):
        if (file := folder / MODELS / f"{name}.model").is_file() and name == file.stem:
            return file
    found = {file.stem for folder in (INSIDE, CHECKOUT) for file in (folder / MODELS).glob("*.model")}
    names = ", ".join(sorted(found)) or "none"
    raise FileError(name, f"no such file, nor a bundled model; bundled: {names}")


def sample(part: str) -> Path:
    """A file of the sample treebank, train or dev. Raises ClearparseError if it is missing."""
    return find(f"{SAMPLE}/{part}.conllu", "name the training data: --train FILE")


def find(name: str, instead: str) -> Path:
    """A bundled file, by its path in a checkout. Raises ClearparseError, which says `instead`, if it is missing."""
    places = [folder / name for folder in (INSIDE, CHECKOUT)]
    for place in places:
        if place.is_file():
            return place
    raise ClearparseError(f"{instead}; none is bundled here: there is no {places[-1]}")
