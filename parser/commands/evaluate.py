"""``evaluate.py``: scores a model, or the output of any parser, on a treebank, as a table and as JSON.
What a score was made under (file, tags, punctuation, scorer) is told with it."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from parser import pipeline
from parser.commands.command_line import OneLineErrors, at_least_one, warnings_told
from parser.commands.tables import report, text_report
from parser.evaluation import evaluate, right_arcs
from parser.evaluation_report import PUNCTUATION, SCORER, all_scores
from parser.files import atomic_output, checksum, shown_name
from parser.reliability import reliability
from parser.text_evaluation import text_scores
from parser.treebank.conllu import Block, read_blocks
from parser.treebank.tokens import paragraphs_of, text_of
from parser.version import __version__

# What a system is given of the gold file, and what that means.
GIVEN = {
    "tags": "gold: words, sentences and tags are those of the gold file",
    "words": "gold: words and sentences are those of the gold file; tags and lemmas are the model's",
    "text": "the system's, cut from raw text",
}


def main(argv: list[str]) -> None:
    """Run the command with these arguments. Raises ClearparseError."""
    options = _options(argv)
    model: Any = pipeline.load(options.model) if options.model is not None else None
    if options.info:
        print(model.describe(), end="\n" if options.gold is None else "\n\n")
    if options.gold is None:
        return
    with threadpool_limits(options.threads), warnings_told():
        scores = _text_scores(options, model) if options.given == "text" else _scores(options, model)
    scores["conditions"] = _conditions(options, model)
    if options.json is not None:
        text = json.dumps(scores, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        with atomic_output(options.json) as stream:
            stream.write(text.encode(errors="backslashreplace"))  # a path may be no UTF-8
    if options.json != "-":
        print(text_report(scores) if options.given == "text" else report(scores, details=options.details))


def _options(argv: Sequence[str]) -> argparse.Namespace:
    cli = OneLineErrors(prog="evaluate.py", description="Score a model or any parser's output")
    what = cli.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", metavar="MODEL", help="parse the gold file with this, and score it")
    what.add_argument("--system", metavar="FILE", help="score these trees of the same words; - is stdin")
    cli.add_argument("--gold", metavar="FILE", help="the treebank, CoNLL-U or CoNLL-X; - is stdin")
    cli.add_argument(
        "--given",
        choices=GIVEN,
        default="tags",
        help="what of the gold file the model may see: its tags (the default), its words, or its text alone;"
        " text is also for other systems that cut words themselves",
    )
    cli.add_argument("--json", metavar="OUT", help="write all scores and conditions here; - is stdout")
    cli.add_argument("--details", action="store_true", help="print scores of each relation, and confusions")
    cli.add_argument(
        "--confidence", action="store_true", help="print how often the model is right where it says how sure it is"
    )
    cli.add_argument("--info", action="store_true", help="print what the model is; --gold is not needed")
    cli.add_argument("--threads", type=at_least_one, default=1, metavar="N", help="of the matrix products (default 1)")
    options = cli.parse_args(argv)
    if options.info and options.model is None:
        cli.error("--info needs --model")
    if options.gold is None and not options.info:
        cli.error("--gold is missing: the treebank to score on")
    if options.gold is None and (options.json is not None or options.details):
        cli.error(f"{'--details' if options.details else '--json'} needs --gold")
    if options.confidence and (options.model is None or options.gold in (None, "-") or options.given != "tags"):
        cli.error("--confidence needs --model, and --gold as a file, with its tags")
    if options.details and options.given == "text":
        cli.error("--details needs the words of the gold file: it cannot go with --given text")
    if options.given == "words" and options.model is None:
        cli.error("--given words needs --model")
    if options.gold == options.system == "-":
        cli.error("--gold and --system cannot both be standard input")
    return options


def _scores(options: argparse.Namespace, model: Any) -> dict[str, Any]:
    """The scores of trees over the words of the gold file, and of tags where these are the model's."""
    gold: Iterator[Block] = read_blocks(options.gold, trees=True, block_bytes=pipeline.BLOCK_BYTES)
    paths = {"gold_path": shown_name(options.gold), "system_path": shown_name(options.system or options.model)}
    if options.given == "words":
        blocks = list(gold)
        system = [model.parse_block(model.tag(block)) for block in blocks]
        return all_scores(evaluate(blocks, system, **paths)) | {"tagging": text_scores(blocks, system, **paths)}
    if model is None:
        return all_scores(evaluate(gold, read_blocks(options.system, trees=True), **paths))
    gold, words = itertools.tee(gold)  # holds one block at most: both are read in step
    scores = all_scores(evaluate(gold, model.parse_blocks(words), **paths))
    return scores | ({"confidence": _reliability(options.gold, model)} if options.confidence else {})


def _text_scores(options: argparse.Namespace, model: Any) -> dict[str, Any]:
    """The scores of a system that has cut the text itself."""
    gold = list(read_blocks(options.gold, trees=True))
    if model is None:
        system = list(read_blocks(options.system, trees=True))
    else:
        texts = [text_of([token for sentence in each for token in sentence]) for each in paragraphs_of(gold)]
        system = [model.parse_texts(texts)]
    paths = {"gold_path": shown_name(options.gold), "system_path": shown_name(options.system or options.model)}
    sizes = {"words": sum(len(block.fields) for block in gold), "sentences": sum(map(len, gold))}
    return sizes | text_scores(gold, system, **paths)


def _reliability(gold: str, model: Any) -> dict[str, Any]:
    confidence, right = [], []
    for block in read_blocks(gold, trees=True, block_bytes=pipeline.BLOCK_BYTES):
        heads, deprels, certainty = model.parser.parse_with_certainty(block)
        confidence.append(model.parser.calibration(certainty))
        right.append(right_arcs(block, heads, deprels))
    return reliability(np.concatenate(confidence), np.concatenate(right))


def _conditions(options: argparse.Namespace, model: Any) -> dict[str, Any]:
    conditions = {
        "gold": {"path": shown_name(options.gold), "sha256": checksum(options.gold)},
        "tokens": GIVEN[options.given],
        "punctuation": PUNCTUATION,
        "scorer": SCORER,
        "clearparse": __version__,
    }
    if model is None:
        system = {"path": shown_name(options.system), "sha256": checksum(options.system)}
        return conditions | {"tags": "those the system was given: not known here", "system": system}
    return conditions | {
        "tags": "gold, from the columns of the gold file" if options.given == "tags" else "the model's",
        "search": "greedy",
        "model": {"path": options.model, "sha256": checksum(options.model)} | model.conditions(),
    }
