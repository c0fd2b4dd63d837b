"""`python scripts/benchmark_cluster.py`: parsing speed per core of Dask workers and of plain processes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.cluster import format_results, measure
from benchmarks.machine import available_cores
from clearparse.commands.command_line import CommandLine
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
    cli.count_option("--shards", default=16, help="number of files in the corpus")
    cli.count_option("--copies", default=4, help="copies of the input per file")
    cli.count_option("--jobs", default=1, help="processes, one core each")
    cli.count_option("--runs", default=3, help="runs; the median is reported")
    return cli
