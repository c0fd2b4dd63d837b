"""One BLAS thread: the matrices of the parser are so small that more threads only burn CPU time."""

from __future__ import annotations

import functools
import sys
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import ThreadpoolController


@functools.cache
def _controller(scipy_blas: bool) -> Any:
    """The libraries in memory; looking for them takes milliseconds. scipy_blas: whether SciPy's BLAS is among them."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[Any]:
    """Within the block, BLAS uses one thread.

    The number is that of the whole process; where several Python threads set it, threadpoolctl obeys the first one.
    """
    limiter: AbstractContextManager[Any] = _controller("scipy.linalg" in sys.modules).limit(limits=1)
    return limiter
