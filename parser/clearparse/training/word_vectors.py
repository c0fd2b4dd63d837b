"""Vectors of words from text without annotation: what the rows of their forms begin with.

Words are told by their neighbours. A matrix has a line for each word and a column for each word at each place around
it; it holds their positive pointwise mutual information, and its singular vectors are the words' vectors: the
factorisation that skip-gram performs implicitly (Levy & Goldberg 2014), with the smoothed contexts and the square
root of the singular values of Levy, Goldberg & Dagan (2015, sections 3.2 and 3.3).

Words whose vectors point the same way are a cluster, which is a channel of a word too: what is learned of one of them
then holds for those that training did not have (Koo, Carreras & Collins 2008, with clusters of another kind).
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

WINDOW = 2  # words to the left, and to the right
CONTEXTS = 10_000  # the most frequent words are columns
SMOOTHING = 0.75  # power of the contexts' counts
ROUNDS = 4  # of the randomized factorisation, which is exact enough by then
CHUNK = 1 << 21  # words counted at once
CLUSTERS = 500
FEWEST = 4  # times that a word is met before it belongs to a cluster

OUTSIDE, RARE = range(2)  # numbers of what is beyond a sentence, and of words seen too seldom


class Vectors(NamedTuple):
    """Vectors of words in lower case, values (n, d), and the forms in which the text has them often enough.

    clusters: the words of each, with BETWEEN between them.
    """

    words: list[str]
    values: NDArray[np.float32]
    forms: list[str]
    clusters: list[str]

    def of(self, forms: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The places, among some forms, of those that have a vector, and their vectors."""
        number = {word: i for i, word in enumerate(self.words)}
        found = [(place, number[form.lower()]) for place, form in enumerate(forms) if form.lower() in number]
        places, rows = np.array(found, np.intp).reshape(-1, 2).T
        return places, self.values[rows]

    def widen(self, vocabulary: Vocabulary) -> Vocabulary:
        """A vocabulary with the words that have vectors, in lower case if it has a channel for that, else as forms."""
        if CLUSTER in vocabulary.first:
            vocabulary = vocabulary.with_more(CLUSTER, self.clusters)
        if "lower" in vocabulary.first:
            return vocabulary.with_more("lower", self.words)
        return vocabulary.with_more("form", self.forms) if "form" in vocabulary.first else vocabulary

    def fill(self, L: NDArray[np.floating], vocabulary: Vocabulary, scale: float) -> None:
        """Put the vectors, or as many numbers of them as there is room for, times a scale, into the rows of forms."""
        for channel in WHOLE_FORM:
            if channel in vocabulary.first:
                places, values = self.of(vocabulary.symbols[channel])
                rows = vocabulary.first[channel] + UNKNOWN + 1 + places
                d = min(L.shape[1], values.shape[1])  # the first singular vectors tell most
                L[rows, :d] = values[:, :d] * np.float32(scale)


def word_vectors(sentences: Sequence[Sequence[str]], d: int, min_count: int, seed: int) -> Vectors:
    """Vectors of d numbers for all words that occur min_count times in some sentences; their variance is 1.

    Words that occur FEWEST times are in clusters even if they have no vector.
    """
    forms = Counter(form for sentence in sentences for form in sentence)
    words: Counter[str] = Counter()
    for form, times in forms.items():
        words[form.lower()] += times
    known = [word for word, times in _by_count(words) if times >= min(min_count, FEWEST)]
    number = {word: i for i, word in enumerate(known, RARE + 1)}
    M = ppmi(_counts(_numbered(sentences, number), len(known) + RARE + 1))[RARE + 1 :]
    values = np.zeros((len(known), d), np.float32)
    if d_found := min(d, *M.shape):
        U, singular, _ = randomized_svd(M, d_found, n_iter=ROUNDS, random_state=seed)
        values[:, :d_found] = U * np.sqrt(singular)
    clusters = clustered(known, values, seed)
    known = [word for word in known if words[word] >= min_count]  # the first of them, by how often they occur
    frequent = [form for form, times in _by_count(forms) if times >= min_count]
    return Vectors(known, scaled(values[: len(known)]), frequent, clusters)


def scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors of which the numbers have a variance of 1."""
    return values / max(float(values.std()), 1e-9) if values.size else values


def clustered(words: Sequence[str], values: NDArray[np.float32], seed: int) -> list[str]:
    """At most CLUSTERS clusters of words (see Vectors) by the directions of their vectors, values (n, d)."""
    directions = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    k = min(CLUSTERS, len(np.unique(directions, axis=0)))
    if not k:
        return []
    # Without an end at "no improvement", which the order of a sum in several threads could decide.
    means = MiniBatchKMeans(k, batch_size=4096, max_iter=60, n_init=1, max_no_improvement=None, random_state=seed)
    of_cluster: dict[int, list[str]] = {}
    for word, cluster in zip(words, means.fit_predict(directions).tolist(), strict=True):
        of_cluster.setdefault(cluster, []).append(word)
    return [BETWEEN.join(together) for together in of_cluster.values()]


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _numbered(sentences: Iterable[Sequence[str]], number: dict[str, int]) -> Iterator[NDArray[np.int32]]:
    """The numbers of words, in chunks of whole sentences, with room for the window around each."""
    room = [OUTSIDE] * WINDOW
    chunk: list[int] = []
    for sentence in sentences:
        chunk += room
        chunk += [number.get(form.lower(), RARE) for form in sentence]
        if len(chunk) > CHUNK:
            yield np.array(chunk + room, np.int32)
            chunk = []
    yield np.array(chunk + room, np.int32)


def _counts(chunks: Iterable[NDArray[np.int32]], n: int) -> list[csr_array]:
    """For each place around a word, how often each context (columns) stands there of each word (n lines)."""
    places = [place for place in range(-WINDOW, WINDOW + 1) if place]
    contexts = min(n, CONTEXTS)
    counts = [csr_array((n, contexts), dtype=np.float32) for _ in places]
    for chunk in chunks:
        end = len(chunk) - WINDOW
        for k, place in enumerate(places):
            word, context = chunk[WINDOW:end], chunk[WINDOW + place : end + place]
            counted = (word != OUTSIDE) & (context < contexts)
            ones = np.ones(int(counted.sum()), np.float32)
            counts[k] = counts[k] + coo_array((ones, (word[counted], context[counted])), (n, contexts)).tocsr()
    return counts


def ppmi(counts: Sequence[csr_array]) -> csr_array:
    """max(0, log p(w, c) / (p(w) p(c)**SMOOTHING)) of each matrix of counts, side by side."""
    blocks = []
    for count in counts:
        pairs = count.tocoo()
        of_word = count.sum(axis=1)
        of_context = np.asarray(count.sum(axis=0), np.float64) ** SMOOTHING
        line, column = pairs.row, pairs.col
        information = np.log(pairs.data * of_context.sum() / (of_word[line] * of_context[column]))
        more = information > 0
        blocks.append(coo_array((information[more].astype(np.float32), (line[more], column[more])), count.shape))
    return hstack(blocks, format="csr")
