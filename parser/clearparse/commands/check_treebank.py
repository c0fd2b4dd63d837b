"""`python scripts/check_treebank.py`: list what may be annotation errors in a treebank."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from clearparse.commands.command_line import CommandLine
from clearparse.drawing.printable import printable_lines
from clearparse.model.model import load
from clearparse.training.data import read_treebanks
from clearparse.training.parser_batches import Treebank, log_likelihoods
from clearparse.treebank.conllu import DEPREL, UPOS, XPOS, Block
from clearparse.treebank.inspection import (
    count_nonprojective,
    count_several_roots,
    inconsistencies,
    seen_once,
)


def main(argv: list[str]) -> None:
    """Print the report. Raises ClearparseError."""
    options = _command_line().parse(argv)
    data = read_treebanks(options.files)
    print(f"{data.sentences:,} sentences, {data.words:,} words")
    for line in _report(data.blocks, options.limit):
        print(printable_lines(line))
    if options.model is not None:
        for line in _unlikely(data.blocks, options.model, options.limit):
            print(printable_lines(line))


def _report(blocks: Sequence[Block], limit: int) -> Iterator[str]:
    sentences = sum(map(len, blocks))
    for number, what in (
        (sum(map(count_nonprojective, blocks)), "are non-projective"),
        (sum(map(count_several_roots, blocks)), "have several roots"),
    ):
        yield f"{number:,} sentences ({100 * number / sentences:.1f} %) {what}"
    for name, column in (("relations", DEPREL), ("UPOS", UPOS), ("XPOS", XPOS)):
        once = (f"{path}:{line}: {value.decode()}" for value, path, line in seen_once(blocks, column))
        yield from _listed(f"{name} that occur once", once, limit)
    different = (
        f"{each.path}:{each.line}: differs from {each.other_path}:{each.other_line} in"
        f" {', '.join(f'{name} of {count}' for name, count in each.differing.items())} of {len(each.forms)} words:"
        f" {_shown(each.forms)}"
        for each in inconsistencies(blocks)
    )
    yield from _listed("sentences annotated differently from an earlier one with the same words", different, limit)


def _unlikely(blocks: Sequence[Block], model: str, limit: int) -> Iterator[str]:
    """The sentences whose gold trees are least likely under a model."""
    parser = load(model).parser
    p = np.concatenate([log_likelihoods(parser, Treebank.of([block])) for block in blocks])
    where = [(block, number) for block in blocks for number in range(len(block))]
    least = np.argsort(p, kind="stable")[:limit]
    found = (
        f"{where[i][0].path}:{where[i][0].lines[where[i][0].sentences[where[i][1]]]}:"
        f" {math.exp(p[i]):.3f}: {_shown(form.encode() for form in where[i][0][where[i][1]].forms)}"
        for i in least.tolist()
    )
    yield from _listed("least likely trees, by the geometric mean of the transition probabilities", found, limit)


def _listed(what: str, lines: Iterable[str], limit: int) -> Iterator[str]:
    """A heading with the number of lines, and the first lines."""
    found = list(lines)
    yield f"\n{what}: {len(found):,}"
    yield from (f"  {line}" for line in islice(found, limit))
    if len(found) > limit:
        yield f"  ... and {len(found) - limit:,} more (--limit N shows more)"


def _shown(forms: Iterable[bytes], max_length: int = 70) -> str:
    text = b" ".join(forms).decode()
    return text if len(text) <= max_length else text[: max_length - 3] + "..."


def _command_line() -> CommandLine:
    cli = CommandLine(
        "check_treebank.py", usage="FILE ... [options]", description="Find likely annotation errors in a treebank."
    )
    cli.option("files", nargs="+", metavar="FILE", help="annotated CoNLL-U or CoNLL-X files")
    cli.option("-m", "--model", metavar="MODEL", help="also list the trees that are least likely under this model")
    cli.count_option("--limit", old=["--most"], default=10, help="findings to list of each kind")
    return cli
