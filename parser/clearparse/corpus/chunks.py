"""Parsing of files chunk by chunk, text in and text out; all engines use it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from clearparse.corpus.formats import FORMATS
from clearparse.corpus.inputs import Chunk, TextChunk, read_chunks
from clearparse.errors import ClearparseError
from clearparse.io.files import atomic_output
from clearparse.io.terminal import shows_progress
from clearparse.io.threads import one_blas_thread
from clearparse.model.model import Model
from clearparse.version import __version__

Item = TypeVar("Item")
Result = TypeVar("Result")


class ParsedChunk(NamedTuple):
    """A parsed chunk in an output format, the warnings about it, and the number of its words."""

    text: bytes
    warnings: list[Warning]
    words: int


class ParsedFile(NamedTuple):
    """The warnings about a file that was parsed, and the number of its words."""

    warnings: list[Warning]
    words: int


class BadFile(NamedTuple):
    """Why a file could not be parsed, and the warnings about what was parsed of it."""

    error: ClearparseError
    warnings: list[Warning]


@dataclass(frozen=True)
class ChunkParser:
    """Parses a chunk and writes the trees in an output format, one of FORMATS.

    confidence: write the probability of each arc into MISC. tag: replace the tags of CoNLL-U input.
    ascii_only: draw trees without box-drawing characters. ranges: write where tokens are in raw text into MISC.
    """

    model: Model
    output_format: str
    confidence: bool
    tag: bool
    ascii_only: bool
    ranges: bool = False

    def __call__(self, chunk: Chunk) -> ParsedChunk:
        """The parsed chunk. Raises FileError."""
        with one_blas_thread(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            block = chunk.block(self.model) if isinstance(chunk, TextChunk) else chunk.block(trees=False)
            block = self.model.tag(block) if self.tag else self.model.fill_tags(block)
            output_format = FORMATS[self.output_format]
            parsed = self.model.parse_block(block, confidence=self.confidence and output_format.has_confidence)
            if self.ranges and parsed.raw is not None:
                parsed = parsed.with_ranges()
            text = output_format.write(parsed, self.ascii_only)
        return ParsedChunk(text, _messages(caught), parsed.n_words)

    @property
    def reads_ranges(self) -> bool:
        """Whether the output shows where words are in the raw text."""
        return self.ranges or FORMATS[self.output_format].has_ranges

    def settings(self) -> dict[str, Any]:
        """Everything besides model and input that affects the output, as JSON values."""
        return {
            "form": self.output_format,
            "confidence": self.confidence,
            "tag": self.tag,
            "ascii_only": self.ascii_only,
            "ranges": self.ranges,
            "clearparse": __version__,
        }


@dataclass(frozen=True)
class ParseJob:
    """How files are parsed. input_format: one of INPUTS; by default that of each file is recognized."""

    parser: ChunkParser
    input_format: str | None = None

    def parse(self, inputs: Sequence[str], output: str, jobs: int, *, quiet: bool = True) -> int:
        """Parse inputs (see read_chunks) to one output, written atomically; the number of words.

        A few chunks are in memory at a time, or all texts of a format that has to be assembled. Warnings are issued
        here. quiet: show no progress bar. Raises ClearparseError.
        """
        chunks = read_chunks(inputs, self.input_format, documents=len(inputs) > 1, ranges=self.parser.reads_ranges)
        parsed = map_with(jobs, self.parser, chunks)
        output_format, words = FORMATS[self.parser.output_format], 0

        def texts() -> Iterator[bytes]:
            nonlocal words
            for text, caught, n in parsed:
                for warning in caught:
                    warnings.warn(warning, stacklevel=2)
                words += n
                count(n)
                yield text

        with atomic_output(output) as stream, _word_count(quiet=quiet) as count:
            stream.writelines(output_format.document(texts()))
        return words

    def parse_file(self, source: str, target: str) -> ParsedFile | BadFile:
        """Parse a file to another."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            try:
                words = self.parse([source], target, 1)
            except ClearparseError as error:
                return BadFile(error, _messages(caught))
        return ParsedFile(_messages(caught), words)


def map_with(jobs: int, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Apply the function to each item, in this process or in several; results are in the order of the items."""
    if jobs == 1:
        return map(function, items)
    from clearparse.io.parallel import map_in_order  # here: one process does not need to import multiprocessing

    return map_in_order(function, items, jobs)


@contextlib.contextmanager
def _word_count(*, quiet: bool) -> Iterator[Callable[[int], object]]:
    """A function that adds to the number of words in a progress bar, if one is shown."""
    if not shows_progress(quiet=quiet):
        yield lambda n: None
        return
    from clearparse.io.progress import progress_bar  # here: its import takes longer than parsing a sentence

    with progress_bar(unit=" words") as bar:
        yield bar.update


def _messages(caught: Iterable[warnings.WarningMessage]) -> list[Warning]:
    return [warning.message for warning in caught if isinstance(warning.message, Warning)]
