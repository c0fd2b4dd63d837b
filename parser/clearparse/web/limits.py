"""What one request may ask for, and how many may wait; a refusal is a status of HTTP and one line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from clearparse.treebank.conllu import Block

BAD_REQUEST, TIMEOUT, TOO_LARGE, TOO_MANY, OVERLOADED = 400, 408, 413, 429, 503
Result = TypeVar("Result")


class RefusalError(Exception):
    """A request that is not served: the status of HTTP, and the line that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Limits:
    """size: bytes of a request. longest: words of a sentence, which is parsed step by step. words: of one that is
    explained. seconds: for an answer. waiting: requests that may be at work or wait for it."""

    size: int = 4 << 20
    longest: int = 2000
    words: int = 250
    seconds: float = 30.0
    waiting: int = 16

    def check(self, block: Block) -> Block:
        """The block. Raises RefusalError if it has a sentence that is too long."""
        most = int(np.diff(block.sentences).max(initial=0))
        if most > self.longest:
            raise RefusalError(TOO_LARGE, f"a sentence of {most:,} words; at most {self.longest:,} are parsed")
        return block


class Desk:
    """The one thread that works for all requests, in turn: a model's tables are not to be filled by two at once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._thread = ThreadPoolExecutor(1, "parser")
        self._lock, self._there = threading.Lock(), 0

    async def do(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """What work(*arguments) returns. Raises RefusalError if too many wait, or if it takes too long.

        Work that takes too long goes on, and keeps its place, until it is done; how long that is, the size limits.
        """
        with self._lock:
            if self._there >= self.limits.waiting:
                raise RefusalError(TOO_MANY, f"{self._there} requests are waiting already; try again in a moment")
            self._there += 1
        future = self._thread.submit(work, *arguments)
        future.add_done_callback(self._leave)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.limits.seconds)
        except asyncio.TimeoutError:
            raise RefusalError(OVERLOADED, f"no answer within {self.limits.seconds:g} s; send less at once") from None

    def _leave(self, _: Future[Any]) -> None:
        with self._lock:
            self._there -= 1

    def close(self) -> None:
        """Take no more work, and drop what has not begun."""
        self._thread.shutdown(wait=False, cancel_futures=True)
