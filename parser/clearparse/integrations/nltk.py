"""Sentences to and from NLTK's DependencyGraph, which holds words and a tree: no comments, ranges, MISC."""

from __future__ import annotations

from clearparse.errors import ClearparseError
from clearparse.integrations.rows import sentence_of, words_of
from clearparse.io.optional import optional_import
from clearparse.treebank.conllu import Sentence

with optional_import("nltk", "clearparse.integrations.nltk"):
    from nltk.parse import DependencyGraph

ROOT = "root"


def to_graph(sentence: Sentence) -> DependencyGraph:
    """A graph of its words; UPOS is the node's `ctag`, XPOS its `tag`. Raises ClearparseError if there is no tree."""
    rows = words_of(sentence)
    if not all(row[6].isdecimal() for row in rows):
        raise ClearparseError("a DependencyGraph needs a tree: HEAD is not a number")
    root = next((row[7] for row in rows if row[6] == "0"), ROOT)
    lines = "\n".join("\t".join(row) for row in rows)
    return DependencyGraph(lines, cell_separator="\t", top_relation_label=root)


def from_graph(graph: DependencyGraph) -> Sentence:
    """The sentence of a graph; DEPS and MISC are `_`. Raises ClearparseError if its nodes are not numbered 1 to n."""
    nodes = [graph.nodes[address] for address in sorted(graph.nodes) if address]
    rows = [
        [
            *(_or_empty(node[key]) for key in ("address", "word", "lemma", "ctag", "tag", "feats", "head", "rel")),
            "_",
            "_",
        ]
        for node in nodes
    ]
    return sentence_of([], rows, "<DependencyGraph>")


def _or_empty(value: object) -> str:
    return "_" if value is None or value == "" else str(value)
