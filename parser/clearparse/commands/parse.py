"""`python scripts/parse.py`: give sentences their trees."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from threadpoolctl import threadpool_limits

from clearparse.commands.cluster import run_on_dask
from clearparse.commands.command_line import OneLineErrors, at_least_one, warnings_told
from clearparse.corpus.corpus import How, expanded, is_folder, parse_corpus, plan, run_here
from clearparse.drawing.svg import PAGE_BEGINS, PAGE_ENDS, figure, svg_document, svg_of
from clearparse.drawing.text import draw_sentence, shows_boxes
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.files import atomic_output, checksum
from clearparse.io.parallel import map_in_order
from clearparse.model.model import BLOCK_BYTES, Model, load
from clearparse.treebank.conllu import Sentence, Text, read_texts
from clearparse.treebank.text import Paragraphs, paragraphs, read_paragraphs
from clearparse.version import __version__


def main(argv: list[str]) -> None:
    """Parse files, or stdin, to one output that appears when all of it is done, or to one for each in a folder."""
    arguments = _command_line().parse_args(argv)
    if arguments.scheduler and arguments.engine != "dask":
        raise ClearparseError("--scheduler is Dask's: --engine dask")
    inputs, path = expanded(arguments.input or ["-"]), arguments.model or resources.english()
    into_folder = is_folder(arguments.output) or arguments.engine == "dask"
    if arguments.engine == "dask" and arguments.output == "-":
        raise ClearparseError("--engine dask makes a file of each input: --output FOLDER")
    if arguments.on_error and not into_folder:
        raise ClearparseError("--on-error is for many outputs: --output FOLDER, or a name that ends in /")
    tasks = plan(inputs, arguments.output, _ending(arguments.format, raw=arguments.text)) if into_folder else []
    model = load(path)
    with warnings_told():
        worker = Worker(
            model, arguments.format, arguments.confidence, arguments.tag, ascii_only=not shows_boxes(sys.stdout)
        )
        if not into_folder:
            return parse_all(worker, pieces(inputs, raw=arguments.text), arguments.output, arguments.jobs)
        how = How(
            worker,
            partial(_pieces_of, raw=arguments.text),
            *worker.page(),
            settings={**worker.settings(), "text": arguments.text, "model": checksum(path)},
        )
        run = run_here
        if arguments.engine == "dask":
            run = partial(run_on_dask, parse_file=OneFile(worker, arguments.text), scheduler=arguments.scheduler)
        return parse_corpus(how, tasks, arguments.output, arguments.jobs, run, skip=arguments.on_error != "stop")


def pieces(inputs: Sequence[str], *, raw: bool) -> Iterator[Text | Paragraphs]:
    """What is to be parsed, piece by piece: files of CoNLL-U or of raw text, or sentences. Raises FileError."""
    first = 1
    for each in inputs:
        if " " in each.strip() and not os.path.lexists(each):
            texts: Iterable[list[str]] = [list(paragraphs(each))]
        elif raw:
            texts = read_paragraphs(each)
        else:
            yield from read_texts(each, block_bytes=BLOCK_BYTES)
            continue
        for some in texts:
            yield Paragraphs(some, first)
            first += len(some)


def _pieces_of(path: str, *, raw: bool) -> Iterator[Text | Paragraphs]:
    return pieces([path], raw=raw)


def parse_all(worker: Worker, work: Iterable[Text | Paragraphs], output: str, jobs: int) -> None:
    """Parse pieces, one after another, into a file that appears whole or not at all; some pieces are in memory."""
    begins, ends = worker.page()
    drawings: list[str] = []  # the size of an SVG document, at its start, is known at the end
    with atomic_output(output) as stream:
        stream.write(begins)
        for parsed, warned in map(worker, work) if jobs == 1 else map_in_order(worker, work, jobs):
            if worker.form == "svg":
                drawings += parsed.decode().split("\n")[:-1]
            else:
                stream.write(parsed)
            for warning in warned:
                warnings.warn(warning, stacklevel=2)
        if worker.form == "svg":
            stream.write(svg_document(drawings).encode())
        stream.write(ends)


@dataclass(frozen=True)
class Worker:
    """What one process does: pieces in; text with trees, and the warnings about them, out."""

    model: Model
    form: str
    confidence: bool
    tag: bool
    ascii_only: bool

    def __call__(self, piece: Text | Paragraphs) -> tuple[bytes, list[Warning]]:
        with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            if isinstance(piece, Paragraphs):
                block = self.model.tag(self.model.tokenize(piece.texts, piece.first))
            else:
                block = piece.block(trees=False)
                if self.tag or self.model.wants_tags(block):
                    block = self.model.tag(block)
            parsed = self.model.parse_block(block, confidence=self.confidence and self.form == "conllu")
            text = parsed.text if self.form == "conllu" else "".join(map(self._drawing, parsed)).encode()
        return text, [warning.message for warning in caught if isinstance(warning.message, Warning)]

    def page(self) -> tuple[bytes, bytes]:
        """What comes before and behind all that is parsed."""
        return (PAGE_BEGINS.encode(), PAGE_ENDS.encode()) if self.form == "html" else (b"", b"")

    def settings(self) -> dict[str, Any]:
        """All that decides what comes out but the model and the input."""
        chosen = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "model"}
        return {**chosen, "clearparse": __version__}

    def _drawing(self, sentence: Sentence) -> str:
        if self.form == "tree":
            return f"{draw_sentence(sentence, ascii_only=self.ascii_only)}\n\n"
        return f"{svg_of(sentence)}\n" if self.form == "svg" else figure(sentence)


@dataclass(frozen=True)
class OneFile:
    """What a worker of a cluster does: a file in, a file out, and the warnings about it."""

    worker: Worker
    raw: bool

    def __call__(self, source: str, target: str) -> list[Warning]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            parse_all(self.worker, pieces([source], raw=self.raw), target, 1)
        return [warning.message for warning in caught if isinstance(warning.message, Warning)]


def _ending(form: str, *, raw: bool) -> str | None:
    """The ending of the names of files of this form; None: the input's, which is of the same form."""
    return {"conllu": ".conllu" if raw else None, "tree": ".txt", "svg": ".svg", "html": ".html"}[form]


def _command_line() -> argparse.ArgumentParser:
    cli = OneLineErrors(
        prog="parse.py",
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
        "--jobs", type=at_least_one, default=1, metavar="N", help="processes that parse, a core each (default 1)"
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
