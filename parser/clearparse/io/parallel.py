"""Work on several cores: a process for each, results in the order of the work.

The function goes to every process, but the numbers of its arrays are in memory once: they are written to a file that
each process maps, and that is gone as soon as all have.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import multiprocessing
import os
import queue
import signal
import tempfile
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple, TypeVar

from clearparse.errors import ClearparseError

Item = TypeVar("Item")
Result = TypeVar("Result")

KILLED = "one of the processes was killed; was there enough memory?"
LINE = 64  # bytes
AHEAD = 2  # pieces of work under way or waiting for each process: none is idle, and memory stays bounded


def map_in_order(function: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> Iterator[Result]:
    """function(item) for each item, by `jobs` processes, each with the function and all that belongs to it.

    An exception of the function is raised here. Raises ClearparseError if a process is killed.
    """
    idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()

    def elsewhere(item: Item) -> Result:
        pipe = idle.get()
        try:
            pipe.send(item)
            result, failure = pipe.recv()
        except (EOFError, OSError):
            raise ClearparseError(KILLED) from None
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
        _send(function, pipes)
        yield pipes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


class _Sent(NamedTuple):
    """A function as it goes through a pipe: pickled, but for the bytes of arrays, which are in a file."""

    pickled: bytes
    path: str
    places: list[tuple[int, int]]  # where in the file each array begins and ends


def _send(function: Callable[[Any], Any], pipes: list[Connection]) -> None:
    """Send a function to processes that wait for it. Raises ClearparseError if one has died, or the disk is full."""
    arrays: list[Any] = []
    pickled = io.BytesIO()
    ForkingPickler(pickled, 5, True, arrays.append).dump(function)
    handle, path = tempfile.mkstemp(prefix="clearparse-")
    try:
        with open(handle, "wb") as file:
            places = [_append(file, array.raw()) for array in arrays]
            file.write(b"\0")  # an empty file cannot be mapped
        for pipe in pipes:
            pipe.send(_Sent(pickled.getvalue(), path, places))
        for pipe in pipes:
            pipe.recv()
    except (EOFError, ConnectionError):
        raise ClearparseError(KILLED) from None
    finally:
        os.remove(path)


def _append(file: io.BufferedWriter, data: memoryview) -> tuple[int, int]:
    """Write some bytes to where a line of the processor's cache begins; their places."""
    file.write(bytes(-file.tell() % LINE))
    start = file.tell()
    file.write(data)
    return start, file.tell()


def _receive(pipe: Connection) -> Callable[[Any], Any]:
    """The function that was sent. Its arrays are views of the mapped file, the same memory in all processes."""
    pickled, path, places = pipe.recv()
    with open(path, "rb") as file:
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    function: Callable[[Any], Any] = ForkingPickler.loads(pickled, buffers=[mapped[a:b] for a, b in places])
    pipe.send(True)
    return function


def _work(pipe: Connection) -> None:
    """What a process does until the pipe is closed: (result, None) for each item, or (traceback, failure)."""
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        function = _receive(pipe)
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
