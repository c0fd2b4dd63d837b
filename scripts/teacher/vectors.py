"""Word vectors from a teacher: the mean of a word's representations in several sentences (Bommasani et al. 2020)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import lookup_form
from clearparse.io.files import atomic_output
from clearparse.training.log import Log
from clearparse.training.vector_files import resize
from clearparse.treebank.conllu import Block, read_blocks
from teacher.annotation import BATCH_PIECES, Teacher
from teacher.examples import Examples, Integers, forms_of
from teacher.network import Tensors

SENTENCES = 10  # at least, of each word that has so many


def write_vectors(
    teacher: Teacher, paths: Sequence[Path], output: Path, log: Log, *, min_count: int, dimensions: int
) -> None:
    """Write a vector for each form that occurs min_count times in CoNLL-U files, the most frequent first.

    A vector is that of the word in lower case, reduced to its first principal components. The file has the text format
    of word2vec. Raises FileError, and ClearparseError if no word is frequent enough.
    """
    forms: Counter[str] = Counter()
    sentences = 0
    for block in _blocks(paths):
        forms.update(map(lookup_form, forms_of(block)))
        sentences += len(block)
    words: Counter[str] = Counter()
    for form, times in forms.items():
        words[form.lower()] += times
    frequent = [word for word, times in words.items() if times >= min_count]
    if not frequent:
        raise ClearparseError(f"no word occurs {min_count} times in the files: choose a smaller --min-count")
    means = Means(teacher, frequent)
    with log.progress(sentences, "vectors", " sentences") as bar:
        for block in _blocks(paths):
            means.add(block)
            bar.update(len(block))
    values = resize(means.values(), dimensions)
    kept = sorted((form for form, n in forms.items() if n >= min_count), key=lambda form: (-forms[form], form))
    with atomic_output(output) as stream:
        stream.write(b"%d %d\n" % (len(kept), dimensions))
        for form in kept:
            numbers = " ".join(f"{value:.5g}" for value in values[means.number[form.lower()]].tolist())
            stream.write(f"{form.replace(' ', '_')} {numbers}\n".encode())
    log("vectors", f"{output}: {len(kept):,} forms, {dimensions} dimensions")


def _blocks(paths: Sequence[Path]) -> Iterator[Block]:
    for path in paths:
        yield from read_blocks(path, trees=False)


class Means:
    """The mean representation of each of some words."""

    def __init__(self, teacher: Teacher, words: Sequence[str]) -> None:
        self.number = {word: k for k, word in enumerate(words)}
        self._teacher = teacher
        self._sums = np.zeros((len(words), teacher.network.encoder.config.hidden_size))
        self._seen = np.zeros(len(words), np.int64)

    def values(self) -> NDArray[np.float32]:
        """(words, n) The means; 0 for a word that occurs in too long sentences only."""
        means: NDArray[np.float32] = (self._sums / np.maximum(self._seen, 1)[:, None]).astype(np.float32)
        return means

    def add(self, block: Block) -> None:
        """Add the sentences of a block that have a word which was seen fewer than SENTENCES times."""
        examples = self._teacher.examples(block)
        number = np.array([self.number.get(lookup_form(form).lower(), -1) for form in forms_of(block)], np.int64)
        seen = self._seen.copy()
        needed = []
        for k in examples.kept.tolist():
            words = number[block.sentences[k] : block.sentences[k + 1]]
            words = words[words >= 0]
            if (seen[words] < SENTENCES).any():
                np.add.at(seen, words, 1)
                needed.append(k)
        if needed:
            self._add(examples.only(np.array(needed, np.int64)), number)

    def _add(self, examples: Examples, number: Integers) -> None:
        network = self._teacher.network
        network.eval()
        with torch.inference_mode():
            for which in examples.batches(BATCH_PIECES):
                batch = examples.batch(which)
                found = network.representations(Tensors.of(batch, network.root.device)).cpu().numpy()
                of = number[batch.which]
                np.add.at(self._sums, of[of >= 0], found[of >= 0])
                np.add.at(self._seen, of[of >= 0], 1)
