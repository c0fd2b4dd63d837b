"""`python scripts/benchmark_cluster.py`: how fast Dask's workers parse, core for core, against the plain command."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

from benchmarks.cluster import measure, told
from clearparse.commands.command_line import CommandLine, positive
from clearparse.errors import ClearparseError


def main(argv: list[str]) -> None:
    """Measure and print. Raises ClearparseError."""
    options = _command_line().parse(argv)
    if importlib.util.find_spec("distributed") is None:
        raise ClearparseError("Dask is not installed: pip install 'clearparse[dask]'")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if options.jobs > cores:
        raise ClearparseError(f"--jobs {options.jobs}: there are {cores} cores")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(
            options.model,
            options.input,
            Path(folder),
            shards=options.shards,
            copies=options.copies,
            jobs=options.jobs,
            runs=options.runs,
        )
    print("\n".join(told(found)))


def _command_line() -> CommandLine:
    cli = CommandLine("benchmark_cluster.py", description="Dask against the plain command, core for core.")
    cli.add_argument("--model", type=Path, required=True, metavar="MODEL", help="a model file")
    cli.add_argument("--input", type=Path, required=True, metavar="F", help="CoNLL-U, of which the shards are made")
    cli.add_argument("--shards", type=positive, default=16, metavar="N", help="files of the corpus (default 16)")
    cli.add_argument(
        "--copies", type=positive, default=4, metavar="N", help="how often the input is in each (default 4)"
    )
    cli.add_argument("--jobs", type=positive, default=1, metavar="N", help="processes, a core each (default 1)")
    cli.add_argument("--runs", type=positive, default=3, metavar="N", help="runs whose median is told (default 3)")
    return cli
