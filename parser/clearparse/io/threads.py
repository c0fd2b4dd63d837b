"""One BLAS thread: the matrices of the parser are so small that more threads only burn CPU time."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import ThreadpoolController


@functools.cache
def _controller() -> Any:
    return ThreadpoolController()  # looks for the libraries in memory, which takes milliseconds


def one_blas_thread() -> AbstractContextManager[Any]:
    """Within the block, BLAS uses one thread.

    The number is that of the whole process; where several Python threads set it, threadpoolctl obeys the first one.
    """
    limiter: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limiter
