"""Helpers for brute force over all small trees."""

from __future__ import annotations


def is_tree(heads: tuple[int, ...]) -> bool:
    """Return True if every word of a HEAD column leads to the root, 0."""
    for word in range(1, len(heads) + 1):
        steps = 0
        while word and steps <= len(heads):
            word, steps = heads[word - 1], steps + 1
        if word:
            return False
    return True
