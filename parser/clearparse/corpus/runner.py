"""Parse a corpus: many files into a folder, each written atomically; unchanged files are not parsed again."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

from clearparse.corpus.chunks import BadFile, ParsedFile, ParseJob
from clearparse.corpus.journal import JOURNAL, Journal, state_of
from clearparse.corpus.tasks import FileTask
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import remove_unfinished

Outcome = ParsedFile | BadFile  # of a file

# Parses files; yields the number and the outcome of each one as it is finished. See processes.py and dask.py.
Engine = Callable[[ParseJob, Sequence[FileTask]], Generator[tuple[int, Outcome], None, None]]


class CorpusResult(NamedTuple):
    """How many files were written, how many were finished before, and why others could not be parsed.

    words: in the files that were written.
    """

    written: int
    unchanged: int
    errors: list[ClearparseError]
    words: int


def parse_corpus(
    job: ParseJob,
    tasks: Sequence[FileTask],
    folder: str,
    engine: Engine,
    *,
    settings: dict[str, Any],
    skip_bad_files: bool,
    quiet: bool = False,
) -> CorpusResult:
    """Parse the files that are not finished yet.

    settings: everything besides the inputs that affects the output, as JSON values. quiet: show no progress bar.
    Raises ClearparseError if the folder cannot be written, and, unless bad files are skipped, at the first one.
    """
    from clearparse.io.progress import progress_bar  # here: for one output file it need not be imported

    errors: list[ClearparseError] = []
    words = 0
    with _existing(folder), Journal(folder, settings) as journal:
        remove_unfinished(folder)
        pending = [task for task in tasks if not journal.is_finished(task)]
        states = [state_of(task.source) for task in pending]  # before they are read: a later change will show
        outcomes = engine(job, pending)
        with contextlib.closing(outcomes), progress_bar(total=len(pending), unit=" files", quiet=quiet) as bar:
            for number, outcome in outcomes:
                for warning in outcome.warnings:
                    warnings.warn(warning, stacklevel=2)
                if isinstance(outcome, ParsedFile):
                    words += outcome.words
                    bar.set_postfix_str(f"{words:,} words", refresh=False)
                    journal.add(pending[number], states[number])
                elif skip_bad_files:
                    errors.append(outcome.error)
                else:
                    raise outcome.error
                bar.update()
    return CorpusResult(len(pending) - len(errors), len(tasks) - len(pending), errors, words)


@contextlib.contextmanager
def _existing(folder: str) -> Iterator[None]:
    """Create a folder if there is none, and remove it again if the block leaves nothing in it."""
    created = not os.path.isdir(folder)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise FileError(folder, error.strerror or str(error)) from error
    try:
        yield
    finally:
        if created and set(os.listdir(folder)) <= {JOURNAL}:
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(folder, JOURNAL))
            os.rmdir(folder)
