"""The journal of a folder: which of its files are finished, so that the same command continues where it stopped."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from clearparse.corpus.tasks import FileTask
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import open_no_link

try:
    import fcntl
except ImportError:  # Windows, where no other process can remove an open file: all that the lock is for
    fcntl = None  # type: ignore[assignment]

JOURNAL = ".parsed.jsonl"

State = list[int]  # size and modification time (ns) of a file; empty if there is none


class Journal:
    """A line of JSON for each finished file: the state of source and target, and the settings.

    A file is finished if none of these has changed since. A line that a crash cut short does not count, nor does a
    file that is gone: it is parsed again. A lock keeps other commands from writing into the folder.
    """

    def __init__(self, folder: str, settings: dict[str, Any]) -> None:
        self.path, self.settings = os.path.join(folder, JOURNAL), settings

    def __enter__(self) -> Journal:
        """Read and lock the journal. Raises FileError, and ClearparseError if another command holds the lock."""
        self._stream = open_no_link(self.path, "a+b")
        try:
            if fcntl is not None:
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._stream.close()
            raise ClearparseError(f"{os.path.dirname(self.path)}: another command is writing into it") from None
        self._entries: dict[str, Any] = {}
        self._stream.seek(0)
        for line in self._stream:
            with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                entry = json.loads(line)
                self._entries[entry["target"]] = entry
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def is_finished(self, task: FileTask) -> bool:
        """Whether the target exists as it would be written now."""
        return self._entries.get(os.path.basename(task.target)) == self._entry(task, state_of(task.source))

    def add(self, task: FileTask, source_state: State) -> None:
        """Note that a target is finished; source_state: from before the source was read. Raises FileError."""
        entry = json.dumps(self._entry(task, source_state))
        try:
            self._stream.write(f"\n{entry}\n".encode())
            self._stream.flush()
        except OSError as error:
            raise FileError(self.path, error.strerror or str(error)) from error

    def _entry(self, task: FileTask, source_state: State) -> dict[str, Any]:
        return {
            "target": os.path.basename(task.target),
            "state": state_of(task.target),
            "source": os.path.abspath(task.source),
            "source state": source_state,
            "settings": self.settings,
        }


def state_of(path: str) -> State:
    """Size and modification time of a file; empty if there is none."""
    with contextlib.suppress(OSError, ValueError):
        found = os.stat(path)
        return [found.st_size, found.st_mtime_ns]
    return []
