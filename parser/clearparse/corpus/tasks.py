"""Which files are parsed, and the names of what is written."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from clearparse.errors import ClearparseError
from clearparse.io.overwriting import refuse_overwriting

_TEXT_FILE = re.compile(r"\.(conll\w{0,3}|txt)(\.\w{2,3})?\Z", re.IGNORECASE)
_FILE_NAME = re.compile(r"[/\\*]|\.[A-Za-z]\w{0,7}\Z")
_EXTENSION = re.compile(r"(\.[^.]+)?(\.(?:gz|bz2|xz))?\Z")


class FileTask(NamedTuple):
    """A file to parse, and the file to write."""

    source: str
    target: str


def is_sentence(name: str) -> bool:
    """Whether an input is a sentence to parse: not an existing file, nor something that looks like a file name."""
    return name != "-" and not os.path.lexists(name) and not _looks_like_a_file(name)


def _looks_like_a_file(name: str) -> bool:
    """Whether it ends like the name of a text file or, without a space, has an extension, a slash or a *."""
    return bool(_TEXT_FILE.search(name)) or (" " not in name.strip() and bool(_FILE_NAME.search(name)))


def is_folder(output: str) -> bool:
    """Whether an output names a folder: one that exists, or a name that ends in a slash."""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def expand_patterns(names: Sequence[str]) -> list[str]:
    """The names, with patterns such as `corpus/*.gz` replaced by the files that match, sorted.

    Raises ClearparseError if no file matches a pattern.
    """
    found: list[str] = []
    for name in names:
        is_pattern = glob.has_magic(name) and not os.path.lexists(name)
        matches = sorted(glob.glob(name, recursive=True)) if is_pattern else [name]
        if not matches and not is_sentence(name):  # a sentence may have a question mark
            raise ClearparseError(f"{name}: no file matches")
        found += matches or [name]
    return found


def plan_tasks(
    sources: Sequence[str], folder: str, extension_of: Callable[[str], str | None] = lambda source: None
) -> list[FileTask]:
    """A task for each source: a file of the same name in the folder, with another extension if the source has one.

    `.gz`, `.bz2` or `.xz` at the end of a name stays. Raises ClearparseError for what is not a file, where two sources
    would have one target, and where a source would be overwritten.
    """
    tasks: dict[str, FileTask] = {}
    for source in sources:
        if source == "-" or is_sentence(source):
            raise ClearparseError(f"{source}: not a file; with a folder as --output ({folder}), inputs must be files")
        name = os.path.basename(source)
        extension = extension_of(source)
        target = os.path.join(folder, name if extension is None else _EXTENSION.sub(rf"{extension}\2", name, count=1))
        if other := tasks.get(target):
            raise ClearparseError(f"{other.source} and {source} would both be written to {target}")
        tasks[target] = FileTask(source, target)
    refuse_overwriting(tasks, sources)
    return list(tasks.values())
