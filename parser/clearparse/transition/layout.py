"""Flat indices for a batch of sentences: 0 is NULL, then come each sentence's words, followed by its ROOT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


class Layout:
    """Flat indices of the words of S sentences, in reading order.

    sentences (S + 1,): the words of sentence s are sentences[s] : sentences[s + 1].
    right_to_left: the last word of a sentence is read first.

    first (S,), root (S,): flat index of each sentence's first word in reading order, and of its ROOT.
    words (words,): flat index of each word.
    number (size,): the CoNLL-U ID of the word at each index; 0 for ROOT and NULL.
    Raises ValueError if a sentence has no words.
    """

    def __init__(self, sentences: NDArray[np.int64], *, right_to_left: bool = False) -> None:
        lengths = sentences[1:] - sentences[:-1]
        if len(lengths) and lengths.min() < 1:
            raise ValueError("a sentence without words cannot be parsed")
        order = np.arange(len(lengths))
        self.first: Index = sentences[:-1] + order + 1
        self.root: Index = sentences[1:] + order + 1
        self.words: Index = np.arange(int(sentences[-1])) + order.repeat(lengths) + 1
        if right_to_left:
            self.words = (self.first + self.root - 1).repeat(lengths) - self.words
        self.size = int(sentences[-1]) + len(lengths) + 1
        self.sentences, self.lengths = sentences, lengths
        self.number: Index = np.zeros(self.size, dtype=np.intp)
        self.number[self.words] = np.arange(len(self.words)) - sentences[:-1].repeat(lengths) + 1

    def spread(self, values: Index, *, null: int, root: int) -> Index:
        """Values of the words (words,) by flat index (size,); NULL gets `null`, every ROOT gets `root`."""
        result: Index = np.full(self.size, null, dtype=np.intp)
        result[self.words] = values
        result[self.root] = root
        return result

    def heads_to_index(self, heads: NDArray[np.int32]) -> Index:
        """HEAD (words,), 0 for the root, as flat indices (size,): the head of each word, 0 for NULL and ROOT."""
        result: Index = np.zeros(self.size, dtype=np.intp)
        start, root = (np.repeat(ends, self.lengths) for ends in (self.sentences[:-1], self.root))
        result[self.words] = np.where(heads == 0, root, self.words[start + heads - 1])
        return result

    def index_to_heads(self, index: Index) -> NDArray[np.int32]:
        """The inverse of `heads_to_index`: flat indices (size,) as HEAD (words,)."""
        return self.number[index[self.words]].astype(np.int32)
