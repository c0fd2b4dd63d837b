"""`python scripts/evaluate.py`: score a model, or any parser's output, on a treebank."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from threadpoolctl import threadpool_limits

from clearparse.commands.command_line import CommandLine, print_warnings
from clearparse.corpus.inputs import format_of_file
from clearparse.drawing.printable import printable_lines
from clearparse.errors import FileError
from clearparse.evaluation.evaluate import (
    GIVEN,
    Candidate,
    EvaluatedModel,
    ParserOutput,
    evaluate,
    evaluate_raw_text,
    evaluate_stream,
)
from clearparse.evaluation.tables import format_raw_text_scores, format_scores
from clearparse.io.files import atomic_output
from clearparse.io.overwriting import refuse_overwriting
from clearparse.io.progress import progress_bar
from clearparse.model.container import is_model_file
from clearparse.model.model import Model, load
from clearparse.report.page import page
from clearparse.report.sections import Findings


def main(argv: list[str]) -> None:
    """Print or write the scores that the arguments ask for. Raises ClearparseError."""
    options = _arguments(argv)
    model = load(options.model) if options.model is not None else None
    if options.info and model:
        print(printable_lines(model.describe()), end="\n" if options.gold is None else "\n\n")
    if options.gold is None:
        return
    outputs = filter(None, (options.json, options.report))
    refuse_overwriting(outputs, [options.model, options.system, options.gold, options.compare])
    _refuse_raw_text(options)
    bar = progress_bar(unit=" words", quiet=options.quiet)
    candidate = EvaluatedModel(options.model, model, bar.update) if model else ParserOutput(options.system)
    with bar, threadpool_limits(options.threads), print_warnings():
        scores = _scores(options, candidate, model)
    if options.json is not None:
        text = json.dumps(scores, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        with atomic_output(options.json) as stream:
            stream.write(text.encode(errors="backslashreplace"))  # paths need not be UTF-8
    if options.quiet or "-" in (options.json, options.report):
        return
    is_text = options.given == "text"
    shown = format_raw_text_scores(scores) if is_text else format_scores(scores, details=options.details)
    print(printable_lines(shown))
    if options.report:
        print(f"\nreport written to {options.report}")


def _refuse_raw_text(options: argparse.Namespace) -> None:
    """Raises FileError if a file to compare is text without annotation, with the flags that are needed."""
    if options.gold != "-" and format_of_file(options.gold) == "text":
        raise FileError(
            options.gold,
            "raw text, without trees to compare with; to score a model on raw text, use --gold TREEBANK --given text",
        )
    if options.system not in (None, "-") and format_of_file(options.system) == "text":
        raise FileError(options.system, "raw text, not the output of a parser; to parse it, use the parse command")


def _scores(options: argparse.Namespace, candidate: Candidate, model: Model | None) -> dict[str, Any]:
    """The scores; a report is written on the way. Raises ClearparseError."""
    if options.given == "text":
        return evaluate_raw_text(options.gold, candidate)
    if options.given == "tags" and not (options.report or options.compare):
        return evaluate_stream(options.gold, candidate, confidence=options.confidence)
    other = None
    if options.compare:
        is_model = is_model_file(options.compare)
        other = EvaluatedModel(options.compare, load(options.compare)) if is_model else ParserOutput(options.compare)
    confidence = options.confidence or bool(options.report)
    found = evaluate(options.gold, candidate, options.given, other=other, confidence=confidence)
    if options.report:
        findings = Findings(*found, epochs=model.record["epochs"] if model else [])
        with atomic_output(options.report) as stream:
            stream.write(page(findings).encode(errors="backslashreplace"))
    return found.scores


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments; combinations that make no sense are usage errors. Raises UsageError."""
    cli = _command_line()
    options = cli.parse(argv)
    if options.info and options.model is None:
        cli.error("--info needs --model")
    if options.gold is None and not options.info:
        cli.error("--gold is missing: the treebank to score on")
    for flag in ("json", "details", "report", "compare"):
        if options.gold is None and getattr(options, flag):
            cli.error(f"--{flag} needs --gold")
    if options.confidence and (options.model is None or options.gold in (None, "-") or options.given != "tags"):
        cli.error("--confidence needs --model, and --gold as a file, with its tags")
    for flag in ("details", "report", "compare"):
        if getattr(options, flag) and options.given == "text":
            cli.error(f"--{flag} needs gold words: it excludes --given text")
    if options.compare == "-":
        cli.error("--compare cannot be standard input")
    if options.report == "-" and options.json == "-":
        cli.error("--report and --json cannot both be standard output")
    if options.given == "words" and options.model is None:
        cli.error("--given words needs --model")
    if options.gold == options.system == "-":
        cli.error("--gold and --system cannot both be standard input")
    return options


def _command_line() -> CommandLine:
    cli = CommandLine(
        "evaluate.py",
        usage="(--model MODEL | --system FILE) --gold FILE [options]\n       %(prog)s --model MODEL --info",
        description="Score a model, or the output of any parser, on a treebank.",
    )
    _add_input(cli)
    _add_output(cli)
    return cli


def _add_input(cli: CommandLine) -> None:
    what = cli.titled_group("input").add_mutually_exclusive_group(required=True)
    cli.option("-m", "--model", group=what, metavar="MODEL", help="parse the gold file with this model, and score it")
    cli.option("--system", group=what, metavar="FILE", help="score the output of a parser; - is stdin")
    cli.option("--gold", group="input", metavar="FILE", help="treebank, CoNLL-U or CoNLL-X; - is stdin")
    cli.option(
        "--given",
        group="input",
        choices=GIVEN,
        default="tags",
        help="gold annotation given to the parser: words and tags, words, or only the text (default: tags)",
    )
    cli.option(
        "--compare",
        group="input",
        metavar="FILE",
        help="other model or output to compare with; tests the difference for significance",
    )
    cli.count_option("--threads", group="input", advanced=True, default=1, help="BLAS threads")


def _add_output(cli: CommandLine) -> None:
    cli.option("--info", group="output", action="store_true", help="describe the model; needs no --gold")
    cli.option("--details", group="output", action="store_true", help="print scores by relation, and a confusion table")
    cli.option(
        "--confidence", group="output", action="store_true", help="print the calibration of the confidence scores"
    )
    cli.option("--report", group="output", metavar="HTML", help="write a page with scores, charts and drawn errors")
    cli.option(
        "--json",
        group="output",
        metavar="FILE",
        help="write scores and evaluation settings as JSON; - is stdout",
    )
    cli.option("-q", "--quiet", group="output", action="store_true", help="do not print the scores")
