"""Convert sentences to and from NLTK's DependencyGraph: words and a tree, without comments, multiword tokens, MISC."""

from __future__ import annotations

from clearparse.errors import ClearparseError
from clearparse.integrations.rows import sentence_of, word_rows_of
from clearparse.io.optional import optional_import
from clearparse.treebank.conllu import Sentence

with optional_import("nltk", "clearparse.integrations.nltk"):
    from nltk.parse import DependencyGraph

ROOT = "root"


def to_graph(sentence: Sentence) -> DependencyGraph:
    """The graph of a sentence; UPOS is `ctag`, XPOS is `tag`. Raises ClearparseError if a word has no HEAD."""
    rows = word_rows_of(sentence)
    if not all(row[6].isdecimal() for row in rows):
        raise ClearparseError("a DependencyGraph needs a tree, but a HEAD is not a number")
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
