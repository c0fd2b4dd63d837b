"""Word vectors and word clusters from raw text: initial embeddings of word forms, and a feature channel.

The vectors are a truncated SVD of a matrix of positive pointwise mutual information (PPMI), with a row for each word
and a column for each context word at each position: the matrix that skip-gram factorizes implicitly (Levy & Goldberg
2014). Contexts are smoothed and singular values weighted as in Levy, Goldberg & Dagan (2015, sections 3.2 and 3.3).

The clusters are k-means clusters of the vectors' directions. As a feature channel they let the parser treat words that
are not in the treebank like similar words that are (Koo, Carreras & Collins 2008, with Brown clusters).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, hstack
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils.extmath import randomized_svd

from clearparse.features.vocabulary import BETWEEN, CLUSTER, UNKNOWN, WHOLE_FORM, Vocabulary

WINDOW = 2  # words on either side
CONTEXTS = 10_000  # context words: the most frequent ones
SMOOTHING = 0.75  # exponent of the context counts
POWER_ITERATIONS = 4  # of the randomized SVD; enough for a close approximation
CHUNK = 1 << 21  # words per sparse matrix of counts
CLUSTERS = 500
CLUSTER_MIN_COUNT = 4  # occurrences of a word in a cluster

OUTSIDE, RARE = range(2)  # numbers of positions outside the sentence, and of all rare words


class Vectors(NamedTuple):
    """Word vectors and clusters.

    words: n lower-cased words. values (n, d): their vectors. forms: frequent forms of these words, not lower-cased.
    clusters: the words of each cluster, joined by BETWEEN.
    """

    words: list[str]
    values: NDArray[np.float32]
    forms: list[str]
    clusters: list[str]

    def of(self, forms: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The indices of the forms that have a vector, and their vectors (k, d)."""
        number = {word: i for i, word in enumerate(self.words)}
        found = [(place, number[form.lower()]) for place, form in enumerate(forms) if form.lower() in number]
        places, rows = np.array(found, np.intp).reshape(-1, 2).T
        return places, self.values[rows]

    def widen(self, vocabulary: Vocabulary) -> Vocabulary:
        """The vocabulary, extended by the words and clusters in those channels that it has."""
        if CLUSTER in vocabulary.first:
            vocabulary = vocabulary.with_symbols(CLUSTER, self.clusters)
        if "lower" in vocabulary.first:
            return vocabulary.with_symbols("lower", self.words)
        return vocabulary.with_symbols("form", self.forms) if "form" in vocabulary.first else vocabulary

    def fill(self, L: NDArray[np.floating], vocabulary: Vocabulary, scale: float) -> None:
        """Set the rows of L for word forms to their vectors times `scale`, truncated to the width of L."""
        for channel in WHOLE_FORM:
            if channel in vocabulary.first:
                places, values = self.of(vocabulary.symbols[channel])
                rows = vocabulary.first[channel] + UNKNOWN + 1 + places
                d = min(L.shape[1], values.shape[1])  # the first dimensions carry most of the variance
                L[rows, :d] = values[:, :d] * np.float32(scale)


def word_vectors(sentences: Sequence[Sequence[str]], d: int, min_count: int, seed: int) -> Vectors:
    """Vectors (n, d), of variance 1, of all words that occur at least min_count times in the sentences.

    Words that occur CLUSTER_MIN_COUNT times are in clusters even if they have no vector.
    """
    forms = Counter(form for sentence in sentences for form in sentence)
    words: Counter[str] = Counter()
    for form, times in forms.items():
        words[form.lower()] += times
    known = [word for word, times in _by_count(words) if times >= min(min_count, CLUSTER_MIN_COUNT)]
    number = {word: i for i, word in enumerate(known, RARE + 1)}
    M = ppmi(_counts(_numbered(sentences, number), len(known) + RARE + 1))[RARE + 1 :]
    values = np.zeros((len(known), d), np.float32)
    if d_found := min(d, *M.shape):
        U, singular, _ = randomized_svd(M, d_found, n_iter=POWER_ITERATIONS, random_state=seed)
        values[:, :d_found] = U * np.sqrt(singular)
    clusters = clustered(known, values, seed)
    known = [word for word in known if words[word] >= min_count]  # a prefix: words are sorted by frequency
    frequent = [form for form, times in _by_count(forms) if times >= min_count]
    return Vectors(known, scaled(values[: len(known)]), frequent, clusters)


def scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors scaled to a variance of 1 over all numbers."""
    return values / max(float(values.std()), 1e-9) if values.size else values


def clustered(words: Sequence[str], values: NDArray[np.float32], seed: int) -> list[str]:
    """At most CLUSTERS clusters of words (see Vectors), by the directions of their vectors (n, d)."""
    directions = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    k = min(CLUSTERS, len(np.unique(directions, axis=0)))
    if not k:
        return []
    # No early stopping: the criterion could depend on the order in which threads sum.
    means = MiniBatchKMeans(k, batch_size=4096, max_iter=60, n_init=1, max_no_improvement=None, random_state=seed)
    of_cluster: dict[int, list[str]] = {}
    for word, cluster in zip(words, means.fit_predict(directions).tolist(), strict=True):
        of_cluster.setdefault(cluster, []).append(word)
    return [BETWEEN.join(together) for together in of_cluster.values()]


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _numbered(sentences: Iterable[Sequence[str]], number: dict[str, int]) -> Iterator[NDArray[np.int32]]:
    """Yield word indices in chunks of whole sentences, with OUTSIDE as padding around each sentence."""
    padding = [OUTSIDE] * WINDOW
    chunk: list[int] = []
    for sentence in sentences:
        chunk += padding
        chunk += [number.get(form.lower(), RARE) for form in sentence]
        if len(chunk) > CHUNK:
            yield np.array(chunk + padding, np.int32)
            chunk = []
    yield np.array(chunk + padding, np.int32)


def _counts(chunks: Iterable[NDArray[np.int32]], n: int) -> list[csr_array]:
    """Co-occurrence counts for each position in the window: matrices (n, contexts)."""
    offsets = [offset for offset in range(-WINDOW, WINDOW + 1) if offset]
    contexts = min(n, CONTEXTS)
    counts = [csr_array((n, contexts), dtype=np.float32) for _ in offsets]
    for chunk in chunks:
        end = len(chunk) - WINDOW
        for k, offset in enumerate(offsets):
            word, context = chunk[WINDOW:end], chunk[WINDOW + offset : end + offset]
            counted = (word != OUTSIDE) & (context < contexts)
            ones = np.ones(int(counted.sum()), np.float32)
            counts[k] = counts[k] + coo_array((ones, (word[counted], context[counted])), (n, contexts)).tocsr()
    return counts


def ppmi(counts: Sequence[csr_array]) -> csr_array:
    """max(0, log(p(w, c) / (p(w) p(c)**SMOOTHING))) of each matrix of counts, side by side (n, contexts x matrices)."""
    blocks = []
    for count in counts:
        pairs = count.tocoo()
        of_word = count.sum(axis=1)
        of_context = np.asarray(count.sum(axis=0), np.float64) ** SMOOTHING
        row, column = pairs.row, pairs.col
        pmi = np.log(pairs.data * of_context.sum() / (of_word[row] * of_context[column]))
        positive = pmi > 0
        blocks.append(coo_array((pmi[positive].astype(np.float32), (row[positive], column[positive])), count.shape))
    return hstack(blocks, format="csr")
