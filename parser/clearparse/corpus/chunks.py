"""Text in, parsed text out, chunk by chunk: what every engine applies to every file."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from clearparse.corpus.formats import FORMATS
from clearparse.corpus.tasks import is_sentence
from clearparse.io.files import atomic_output
from clearparse.io.parallel import map_in_order
from clearparse.model.model import BLOCK_BYTES, Model
from clearparse.treebank.conllu import ConlluText, read_texts
from clearparse.treebank.paragraphs import Paragraphs, read_paragraphs, split_paragraphs
from clearparse.version import __version__

Chunk = ConlluText | Paragraphs
Parsed = tuple[bytes, list[Warning]]


def read_chunks(inputs: Sequence[str], *, raw: bool) -> Iterator[Chunk]:
    """The chunks of files (``-``: standard input), or of sentences: an input with a space that is no file's name.

    raw: the files are plain text, not CoNLL-U. Raises FileError.
    """
    first = 1
    for each in inputs:
        if is_sentence(each):
            texts: Iterable[list[str]] = [list(split_paragraphs(each))]
        elif raw:
            texts = read_paragraphs(each)
        else:
            yield from read_texts(each, block_bytes=BLOCK_BYTES)
            continue
        for some in texts:
            yield Paragraphs(some, first)
            first += len(some)


@dataclass(frozen=True)
class ChunkParser:
    """Parses a chunk and writes the trees in an output format, one of FORMATS.

    confidence: write the probability of each arc into MISC. tag: replace the tags of CoNLL-U input.
    ascii_only: draw trees without box-drawing characters.
    """

    model: Model
    output_format: str
    confidence: bool
    tag: bool
    ascii_only: bool

    def __call__(self, chunk: Chunk) -> Parsed:
        """The parsed chunk, and the warnings about it. Raises FileError."""
        with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            if isinstance(chunk, Paragraphs):
                block = self.model.tag(self.model.tokenize(chunk.texts, chunk.first))
            else:
                block = chunk.block(trees=False)
                if self.tag or self.model.wants_tags(block):
                    block = self.model.tag(block)
            output_format = FORMATS[self.output_format]
            parsed = self.model.parse_block(block, confidence=self.confidence and output_format.has_confidence)
            text = output_format.write(parsed, self.ascii_only)
        return text, _messages(caught)

    def settings(self) -> dict[str, Any]:
        """All that decides the output besides model and input, as JSON values."""
        return {
            "form": self.output_format,
            "confidence": self.confidence,
            "tag": self.tag,
            "ascii_only": self.ascii_only,
            "clearparse": __version__,
        }


@dataclass(frozen=True)
class ParseJob:
    """How files are parsed. raw: they are plain text, not CoNLL-U."""

    parser: ChunkParser
    raw: bool

    def parse(self, inputs: Sequence[str], output: str, jobs: int) -> None:
        """Parse inputs (see read_chunks) to one output, which appears whole or not at all.

        A few chunks are in memory at a time, or all texts of a format that has to be assembled. Warnings are issued
        here. Raises ClearparseError.
        """
        chunks = read_chunks(inputs, raw=self.raw)
        parsed = self._issue_warnings(
            map(self.parser, chunks) if jobs == 1 else map_in_order(self.parser, chunks, jobs)
        )
        output_format = FORMATS[self.parser.output_format]
        with atomic_output(output) as stream:
            stream.writelines(output_format.document(parsed))

    def _issue_warnings(self, parsed: Iterable[Parsed]) -> Iterator[bytes]:
        for text, caught in parsed:
            for warning in caught:
                warnings.warn(warning, stacklevel=2)
            yield text

    def parse_file(self, source: str, target: str) -> list[Warning]:
        """Parse a file to another; the warnings about it. Raises ClearparseError."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            self.parse([source], target, 1)
        return _messages(caught)


def _messages(caught: Iterable[warnings.WarningMessage]) -> list[Warning]:
    return [warning.message for warning in caught if isinstance(warning.message, Warning)]
