"""`python scripts/parse.py`: parse raw text or CoNLL-U files."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from clearparse.commands.command_line import CommandLine, positive, print_warnings
from clearparse.corpus import processes
from clearparse.corpus.chunks import ChunkParser, ParseJob, extension_of
from clearparse.corpus.runner import CorpusResult, Engine, parse_corpus
from clearparse.corpus.tasks import expand_patterns, is_folder, plan_tasks
from clearparse.drawing.text import shows_boxes
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.files import checksum
from clearparse.model.model import load


def main(argv: list[str]) -> None:
    """Parse all inputs to one output, or each file to its own in a folder. Raises ClearparseError."""
    arguments = _command_line().parse(argv)
    if arguments.scheduler and arguments.engine != "dask":
        raise ClearparseError("--scheduler is Dask's: --engine dask")
    inputs, path = expand_patterns(arguments.input or ["-"]), arguments.model or resources.english()
    to_folder = is_folder(arguments.output) or arguments.engine == "dask"
    if arguments.engine == "dask" and arguments.output == "-":
        raise ClearparseError("--engine dask writes a file for each input: --output FOLDER")
    if arguments.on_error and not to_folder:
        raise ClearparseError("--on-error is for many outputs: --output FOLDER, or a name that ends in /")
    extension = extension_of(arguments.format, raw=arguments.text)
    tasks = plan_tasks(inputs, arguments.output, extension) if to_folder else []
    engine = _engine(arguments)
    ascii_only = not shows_boxes(sys.stdout)
    parser = ChunkParser(load(path), arguments.format, arguments.confidence, arguments.tag, ascii_only)
    job = ParseJob(parser, arguments.text)
    with print_warnings():
        if not to_folder:
            return job.parse(inputs, arguments.output, arguments.jobs)
        settings = {**parser.settings(), "text": arguments.text, "model": checksum(path)}
        skip = arguments.on_error != "stop"
        result = parse_corpus(job, tasks, arguments.output, engine, settings=settings, skip_bad_files=skip)
        return _report(result, arguments.output)


def _engine(arguments: argparse.Namespace) -> Engine:
    """Raises ClearparseError if Dask is not installed."""
    if arguments.engine == "processes":
        return partial(processes.parse_files, jobs=arguments.jobs)
    from clearparse.corpus import dask

    return partial(dask.parse_files, scheduler=arguments.scheduler, jobs=arguments.jobs)


def _report(result: CorpusResult, folder: str) -> None:
    """Print how many files were written. Raises ClearparseError if there were bad files, each of which is named."""
    written, unchanged, errors = result
    finished = f", {unchanged} had been parsed before" if unchanged else ""
    print(f"{written} file{'s' * (written != 1)} written to {folder}{finished}")
    for error in errors:
        print("\\n".join(str(error).splitlines()), file=sys.stderr)
    if errors:
        total = written + unchanged + len(errors)
        raise ClearparseError(f"{len(errors)} of {total} files could not be parsed; the others are in {folder}")


def _command_line() -> CommandLine:
    cli = CommandLine(
        "parse.py",
        description="Give sentences their trees: of raw text, or of CoNLL-U files, of which all other bytes are kept.",
    )
    cli.add_argument(
        "input",
        nargs="*",
        metavar="F",
        help="CoNLL-U or CoNLL-X files, .gz allowed; or sentences, with a space in them; without any, stdin",
    )
    cli.add_argument("--text", action="store_true", help="the files are raw text; a blank line ends a paragraph")
    cli.add_argument("--model", metavar="MODEL", help="a model file, as train.py makes it; default: the English model")
    cli.add_argument(
        "--output",
        default="-",
        metavar="F",
        help="default stdout; it appears whole or not at all. A folder, or a name that ends in /: a file for each"
        " input, and the same command again goes on where it stopped",
    )
    cli.add_argument(
        "--on-error",
        choices=("skip", "stop"),
        help="what a bad file does to the others, with a folder as output (default skip: it is named at the end)",
    )
    cli.add_argument(
        "--format",
        choices=("conllu", "tree", "svg", "html"),
        default="conllu",
        help="conllu; tree: drawn for a terminal; svg: a picture; html: a page of pictures",
    )
    cli.add_argument(
        "--tag", action="store_true", help="new tags and lemmas in CoNLL-U files too, even where they have some"
    )
    cli.add_argument(
        "--confidence", action="store_true", help="write how probably HEAD and DEPREL are right into MISC: Conf=0.93"
    )
    cli.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="processes that parse, a core each (default 1)"
    )
    cli.add_argument(
        "--engine",
        choices=("processes", "dask"),
        default="processes",
        help="what does the work; dask: a cluster, and --output is a folder (extra dask)",
    )
    cli.add_argument(
        "--scheduler", metavar="ADDRESS", help="of Dask (tcp://host:8786); without, --jobs processes here are a cluster"
    )
    return cli
