"""`python scripts/parse.py`: give sentences their trees."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from parser import pipeline
from parser.commands.command_line import OneLineErrors, at_least_one, warnings_told
from parser.drawing import draw_sentence, shows_boxes
from parser.errors import ClearparseError
from parser.files import atomic_output
from parser.parallel import map_in_order
from parser.pipeline import BLOCK_BYTES, Model
from parser.svg import PAGE_BEGINS, PAGE_ENDS, figure, svg_of
from parser.treebank.conllu import Sentence, Text, read_texts
from parser.treebank.plain_text import Paragraphs, paragraphs, read_paragraphs

ENGLISH = Path(__file__).resolve().parents[2] / "models" / "english.model"


def main(argv: list[str]) -> None:
    """Parse files, or stdin, to one output that appears when all of it is done."""
    arguments = _command_line().parse_args(argv)
    model = pipeline.load(model_path(arguments.model))
    with warnings_told():
        worker = Worker(
            model, arguments.format, arguments.confidence, arguments.tag, ascii_only=not shows_boxes(sys.stdout)
        )
        work = pieces(arguments.input or ["-"], raw=arguments.text)
        parse_all(worker, work, arguments.output, arguments.jobs)


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


def parse_all(worker: Worker, work: Iterable[Text | Paragraphs], output: str, jobs: int) -> None:
    """Parse pieces, one after another, into a file that appears whole or not at all; some pieces are in memory."""
    page = worker.form == "html"
    with atomic_output(output) as stream:
        stream.write(PAGE_BEGINS.encode() * page)
        for parsed, warned in map(worker, work) if jobs == 1 else map_in_order(worker, work, jobs):
            stream.write(parsed)
            for warning in warned:
                warnings.warn(warning, stacklevel=2)
        stream.write(PAGE_ENDS.encode() * page)


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
                block = self.model.tag(self.model.cut(piece.texts, piece.first))
            else:
                block = piece.block(trees=False)
                if self.tag or self.model.wants_tags(block):
                    block = self.model.tag(block)
            if self.form == "conllu":
                parsed = self.model.parse_text(block, confidence=self.confidence)
            else:
                parsed = "".join(map(self._drawing, self.model.parse_block(block))).encode()
        return parsed, [warning.message for warning in caught if isinstance(warning.message, Warning)]

    def _drawing(self, sentence: Sentence) -> str:
        if self.form == "tree":
            return f"{draw_sentence(sentence, ascii_only=self.ascii_only)}\n\n"
        return f"{svg_of(sentence)}\n" if self.form == "svg" else figure(sentence)


def model_path(path: str | None) -> str | Path:
    """The model file to use: the one named, or the English model. Raises ClearparseError if there is neither."""
    if path is None and not ENGLISH.is_file():
        raise ClearparseError(f"--model is missing, and there is no {ENGLISH}")
    return path or ENGLISH


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
    cli.add_argument("--output", default="-", metavar="F", help="default stdout; it appears whole or not at all")
    cli.add_argument(
        "--format",
        choices=("conllu", "tree", "svg", "html"),
        default="conllu",
        help="conllu; tree: drawn for a terminal; svg: a picture, a line each sentence; html: a page of pictures",
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
    return cli
