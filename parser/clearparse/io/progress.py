"""The progress bar of every command."""

from __future__ import annotations

import threading
from typing import Any

from tqdm import tqdm

from clearparse.io.terminal import shows_progress


class ProgressBar(tqdm):  # type: ignore[misc]  # tqdm publishes no types
    """tqdm's bar with a lock of its own.

    The default lock also holds a semaphore of multiprocessing, which a process that is killed leaks. No two processes
    share a bar here.
    """

    _lock: Any = threading.RLock()


def progress_bar(
    *, unit: str, total: int | None = None, done: int = 0, description: str = "", quiet: bool = False
) -> ProgressBar:
    """A bar that counts units, shown on stderr if that is a terminal, and not if quiet.

    unit: with a space before it, as in " words". total: at the end, if that is known. done: at the start.
    """
    return ProgressBar(
        total=total,
        initial=done,
        desc=description or None,
        unit=unit,
        unit_scale=True,
        dynamic_ncols=True,
        leave=False,  # a line says what was done
        disable=not shows_progress(quiet=quiet),
    )
