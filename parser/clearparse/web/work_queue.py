"""The queue of requests to the parser: one thread serves all of them in turn, a small step of each at a time."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from typing import Any, Generic, NamedTuple, TypeVar

from clearparse.web.limits import TOO_MANY, UNAVAILABLE, Limits, RefusalError

Result = TypeVar("Result")
Work = Generator[None, None, Result]  # yields between steps, returns the result

SHUTTING_DOWN = "the server is shutting down"


class _Job(NamedTuple, Generic[Result]):
    work: Work[Result]
    future: Future[Result]
    large: bool


class WorkQueue:
    """Runs the work of all requests in one thread: the precomputed tables of a model are for one thread only.

    Round robin: one step of each job in turn, so that a short request waits for a step of each longer one and never
    for a whole one. Large jobs run one after the other: in turn, all of them would be in memory, and all late. Work
    whose request has timed out, or whose client has disconnected, stops after its current step.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._jobs: deque[_Job[Any]] = deque()
        self._large: deque[_Job[Any]] = deque()  # that wait until another large job has finished
        self._size = 0  # jobs in both deques, also the one that is running a step
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def run(self, work: Work[Result], size: int = 0) -> Result:
        """The result of the work for a request of `size` bytes.

        Raises RefusalError with status 429 if the queue is full, and 503 after `limits.seconds` or when it is closed.
        """
        future: Future[Result] = Future()
        with self._changed:
            if self._closed:
                raise RefusalError(UNAVAILABLE, SHUTTING_DOWN)
            if self._size >= self.limits.waiting:
                raise RefusalError(TOO_MANY, f"{self._size} requests are waiting already; try again in a moment")
            self._size += 1
            job = _Job(work, future, size > self.limits.large)
            wait = job.large and any(other.large for other in self._jobs)
            (self._large if wait else self._jobs).append(job)
            self._changed.notify()
            if self._thread is None:
                # A daemon, which does not keep the process alive: a step may take seconds when Ctrl-C is pressed.
                self._thread = threading.Thread(target=self._serve, name="parser", daemon=True)
                self._thread.start()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.limits.seconds)
        except asyncio.TimeoutError:
            message = f"no response within {self.limits.seconds:g} s; send less text at a time"
            raise RefusalError(UNAVAILABLE, message) from None

    def close(self) -> None:
        """Refuse new work and end what is queued or running with status 503."""
        with self._changed:
            self._closed = True
            for jobs in (self._jobs, self._large):
                for job in jobs:
                    _fail(job.future, RefusalError(UNAVAILABLE, SHUTTING_DOWN))
                self._size -= len(jobs)
                jobs.clear()
            self._changed.notify()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
                job = self._jobs[0]  # stays there during its step, so that close() finds it
            finished = _step(job)
            with self._changed:
                if not self._jobs:  # closed meanwhile
                    return
                self._jobs.popleft()
                if finished:
                    self._size -= 1
                    if job.large and self._large:
                        self._jobs.append(self._large.popleft())
                else:
                    self._jobs.append(job)


def _step(job: _Job[Any]) -> bool:
    """Run the next step of a job; whether it was the last."""
    if job.future.done():  # timed out, or its client has disconnected
        job.work.close()
        return True
    try:
        next(job.work)
    except StopIteration as end:
        _finish(job.future, end.value)
    except BaseException as error:
        _fail(job.future, error)
    else:
        return False
    return True


def _finish(future: Future[Any], result: Any) -> None:
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_result(result)


def _fail(future: Future[Any], error: BaseException) -> None:
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_exception(error)
