"""Maximum spanning trees of weighted arcs (Chu & Liu 1965; Edmonds 1967)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.ragged import Offsets
from clearparse.treebank.tree import Heads, cyclic, sentence_of

Weights = NDArray[np.float64]


def maximum_spanning_trees(words: Offsets, heads: Heads, weights: Weights, sentences: Offsets) -> Heads:
    """(words,) HEAD of each word in the maximum spanning tree with one root of each sentence; the first one of equals.

    words, heads, weights (A,): the arcs, to a word (its index among all) from a head (as in HEAD). They must contain a
    tree with one root. sentences (S + 1,): see tree.py.
    """
    n, sentence = int(sentences[-1]), sentence_of(sentences)[words]
    # The penalty of arcs from ROOT is so large that a tree with fewer of them is better (Stanojević & Cohen 2021).
    penalty = 1 + np.bincount(sentence, np.abs(weights), len(sentences) - 1)
    weights = np.where(heads == 0, weights - penalty[sentence], weights)
    tails = np.where(heads == 0, n, sentences[:-1][sentence] + heads - 1)  # one ROOT for all sentences
    return heads[_best_arcs(tails, words, weights, n)]


def _best_arcs(tails: Offsets, nodes: Offsets, weights: Weights, n: int) -> Offsets:
    """(n,) The arc into each of n nodes in the maximum spanning tree with root n; arcs (A,) go from tails to nodes.

    The best arc into each node. If these contain cycles, each cycle is contracted to a node, and the weight of an arc
    into it is what is gained by taking it instead of the cycle's own arc.
    """
    order = np.lexsort((-weights, nodes))
    best = order[np.searchsorted(nodes[order], np.arange(n))]
    up = np.where(tails[best] == n, -1, tails[best])
    on_cycle = cyclic(up, n)
    if not on_cycle.any():
        return best
    place = np.append(_representatives(up, on_cycle), n)
    numbers = np.append(np.unique(place), n)
    node = np.searchsorted(numbers, place)
    outside = np.flatnonzero(node[tails] != node[nodes])
    gain = (weights - weights[best[nodes]])[outside]
    chosen = outside[_best_arcs(node[tails[outside]], node[nodes[outside]], gain, int(node[n]))]
    best[nodes[chosen]] = chosen
    return best


def _representatives(up: Offsets, on_cycle: NDArray[np.bool_]) -> Offsets:
    """(n,) The smallest node of the cycle that each node is on; for other nodes, the node itself."""
    smallest = np.arange(len(up))
    up = np.where(on_cycle, up, smallest)
    for _ in range(len(up).bit_length()):
        smallest = np.where(on_cycle, np.minimum(smallest, smallest[up]), smallest)
        up = up[up]
    return smallest
