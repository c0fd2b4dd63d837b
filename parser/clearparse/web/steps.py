"""Tokenizing and splitting of text and CoNLL-U in small steps, so that the queue can serve several requests in turn."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence

from clearparse.errors import ClearparseError
from clearparse.model.model import Model
from clearparse.treebank.conllu import Block, parse_block
from clearparse.treebank.paragraphs import locate_paragraphs
from clearparse.treebank.ranges import RawText
from clearparse.web.limits import BAD_REQUEST, Limits, RefusalError
from clearparse.web.work_queue import Work

STEP_CHARACTERS = 20_000  # of raw text that are tokenized in one step, or one paragraph if it is longer
STEP_WORDS = 1000  # that are tagged and parsed in one step, or one sentence if it is longer


@contextlib.contextmanager
def step(notes: list[str]) -> Iterator[None]:
    """One step: warnings are added to the notes, each once; errors in the input become refusals."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        except ClearparseError as error:
            raise RefusalError(BAD_REQUEST, str(error)) from error
    for each in caught:
        if str(each.message) not in notes:
            notes.append(str(each.message))


def tokenize(
    model: Model,
    text: str,
    limits: Limits,
    *,
    presegmented: bool = False,
    annotate: Callable[[Block], Block] = lambda block: block,
) -> Work[list[bytes]]:
    """The sentences of a raw text, without tags, as CoNLL-U of several sentences each: of all, columns would be large.

    presegmented: each line is a sentence. annotate: applied to the blocks, which have ranges (see Block.with_ranges).
    Raises RefusalError.
    """
    located = list(_locate_lines(text) if presegmented else locate_paragraphs(text))
    limits.check_count(len(located), "paragraphs")
    limits.check_paragraph(max((len(plain) for _, plain in located), default=0))
    starts = [0, *(start for start, _ in located[1:]), len(text)]
    parts: list[bytes] = []
    sentences = words = 0
    for first, group in groups([plain for _, plain in located]):
        with step([]):
            begin, end = starts[first - 1], starts[first - 1 + len(group)]
            raw = RawText(text[begin:end], begin)
            block = model.tokenize(group, first, presegmented=presegmented, raw=raw)
            limits.check_longest(block)
            sentences, words = sentences + len(block), words + block.n_words
            limits.check_count(sentences, "sentences")
            limits.check_total(words)
            parts.append(annotate(block).text)
        yield
    return parts


def _locate_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text that are not blank, each with its start; lines end at LF only."""
    start = 0
    for line in text.split("\n"):
        if plain := " ".join(line.split()):
            yield start + len(line) - len(line.lstrip()), plain
        start += len(line) + 1


def chunks(blocks: Iterable[Block]) -> Iterator[Block]:
    """The sentences of blocks, in blocks of about STEP_WORDS words; at least one block, also without sentences."""
    for count, block in enumerate(blocks):
        if len(block) or not count:
            yield from _chunks(block)


def _chunks(block: Block) -> Iterator[Block]:
    sentences: list[bytes] = []
    words = 0
    for sentence in block:
        sentences.append(sentence.conllu)
        words += len(sentence)
        if words >= STEP_WORDS:
            yield parse_block(b"".join(sentences), path=block.path)
            sentences, words = [], 0
    if sentences or not len(block):
        yield parse_block(b"".join(sentences), path=block.path)


def groups(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Paragraphs in groups of about STEP_CHARACTERS, each with the number of its first; at least one group."""
    group: list[str] = []
    first, size = 1, 0
    for text in texts:
        if group and size + len(text) > STEP_CHARACTERS:
            yield first, group
            first, group, size = first + len(group), [], 0
        group.append(text)
        size += len(text)
    yield first, group
