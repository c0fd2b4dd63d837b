"""Scores as text tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clearparse.evaluation.scores import MAIN_SCORES, format_score

TAGGING = ("UPOS", "XPOS", "UFeats", "AllTags", "Lemmas", "MLAS", "BLEX")
MEASURES = (
    "Tokens", "Sentences", "Words", "UPOS", "XPOS", "UFeats", "AllTags", "Lemmas", "UAS", "LAS", "CLAS", "MLAS", "BLEX",
)  # fmt: skip


def format_scores(scores: dict[str, Any], *, details: bool) -> str:
    """All tables. details: with the scores of each relation, and the most frequent confusions."""
    parts = [_conditions(scores), _main_table(scores), *_notes(scores)]
    if "tagging" in scores:
        parts.append(
            table(["tags and lemmas", "accuracy"], [[name, _cell(scores["tagging"][name])] for name in TAGGING])
        )
    parts += [
        _arc_table("arc length", scores["by_arc_length"]),
        table(
            ["sentence length", "sentences", "words", "UAS", "LAS", "LEM"],
            [[name, *map(_cell, row.values())] for name, row in scores["by_sentence_length"].items()],
        ),
        table(
            ["non-projective arcs", "words", "UAS", "LAS"],
            [[side, *map(_cell, row.values())] for side, row in scores["non_projective_arcs"].items()],
        ),
    ]
    if "confidence" in scores:
        parts.append(_reliability_table(scores["confidence"]))
    if "comparison" in scores:
        parts.append(_comparison_table(scores["comparison"]))
    if not details:
        return "\n\n".join([*parts, "(--details adds scores by relation and the most frequent confusions)"])
    parts.append(_arc_table("relation", scores["by_relation"]))
    confusions = [[pair["gold"], pair["system"], _cell(pair["words"])] for pair in scores["confusions"]]
    parts.append(table(["gold relation", "predicted", "words"], confusions, left=2))
    return "\n\n".join(parts)


def _reliability_table(found: dict[str, Any]) -> str:
    rows = [
        [name, *map(_cell, each.values()), ("#" * round(each["LAS"] / 4)).ljust(25)]
        for name, each in found["bins"].items()
    ]
    shown = table(["confidence", "words", "mean", "LAS", ""], rows)
    return f"{shown}\nexpected calibration error {found['expected_calibration_error']:.2f}"


def _comparison_table(found: dict[str, Any]) -> str:
    rows = [
        [
            name,
            *(f"{each[key]:.2f}" for key in ("system", "other")),
            *(f"{each[key]:+.2f}" for key in ("difference", "low", "high")),
            f"{each['p']:.4f}",
        ]
        for name, each in found["scores"].items()
    ]
    shown = table(["comparison", "this", "other", "difference", "95 % low", "high", "p"], rows)
    sentences = ", ".join(f"{number:,}: {what}" for what, number in found["sentences"].items())
    return f"{shown}\nother        {found['other']['path']}\nsentences    {sentences}\nmethod       {found['method']}"


def format_raw_text_scores(scores: dict[str, Any]) -> str:
    """The measures of the CoNLL 2018 shared task, for output from raw text."""
    rows = [[name, _cell(scores[name])] for name in MEASURES]
    return f"{_conditions(scores)}\n\n{table(['', 'F1'], rows)}"


def _conditions(scores: dict[str, Any]) -> str:
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
    names = {"sentences": "sentences", "words": "words"}
    names |= {name: f"{name if name.isupper() else '':<6}{meaning}" for name, meaning in MAIN_SCORES.items()}
    rows = [[text, _cell(scores[name]), _cell(bare[name])] for name, text in names.items()]
    return table(["", "with punctuation", "without"], rows)


def _notes(scores: dict[str, Any]) -> list[str]:
    """Remarks on the main scores, if there are any."""
    notes = []
    if not scores["without_punctuation"]["words"]:
        notes.append("note: all words are punctuation, so no words are scored without it")
    if scores["without_punctuation"]["words"] == scores["words"]:
        notes.append("note: no word is punctuation, so the scores with and without it are the same")
    if scores["words_without_upos"]:
        unknown = scores["words_without_upos"]
        notes.append(f"note: {unknown:,} words have no UPOS; their characters decide whether they are punctuation")
    for side, sentences in scores["sentences_with_several_roots"].items():
        if sentences:
            notes.append(f"note: {sentences:,} {side} sentences have several roots")
    return ["\n".join(notes)] if notes else []


def _arc_table(name: str, classes: dict[str, dict[str, Any]]) -> str:
    """The scores of the arcs of each class."""
    rows = [[label, *map(_cell, row.values())] for label, row in classes.items()]
    return table([name, "gold", "system", "precision", "recall", "F1"], rows)


def _cell(value: float | None) -> str:
    return f"{value:,}" if isinstance(value, int) else format_score(value)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table with aligned columns; the first `left` ones to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        cells = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
