"""The local engine: files are parsed chunk by chunk, in this process or in several."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from clearparse.corpus.chunks import BadFile, ChunkParser, ParsedChunk, ParsedFile, ParseJob, map_with
from clearparse.corpus.formats import FORMATS
from clearparse.corpus.inputs import Chunk, read_chunks
from clearparse.corpus.runner import Outcome
from clearparse.corpus.tasks import FileTask
from clearparse.errors import ClearparseError
from clearparse.io.files import atomic_output

NumberedChunk = tuple[int, Chunk | ClearparseError | None]  # by the number of its file


def parse_files(job: ParseJob, tasks: Sequence[FileTask], jobs: int) -> Generator[tuple[int, Outcome], None, None]:
    """Parse files in order with `jobs` processes; an Engine. One file is written at a time.

    Raises ClearparseError if a process is killed.
    """
    bad: set[int] = set()  # files of which no more needs to be read
    chunks, worker = _chunks(job, tasks, bad), Worker(job.parser)
    for number, group in groupby(map_with(jobs, worker, chunks), key=itemgetter(0)):
        try:
            yield number, _write(job.parser, tasks[number].target, (parsed for _, parsed in group))
        except _BadFileError as failure:
            bad.add(number)
            yield number, failure.outcome


@dataclass(frozen=True)
class Worker:
    """What each process applies to each chunk. An error is a result, so that other files are still parsed."""

    parser: ChunkParser

    def __call__(self, numbered: NumberedChunk) -> tuple[int, ParsedChunk | ClearparseError]:
        number, chunk = numbered
        if chunk is None:
            return number, ParsedChunk(b"", [], 0)
        if isinstance(chunk, ClearparseError):
            return number, chunk
        try:
            return number, self.parser(chunk)
        except ClearparseError as error:
            return number, error


def _chunks(job: ParseJob, tasks: Sequence[FileTask], bad: set[int]) -> Iterator[NumberedChunk]:
    """For each file None, so that an empty one is written too, then its chunks, then an error if there is one."""
    for number, task in enumerate(tasks):
        yield number, None
        try:
            for chunk in read_chunks([task.source], job.input_format, ranges=job.parser.reads_ranges):
                if number in bad:
                    break
                yield number, chunk
        except ClearparseError as error:
            yield number, error


def _write(parser: ChunkParser, target: str, results: Iterable[ParsedChunk | ClearparseError]) -> ParsedFile:
    """Write one file atomically. Raises _BadFileError."""
    warned: list[Warning] = []
    words = 0

    def texts() -> Iterator[bytes]:
        nonlocal words
        for result in results:
            if isinstance(result, ClearparseError):
                raise _BadFileError(BadFile(result, warned))
            warned.extend(result.warnings)
            words += result.words
            yield result.text

    with atomic_output(target, follow_links=False) as stream:
        stream.writelines(FORMATS[parser.output_format].document(texts()))
    return ParsedFile(warned, words)


class _BadFileError(Exception):
    """A file cannot be parsed; ends the block of atomic_output."""

    def __init__(self, outcome: BadFile) -> None:
        super().__init__(outcome)
        self.outcome = outcome
