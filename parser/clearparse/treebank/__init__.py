"""Treebanks: reading, writing and checking CoNLL-U, and functions on trees. Independent of transitions and network."""
