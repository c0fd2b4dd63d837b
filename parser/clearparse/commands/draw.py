"""`python scripts/draw.py`: draw the trees of annotated files, without parsing them."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence

from clearparse.commands.command_line import CommandLine
from clearparse.commands.output_format import add_format_option, chosen_format
from clearparse.corpus.formats import FORMATS
from clearparse.drawing.text import shows_boxes
from clearparse.errors import ClearparseError
from clearparse.io.files import atomic_output
from clearparse.io.overwriting import refuse_overwriting
from clearparse.treebank.conllu import Block, read_blocks

DEFAULT_FORMAT = "tree"
DRAWINGS = {name: each for name, each in FORMATS.items() if each.is_drawing}


def main(argv: list[str]) -> None:
    """Draw all sentences, or those that are named. Raises ClearparseError."""
    options = _command_line().parse(argv)
    output_format = DRAWINGS[chosen_format(options, DRAWINGS, DEFAULT_FORMAT)]
    ascii_only = not shows_boxes(sys.stdout)
    refuse_overwriting([options.output], options.files)
    blocks = _blocks(options.files or ["-"], options.sent_id)
    with atomic_output(options.output) as stream:
        stream.writelines(output_format.document(output_format.write(block, ascii_only) for block in blocks))


def _blocks(files: Sequence[str], sent_ids: Collection[str]) -> Iterator[Block]:
    """The sentences to draw. Raises ClearparseError for a sent_id that no sentence has."""
    missing = set(sent_ids)
    for path in files:
        for block in read_blocks(path, trees=True):
            if not sent_ids:
                yield block
                continue
            for sentence in block:
                if sentence.sent_id in sent_ids:
                    missing.discard(sentence.sent_id)
                    yield block.part(sentence.index, sentence.index + 1)
    if missing:
        raise ClearparseError(f"no sentence has the sent_id {' or '.join(sorted(missing))}")


def _command_line() -> CommandLine:
    cli = CommandLine("draw.py", usage="[FILE ...] [options]", description="Draw the trees of annotated files.")
    cli.option("files", nargs="*", metavar="FILE", help="annotated CoNLL-U or CoNLL-X files (default: stdin)")
    cli.option("-o", "--output", default="-", metavar="FILE", help="file to write (default: stdout)")
    add_format_option(cli, DRAWINGS, DEFAULT_FORMAT, "options")
    cli.option("--sent-id", nargs="+", default=[], metavar="ID", help="draw only the sentences with these sent_ids")
    return cli
