"""Functions on the trees of many sentences at once: roots, cycles, orders, projectivity.

Throughout, heads (words,) are 1-based within their sentence, with 0 for the root, and the words of sentence s are
sentences[s] : sentences[s + 1], with sentences (S + 1,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.columns import Mask
from clearparse.treebank.ragged import Offsets, offsets

Heads = NDArray[np.int32]


def sentence_of(sentences: Offsets) -> Offsets:
    """(words,) The sentence of each word."""
    return np.repeat(np.arange(len(sentences) - 1), np.diff(sentences))


def absolute(heads: Heads, sentences: Offsets) -> Offsets:
    """(words,) The head of each word as an index into all words, -1 for the root."""
    start = np.repeat(sentences[:-1], np.diff(sentences))
    return np.where(heads == 0, -1, heads + start - 1)


def roots_per_sentence(heads: Heads, sentences: Offsets) -> Offsets:
    """(S,) The number of words with HEAD 0 in each sentence."""
    return np.diff(offsets(heads == 0)[sentences])


def in_cycle(heads: Heads, sentences: Offsets) -> Mask:
    """(words,) Which words are on a cycle. Heads must lie within their sentences."""
    return cyclic(absolute(heads, sentences), int(np.diff(sentences).max(initial=0)))


def cyclic(up: Offsets, longest: int) -> Mask:
    """(n,) Which nodes are on a cycle. up (n,): the parent of each, -1 for none; longest: a bound on the paths.

    Pointer doubling: after k rounds each pointer is 2**k arcs further up. When that is at least the length of the
    longest path, each pointer is at the root or on a cycle, and every node of a cycle is the target of another one.
    """
    up = np.append(up, -1)  # up[-1] = -1: above the root is the root
    for _ in range(longest.bit_length()):
        if (up < 0).all():
            break
        up = up[up]
    result = np.zeros(len(up), bool)
    result[up] = True
    return result[:-1]


def levels(heads: Heads, sentences: Offsets) -> list[Offsets]:
    """The words at each depth of the trees, roots first; dependents of one head are adjacent and in order."""
    up = absolute(heads, sentences)
    by_head = np.argsort(up, kind="stable")
    first = np.searchsorted(up[by_head], np.arange(len(up) + 1))
    found = [by_head[: first[0]]]
    while len(words := found[-1]):
        counts = first[words + 1] - first[words]
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found.append(by_head[np.repeat(first[words], counts) + steps])
    return found[:-1]


def preorder(heads: Heads, sentences: Offsets) -> tuple[Offsets, Offsets]:
    """(words,) twice: the preorder number of each word, and the size of its subtree.

    w is in the subtree of h if number[h] <= number[w] < number[h] + size[h].
    """
    up, by_depth = absolute(heads, sentences), levels(heads, sentences)
    size = _sizes(up, by_depth)
    return _numbered(up, by_depth, size, np.ones(len(up), np.int64)), size


def inorder(heads: Heads, sentences: Offsets) -> Offsets:
    """(words,) The position of each word in the projective order of its tree: its own if the tree is projective.

    A word comes after the subtrees of its left dependents and before those of its right dependents (Nivre 2009).
    """
    up, by_depth = absolute(heads, sentences), levels(heads, sentences)
    size, word = _sizes(up, by_depth), np.arange(len(up))
    to_left = np.flatnonzero(word < up)
    below_left = np.zeros(len(up), np.int64)
    np.add.at(below_left, up[to_left], size[to_left])
    return _numbered(up, by_depth, size, (word > up).astype(np.int64)) + below_left


def components(heads: Heads, sentences: Offsets) -> Offsets:
    """(words,) The maximal projective component of each word, given by the index of the component's top word.

    A component is what arc-standard without SWAP can build of adjacent subtrees (Nivre, Kuhlmann & Hall 2009).
    """
    up, result = absolute(heads, sentences).tolist(), np.repeat(sentences[:-1], np.diff(sentences))
    missing = np.bincount(np.maximum(up, 0), np.array(up) >= 0, len(up)).astype(np.int64).tolist()
    for sentence in np.flatnonzero(nonprojective_sentences(heads, sentences)).tolist():
        stack: list[int] = []
        words = range(sentences[sentence], sentences[sentence + 1])
        merged = {}
        for word in words:
            stack.append(word)
            while len(stack) > 1:
                s1, s0 = stack[-2:]
                if up[s1] == s0 and not missing[s1]:
                    merged[stack.pop(-2)] = s0
                elif up[s0] == s1 and not missing[s0]:
                    merged[stack.pop()] = s1
                else:
                    break
                missing[stack[-1]] -= 1
        for word in words:
            top = word
            while top in merged:
                top = merged[top]
            result[word] = top
    return result


def _sizes(up: Offsets, by_depth: list[Offsets]) -> Offsets:
    """(words,) The size of the subtree of each word."""
    size = np.ones(len(up), np.int64)
    for words in reversed(by_depth[1:]):
        np.add.at(size, up[words], size[words])
    return size


def _numbered(up: Offsets, by_depth: list[Offsets], size: Offsets, head_before: Offsets) -> Offsets:
    """(words,) The first number of each subtree. head_before (words,): 1 if a word comes after its head, else 0."""
    number = np.zeros(len(up), np.int64)
    for depth, words in enumerate(by_depth):
        before = np.cumsum(size[words]) - size[words]  # sizes of the subtrees to the left at this depth
        if depth:
            new_head = np.append(True, up[words[1:]] != up[words[:-1]])
            before += number[up[words]] + head_before[words] - before[new_head][np.cumsum(new_head) - 1]
        number[words] = before
    return number


def nonprojective_arcs(heads: Heads, sentences: Offsets) -> Mask:
    """(words,) Which arcs are non-projective: a word strictly between head and dependent is not in the head's subtree.

    The lowest and the highest preorder number in between decide it. Both are computed for each span of 2**k words, for
    k = 0, 1, ...; two such spans cover the words in between (a sparse table).
    """
    up, words = absolute(heads, sentences), np.arange(len(heads))
    number, size = preorder(heads, sentences)
    left, right = np.minimum(words, up), np.maximum(words, up)
    between = np.where(up < 0, 0, right - left - 1)
    result = np.zeros(len(words), bool)
    lowest = highest = number
    for k in range(int(between.max(initial=0)).bit_length()):
        arcs = np.flatnonzero((between >> k) == 1)
        first, last, head = left[arcs] + 1, right[arcs] - (1 << k), up[arcs]
        result[arcs] = np.minimum(lowest[first], lowest[last]) < number[head]
        result[arcs] |= np.maximum(highest[first], highest[last]) >= number[head] + size[head]
        lowest = np.minimum(lowest[: -1 << k], lowest[1 << k :])
        highest = np.maximum(highest[: -1 << k], highest[1 << k :])
    return result


def nonprojective_sentences(heads: Heads, sentences: Offsets) -> Mask:
    """(S,) Which sentences have a non-projective arc."""
    counts = np.bincount(sentence_of(sentences)[nonprojective_arcs(heads, sentences)], minlength=len(sentences) - 1)
    return counts > 0


def projectivized(heads: Heads, sentences: Offsets) -> Heads:
    """(words,) Projectivized heads: each non-projective arc, the shortest first, is moved to its head's head.

    The lifting of Nivre and Nilsson (2005), without their labels. First, roots after the first become its dependents.
    """
    heads = heads.copy()
    of_word, start = sentence_of(sentences), sentences[:-1]
    roots = np.flatnonzero(heads == 0)
    first_root = roots[np.searchsorted(roots, start)] if len(roots) else roots
    later = roots[roots != first_root[of_word[roots]]]
    heads[later] = (first_root - start)[of_word[later]] + 1
    length = np.abs(heads - (np.arange(len(heads)) - start[of_word]) - 1)
    while len(arcs := np.flatnonzero(nonprojective_arcs(heads, sentences) & (heads > 0))):
        shortest = arcs[np.lexsort((arcs, length[arcs], of_word[arcs]))]
        moved = shortest[np.unique(of_word[shortest], return_index=True)[1]]
        heads[moved] = heads[start[of_word[moved]] + heads[moved] - 1]
        length[moved] = np.abs(heads[moved] - (moved - start[of_word[moved]]) - 1)
    return heads
