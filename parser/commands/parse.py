"""`python scripts/parse.py`: give CoNLL-U sentences their trees."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from parser import pipeline
from parser.commands.command_line import OneLineErrors, at_least_one, warnings_told
from parser.drawing import draw_sentence, shows_boxes
from parser.files import atomic_output
from parser.parallel import map_in_order
from parser.pipeline import BLOCK_BYTES, Model
from parser.treebank.conllu import Block, Text, read_texts


def main(argv: list[str]) -> None:
    """Parse files, or stdin, to one output that appears when all of it is done."""
    arguments = _command_line().parse_args(argv)
    model = pipeline.load(arguments.model)
    with warnings_told():
        worker = Worker(model, arguments.format, arguments.confidence, ascii_only=not shows_boxes(sys.stdout))
        parse_files(worker, arguments.files or ["-"], arguments.output, arguments.jobs)


def parse_files(worker: Worker, paths: Sequence[str], output: str, jobs: int) -> None:
    """Parse CoNLL files, one after another, into one that appears whole or not at all; some blocks are in memory."""
    texts = (text for path in paths for text in read_texts(path, block_bytes=BLOCK_BYTES))
    with atomic_output(output) as stream:
        for parsed, warned in map(worker, texts) if jobs == 1 else map_in_order(worker, texts, jobs):
            stream.write(parsed)
            for warning in warned:
                warnings.warn(warning, stacklevel=2)


@dataclass(frozen=True)
class Worker:
    """What one process does: texts in; texts with trees, and the warnings about them, out."""

    model: Model
    form: str
    confidence: bool
    ascii_only: bool

    def __call__(self, text: Text) -> tuple[bytes, list[Warning]]:
        with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            block = text.block(trees=False)
            if self.form == "tree":
                parsed = b"".join(self._drawings(block))
            else:
                parsed = self.model.parse_text(block, confidence=self.confidence)
        return parsed, [warning.message for warning in caught if isinstance(warning.message, Warning)]

    def _drawings(self, block: Block) -> Iterator[bytes]:
        for sentence in self.model.parse_block(block):
            yield f"{draw_sentence(sentence, ascii_only=self.ascii_only)}\n\n".encode()


def _command_line() -> argparse.ArgumentParser:
    cli = OneLineErrors(
        prog="parse.py",
        description="Parse the sentences of CoNLL-U files: new HEAD and DEPREL, all else byte for byte.",
    )
    cli.add_argument("files", nargs="*", metavar="F", help="CoNLL-U or CoNLL-X, .gz allowed; without, stdin")
    cli.add_argument("--model", required=True, metavar="MODEL", help="a model file, as train.py makes it")
    cli.add_argument("--output", default="-", metavar="F", help="default stdout; it appears whole or not at all")
    cli.add_argument(
        "--format", choices=("conllu", "tree"), default="conllu", help="conllu, or trees drawn for a terminal"
    )
    cli.add_argument(
        "--confidence", action="store_true", help="write how probably HEAD and DEPREL are right into MISC: Conf=0.93"
    )
    cli.add_argument(
        "--jobs", type=at_least_one, default=1, metavar="N", help="processes that parse, a core each (default 1)"
    )
    return cli
