"""A corpus on a cluster: files parsed one by one by the workers of Dask, and sentences of a dask.bag.

A worker that is killed costs time only: what it was at is done again elsewhere, and a file appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any

from dask import config
from dask.bag import Bag
from dask.delayed import delayed
from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin, as_completed, get_worker
from threadpoolctl import threadpool_limits

from clearparse.errors import ClearparseError, FileError
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import Sentence
from clearparse.version import __version__

ParseFile = Callable[[str, str], list[Warning]]  # reads a file, writes another, and tells what it warned of
Task = tuple[str, str]  # a file, and the file to be made of it
Outcome = list[Warning] | ClearparseError

PATIENCE = "20s"  # how long a scheduler may take to answer
_ONE_AT_A_TIME = threading.Lock()  # warnings are caught for a process as a whole


def parse_bag(sentences: Bag, model: Model | str | PathLike[str]) -> Bag:
    """The bag of the same sentences with new trees, made when it is computed.

    The model, or the file of it, is read here and sent to each worker once. Raises FileError.
    """
    if not isinstance(model, Model):
        model = load(model)
    sent = delayed(model, name=f"clearparse-model-{secrets.token_hex(8)}")
    return sentences.map_partitions(_parse_partition, sent)


def _parse_partition(sentences: Iterable[Sentence], model: Model) -> list[Sentence]:
    with threadpool_limits(limits=1):
        return list(model.parse(sentences))


@contextlib.contextmanager
def cluster(scheduler: str | None, jobs: int) -> Iterator[Client]:
    """The cluster whose scheduler has this address, or one of `jobs` processes here that ends with the block.

    Raises ClearparseError if the scheduler does not answer, or if there is a worker without this version of clearparse.
    """
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            client = stack.enter_context(Client(stack.enter_context(_local(jobs)), set_as_default=False))
        else:
            try:
                client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
            except (OSError, ValueError) as error:  # ValueError: not an address
                reason = " ".join(str(error).split())
                raise ClearparseError(f"the scheduler {scheduler} does not answer: {reason}") from None
            _check_workers(stack.enter_context(client), scheduler)
        yield client


def _local(jobs: int) -> LocalCluster:
    """Processes of this machine.

    Dask would have each give freed memory back to the system at once, and then much of the time goes into getting the
    same pages again, emptied, for the next arrays. None: what the C library does by itself. And each would stop a
    hundred times a second to note what it is at, which nobody looks at here.
    """
    settings = {
        "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
        "distributed.worker.profile.enabled": False,
    }
    with config.set(settings):
        return LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # of its metrics: any port that is free
            silence_logs=logging.CRITICAL,
        )


def _check_workers(client: Client, scheduler: str) -> None:
    try:
        versions = client.run(_version)
    except ModuleNotFoundError as error:
        raise ClearparseError(f"the workers of {scheduler} must have clearparse {__version__}: {error}") from None
    if not versions:
        raise ClearparseError(f"the scheduler {scheduler} has no workers")
    for worker, version in versions.items():
        if version != __version__:
            raise ClearparseError(f"the worker {worker} has clearparse {version}, here it is {__version__}")


def _version() -> str:
    return __version__


def parse_files(client: Client, parse_file: ParseFile, tasks: Sequence[Task]) -> Iterator[tuple[int, Outcome]]:
    """Parse files on a cluster, the largest first; as each is done, its number and the warnings or what was wrong.

    The workers see the files under the same absolute names as this process does. Where a worker is killed, its file is
    begun again; if that happens to one file several times, that is what was wrong.
    """
    tasks = [(os.path.abspath(source), os.path.abspath(target)) for source, target in tasks]
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(_on_every_worker(client, parse_file))
        unfinished = [stack.enter_context(_unfinished(folder)) for folder in {os.path.dirname(to) for _, to in tasks}]
        places = {os.path.dirname(folder): folder for folder in unfinished}
        order = sorted(range(len(tasks)), key=lambda k: -_size(tasks[k][0]))
        futures = {
            client.submit(_parse, name, *tasks[k], places[os.path.dirname(tasks[k][1])], pure=False): k for k in order
        }
        try:
            for future in as_completed(futures, loop=client.loop):
                yield futures[future], _outcome(future, tasks[futures[future]][0])
        finally:
            client.cancel(list(futures))


def _outcome(future: Any, source: str) -> Outcome:
    error = future.exception()
    if isinstance(error, KilledWorker):
        return FileError(source, "each worker that parsed it was killed; was there enough memory?")
    if isinstance(error, ClearparseError):
        return error
    warned: list[Warning] = future.result()  # what else went wrong is a defect, and is raised here
    return warned


def _parse(name: str, source: str, target: str, unfinished: str) -> list[Warning]:
    """What a worker does: a file for which there is no name yet, then its name."""
    new = os.path.join(unfinished, f"{secrets.token_hex(8)}-{os.path.basename(target)}")
    tool = get_worker().plugins[name]
    with _ONE_AT_A_TIME:
        warned: list[Warning] = tool.parse_file(source, new)
    os.replace(new, target)
    return warned


class _Tool(WorkerPlugin):  # type: ignore[misc]  # Dask's types are not looked at
    """What parses a file, once on each worker, also on those that come later in the place of killed ones."""

    def __init__(self, parse_file: ParseFile) -> None:
        self.parse_file = parse_file


@contextlib.contextmanager
def _on_every_worker(client: Client, parse_file: ParseFile) -> Iterator[str]:
    """The name under which each worker has what parses a file, until the block ends."""
    name = f"clearparse-{secrets.token_hex(8)}"
    client.register_plugin(_Tool(parse_file), name=name)
    try:
        yield name
    finally:
        with contextlib.suppress(OSError, ValueError):  # the cluster may be gone already, and with it the tool
            client.unregister_worker_plugin(name)


@contextlib.contextmanager
def _unfinished(folder: str) -> Iterator[str]:
    """A folder inside for files under way; with it goes what killed workers left."""
    path = os.path.join(folder, f".{secrets.token_hex(8)}.parsing")
    try:
        os.mkdir(path)
    except OSError as error:
        raise FileError(folder, error.strerror or str(error)) from error
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _size(path: str) -> int:
    """How large a file is; a missing one is told by who opens it."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
