"""Work on a text or on CoNLL-U in small steps, so that the queue can serve several requests in turn."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence

from clearparse.errors import ClearparseError
from clearparse.model.model import Model
from clearparse.treebank.conllu import Block, parse_block
from clearparse.treebank.paragraphs import split_paragraphs
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


def tokenize(model: Model, text: str, limits: Limits) -> Work[Block]:
    """The sentences of a raw text, without tags. Raises RefusalError."""
    texts = list(split_paragraphs(text))
    limits.check_paragraph(max(map(len, texts), default=0))
    parts = []
    for first, group in groups(texts):
        with step([]):
            parts.append(model.tokenize(group, first).text)
        yield
    return parse_block(b"".join(parts))


def chunks(block: Block) -> Iterator[Block]:
    """The sentences of a block, in blocks of about STEP_WORDS words."""
    sentences: list[bytes] = []
    words = 0
    for sentence in block:
        sentences.append(sentence.conllu)
        words += len(sentence)
        if words >= STEP_WORDS:
            yield parse_block(b"".join(sentences), path=block.path)
            sentences, words = [], 0
    if sentences:
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
