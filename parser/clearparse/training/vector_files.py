"""Pre-trained word vectors, in the text format that word2vec, GloVe and fastText share.

A line has a word and its numbers, separated by spaces; a first line of two whole numbers is a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from clearparse.errors import FileError
from clearparse.io.files import PathLike, read_lines, shown_name
from clearparse.training.word_vectors import Vectors, clustered, scaled

MIN_WORDS = 2  # of one, there is no variance
MAX_WORDS = 50_000  # besides those of the treebank: the first of the file, which are the most frequent


def read_vectors(path: PathLike, forms: Iterable[str], d: int) -> Vectors:
    """Vectors (n, d) of variance 1, for the first MAX_WORDS words of a file and all that are among `forms`.

    Longer vectors are projected onto their first d principal components, shorter ones padded with zeros.
    Raises FileError if the file is missing, damaged, or has fewer than MIN_WORDS vectors.
    """
    in_treebank = {form.lower() for form in forms}
    words: dict[str, NDArray[np.float32]] = {}
    seen: list[str] = []
    for number, (word, values) in enumerate(_lines(path)):
        lower = word.lower()
        if number < MAX_WORDS:
            seen.append(word)
        if lower not in words and (number < MAX_WORDS or lower in in_treebank):
            words[lower] = values
    if len(words) < MIN_WORDS:
        raise FileError(path, f"{len(words)} word vectors; at least {MIN_WORDS} are needed")
    values = scaled(resize(np.array(list(words.values())), d))
    return Vectors(list(words), values, seen, clustered(list(words), values, seed=1))


def resize(values: NDArray[np.float32], d: int) -> NDArray[np.float32]:
    """Vectors (n, D) as (n, d): their first d principal components if d < D, padded with zeros if d > D."""
    n, D = values.shape
    if d < D:
        values = PCA(min(n, d), svd_solver="full").fit_transform(values)
    return np.pad(values, ((0, 0), (0, d - values.shape[1])))


def _lines(path: PathLike) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield words and their numbers. Raises FileError if a line has no numbers or not as many as the first."""
    D = 0
    for number, line in enumerate(read_lines(path), 1):
        word, *values = line.rstrip().split(" ")
        if number == 1 and len(values) == 1 and word.isdecimal() and values[0].isdecimal():
            continue
        D = D or len(values)
        try:
            with np.errstate(over="ignore"):  # an infinite number is found below
                numbers = np.array(values, np.float32)
        except ValueError:
            numbers = np.empty(0, np.float32)
        if not len(numbers) or len(numbers) != D or not np.isfinite(numbers).all():
            expected = f"a word and {D} finite numbers" if D else "a word and its numbers"
            raise FileError(shown_name(path), f"not {expected}, separated by single spaces", number)
        yield word, numbers
