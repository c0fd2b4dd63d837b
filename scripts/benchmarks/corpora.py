"""Corpora of other sizes, sentence lengths and vocabularies, and raw text, made from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from clearparse.io.files import atomic_output, open_input
from clearparse.treebank.conllu import FORM, Block, parse_block, read_blocks, read_conllu, write_conllu
from clearparse.treebank.sentence import Sentence
from clearparse.treebank.tokens import paragraphs_of, text_of, tokens_in


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


def with_distinct(words: list[bytes], n: int) -> list[bytes]:
    """Words of which n are distinct: rarer ones are replaced by more frequent ones, or repeated ones numbered.

    words: their columns FORM to FEATS. There are at least n of them.
    """
    rank = {word: place for place, (word, _) in enumerate(Counter(words).most_common())}
    if n <= len(rank):
        kept = list(rank)[:n]
        return [kept[rank[word] % n] for word in words]
    first = {word: place for place, word in reversed(list(enumerate(words)))}
    repeated = [place for place, word in enumerate(words) if first[word] < place]
    changed = list(words)
    wanted = n - len(rank)
    for k in range(wanted):  # evenly spaced
        place = repeated[k * len(repeated) // wanted]
        form, rest = words[place].split(b"\t", 1)
        changed[place] = b"%b%d\t%b" % (form, k, rest)
    return changed


def write_text(treebank: Path, output: Path) -> None:
    """Write the text of a treebank, with a blank line between paragraphs."""
    paragraphs = paragraphs_of(read_blocks(treebank, trees=False))
    _write_paragraphs((text_of(tokens_in(paragraph)) for paragraph in paragraphs), output)


def write_paragraphs(lines: Path, size: int, output: Path) -> None:
    """Write the first lines of a text, up to at least this number of bytes, each as a paragraph."""

    def until() -> Iterator[str]:
        written = 0
        with open_input(lines) as stream:
            for line in stream:
                if written >= size:
                    return
                written += len(line)
                yield line.decode().strip()

    _write_paragraphs(filter(None, until()), output)


def _write_paragraphs(paragraphs: Iterable[str], output: Path) -> None:
    with atomic_output(output) as stream:
        stream.writelines(f"{paragraph}\n\n".encode() for paragraph in paragraphs)
