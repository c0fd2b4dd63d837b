"""Word vectors made elsewhere, from the text format that word2vec, GloVe and fastText share.

A line is a word and its numbers, with spaces between; a first line with two whole numbers alone is a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import FileError
from clearparse.io.files import PathLike, open_input, shown_name
from clearparse.training.word_vectors import Vectors, clustered, scaled

MOST = 50_000  # words that get rows without being in the treebank: the first of the file, which are the most frequent


def read_vectors(path: PathLike, forms: Iterable[str], d: int) -> Vectors:
    """Vectors of d numbers for the first words of a file and for all that occur in a treebank; their variance is 1.

    Longer vectors are turned to their d principal components, shorter ones are filled up with zeros. Raises FileError.
    """
    wanted = {form.lower() for form in forms}
    words: dict[str, NDArray[np.float32]] = {}
    seen: list[str] = []
    for number, (word, values) in enumerate(_lines(path)):
        lower = word.lower()
        if number < MOST:
            seen.append(word)
        if lower not in words and (number < MOST or lower in wanted):
            words[lower] = values
    if not words:
        raise FileError(path, "no word vectors")
    values = scaled(principal_components(np.array(list(words.values())), d))
    return Vectors(list(words), values, seen, clustered(list(words), values, seed=1))


def principal_components(values: NDArray[np.float32], d: int) -> NDArray[np.float32]:
    """The vectors (n, D) in the d directions in which they differ most; (n, d)."""
    n, D = values.shape
    if d >= D:
        return np.concatenate((values, np.zeros((n, d - D), np.float32)), axis=1)
    centred = values - values.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    found: NDArray[np.float32] = centred @ directions[:, ::-1][:, :d]
    return found


def _lines(path: PathLike) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each word and its numbers. Raises FileError at a line that is not as long as the first or holds no numbers."""
    D = 0
    with open_input(path) as stream:
        for number, line in enumerate(stream, 1):
            word, *values = line.decode("utf-8", errors="replace").rstrip().split(" ")
            if number == 1 and len(values) == 1 and word.isdecimal() and values[0].isdecimal():
                continue
            D = D or len(values)
            try:
                numbers = np.array(values, np.float32)
            except ValueError:
                numbers = np.empty(0, np.float32)
            if not len(numbers) or len(numbers) != D or not np.isfinite(numbers).all():
                raise FileError(shown_name(path), f"not a word and {D} numbers", number)
            yield word, numbers
