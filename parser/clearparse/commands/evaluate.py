"""``evaluate.py``: scores a model, or the output of any parser, on a treebank, as a table, as JSON and as a page.
What a score was made under (file, tags, punctuation, scorer) is told with it."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from clearparse.commands.command_line import CommandLine, positive, print_warnings
from clearparse.commands.tables import report, text_report
from clearparse.evaluation.calibration import reliability
from clearparse.evaluation.counts import aligned, evaluate, right_arcs, total
from clearparse.evaluation.raw_text import raw_text_scores
from clearparse.evaluation.scores import PUNCTUATION, SCORER, all_scores
from clearparse.evaluation.significance import Pairs, comparison
from clearparse.io.files import atomic_output, checksum, shown_name
from clearparse.model.container import is_model_file
from clearparse.model.model import BLOCK_BYTES, load
from clearparse.report.page import page
from clearparse.report.sections import Findings
from clearparse.treebank.conllu import Block, read_blocks
from clearparse.treebank.tokens import paragraphs_of, text_of
from clearparse.version import __version__

# What a system is given of the gold file, and what that means.
GIVEN = {
    "tags": "gold: words, sentences and tags are those of the gold file",
    "words": "gold: words and sentences are those of the gold file; tags and lemmas are the model's",
    "text": "the system's, cut from raw text",
}


def main(argv: list[str]) -> None:
    """Run the command with these arguments. Raises ClearparseError."""
    options = _options(argv)
    model: Any = load(options.model) if options.model is not None else None
    if options.info:
        print(model.describe(), end="\n" if options.gold is None else "\n\n")
    if options.gold is None:
        return
    with threadpool_limits(options.threads), print_warnings():
        if options.given == "text":
            scores = _text_scores(options, model)
        elif options.given == "words" or options.report or options.compare:
            scores = _scores_of_all(options, model)
        else:
            scores = _scores(options, model)
    if options.json is not None:
        text = json.dumps(scores, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        with atomic_output(options.json) as stream:
            stream.write(text.encode(errors="backslashreplace"))  # a path may be no UTF-8
    if "-" not in (options.json, options.report):
        print(text_report(scores) if options.given == "text" else report(scores, details=options.details))
        if options.report:
            print(f"\nmade {options.report}")


def _options(argv: Sequence[str]) -> argparse.Namespace:
    cli = CommandLine("evaluate.py", description="Score a model or any parser's output")
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
    cli.add_argument(
        "--report", metavar="HTML", help="write one page with scores, charts, and the errors drawn as trees"
    )
    cli.add_argument(
        "--compare", metavar="F", help="another model, or another parser's output: is the difference significant?"
    )
    cli.add_argument("--info", action="store_true", help="print what the model is; --gold is not needed")
    cli.add_argument("--threads", type=positive, default=1, metavar="N", help="of the matrix products (default 1)")
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
            cli.error(f"--{flag} needs the words of the gold file: it cannot go with --given text")
    if options.compare == "-":
        cli.error("--compare cannot be standard input")
    if options.report == "-" and options.json == "-":
        cli.error("--report and --json cannot both be standard output")
    if options.given == "words" and options.model is None:
        cli.error("--given words needs --model")
    if options.gold == options.system == "-":
        cli.error("--gold and --system cannot both be standard input")
    return options


def _paths(options: argparse.Namespace) -> dict[str, str]:
    return {"gold_path": shown_name(options.gold), "system_path": shown_name(options.system or options.model)}


def _scores(options: argparse.Namespace, model: Any) -> dict[str, Any]:
    """The scores of trees over the words of the gold file, of which a part is in memory."""
    gold: Iterator[Block] = read_blocks(options.gold, trees=True, block_bytes=BLOCK_BYTES)
    if model is None:
        scores = all_scores(evaluate(gold, read_blocks(options.system, trees=True), **_paths(options)))
    else:
        gold, words = itertools.tee(gold)  # holds one block at most: both are read in step
        scores = all_scores(evaluate(gold, map(model.parse_block, words), **_paths(options)))
        if options.confidence:
            blocks = read_blocks(options.gold, trees=True, block_bytes=BLOCK_BYTES)
            scores["confidence"] = _reliability(((block, block) for block in blocks), model)
    return scores | {"conditions": _conditions(options, model)}


def _scores_of_all(options: argparse.Namespace, model: Any) -> dict[str, Any]:
    """The same with all trees in memory: with tags where these are the model's, a comparison, a report."""
    gold = list(read_blocks(options.gold, trees=True, block_bytes=BLOCK_BYTES))
    tagged = [model.tag(block) for block in gold] if options.given == "words" else gold
    system = list(map(model.parse_block, tagged) if model else read_blocks(options.system, trees=True))
    pairs = list(aligned(gold, system, **_paths(options)))
    counts = total(pairs)
    scores = all_scores(counts) | {"conditions": _conditions(options, model)}
    if options.given == "words":
        scores["tagging"] = raw_text_scores(gold, system, **_paths(options))
    if model and (options.confidence or options.report):
        scores["confidence"] = _reliability(zip(gold, tagged, strict=True), model)
    if options.compare:
        other, about = _other(options, gold)
        scores["comparison"] = {"other": about} | comparison(pairs, other)
    if options.report:
        epochs = model.record["epochs"] if model else []
        findings = Findings(scores, gold, pairs, counts, epochs)
        with atomic_output(options.report) as stream:
            stream.write(page(findings).encode(errors="backslashreplace"))
    return scores


def _other(options: argparse.Namespace, gold: Sequence[Block]) -> tuple[Pairs, dict[str, Any]]:
    """The trees to compare with, those of a model or of a file, and what is to be told of them."""
    path = options.compare
    about = {"path": path, "sha256": checksum(path)}
    if is_model_file(path):
        model = load(path)
        tagged = [model.tag(block) for block in gold] if options.given == "words" else gold
        system: Iterable[Block] = map(model.parse_block, tagged)
        about |= model.conditions()
    else:
        system = read_blocks(path, trees=True)
    return list(aligned(gold, system, gold_path=shown_name(options.gold), system_path=path)), about


def _text_scores(options: argparse.Namespace, model: Any) -> dict[str, Any]:
    """The scores of a system that has cut the text itself."""
    gold = list(read_blocks(options.gold, trees=True))
    if model is None:
        system = list(read_blocks(options.system, trees=True))
    else:
        texts = [text_of([token for sentence in each for token in sentence]) for each in paragraphs_of(gold)]
        system = [model.parse_block(model.tag(model.tokenize(texts)))]
    sizes = {"words": sum(len(block.fields) for block in gold), "sentences": sum(map(len, gold))}
    return sizes | raw_text_scores(gold, system, **_paths(options)) | {"conditions": _conditions(options, model)}


def _reliability(blocks: Iterable[tuple[Block, Block]], model: Any) -> dict[str, Any]:
    """How often the model is right where it is sure. blocks: gold, and the same words as the model is given them."""
    confidence, right = [], []
    for gold, given in blocks:
        heads, deprels, probability = model.stages.ensemble.parse_with_probabilities(given)
        confidence.append(model.stages.ensemble.calibration(probability))
        right.append(right_arcs(gold, heads, deprels))
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
