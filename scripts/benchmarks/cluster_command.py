"""`python scripts/benchmark_cluster.py`: parsing speed per core of Dask workers and of plain processes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.cluster import format_results, measure
from benchmarks.machine import available_cores
from clearparse.commands.command_line import CommandLine, positive
from clearparse.errors import ClearparseError
from clearparse.io.optional import require


def main(argv: list[str]) -> None:
    """Measure and print. Raises ClearparseError."""
    options = _command_line().parse(argv)
    require("distributed", "dask", "the benchmark")
    cores = available_cores()
    if options.jobs > cores:
        raise ClearparseError(f"--jobs {options.jobs}: only {cores} cores are available")
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
    print("\n".join(format_results(found)))


def _command_line() -> CommandLine:
    cli = CommandLine(
        "benchmark_cluster.py",
        usage="--model MODEL --input F [options]",
        description="Compare the speed of Dask workers with that of plain processes, per core.",
    )
    cli.add_argument("--model", type=Path, required=True, metavar="MODEL", help="model file")
    cli.add_argument("--input", type=Path, required=True, metavar="F", help="CoNLL-U file to make the shards from")
    cli.add_argument(
        "--shards", type=positive, default=16, metavar="N", help="number of files in the corpus (default: 16)"
    )
    cli.add_argument(
        "--copies", type=positive, default=4, metavar="N", help="copies of the input per file (default: 4)"
    )
    cli.add_argument("--jobs", type=positive, default=1, metavar="N", help="processes, one core each (default: 1)")
    cli.add_argument("--runs", type=positive, default=3, metavar="N", help="runs; the median is reported (default: 3)")
    return cli
