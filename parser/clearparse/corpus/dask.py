"""The Dask engine: workers of a cluster parse files, one by one. parse_bag parses the sentences of a dask.bag.

If a worker is killed, another one parses its file from the beginning; files are written atomically.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any

from threadpoolctl import threadpool_limits

from clearparse.corpus.chunks import BadFile, ParsedFile, ParseJob
from clearparse.corpus.runner import Outcome
from clearparse.corpus.tasks import FileTask
from clearparse.errors import ClearparseError, FileError
from clearparse.io.optional import optional_import
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import Sentence
from clearparse.version import __version__

with optional_import("dask", "Dask's engine"):
    from dask import config
    from dask.bag import Bag
    from dask.delayed import delayed
    from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin, as_completed, get_worker

ParseFile = Callable[[str, str], Outcome]  # of source and target

TIMEOUT = "20s"  # of the connection to a scheduler
_WARNINGS_LOCK = threading.Lock()  # warnings are caught for a whole process


def parse_bag(sentences: Bag, model: Model | str | PathLike[str]) -> Bag:
    """The bag of the same sentences, parsed; lazy, as bags are.

    The model, or the file of that name, is loaded here and sent to each worker once. Raises FileError.
    """
    if not isinstance(model, Model):
        model = load(model)
    sent = delayed(model, name=f"clearparse-model-{secrets.token_hex(8)}")
    return sentences.map_partitions(_parse_partition, sent)


def _parse_partition(sentences: Iterable[Sentence], model: Model) -> list[Sentence]:
    with threadpool_limits(limits=1):
        return list(model.parse(sentences))


def parse_files(
    job: ParseJob, tasks: Sequence[FileTask], scheduler: str | None, jobs: int
) -> Generator[tuple[int, Outcome], None, None]:
    """Parse files on the cluster of a scheduler, or without one with `jobs` processes of this machine; an Engine.

    Raises ClearparseError as connect does.
    """
    with connect(scheduler, jobs) as client:
        yield from parse_files_on(client, job.parse_file, tasks)


@contextlib.contextmanager
def connect(scheduler: str | None, jobs: int) -> Iterator[Client]:
    """A client of the scheduler at this address, or of a cluster of `jobs` local processes that ends with the block.

    Raises ClearparseError if the scheduler does not answer, or if a worker has another version of clearparse.
    """
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            client = stack.enter_context(Client(stack.enter_context(_local_cluster(jobs)), set_as_default=False))
        else:
            try:
                client = Client(scheduler, timeout=TIMEOUT, set_as_default=False)
            except (OSError, ValueError) as error:  # ValueError: not an address
                reason = " ".join(str(error).split())
                raise ClearparseError(f"the scheduler {scheduler} does not answer: {reason}") from None
            _check_workers(stack.enter_context(client), scheduler)
        yield client


def _local_cluster(jobs: int) -> LocalCluster:
    """Processes of this machine, with two of Dask's settings changed for speed.

    By default Dask makes malloc return freed memory to the system at once; much time then goes into page faults for
    the next arrays. None restores the C library's default. And the profiler samples each worker 100 times a second.
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
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # for its metrics: any free port
            silence_logs=logging.CRITICAL,
        )


def _check_workers(client: Client, scheduler: str) -> None:
    try:
        versions = client.run(_version)
    except ModuleNotFoundError as error:
        raise ClearparseError(f"the workers of {scheduler} need clearparse {__version__}: {error}") from None
    if not versions:
        raise ClearparseError(f"the scheduler {scheduler} has no workers")
    for worker, version in versions.items():
        if version != __version__:
            raise ClearparseError(f"the worker {worker} has clearparse {version}; this is {__version__}")


def _version() -> str:
    return __version__


def parse_files_on(
    client: Client, parse_file: ParseFile, tasks: Sequence[FileTask]
) -> Generator[tuple[int, Outcome], None, None]:
    """Parse files on a cluster, the largest first; yields the number and the outcome of each one as it is finished.

    The workers must see the files under the same absolute names as this process. If the worker of a file is killed,
    another one parses it; if that happens several times, the outcome is an error.
    """
    tasks = [FileTask(os.path.abspath(source), os.path.abspath(target)) for source, target in tasks]
    with contextlib.ExitStack() as stack:
        plugin = stack.enter_context(_on_every_worker(client, parse_file))
        targets = {os.path.dirname(task.target) for task in tasks}
        scratch = {folder: stack.enter_context(_scratch_folder(folder)) for folder in targets}
        order = sorted(range(len(tasks)), key=lambda k: -_size(tasks[k].source))
        futures = {
            client.submit(_parse_file, plugin, tasks[k], scratch[os.path.dirname(tasks[k].target)], pure=False): k
            for k in order
        }
        try:
            for future in as_completed(futures, loop=client.loop):
                yield futures[future], _outcome(future, tasks[futures[future]].source)
        finally:
            client.cancel(list(futures))


def _outcome(future: Any, source: str) -> Outcome:
    error = future.exception()
    if isinstance(error, KilledWorker):
        return BadFile(FileError(source, "each worker that parsed it was killed; was there enough memory?"), [])
    outcome: Outcome = future.result()  # any other exception is a bug, and is raised here
    return outcome


def _parse_file(plugin: str, task: FileTask, scratch: str) -> Outcome:
    """What a worker does with a task: write to the scratch folder, then rename to the target."""
    new = os.path.join(scratch, f"{secrets.token_hex(8)}-{os.path.basename(task.target)}")
    parse_file = get_worker().plugins[plugin].parse_file
    with _WARNINGS_LOCK:
        outcome: Outcome = parse_file(task.source, new)
    if isinstance(outcome, ParsedFile):
        os.replace(new, task.target)
    return outcome


class _ParserPlugin(WorkerPlugin):  # type: ignore[misc]  # Dask publishes no types
    """Holds the function that parses files, once on each worker, also on those that replace killed ones."""

    def __init__(self, parse_file: ParseFile) -> None:
        self.parse_file = parse_file


@contextlib.contextmanager
def _on_every_worker(client: Client, parse_file: ParseFile) -> Iterator[str]:
    """The name of the plugin that holds parse_file on each worker until the block ends."""
    name = f"clearparse-{secrets.token_hex(8)}"
    client.register_plugin(_ParserPlugin(parse_file), name=name)
    try:
        yield name
    finally:
        with contextlib.suppress(OSError, ValueError):  # the cluster may have ended, and the plugin with it
            client.unregister_worker_plugin(name)


@contextlib.contextmanager
def _scratch_folder(folder: str) -> Iterator[str]:
    """A folder inside for unfinished files, removed at the end with all that killed workers left in it."""
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
    """The size of a file; 0 if it is missing, which is reported when it is opened."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
