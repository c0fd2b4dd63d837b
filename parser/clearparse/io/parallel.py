"""Map a function over items in several processes; results come back in the order of the items.

The function is sent to each process once. The data of its arrays are written to a file that all processes map, so that
they are in memory once; the file is removed as soon as all have mapped it.

Why not joblib 1.6 (loky)? It keeps the order and maps arrays, but pickles the function anew for each item, and its
processes outlive a killed parent (4 of 4 after 10 s). Parsing 300 copies of the sample with the English model and two
jobs took 38 s and 0.9 GB at the peak (all processes, shared memory counted once); with this module 10 s and 0.4 GB.
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
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple, TypeVar

from threadpoolctl import threadpool_limits

from clearparse.errors import ClearparseError

Item = TypeVar("Item")
Result = TypeVar("Result")

KILLED = "one of the processes was killed; was there enough memory?"
ALIGNMENT = 64  # bytes: a cache line
_to_parent: Connection | None = None  # in a process of map_in_order
QUEUED = 2  # items running or waiting per process: no process is idle, and memory stays bounded


class _Message(NamedTuple):
    value: Any


def map_in_order(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int,
    receive: Callable[[Any], None] = lambda value: None,
) -> Iterator[Result]:
    """function(item) for each item, in order, computed by `jobs` processes. Function and items must be picklable.

    receive: called here, in several threads, with what the function gives to send_to_parent while it works on an item.
    An exception of the function is raised here. Raises ClearparseError if a process is killed. The processes end with
    the iteration, and with this process, however it ends.
    """
    idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()

    def apply(item: Item) -> Result:
        pipe = idle.get()
        try:
            pipe.send(item)
            while isinstance(reply := pipe.recv(), _Message):
                pipe.send(_error_of(receive, reply.value))
            result, error = reply
        except (EOFError, OSError):
            raise ClearparseError(KILLED) from None
        finally:
            idle.put(pipe)
        if error is not None:
            raise error from RuntimeError(result)
        return result  # type: ignore[no-any-return]  # what the function returned in the other process

    pending: deque[Future[Result]] = deque()
    # The processes end before the threads are joined: no thread then waits for a process.
    with ThreadPoolExecutor(jobs) as threads, _processes(function, jobs) as pipes:
        for pipe in pipes:
            idle.put(pipe)
        for item in items:
            pending.append(threads.submit(apply, item))
            if len(pending) == QUEUED * jobs:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def send_to_parent(value: Any) -> None:
    """In a process of map_in_order: call its `receive` with a value in the parent, and wait until that has returned.

    Raises what `receive` raises.
    """
    assert _to_parent is not None
    _to_parent.send(_Message(value))
    if error := _to_parent.recv():
        raise error


def _error_of(receive: Callable[[Any], None], value: Any) -> Exception | None:
    try:
        receive(value)
    except Exception as error:  # of any kind: it is raised in the other process
        return error
    return None


@contextlib.contextmanager
def _processes(function: Callable[[Any], Any], jobs: int) -> Iterator[list[Connection]]:
    """The pipes of `jobs` processes that apply the function to what they receive; they end with the block."""
    # Spawned, not forked: the same on every system, and safe while BLAS has threads.
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    try:
        with _interrupts_blocked():
            for _ in range(jobs):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                pipes.append(ours)
                processes.append(process)
        _send_function(function, pipes)
        yield pipes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


class _SentFunction(NamedTuple):
    """A pickled function whose arrays have their data in a file."""

    pickled: bytes
    path: str
    spans: list[tuple[int, int]]  # begin and end of each array in the file, in bytes


def _send_function(function: Callable[[Any], Any], pipes: list[Connection]) -> None:
    """Send a function to all processes. Raises ClearparseError if one has died, OSError if the disk is full."""
    arrays: list[Any] = []
    pickled = io.BytesIO()
    ForkingPickler(pickled, 5, True, arrays.append).dump(function)
    handle, path = tempfile.mkstemp(prefix="clearparse-")
    try:
        with open(handle, "wb") as file:
            spans = [_append_aligned(file, array.raw()) for array in arrays]
            file.write(b"\0")  # an empty file cannot be mapped
        for pipe in pipes:
            pipe.send(_SentFunction(pickled.getvalue(), path, spans))
        for pipe in pipes:
            pipe.recv()
    except (EOFError, ConnectionError):
        raise ClearparseError(KILLED) from None
    finally:
        os.remove(path)


def _append_aligned(file: io.BufferedWriter, data: memoryview) -> tuple[int, int]:
    """Append data at the next multiple of ALIGNMENT; where they begin and end."""
    file.write(bytes(-file.tell() % ALIGNMENT))
    begin = file.tell()
    file.write(data)
    return begin, file.tell()


def _receive_function(pipe: Connection) -> Callable[[Any], Any]:
    """The function that was sent; its arrays are read-only views of the mapped file."""
    pickled, path, spans = pipe.recv()
    with open(path, "rb") as file:
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    function: Callable[[Any], Any] = ForkingPickler.loads(pickled, buffers=[mapped[a:b] for a, b in spans])
    pipe.send(True)
    return function


def _serve(pipe: Connection) -> None:
    """What a process runs until the pipe is closed: reply (result, None) or (traceback, exception) to each item."""
    global _to_parent
    _to_parent = pipe
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        function = _receive_function(pipe)
        threadpool_limits(limits=1)  # of NumPy, which the function has imported: more would wait for each other
        while True:
            item = pipe.recv()
            try:
                result, failure = function(item), None
            except Exception as error:  # of any kind: it is raised again in the parent
                result, failure = traceback.format_exc(), error
            pipe.send((result, failure))


def _end_with_parent() -> None:
    """End this process as soon as its parent has ended, killed or not: an item can take hours."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Processes started in this block ignore Ctrl-C, which a terminal sends to all: the parent handles it.

    The parent handles it after the block: a process that is only half started would print a traceback.
    """
    if os.name == "nt":  # Windows cannot block a signal
        yield
        return
    resource_tracker.ensure_running()  # started now, as it would unblock SIGINT when it starts later
    with _interrupts_delayed():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _interrupts_delayed() -> Iterator[None]:
    """Call the handler of Ctrl-C after the block: if this thread blocks the signal, another one may receive it."""
    handler, caught = signal.getsignal(signal.SIGINT), []
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not (callable(handler) and in_main_thread):
        yield  # no interrupt is raised here
        return
    signal.signal(signal.SIGINT, lambda *received: caught.append(received))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if caught:
            handler(*caught[0])
