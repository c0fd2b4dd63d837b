"""A corpus: many files in, a whole file out for each, in a folder; the same command again goes on where it stopped."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO, cast

from tqdm import tqdm

from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output, remove_unfinished
from clearparse.io.parallel import map_in_order
from clearparse.treebank.conllu import Text
from clearparse.treebank.text import Paragraphs

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed by another process, which is all the lock is for
    fcntl = None  # type: ignore[assignment]

JOURNAL = ".parsed.jsonl"
_ENDING = re.compile(r"(\.[^.]+)?(\.gz)?\Z")

Piece = Text | Paragraphs
Parsed = tuple[bytes, list[Warning]]


@dataclass(frozen=True)
class Task:
    """A file of a corpus, and what is to become of it."""

    source: str
    target: str


@dataclass(frozen=True)
class How:
    """What a corpus is parsed with. settings: all that decides what comes out, in JSON's values."""

    worker: Callable[[Piece], Parsed]
    pieces: Callable[[str], Iterator[Piece]]
    begins: bytes
    ends: bytes
    settings: dict[str, Any]


def is_folder(output: str) -> bool:
    """Does a name mean a folder: one that is there, or that ends as folders do?"""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def plan(sources: Sequence[str], folder: str, ending: str | None) -> list[Task]:
    """The name of each file in the folder: its own; `ending`, if there is one, takes the place of its last ending.

    Raises ClearparseError where two would have one name, where a file would replace itself, or for what is no file.
    """
    tasks: dict[str, Task] = {}
    for source in sources:
        if source == "-" or (" " in source.strip() and not os.path.lexists(source)):
            raise ClearparseError(f"{source}: not a file; --output {folder} is a folder, which files are parsed into")
        name = os.path.basename(source)
        target = os.path.join(folder, name if ending is None else _ENDING.sub(rf"{ending}\2", name, count=1))
        if other := tasks.get(target):
            raise ClearparseError(f"{other.source} and {source} would both become {target}")
        if os.path.exists(target) and os.path.exists(source) and os.path.samefile(source, target):
            raise ClearparseError(f"{source} would be replaced by its own trees; name another folder")
        tasks[target] = Task(source, target)
    return list(tasks.values())


def expanded(names: Sequence[str]) -> list[str]:
    """The files of patterns (`corpus/*.gz`), in order; else the names. Raises ClearparseError if a pattern has none."""
    found: list[str] = []
    for name in names:
        is_pattern = glob.has_magic(name) and not os.path.lexists(name)
        matching = sorted(glob.glob(name, recursive=True)) if is_pattern else [name]
        if not matching and " " not in name:  # a sentence may have a question mark
            raise ClearparseError(f"{name}: no file has such a name")
        found += matching or [name]
    return found


Run = Callable[["Corpus", int], list[ClearparseError]]


def run_here(corpus: Corpus, jobs: int) -> list[ClearparseError]:
    """Parse by processes of this machine; what was wrong with files that could not be parsed."""
    return corpus.run(jobs)


def parse_corpus(how: How, tasks: Sequence[Task], folder: str, jobs: int, run: Run, *, skip: bool) -> None:
    """Parse what is not done yet. skip: a bad file is told at the end, and does not stop the others.

    Raises ClearparseError at the first bad file, or, if they are skipped, when all else is done.
    """
    with _folder(folder), Journal(folder, how.settings) as journal:
        remove_unfinished(folder)
        left = [task for task in tasks if not journal.has(task)]
        bad = run(Corpus(how, left, journal, skip=skip), jobs)
    done, there = len(left) - len(bad), len(tasks) - len(left)
    print(f"{done} file{'s' * (done != 1)} written to {folder}" + f", {there} were done before" * (there > 0))
    for error in bad:
        print("\\n".join(str(error).splitlines()), file=sys.stderr)
    if bad:
        raise ClearparseError(f"{len(bad)} of {len(tasks)} files could not be parsed; the others are in {folder}")


class Corpus:
    """The parsing of some tasks, one after another; their pieces are numbered by the task that they belong to."""

    def __init__(self, how: How, tasks: Sequence[Task], journal: Journal, *, skip: bool) -> None:
        self.how, self.tasks, self.journal, self.skip = how, tasks, journal, skip
        self._given_up: set[int] = set()  # tasks of which no more needs to be read
        self._states: dict[int, list[int]] = {}  # of the sources, before they were read: what changes later shows

    def run(self, jobs: int) -> list[ClearparseError]:
        """Write all files; what was wrong with those that could not be parsed."""
        work, each, bad = self._work(), Each(self.how.worker), []
        results = map(each, work) if jobs == 1 else map_in_order(each, work, jobs)
        with tqdm(total=len(self.tasks), unit=" files", disable=None) as bar:
            for number, group in groupby(results, key=itemgetter(0)):
                try:
                    self._write(self.tasks[number].target, group)
                except _BadFileError as failure:
                    self._given_up.add(number)
                    if not self.skip:
                        raise failure.error from None
                    bad.append(failure.error)
                else:
                    self.journal.note(self.tasks[number], self._states.pop(number))
                bar.update()
        return bad

    def _work(self) -> Iterator[tuple[int, Piece | ClearparseError | None]]:
        """For each task nothing, then its pieces, and perhaps what is wrong with it."""
        for number, task in enumerate(self.tasks):
            self._states[number] = self.journal.state(task)
            yield number, None
            try:
                for piece in self.how.pieces(task.source):
                    if number in self._given_up:
                        break
                    yield number, piece
            except ClearparseError as error:
                yield number, error

    def _write(self, target: str, group: Iterable[tuple[int, Parsed | ClearparseError]]) -> None:
        """Write one file, whole or not at all. Raises _BadFileError."""
        with atomic_output(target) as stream:
            stream.write(self.how.begins)
            for _, result in group:
                if isinstance(result, ClearparseError):
                    raise _BadFileError(result)
                parsed, warned = result
                stream.write(parsed)
                for warning in warned:
                    warnings.warn(warning, stacklevel=2)
            stream.write(self.how.ends)


@dataclass(frozen=True)
class Each:
    """What one process does with a numbered piece. What is wrong with a file is a result: it concerns no other file."""

    worker: Callable[[Piece], Parsed]

    def __call__(self, item: tuple[int, Piece | ClearparseError | None]) -> tuple[int, Parsed | ClearparseError]:
        number, piece = item
        if piece is None:
            return number, (b"", [])
        if isinstance(piece, ClearparseError):
            return number, piece
        try:
            return number, self.worker(piece)
        except ClearparseError as error:
            return number, error


class _BadFileError(Exception):
    """A file of the corpus cannot be parsed."""

    def __init__(self, error: ClearparseError) -> None:
        super().__init__(error)
        self.error = error


class Journal:
    """Which files of a folder are done: a line of JSON for each, with size and time of it and of what it was made from.

    A file is done if nothing of that has changed since, nor the settings. A line cut short by a crash counts for
    nothing, nor does a line of a file that is gone: it is parsed again. While one process writes, others may not.
    """

    def __init__(self, folder: str, settings: dict[str, Any]) -> None:
        self.path, self.settings = os.path.join(folder, JOURNAL), settings

    def __enter__(self) -> Journal:
        try:
            self._stream = cast(BinaryIO, open(self.path, "a+b"))
        except OSError as error:
            raise FileError(self.path, f"cannot be written: {error.strerror}") from error
        try:
            if fcntl is not None:
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._stream.close()
            raise ClearparseError(f"{os.path.dirname(self.path)}: another command is writing into it") from None
        self._stream.seek(0)
        self._done: dict[str, Any] = {}
        for line in self._stream:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                entry = json.loads(line)
                self._done[entry["target"]] = entry
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def has(self, task: Task) -> bool:
        """Is the file of this task there, and as it would be made now?"""
        return self._done.get(os.path.basename(task.target)) == self._entry(task, self.state(task), task.target)

    def state(self, task: Task) -> list[int]:
        """Size and time of what the file is made from."""
        return _state(task.source)

    def note(self, task: Task, state: list[int]) -> None:
        """The file is done, from a source of this state. Raises FileError."""
        entry = json.dumps(self._entry(task, state, task.target))
        try:
            self._stream.write(f"\n{entry}\n".encode())
            self._stream.flush()
        except OSError as error:
            raise FileError(self.path, error.strerror or str(error)) from error

    def _entry(self, task: Task, state: list[int], target: str) -> dict[str, Any]:
        return {
            "target": os.path.basename(target),
            "state": _state(target),
            "source": os.path.abspath(task.source),
            "source state": state,
            "settings": self.settings,
        }


def _state(path: str) -> list[int]:
    """Size and time of a file; nothing where it is not."""
    with contextlib.suppress(OSError, ValueError):
        found = os.stat(path)
        return [found.st_size, found.st_mtime_ns]
    return []


@contextlib.contextmanager
def _folder(folder: str) -> Iterator[None]:
    """A folder that is there; if it was made for the block and the block leaves nothing in it, it is gone again."""
    made = not os.path.isdir(folder)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise FileError(folder, error.strerror or str(error)) from error
    try:
        yield
    finally:
        if made and set(os.listdir(folder)) <= {JOURNAL}:
            os.remove(os.path.join(folder, JOURNAL))
            os.rmdir(folder)
