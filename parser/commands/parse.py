"""`python scripts/parse.py`: give CoNLL-U sentences their trees."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from threadpoolctl import threadpool_limits

from parser import pipeline
from parser.commands.command_line import OneLineErrors, warnings_told
from parser.drawing import draw_sentence, shows_boxes
from parser.files import atomic_output
from parser.pipeline import BLOCK_BYTES, Model
from parser.treebank.conllu import Block, read_blocks


def main(argv: list[str]) -> None:
    """Parse files, or stdin, to one output that appears when all of it is done."""
    arguments = _command_line().parse_args(argv)
    model = pipeline.load(arguments.model)
    with threadpool_limits(limits=arguments.threads), warnings_told():
        parse_files(model, arguments.files or ["-"], arguments.output, arguments.format)


def parse_files(model: Model, paths: Sequence[str], output: str, form: str = "conllu") -> None:
    """Parse CoNLL files, one after another, into one that appears whole or not at all; memory is that of a block."""
    with atomic_output(output) as stream:
        for path in paths:
            for block in read_blocks(path, trees=False, block_bytes=BLOCK_BYTES):
                for piece in _FORMATS[form](model, block):
                    stream.write(piece)


def _conllu(model: Model, block: Block) -> Iterator[bytes]:
    yield model.parse_text(block)


def _trees(model: Model, block: Block) -> Iterator[bytes]:
    for sentence in model.parse_block(block):
        yield f"{draw_sentence(sentence, ascii_only=not shows_boxes(sys.stdout))}\n\n".encode()


_FORMATS = {"conllu": _conllu, "tree": _trees}


def _command_line() -> argparse.ArgumentParser:
    cli = OneLineErrors(
        prog="parse.py",
        description="Parse the sentences of CoNLL-U files: new HEAD and DEPREL, all else byte for byte.",
    )
    cli.add_argument("files", nargs="*", metavar="F", help="CoNLL-U or CoNLL-X, .gz allowed; without, stdin")
    cli.add_argument("--model", required=True, metavar="MODEL", help="a model file, as train.py makes it")
    cli.add_argument("--output", default="-", metavar="F", help="default stdout; it appears whole or not at all")
    cli.add_argument(
        "--format", choices=_FORMATS, default="conllu", help="conllu (default), or trees drawn for a terminal"
    )
    cli.add_argument("--threads", type=int, default=1, metavar="N", help="threads of the matrix products (default 1)")
    return cli
