"""`parse.py --engine dask`: each input becomes a file of the same name in a folder, by the workers of a cluster."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Callable, Sequence

from tqdm import tqdm

from parser.errors import ClearparseError


def parse_on_cluster(
    parse_file: Callable[[str, str], list[Warning]],
    inputs: Sequence[str],
    folder: str,
    scheduler: str | None,
    jobs: int,
) -> None:
    """Parse files (or patterns such as `corpus/*.gz`) into a folder. Raises ClearparseError at the first bad file."""
    try:
        from parser.integrations.dask import cluster, parse_files
    except ModuleNotFoundError as error:
        raise ClearparseError(f"--engine dask needs Dask ({error}): pip install 'clearparse[dask]'") from None
    tasks = tasks_of(inputs, folder)
    os.makedirs(folder, exist_ok=True)
    with cluster(scheduler, jobs) as client, tqdm(total=len(tasks), unit=" files", disable=None) as bar:
        for _, outcome in parse_files(client, parse_file, tasks):
            if isinstance(outcome, ClearparseError):
                raise outcome
            for warning in outcome:
                warnings.warn(warning, stacklevel=2)
            bar.update()
    print(f"{len(tasks)} file{'s' * (len(tasks) != 1)} written to {folder}")


def tasks_of(inputs: Sequence[str], folder: str) -> list[tuple[str, str]]:
    """Each file and what it becomes. Raises ClearparseError where two would be one, or one would replace itself."""
    if folder == "-":
        raise ClearparseError("--engine dask makes a file of each input: --output FOLDER")
    targets: dict[str, str] = {}
    for source in (found for each in inputs for found in expanded(each)):
        target = os.path.join(folder, os.path.basename(source))
        if target in targets:
            raise ClearparseError(f"{targets[target]} and {source} would both become {target}")
        if os.path.exists(target) and os.path.exists(source) and os.path.samefile(source, target):
            raise ClearparseError(f"{source} would be replaced by its own trees; name another folder")
        targets[target] = source
    return [(source, target) for target, source in targets.items()]


def expanded(name: str) -> list[str]:
    """The files of a pattern, in order; a name that is none is itself. Raises ClearparseError if a pattern has none."""
    if name == "-":
        raise ClearparseError("--engine dask needs files; standard input is none")
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True))
    if not found:
        raise ClearparseError(f"{name}: no file has such a name")
    return found
