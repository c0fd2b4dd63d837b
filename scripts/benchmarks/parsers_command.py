"""`python scripts/benchmark.py`: clearparse and other parsers on one machine, one treebank, in turn.

The extra `bench` has all of them (`pip install -e '.[bench]'`); a parser that is not installed is skipped and named.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

from benchmarks.comparison import Plan, compare
from benchmarks.report import draw, table
from clearparse.commands.command_line import CommandLine, positive
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.files import atomic_output

FOLDER = Path("models", "benchmark")


def main(argv: list[str]) -> None:
    """Train what is not there yet, measure, print a table, and write it with JSON and pictures to a folder."""
    options = _command_line().parse(argv)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if options.cores > cores:
        raise ClearparseError(f"--cores {options.cores}: there are {cores}")
    if (options.train is None) != (options.dev is None):
        raise ClearparseError(
            "--train and --dev go together: each parser is trained on the one and scored on the other"
        )
    if not (resources.CHECKOUT / "scripts").is_dir():
        raise ClearparseError("the benchmark needs a checkout: it runs its scripts, and the reference in its tests")
    train, dev = options.train or resources.sample("train"), options.dev or resources.sample("dev")
    options.output.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        train, dev, options.input or train, options.output / "trained", options.cores, options.runs, options.quick
    )
    results = compare(plan)
    lines = list(table(results))
    print("\n".join(lines))
    for name, text in (("benchmark.json", json.dumps(results, indent=2)), ("benchmark.txt", "\n".join(lines))):
        with atomic_output(options.output / name) as stream:
            stream.write(text.encode() + b"\n")
    made = [options.output / "benchmark.txt", options.output / "benchmark.json"]
    if importlib.util.find_spec("matplotlib"):
        made += draw(results, options.output)
    else:
        print("no pictures: matplotlib is not installed")
    print("\n" + "\n".join(f"made {path}" for path in made))


def _command_line() -> CommandLine:
    cli = CommandLine("benchmark.py", description="Compare parsers: training, scores, speed, memory, scaling.")
    cli.add_argument("--train", type=Path, metavar="F", help="all are trained on this; default: the bundled treebank")
    cli.add_argument("--dev", type=Path, metavar="F", help="and scored on this")
    cli.add_argument("--input", type=Path, metavar="F", help="what is parsed for speed (default: the training data)")
    cli.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="results and trained models go here")
    cli.add_argument("--cores", type=positive, default=1, metavar="N", help="cores for each parser (default 1)")
    cli.add_argument("--runs", type=positive, default=5, metavar="N", help="runs whose median is told (default 5)")
    cli.add_argument("--quick", action="store_true", help="a trial of some minutes on little data, without the curves")
    return cli
