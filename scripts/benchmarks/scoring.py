"""Scores by the official scorer of the CoNLL 2018 shared task (udtools)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from benchmarks.compared import missing

GIVEN_TAGS = ("UAS", "LAS")
GIVEN_TEXT = ("Words", "Sentences", "UPOS", "UAS", "LAS")


def official_scores(gold: Path, system: Path, names: Sequence[str]) -> dict[str, float | None]:
    """F1 scores of these names in percent; None if udtools is not installed."""
    if missing("udtools"):
        return dict.fromkeys(names)
    from udtools import udeval

    options = {"multiple_roots_okay": True}
    texts = [io.StringIO(path.read_text(encoding="utf-8")) for path in (gold, system)]
    scores = udeval.evaluate(*(udeval.load_conllu(text, "text", options) for text in texts))
    return {name: 100 * scores[name].f1 for name in names}
