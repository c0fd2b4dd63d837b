"""Work on several cores: a process for each, results in the order of the work."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from parser.errors import ClearparseError

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # pieces of work under way or waiting for each process: none is idle, and memory stays bounded


def map_in_order(function: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> Iterator[Result]:
    """function(item) for each item, by `jobs` processes, each with a copy of the function and all that belongs to it.

    An exception of the function is raised here. Raises ClearparseError if a process is killed.
    """
    idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()

    def elsewhere(item: Item) -> Result:
        pipe = idle.get()
        try:
            pipe.send(item)
            result, failure = pipe.recv()
        except (EOFError, OSError):
            raise ClearparseError("one of the processes was killed; was there enough memory?") from None
        finally:
            idle.put(pipe)
        if failure is not None:
            raise failure from RuntimeError(result)
        return result  # type: ignore[no-any-return]  # what function returned, over there

    waiting: deque[Future[Result]] = deque()
    # The processes go first: then no thread waits for one of them any more.
    with ThreadPoolExecutor(jobs) as threads, _processes(function, jobs) as pipes:
        for pipe in pipes:
            idle.put(pipe)
        for item in items:
            waiting.append(threads.submit(elsewhere, item))
            if len(waiting) == AHEAD * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextlib.contextmanager
def _processes(function: Callable[[Any], Any], jobs: int) -> Iterator[list[Connection]]:
    """Processes that apply the function to what comes through their pipes; they end with the block, however it ends."""
    # Begun afresh, not forked: this works alike on every system, and with BLAS threads about.
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    try:
        with _ctrl_c_for_others():
            for _ in range(jobs):
                here, there = context.Pipe()
                process = context.Process(target=_work, args=(there,), daemon=True)
                process.start()
                there.close()
                pipes.append(here)
                processes.append(process)
        for pipe in pipes:
            pipe.send(function)
        yield pipes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _work(pipe: Connection) -> None:
    """What a process does until the pipe is closed: (result, None) for each item, or (traceback, failure)."""
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        function = pipe.recv()
        while True:
            item = pipe.recv()
            try:
                result, failure = function(item), None
            except Exception as error:  # whatever it is, it is raised where the work came from
                result, failure = traceback.format_exc(), error
            pipe.send((result, failure))


@contextlib.contextmanager
def _ctrl_c_for_others() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal; those begun in this block leave it to the first, which hears it."""
    if os.name == "nt":  # where a signal cannot wait
        yield
        return
    resource_tracker.ensure_running()  # a process of multiprocessing's own, at whose start it lets signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
