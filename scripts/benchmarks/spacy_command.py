"""`python scripts/benchmark_spacy.py`: the spaCy component of clearparse and the parser of spaCy."""

from __future__ import annotations

from pathlib import Path

from benchmarks.parsers_command import FOLDER
from benchmarks.plan import Plan
from benchmarks.spacy_pipelines import compare, format_results
from clearparse.commands.command_line import CommandLine
from clearparse.io import resources
from clearparse.io.optional import require


def main(argv: list[str]) -> None:
    """Train the parser of spaCy unless that was done before, measure, and print a table. Raises ClearparseError."""
    options = _command_line().parse(argv)
    require("spacy", "spacy", "the benchmark")
    model = options.model or resources.english()
    source = options.input or options.train
    plan = Plan(options.train, options.dev, source, options.output, runs=options.runs, quick=options.quick)
    print("\n".join(format_results(compare(plan, model, options.also))))


def _command_line() -> CommandLine:
    cli = CommandLine(
        "benchmark_spacy.py",
        usage="--train F --dev F [options]",
        description="Compare the clearparse component with spaCy's own parser.",
    )
    cli.add_argument("--model", type=Path, metavar="MODEL", help="model file (default: the bundled English model)")
    cli.add_argument("--train", type=Path, required=True, metavar="F", help="training data for spaCy's parser")
    cli.add_argument("--dev", type=Path, required=True, metavar="F", help="CoNLL-U file to score both on")
    cli.add_argument("--input", type=Path, metavar="F", help="CoNLL-U file to time (default: the training data)")
    cli.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="folder for trained models")
    cli.add_argument(
        "--also",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="folder of another spaCy pipeline; may be repeated",
    )
    cli.count_option("--runs", default=5, help="runs; the median is reported")
    cli.add_argument("--quick", action="store_true", help="quick trial with a few training steps")
    return cli
