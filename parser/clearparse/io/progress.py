"""The progress bar of every command."""

from __future__ import annotations

import threading
from typing import Any

from tqdm import tqdm


class ProgressBar(tqdm):  # type: ignore[misc]  # tqdm publishes no types
    """tqdm's bar with a lock of its own.

    The default lock also holds a semaphore of multiprocessing, which a process that is killed leaks. No two processes
    share a bar here.
    """

    _lock: Any = threading.RLock()
