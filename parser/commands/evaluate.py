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
from parser.evaluation import Counts, evaluate, right_arcs
from parser.evaluation_report import PUNCTUATION, SCORER, all_scores
from parser.files import atomic_output, checksum, shown_name
from parser.reliability import reliability
from parser.treebank.conllu import Block, read_blocks
from parser.version import __version__

MAIN_SCORES = {
    "UAS": "UAS   heads",
    "LAS": "LAS   heads and relations",
    "CLAS": "CLAS  the same, content relations only (F1)",
    "label_accuracy": "      relations, whatever the head",
    "LAS_with_subtypes": "      LAS with subtypes of relations",
    "UEM": "UEM   sentences with all heads right",
    "LEM": "LEM   sentences with all heads and relations right",
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
        scores = all_scores(_evaluate(options, model)) | {"conditions": _conditions(options, model)}
        if options.confidence:
            scores["confidence"] = _reliability(options.gold, model)
    if options.json is not None:
        text = json.dumps(scores, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        with atomic_output(options.json) as stream:
            stream.write(text.encode(errors="backslashreplace"))  # a path may be no UTF-8
    if options.json != "-":
        print(_report(scores, details=options.details))


def _options(argv: Sequence[str]) -> argparse.Namespace:
    cli = OneLineErrors(prog="evaluate.py", description="Score a model or any parser's output")
    what = cli.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", metavar="MODEL", help="parse the gold file's words with this, and score it")
    what.add_argument("--system", metavar="FILE", help="score these trees of the same words; - is stdin")
    cli.add_argument("--gold", metavar="FILE", help="the treebank, CoNLL-U or CoNLL-X; - is stdin")
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
    if options.confidence and (options.model is None or options.gold in (None, "-")):
        cli.error("--confidence needs --model, and --gold as a file")
    if options.gold == options.system == "-":
        cli.error("--gold and --system cannot both be standard input")
    return options


def _evaluate(options: argparse.Namespace, model: Any) -> Counts:
    gold: Iterator[Block] = read_blocks(options.gold, trees=True, block_bytes=pipeline.BLOCK_BYTES)
    if model is None:
        system = read_blocks(options.system, trees=True)
    else:
        gold, words = itertools.tee(gold)  # holds one block at most: both are read in step
        system = model.parse_blocks(words)
    system_path = shown_name(options.system if model is None else options.model)
    return evaluate(gold, system, gold_path=shown_name(options.gold), system_path=system_path)


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
        "tokens": "gold: words and sentences are those of the gold file",
        "punctuation": PUNCTUATION,
        "scorer": SCORER,
        "clearparse": __version__,
    }
    if model is None:
        system = {"path": shown_name(options.system), "sha256": checksum(options.system)}
        return conditions | {"tags": "those the system was given: not known here", "system": system}
    return conditions | {
        "tags": "gold, from the columns of the gold file",
        "search": "greedy",
        "model": {"path": options.model, "sha256": checksum(options.model)} | model.conditions(),
    }


def _report(scores: dict[str, Any], *, details: bool) -> str:
    """All tables, with a blank line between them."""
    parts = [_about(scores), _main_table(scores), *_notes(scores)]
    parts += [
        _arc_table("arc length", scores["by_arc_length"]),
        _table(
            ["sentence length", "sentences", "words", "UAS", "LAS", "LEM"],
            [[name, *map(_cell, row.values())] for name, row in scores["by_sentence_length"].items()],
        ),
        _table(
            ["non-projective arcs", "words", "UAS", "LAS"],
            [[side, *map(_cell, row.values())] for side, row in scores["non_projective_arcs"].items()],
        ),
    ]
    if "confidence" in scores:
        parts.append(_reliability_table(scores["confidence"]))
    if not details:
        return "\n\n".join([*parts, "--details adds the scores of each relation, and the confusions"])
    parts.append(_arc_table("relation", scores["by_relation"]))
    confusions = [[pair["gold"], pair["system"], _cell(pair["words"])] for pair in scores["confusions"]]
    parts.append(_table(["gold relation", "taken for", "words"], confusions, left=2))
    return "\n\n".join(parts)


def _reliability_table(found: dict[str, Any]) -> str:
    rows = [
        [name, *map(_cell, each.values()), ("#" * round(each["LAS"] / 4)).ljust(25)]
        for name, each in found["bins"].items()
    ]
    table = _table(["said to be right", "words", "mean", "LAS", ""], rows)
    return f"{table}\nexpected calibration error {found['expected_calibration_error']:.2f}"


def _about(scores: dict[str, Any]) -> str:
    conditions = scores["conditions"]
    which = "model" if "model" in conditions else "system"
    return "\n".join(
        [
            f"gold         {conditions['gold']['path']}",
            f"{which:<12} {conditions[which]['path']}",
            f"tokens       {conditions['tokens']}",
            f"tags         {conditions['tags']}",
            f"scorer       {conditions['scorer']}",
            f"punctuation  {conditions['punctuation']}",
        ]
    )


def _main_table(scores: dict[str, Any]) -> str:
    bare = scores["without_punctuation"]
    names = {"sentences": "sentences", "words": "words"} | MAIN_SCORES
    rows = [[text, _cell(scores[name]), _cell(bare[name])] for name, text in names.items()]
    return _table(["", "with punctuation", "without"], rows)


def _notes(scores: dict[str, Any]) -> list[str]:
    """What a reader of the main scores has to know, where there is something."""
    notes = []
    if not scores["without_punctuation"]["words"]:
        notes.append("note: all words are punctuation; without it 0 words are scored")
    if scores["without_punctuation"]["words"] == scores["words"]:
        notes.append("note: no word is punctuation, so the scores with and without it are the same")
    if scores["words_without_upos"]:
        unknown = scores["words_without_upos"]
        notes.append(f"note: {unknown:,} words have no UPOS; their characters tell if they are punctuation")
    for side, sentences in scores["sentences_with_several_roots"].items():
        if sentences:
            notes.append(f"note: {side} has several roots in {sentences:,} of the sentences")
    return ["\n".join(notes)] if notes else []


def _arc_table(name: str, classes: dict[str, dict[str, Any]]) -> str:
    """The scores of the arcs of each class."""
    rows = [[label, *map(_cell, row.values())] for label, row in classes.items()]
    return _table([name, "gold", "system", "precision", "recall", "F1"], rows)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Columns of text: as many as `left` says to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        cells = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
