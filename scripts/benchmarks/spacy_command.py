"""`python scripts/benchmark_spacy.py`: the spaCy component of clearparse and the parser of spaCy."""

from __future__ import annotations

from pathlib import Path

from benchmarks.baselines import missing
from benchmarks.comparison import Plan
from benchmarks.parsers_command import FOLDER
<<<<<<< HEAD
from benchmarks.peers import missing
from benchmarks.pipelines import compare, told
from clearparse.commands.command_line import CommandLine, positive
=======
from benchmarks.spacy_pipelines import compare, format_results
from clearparse.commands.command_line import OneLineErrors, at_least_one
>>>>>>> main
from clearparse.errors import ClearparseError
from clearparse.io import resources


def main(argv: list[str]) -> None:
<<<<<<< HEAD
    """Train spaCy's parser if it is not there yet, measure, and print a table. Raises ClearparseError."""
    options = _command_line().parse(argv)
=======
    """Train the parser of spaCy unless that was done before, measure, and print a table. Raises ClearparseError."""
    options = _command_line().parse_args(argv)
>>>>>>> main
    if missing("spacy"):
        raise ClearparseError("spaCy is not installed: pip install 'clearparse[spacy]'")
    model = options.model or resources.english()
    source = options.input or options.train
    plan = Plan(options.train, options.dev, source, options.output / "trained", 1, options.runs, options.quick)
    print("\n".join(format_results(compare(plan, model, options.also))))


<<<<<<< HEAD
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
=======
def _command_line() -> argparse.ArgumentParser:
    cli = OneLineErrors(
        prog="benchmark_spacy.py", description="Compare the clearparse component with the parser of spaCy."
    )
    cli.add_argument("--model", type=Path, metavar="MODEL", help="model file (default: the bundled English model)")
    cli.add_argument("--train", type=Path, required=True, metavar="F", help="training data for the parser of spaCy")
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
    cli.add_argument(
        "--runs", type=at_least_one, default=5, metavar="N", help="runs; the median is reported (default: 5)"
    )
    cli.add_argument("--quick", action="store_true", help="quick trial with a few training steps")
>>>>>>> main
    return cli
