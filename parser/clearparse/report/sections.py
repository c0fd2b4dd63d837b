"""The sections of a report, each a list of elements."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearparse.drawing.svg import right_to_left, svg
from clearparse.evaluation.counts import Counts, count_pairs
from clearparse.evaluation.scores import MAIN_SCORES, all_scores, confusion_matrix, format_score, main_scores
from clearparse.evaluation.significance import Pairs
from clearparse.report import charts
from clearparse.report.findings import (
    ERROR_RULE,
    EXAMPLES,
    MAX_TYPES,
    MIN_WORDS,
    Example,
    counts_by,
    errors,
    genres,
    system_trees,
)
from clearparse.report.markup import Markup, join, table, tag
from clearparse.treebank.conllu import Block

MAX_RELATIONS = 24  # in the heat map
MAX_CONFUSIONS = 12  # in the list next to it


@dataclass(frozen=True)
class Findings:
    """The data of a report.

    scores: the result of `all_scores`, with "conditions" and, if available, "confidence", "tagging" and "comparison".
    counts and pairs belong to the same trees. others: the pairs of the system that it is compared with.
    epochs: from the model's training record. A circle marks the best epoch.
    """

    scores: dict[str, Any]
    gold: Sequence[Block]
    pairs: Pairs
    counts: Counts
    others: Pairs | None
    epochs: Sequence[Mapping[str, Any]]

    @functools.cached_property
    def other_scores(self) -> dict[str, Any] | None:
        """The scores of the other system, as those of this one."""
        return None if self.others is None else all_scores(count_pairs(self.others))

    @functools.cached_property
    def texts(self) -> list[str]:
        """The text of each sentence."""
        return [sentence.text for block in self.gold for sentence in block]


def sections(findings: Findings) -> Iterator[tuple[str, str, list[Markup]]]:
    """The title, ID and content of each section; the content may be empty."""
    scores = findings.scores
    yield "Scores and conditions", "scores", [tag("div", _scores(scores), _conditions(scores), class_="pair")]
    yield "Comparison", "comparison", list(_comparison(scores)) if "comparison" in scores else []
    yield "Accuracy by length and genre", "where", list(_where(findings))
    yield "Relations", "relations", [_relations(findings)]
    yield "Confusion matrix", "confusions", list(_confusions(findings))
    yield "Confidence", "confidence", list(_confidence(scores["confidence"])) if "confidence" in scores else []
    yield "Learning curve", "learning", list(_learning(findings.epochs)) if findings.epochs else []
    yield "Examples of errors", "errors", list(_errors(findings))


def _scores(scores: Mapping[str, Any]) -> Markup:
    bare = scores["without_punctuation"]
    rows = [[_named(name, meaning), cell(scores[name]), cell(bare[name])] for name, meaning in MAIN_SCORES.items()]
    parts = [table(["", "with punctuation", "without"], rows)]
    if "tagging" in scores:
        tags = [[name, cell(scores["tagging"][name])] for name in ("UPOS", "XPOS", "UFeats", "AllTags", "Lemmas")]
        parts += [tag("h3", "Tags and lemmas"), table(["", "accuracy"], tags)]
    nonprojective_arcs = [[side, *map(cell, row.values())] for side, row in scores["non_projective_arcs"].items()]
    parts += [tag("h3", "Non-projective arcs"), table(["in", "words", "UAS", "LAS"], nonprojective_arcs)]
    return tag("div", *parts)


def _named(name: str, meaning: str) -> str:
    return f"{name}: {meaning}" if name.isupper() else meaning


def _conditions(scores: Mapping[str, Any]) -> Markup:
    conditions = scores["conditions"]
    rows: dict[str, str] = {"gold": _file(conditions["gold"])}
    for name in ("model", "system"):
        if name in conditions:
            rows[name] = _file(conditions[name])
    rows |= {name: conditions[name] for name in ("tokens", "tags", "scorer", "punctuation")}
    model = conditions.get("model", {})
    if "search" in conditions:
        rows["search"] = conditions["search"]
    if "train" in model:
        rows["trained on"] = join(
            join([_file(each), f", {each['sentences']:,} sentences" if "sentences" in each else "", " "])
            for each in model["train"]
        )
    if "config" in model:
        settings = [f"{name}={value}" for name, value in model["config"].items()]
        summary = tag("summary", f"{len(settings)} settings")
        rows["configuration"] = tag("details", summary, tag("code", " ".join(settings)))
    return tag("dl", *(part for name, text in rows.items() for part in (tag("dt", name), tag("dd", text))))


def _file(about: Mapping[str, Any]) -> Markup:
    """The name of a file, and the first digits of its checksum."""
    digest = about.get("sha256")
    return join([tag("code", str(about["path"])), f" (SHA-256 {digest[:12]}…)" if digest else ""])


def _comparison(scores: Mapping[str, Any]) -> Iterator[Markup]:
    found = scores["comparison"]
    yield tag("p", "compared with ", _file(found["other"]))
    rows = [
        [
            name,
            *(f"{each[key]:.2f}" for key in ("system", "other")),
            signed(each["difference"]),
            f"{signed(each['low'])} to {signed(each['high'])}",
            f"{each['p']:.4f}",
        ]
        for name, each in found["scores"].items()
    ]
    yield table(["", "this", "other", "difference", "95 % interval", "p"], rows)
    yield _intervals(found["scores"])
    more, fewer, same = (f"{number:,}" for number in found["sentences"].values())
    yield tag(
        "p", f"{more} sentences have more correct arcs in this system, {fewer} in the other; {same} have equally many."
    )
    yield tag("p", found["method"], ".", class_="note")


def _intervals(scores: Mapping[str, Mapping[str, float]]) -> Markup:
    """A chart of the differences with their confidence intervals, and a line at 0."""
    ends = [0.0, *(each[key] for each in scores.values() for key in ("low", "high"))]
    height = charts.TOP + charts.FOOT + 30 * len(scores)
    axes = charts.Axes((min(ends) - 0.1, max(ends) + 0.1), (0, 1))
    parts = []
    for tick in charts.ticks(*axes.x_range, 6):
        kind = "grid" if tick else "zero"
        parts.append(charts.line((axes.x(tick), charts.TOP), (axes.x(tick), height - charts.FOOT), kind))
        parts.append(
            charts.text(axes.x(tick), height - charts.FOOT + 16, signed(tick, "g") if tick else "0", "tick middle")
        )
    for k, (name, each) in enumerate(scores.items()):
        y = charts.TOP + 30 * k + 15
        parts.append(charts.text(4, y + 4, name, "tick"))
        parts.append(charts.line((axes.x(each["low"]), y), (axes.x(each["high"]), y), "interval"))
        parts.append(tag("circle", cx=round(axes.x(each["difference"]), 1), cy=y, r=5, class_="point"))
    return charts.picture(parts, (charts.WIDTH, height), "difference of each score with its 95 % confidence interval")


def _where(findings: Findings) -> Iterator[Markup]:
    scores, other = findings.scores, findings.other_scores
    if other:
        yield tag("p", charts.bar(100.0), " this system ", charts.bar(100.0, "other"), " the other", class_="note key")
    lengths = [
        (name, row["LAS"], f"{row['words']:,} words", _theirs(other, "by_sentence_length", name, "LAS"))
        for name, row in scores["by_sentence_length"].items()
    ]
    arcs = [
        (name, row["recall"], f"{row['gold']:,} arcs", _theirs(other, "by_arc_length", name, "recall"))
        for name, row in scores["by_arc_length"].items()
    ]
    parts = [
        tag("div", tag("h3", "LAS by sentence length (words)"), charts.bars(lengths, "LAS by sentence length")),
        tag("div", tag("h3", "LAS by length of the gold arc (words)"), charts.bars(arcs, "LAS by arc length")),
    ]
    names = genres(findings.gold)
    if names:
        by_genre = {name: main_scores(counts) for name, counts in counts_by(names, findings.pairs).items()}
        theirs = counts_by(names, findings.others) if findings.others else {}
        rows = [
            (name, each["LAS"], f"{each['words']:,} words", main_scores(theirs[name])["LAS"] if theirs else None)
            for name, each in by_genre.items()
        ]
        parts.append(tag("div", tag("h3", "LAS by genre"), charts.bars(rows, "LAS by genre")))
    yield tag("div", *parts, class_="pair")
    if names:
        yield tag(
            "p", "The genre is the part of a sentence or document ID before the first -, _ or digit.", class_="note"
        )


def _theirs(scores: Mapping[str, Any] | None, table: str, row: str, score: str) -> float | None:
    """A score of the other system, None if there is none."""
    value: float | None = scores[table].get(row, {}).get(score) if scores else None
    return value


def _relations(findings: Findings) -> Markup:
    """A table that can be sorted by each column."""
    header = ["relation", "gold", "system", "precision", "recall", "F1"]
    by_relation = findings.scores["by_relation"]
    rows = [[name, *map(cell, row.values())] for name, row in by_relation.items()]
    bars = [charts.bar(row["F1"]) for row in by_relation.values()]
    if findings.other_scores:
        header += ["F1 of the other", "difference"]
        for row, (name, ours) in zip(rows, by_relation.items(), strict=True):
            F1 = _theirs(findings.other_scores, "by_relation", name, "F1")
            row += [cell(F1), "" if F1 is None or ours["F1"] is None else signed(ours["F1"] - F1)]
    rows = [[*row, bar] for row, bar in zip(rows, bars, strict=True)]
    return table([*header, ""], rows, class_="sorted")


def _confusions(findings: Findings) -> Iterator[Markup]:
    relations, matrix = confusion_matrix(findings.counts)
    frequent = np.argsort(-matrix.sum(axis=1), kind="stable")[:MAX_RELATIONS]
    shown = [relations[k] for k in frequent]
    left_out = len(relations) - len(shown)
    rare = f" The {left_out} rarest relations are not shown." if left_out else ""
    yield tag(
        "p",
        "Rows: gold relation; columns: the system's relation, with any head. Darker cells are larger"
        f" shares of their row; the scale of the red cells makes small shares visible.{rare}",
        class_="note",
    )
    pairs = findings.scores["confusions"][:MAX_CONFUSIONS]
    rows = [[pair["gold"], pair["system"], cell(pair["words"])] for pair in pairs]
    listed = table(["gold", "system", "words"], rows, left=2)
    yield tag("div", charts.heat_map(shown, matrix[np.ix_(frequent, frequent)]), listed, class_="beside")


def _confidence(found: Mapping[str, Any]) -> Iterator[Markup]:
    yield tag("p", "LAS by the confidence of the parser. A calibrated parser lies on the dashed line.")
    rows = [
        [name, f"{each['words']:,}", f"{each['confidence']:.1f}", f"{each['LAS']:.1f}"]
        for name, each in found["bins"].items()
    ]
    listed = table(["confidence", "words", "mean confidence", "LAS"], rows)
    yield tag("div", charts.reliability(found), listed, class_="pair")
    yield tag("p", f"Expected calibration error {found['expected_calibration_error']:.2f}.", class_="note")


def _learning(epochs: Sequence[Mapping[str, Any]]) -> Iterator[Markup]:
    networks = sum(each["epoch"] == 1 for each in epochs)
    several = f" of {networks} networks, trained one after another" if networks > 1 else ""
    yield tag(
        "p",
        f"Scores on the development set by epoch{several}, from the training record. A circle marks the best epoch.",
        class_="note",
    )
    rows = [[str(each["epoch"]), f"{each['UAS']:.2f}", f"{each['LAS']:.2f}", f"{each['loss']:.4f}"] for each in epochs]
    yield tag("div", charts.learning_curve(epochs), table(["epoch", "UAS", "LAS", "loss"], rows), class_="pair")


def _errors(findings: Findings) -> Iterator[Markup]:
    chosen = errors(findings.pairs)
    if not chosen:
        yield tag("p", "There are no errors, apart from punctuation.")
        return
    yield tag("p", ERROR_RULE.format(types=MAX_TYPES, examples=EXAMPLES, shortest=MIN_WORDS), class_="note")
    for kind, words, examples in chosen:
        yield tag("h3", f"{kind}: {words:,} {'word' if words == 1 else 'words'}")
        yield tag("div", *(_figure(findings, example) for example in examples), class_="examples")


def _figure(findings: Findings, example: Example) -> Markup:
    """The gold tree above those of the systems, words aligned, with this system's wrong arcs marked."""
    gold = example.gold
    forms, upos = ([value.decode() for value in column] for column in (gold.forms, gold.upos))
    shown = {"gold": gold, "system": example.system}
    if findings.others is not None:
        shown["other"] = system_trees(findings.others, example.number)
    trees = {name: (trees.heads, [value.decode() for value in trees.deprels]) for name, trees in shown.items()}
    drawn = []
    for name, (heads, labels) in trees.items():
        picture = svg(forms, heads, labels, upos, marked=example.wrong, beside=[*trees.values()])
        drawn.append(tag("div", tag("span", name, class_="note"), Markup(picture), class_=f"tree {name}"))
    caption = tag("figcaption", findings.texts[example.number], dir="auto")
    direction = "rtl" if right_to_left(forms) else None
    return tag("figure", caption, tag("div", *drawn, class_="wide", tabindex="0", dir=direction))


def signed(difference: float, form: str = ".2f") -> str:
    """A difference of two scores, with its sign."""
    return f"{difference:+{form}}".replace("-", "\N{MINUS SIGN}")


def cell(value: float | None) -> str:
    return f"{value:,}" if isinstance(value, int) else format_score(value)
