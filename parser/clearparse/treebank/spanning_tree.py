"""Of arcs with weights, those that make the heaviest tree of each sentence (Chu & Liu 1965; Edmonds 1967)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.ragged import Offsets
from clearparse.treebank.tree import Heads, cyclic, sentence_of

Weights = NDArray[np.float64]


def maximum_spanning_trees(words: Offsets, heads: Heads, weights: Weights, sentences: Offsets) -> Heads:
    """(words,) HEAD of each word in the tree of greatest weight, with one root, of each sentence; the first of equals.

    words, heads, weights (A,): the arcs there are, to a word (its place among all) from a head (as in HEAD). A tree
    with one root must be among them. sentences (S + 1,).
    """
    n, sentence = int(sentences[-1]), sentence_of(sentences)[words]
    # All arcs from ROOT lose so much that a tree with fewer of them is heavier (Stanojević & Cohen 2021).
    most = 1 + np.bincount(sentence, np.abs(weights), len(sentences) - 1)
    weights = np.where(heads == 0, weights - most[sentence], weights)
    tails = np.where(heads == 0, n, sentences[:-1][sentence] + heads - 1)  # one ROOT for all sentences
    return heads[_heaviest(tails, words, weights, n)]


def _heaviest(tails: Offsets, nodes: Offsets, weights: Weights, n: int) -> Offsets:
    """(n,) The arc into each of n nodes in the heaviest tree whose root is node n; arcs (A,) lead from tails to nodes.

    The heaviest arc into each node; where these go in circles, each circle becomes one node, and an arc into it is
    worth what is gained by taking it in place of the circle's own.
    """
    order = np.lexsort((-weights, nodes))
    best = order[np.searchsorted(nodes[order], np.arange(n))]
    up = np.where(tails[best] == n, -1, tails[best])
    circular = cyclic(up, n)
    if not circular.any():
        return best
    place = np.append(_circles(up, circular), n)
    numbers = np.append(np.unique(place), n)
    node = np.searchsorted(numbers, place)
    outside = np.flatnonzero(node[tails] != node[nodes])
    gain = (weights - weights[best[nodes]])[outside]
    chosen = outside[_heaviest(node[tails[outside]], node[nodes[outside]], gain, int(node[n]))]
    best[nodes[chosen]] = chosen
    return best


def _circles(up: Offsets, circular: NDArray[np.bool_]) -> Offsets:
    """(n,) The least node of the circle that each node is in, else the node."""
    least = np.arange(len(up))
    up = np.where(circular, up, least)
    for _ in range(len(up).bit_length()):
        least = np.where(circular, np.minimum(least, least[up]), least)
        up = up[up]
    return least
