"""`python scripts/parse.py`: parse raw text or CoNLL-U files."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from clearparse.commands.command_line import (
    CommandLine,
    UsageError,
    print_line,
    print_summary,
    print_warnings,
)
from clearparse.commands.output_format import add_format_option, chosen_format
from clearparse.corpus import processes
from clearparse.corpus.chunks import ChunkParser, ParseJob
from clearparse.corpus.formats import FORMATS, extension_of
from clearparse.corpus.inputs import INPUTS, format_of_file
from clearparse.corpus.runner import CorpusResult, Engine, parse_corpus
from clearparse.corpus.tasks import expand_patterns, is_folder, plan_tasks
from clearparse.drawing.text import shows_boxes
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.checksum import checksum
from clearparse.io.overwriting import refuse_overwriting
from clearparse.io.terminal import rate
from clearparse.model.model import load

DEFAULT_FORMAT = "conllu"


def main(argv: list[str]) -> None:
    """Parse all inputs to one output, or each file to its own in a folder. Raises ClearparseError."""
    arguments = _arguments(argv)
    inputs, path = expand_patterns(arguments.inputs or ["-"]), arguments.model or resources.english()
    to_folder = is_folder(arguments.output) or arguments.engine == "dask"
    if arguments.on_error and not to_folder:
        raise UsageError("--on-error needs --output FOLDER, an existing folder or a name that ends in /")
    tasks = plan_tasks(inputs, arguments.output, partial(_extension, arguments)) if to_folder else []
    engine = _engine(arguments)
    parser = ChunkParser(
        load(path),
        arguments.format,
        arguments.confidence,
        arguments.tag,
        ascii_only=not shows_boxes(sys.stdout),
        ranges=arguments.ranges,
    )
    job = ParseJob(parser, arguments.input_format)
    if "-" in inputs and sys.stdin is not None and sys.stdin.isatty():
        print_summary("reading from the terminal; Ctrl-D ends the text", quiet=arguments.quiet)
    started = time.monotonic()
    with print_warnings():
        if to_folder:
            settings = {**parser.settings(), "input": arguments.input_format, "model": checksum(path)}
            skip, quiet = arguments.on_error != "stop", arguments.quiet
            result = parse_corpus(
                job, tasks, arguments.output, engine, settings=settings, skip_bad_files=skip, quiet=quiet
            )
            print_summary(rate(result.words, "words", time.monotonic() - started), quiet=quiet)
            _report(result, arguments.output, quiet=quiet)
        else:
            _parse_to_one_output(job, inputs, arguments)


def _parse_to_one_output(job: ParseJob, inputs: Sequence[str], arguments: argparse.Namespace) -> None:
    """Parse; a bar and a summary are shown if neither would be mixed with the trees. Raises ClearparseError."""
    refuse_overwriting([arguments.output], [*inputs, arguments.model])
    to_terminal = arguments.output == "-" and sys.stdout is not None and sys.stdout.isatty()
    quiet, started = arguments.quiet or to_terminal, time.monotonic()
    words = job.parse(inputs, arguments.output, arguments.jobs, quiet=quiet)
    of = f" of {len(inputs)} inputs" if len(inputs) > 1 else ""
    where = "" if arguments.output == "-" else f", written to {arguments.output}"
    print_summary(f"{rate(words, 'words', time.monotonic() - started)}{of}{where}", quiet=quiet)


def _extension(arguments: argparse.Namespace, source: str) -> str | None:
    return extension_of(arguments.format, arguments.input_format or format_of_file(source))


def _engine(arguments: argparse.Namespace) -> Engine:
    """Raises ClearparseError if Dask is not installed."""
    if arguments.engine == "processes":
        return partial(processes.parse_files, jobs=arguments.jobs)
    from clearparse.corpus import dask

    return partial(dask.parse_files, scheduler=arguments.scheduler, jobs=arguments.jobs)


def _report(result: CorpusResult, folder: str, *, quiet: bool) -> None:
    """Print how many files were written. Raises ClearparseError if there were bad files, each of which is named."""
    written, unchanged, errors = result.written, result.unchanged, result.errors
    finished = f", {unchanged} had been parsed before" if unchanged else ""
    if not quiet:
        print(f"{written} file{'s' * (written != 1)} written to {folder}{finished}")
    for error in errors:
        print_line(str(error))
    if errors:
        total = written + unchanged + len(errors)
        if total == len(errors):
            which = "the file" if total == 1 else f"none of the {total} files"
            raise ClearparseError(f"{which} could {'not ' * (total == 1)}be parsed")
        others = "the other one is" if total == len(errors) + 1 else "the others are"
        raise ClearparseError(f"{len(errors)} of {total} files could not be parsed; {others} in {folder}")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments; those that exclude each other do not come together. Raises UsageError."""
    arguments = _command_line().parse(argv)
    if arguments.scheduler and arguments.engine != "dask":
        raise UsageError("--scheduler needs --engine dask")
    if arguments.engine == "dask" and arguments.output == "-":
        raise UsageError("--engine dask writes a file for each input: it needs --output FOLDER")
    if any(not each.strip() for each in arguments.inputs):
        raise UsageError("an INPUT is empty: give a file, a sentence, or - for standard input")
    if arguments.ranges and arguments.input_format in ("tokens", "conllu"):
        raise UsageError(f"--ranges needs raw text, not --input {arguments.input_format}")
    arguments.format = chosen_format(arguments, FORMATS, DEFAULT_FORMAT)
    return arguments


def _command_line() -> CommandLine:
    cli = CommandLine(
        "parse.py",
        usage="[INPUT ...] [options]",
        description="Parse raw text or CoNLL-U files. In CoNLL-U, trees are replaced and missing tags filled in.",
    )
    _add_input(cli)
    _add_output(cli)
    _add_running(cli)
    return cli


def _add_input(cli: CommandLine) -> None:
    cli.option(
        "inputs",
        group="input",
        nargs="*",
        metavar="INPUT",
        help="files (also .gz), or sentences in quotation marks (default: stdin)",
    )
    formats = "; ".join(f"{name}: {what}" for name, what in INPUTS.items())
    cli.option(
        "--input",
        group="input",
        dest="input_format",
        choices=INPUTS,
        help=f"{formats} (default: detected from the file)",
    )
    former: dict[str, Any] = {"dest": "input_format", "const": "text", "help": argparse.SUPPRESS}
    cli.option("--text", group="input", action="store_const", **former)
    cli.option("-m", "--model", group="input", metavar="MODEL", help="model file (default: the English model)")
    cli.option(
        "--tag",
        group="input",
        action="store_true",
        help="replace the tags and lemmas of CoNLL-U input by predicted ones",
    )


def _add_output(cli: CommandLine) -> None:
    cli.option(
        "-o",
        "--output",
        group="output",
        default="-",
        metavar="PATH",
        help="a file, or a folder for one file per input; rerunning the same command resumes"
        " an interrupted run (default: stdout)",
    )
    add_format_option(cli, FORMATS, DEFAULT_FORMAT, "output")
    cli.option(
        "--confidence",
        group="output",
        action="store_true",
        help="write the confidence in HEAD and DEPREL to MISC: Conf=0.93",
    )
    cli.option(
        "--ranges",
        group="output",
        action="store_true",
        help="write token character offsets to MISC: TokenRange=0:5",
    )


def _add_running(cli: CommandLine) -> None:
    cli.count_option("-j", "--jobs", group="running", default=1, help="worker processes")
    cli.option("-q", "--quiet", group="running", action="store_true", help="do not print progress or a summary")
    cli.option(
        "--on-error",
        group="running",
        choices=("skip", "stop"),
        help="what to do about invalid input files when writing to a folder (default: skip)",
    )
    cli.option(
        "--engine",
        group="running",
        advanced=True,
        choices=("processes", "dask"),
        default="processes",
        help="run in local processes or on a Dask cluster (default: processes)",
    )
    cli.option(
        "--scheduler",
        group="running",
        advanced=True,
        metavar="ADDRESS",
        help="address of the Dask scheduler, such as tcp://host:8786 (default: a local cluster of --jobs processes)",
    )
