"""`python scripts/benchmark.py`: clearparse and other parsers on the same machine and treebank.

The results are written after each section; a run that was interrupted continues with the section it was in.

The extra `bench` installs all of them (`pip install -e '.[bench]'`); the others are listed as skipped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.comparison import compare
from benchmarks.machine import available_cores
from benchmarks.plan import Plan
from benchmarks.plots import draw
from benchmarks.sections import SECTIONS
from benchmarks.tables import report
from clearparse.commands.command_line import CommandLine
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.files import atomic_output
from clearparse.io.optional import install_command, is_installed

FOLDER = Path("models", "benchmark")


def main(argv: list[str]) -> None:
    """Train the models that are missing, measure, print tables, and write tables, JSON and plots to a folder."""
    options = _command_line().parse(argv)
    cores = available_cores()
    if options.cores > cores:
        raise ClearparseError(f"--cores {options.cores}: only {cores} are available")
    if (options.train is None) != (options.dev is None):
        raise ClearparseError("--train and --dev go together: parsers are trained on one and scored on the other")
    if not (resources.CHECKOUT / "scripts").is_dir():
        raise ClearparseError("the benchmark needs a checkout: it runs the scripts in it")
    train, dev = options.train or resources.sample("train"), options.dev or resources.sample("dev")
    source, output = options.input or train, options.output
    output.mkdir(parents=True, exist_ok=True)
    plan = Plan(train, dev, source, output, options.text, options.cores, options.runs, options.quick)
    results: dict[str, Any] = {}
    for results in compare(plan, options.only):
        _write(output / "benchmark.json", json.dumps(results, indent=2))
    lines = report(results)
    print(lines)
    _write(output / "benchmark.txt", lines)
    made = [output / "benchmark.txt", output / "benchmark.json"]
    if is_installed("matplotlib"):
        made += draw(results, output)
    else:
        print(f"no plots, which need matplotlib: {install_command('plot')}")
    print("\n" + "\n".join(f"wrote {path}" for path in made))


def _write(path: Path, text: str) -> None:
    with atomic_output(path) as stream:
        stream.write(text.encode() + b"\n")


def _command_line() -> CommandLine:
    cli = CommandLine("benchmark.py", description="Compare parsers: training time, accuracy, speed, memory, scaling.")
    cli.add_argument("--train", type=Path, metavar="F", help="training data (default: the bundled treebank)")
    cli.add_argument("--dev", type=Path, metavar="F", help="CoNLL-U file to score on")
    cli.add_argument("--input", type=Path, metavar="F", help="CoNLL-U file to time (default: the training data)")
    cli.add_argument("--text", type=Path, metavar="F", help="text to time too, with a paragraph in each line")
    cli.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="folder for results and trained models")
    cli.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=(), metavar="SECTION", help=f"{', '.join(SECTIONS)}"
    )
    cli.count_option("--cores", default=1, help="cores per parser")
    cli.count_option("--runs", default=5, help="runs; the median is reported")
    cli.add_argument("--quick", action="store_true", help="quick trial on little data, without scaling curves")
    return cli
