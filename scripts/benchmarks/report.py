"""Formats the results of a benchmark as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ROWS: tuple[tuple[str, str, str], ...] = (  # key, heading, format
    ("training seconds", "training, s", ",.0f"),
    ("UAS", "UAS", ".2f"),
    ("LAS", "LAS", ".2f"),
    ("load seconds", "loading, s", ".2f"),
    ("end to end, words/s", "end to end, words/s", ",.0f"),
    ("end to end, sentences/s", "  sentences/s", ",.0f"),
    ("parser alone, words/s", "parser alone, words/s", ",.0f"),
    ("parser alone, sentences/s", "  sentences/s", ",.0f"),
    ("peak MB", "peak memory, MB", ",.0f"),
    ("model MB", "model, MB", ",.1f"),
)


def table(results: dict[str, Any]) -> Iterator[str]:
    """Format all results, line by line."""
    conditions, parsers = results["conditions"], results["parsers"]
    files = conditions["files"]
    yield f"{conditions['machine']}; {conditions['cores']} core(s), medians of {conditions['runs']} alternating run(s)"
    for name, text in (("train", "trained on"), ("dev", "scored on"), ("input", "timed on")):
        yield f"{text:<11}{files[name]['path']} ({files[name]['words']:,} words)"
    yield "gold tokens, gold tags (see features); greedy unless a beam is named; punctuation counted"
    if conditions["quick"]:
        yield "quick trial: a few training steps, one run, not to be quoted"
    yield from (f"skipped    {name}: {module} is not installed" for name, module in results["skipped"].items())
    yield ""
    yield from _columns(
        [["", *parsers], ["features", *(parser["features"] for parser in parsers.values())], *_rows(parsers)]
    )
    yield ""
    step = results["training step"]
    yield f"a training step of `fast`, {step['batch']:,} configurations, {step['slots']} slots"
    for name, milliseconds in step["milliseconds"].items():
        yield f"  {name:<18}{milliseconds:8.1f} ms   {step['times as long'][name]:5.2f} times distinct pairs"
    for name, speed in results["CoNLL-U words/s"].items():
        yield f"{name} CoNLL-U: {speed:,.0f} words/s"
    yield ""
    yield from _cost(results["cost model"], parsers["clearparse fast"]["parser alone, words/s"])
    if "curves" in results:
        yield from _curves(results["curves"])


def _rows(parsers: dict[str, Any]) -> Iterator[list[str]]:
    for key, heading, form in ROWS:
        yield [heading, *("-" if parser[key] is None else format(parser[key], form) for parser in parsers.values())]


def _columns(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *cells])


def _cost(cost: dict[str, float], measured: float) -> Iterator[str]:
    yield "cost model of `fast` on this machine"
    for name, value in cost.items():
        yield f"  {name:<32}{value:14,.{2 if value < 1000 else 0}f}"
    yield f"  measured: {measured:,.0f} words/s, {100 * measured / cost['limit words/s']:.0f} % of the limit"


def _curves(curves: dict[str, Any]) -> Iterator[str]:
    for name in ("sentence length", "batch", "hidden units", "one sentence of 5,000 words"):
        yield ""
        yield f"microseconds of CPU time per word by {name}, parser alone"
        yield "  " + "   ".join(f"{key}: {value:.1f}" for key, value in curves[name].items())
    yield ""
    yield "parse.py as a whole command, one process"
    for words, cost in curves["corpus size"].items():
        speed, peak = cost["words/s"], cost["peak MB"]
        yield f"  {int(words):12,} words{cost['MB']:8,.0f} MB {speed:10,.0f} words/s {peak:6,.0f} MB peak"
    one, two = (curves["cores"][cores] for cores in ("1", "2"))
    yield f"parse.py --jobs 1 on one core {one:,.0f} words/s, --jobs 2 on two {two:,.0f}: {two / one:.2f} times as fast"
    yield ""
    yield "training `fast`"
    for words, found in curves["treebank size"].items():
        las = "-" if found["LAS"] is None else f"{found['LAS']:.2f}"
        yield f"  {int(words):10,} words  {found['training seconds']:6,.0f} s  LAS {las}"
