"""Corpora of other sizes and sentence lengths, made from a CoNLL-U file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from clearparse.io.files import atomic_output, open_input
from clearparse.treebank.conllu import FORM, Block, parse_block, read_conllu, write_conllu
from clearparse.treebank.sentence import Sentence


def write_head(source: Path, words: int, output: Path) -> None:
    """Write the first sentences of a file, up to at least this number of words."""

    def until() -> Iterator[Sentence]:
        found = 0
        for sentence in read_conllu(source):
            if found >= words:
                return
            found += len(sentence)
            yield sentence

    write_conllu(until(), output)


def write_enlarged(source: Path, copies: int, output: Path) -> None:
    """Write a file several times over. Forms that occur once become new forms in each copy, as in longer text."""
    with open_input(source) as stream:
        block = parse_block(stream.read(), path=str(source))
    forms = block.column(FORM)
    count = Counter(forms)
    ends = (block.fields[:, FORM + 1] - 1).tolist()
    bounds = [0, *(end for form, end in zip(forms, ends, strict=True) if count[form] == 1), len(block.source)]
    pieces = [block.source[start:end] for start, end in pairwise(bounds)]
    with atomic_output(output) as stream:
        for copy in range(copies):
            stream.write((b"%d" % copy).join(pieces))


def to_sentences(words: list[bytes], n: int) -> Block:
    """Words (their columns FORM to FEATS) as sentences of n words each; the last may be shorter."""
    lines = (b"%d\t%b\t_\t_\t_\t_\n" % (k % n + 1, word) for k, word in enumerate(words))
    return parse_block(b"".join(b"\n" * (k > 0 and k % n == 0) + line for k, line in enumerate(lines)) + b"\n")
