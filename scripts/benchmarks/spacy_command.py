"""`python scripts/benchmark_spacy.py`: clearparse as a spaCy component against spaCy's own parser."""

from __future__ import annotations

from pathlib import Path

from benchmarks.comparison import Plan
from benchmarks.parsers_command import FOLDER
from benchmarks.peers import missing
from benchmarks.pipelines import compare, told
from clearparse.commands.command_line import CommandLine, positive
from clearparse.errors import ClearparseError
from clearparse.io import resources


def main(argv: list[str]) -> None:
    """Train spaCy's parser if it is not there yet, measure, and print a table. Raises ClearparseError."""
    options = _command_line().parse(argv)
    if missing("spacy"):
        raise ClearparseError("spaCy is not installed: pip install 'clearparse[spacy]'")
    model = options.model or resources.english()
    source = options.input or options.train
    plan = Plan(options.train, options.dev, source, options.output / "trained", 1, options.runs, options.quick)
    print("\n".join(told(compare(plan, model, options.also))))


def _command_line() -> CommandLine:
    cli = CommandLine("benchmark_spacy.py", description="Our spaCy component against spaCy's own parser.")
    cli.add_argument("--model", type=Path, metavar="MODEL", help="a model file; default: the English model")
    cli.add_argument("--train", type=Path, required=True, metavar="F", help="spaCy's parser is trained on this")
    cli.add_argument("--dev", type=Path, required=True, metavar="F", help="both are scored on this")
    cli.add_argument("--input", type=Path, metavar="F", help="what is parsed for speed (default: the training data)")
    cli.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="what is trained is kept here")
    cli.add_argument(
        "--also", type=Path, action="append", default=[], metavar="DIR", help="another spaCy pipeline, as a folder"
    )
    cli.add_argument("--runs", type=positive, default=5, metavar="N", help="runs whose median is told (default 5)")
    cli.add_argument("--quick", action="store_true", help="a trial: spaCy's parser is hardly trained")
    return cli
