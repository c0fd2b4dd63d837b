"""One BLAS thread: the matrices of the parser are too small for more, which would only burn CPU time."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_active = 0
_limiter: Any = None


@functools.cache
def _controller() -> Any:
    return ThreadpoolController()  # looks for the libraries in memory, which takes milliseconds


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within the block, BLAS uses one thread. Threads may overlap: the last one to leave restores the number."""
    global _active, _limiter
    with _lock:
        if not _active:
            _limiter = _controller().limit(limits=1)
        _active += 1
    try:
        yield
    finally:
        with _lock:
            _active -= 1
            if not _active:
                _limiter.restore_original_limits()
