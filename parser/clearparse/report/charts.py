"""Charts as SVG and HTML: bars, learning curve, reliability diagram, heat map. Colors come from the style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.evaluation.scores import NO_SCORE
from clearparse.report.markup import Markup, tag

WIDTH, HEIGHT = 400, 250  # of a chart, in pixels
LEFT, RIGHT, TOP, FOOT = 46, 12, 26, 34  # margins around the axes
CELL, NAMES = 20, 86  # of the heat map: side of a cell, and width of the names

Row = tuple[str, float | None, str, float | None]  # name, percentage, note after the bar, the other system's percentage
Epoch = Mapping[str, Any]  # number, loss and scores


def bars(rows: Sequence[Row], label: str) -> Markup:
    """A bar from 0 to 100 % for each row, and below it that of the other system."""
    lines = []
    for name, value, note, other in rows:
        both, values = [bar(value)], [Markup(NO_SCORE if value is None else f"{value:.1f}")]
        if other is not None:
            both.append(bar(other, "other"))
            values.append(tag("span", f"{other:.1f}", class_="other"))
        lines.append(
            tag(
                "div",
                tag("span", name, class_="name"),
                tag("span", *both),
                tag("span", *values, class_="value"),
                tag("span", note, class_="note"),
                class_="bar",
            )
        )
    return tag("div", *lines, class_="bars", role="group", aria_label=label)


def bar(value: float | None, kind: str = "") -> Markup:
    """One bar from 0 to 100 %; kind: "other" for that of the other system."""
    fill = tag("span", class_=f"fill {kind}".rstrip(), style=f"width:{value or 0:.1f}%", title=f"{value or 0:.1f}")
    return tag("span", fill, class_="track")


class Axes:
    """The axes of a chart: positions of values, grid lines and ticks."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x_range, self.y_range = x, y

    def x(self, value: float) -> float:
        low, high = self.x_range
        return LEFT + (value - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return HEIGHT - FOOT - (value - low) / ((high - low) or 1) * (HEIGHT - TOP - FOOT)

    def draw(self, x_ticks: Sequence[float], y_ticks: Sequence[float], x_name: str, y_name: str) -> list[Markup]:
        """Grid lines, tick labels, and the names of the axes."""
        parts = []
        for tick in y_ticks:
            parts.append(line((LEFT, self.y(tick)), (WIDTH - RIGHT, self.y(tick)), "grid"))
            parts.append(text(LEFT - 6, self.y(tick) + 4, f"{tick:g}", "tick end"))
        for tick in x_ticks:
            parts.append(text(self.x(tick), HEIGHT - FOOT + 16, f"{tick:g}", "tick middle"))
        parts.append(text(WIDTH - RIGHT, HEIGHT - 4, x_name, "tick end"))
        parts.append(text(LEFT, TOP - 12, y_name, "tick"))
        return parts


def line(start: tuple[float, float], end: tuple[float, float], class_: str) -> Markup:
    x1, y1, x2, y2 = (round(value, 1) for value in (*start, *end))
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text(x: float, y: float, words: str, class_: str) -> Markup:
    return tag("text", words, x=round(x, 1), y=round(y, 1), class_=class_)


def picture(parts: Sequence[str], size: tuple[float, float], label: str, class_: str = "chart") -> Markup:
    """An SVG with these parts, of size (width, height); label is its text for screen readers."""
    width, height = size
    box = f"0 0 {width:g} {height:g}"
    return tag("svg", *parts, viewBox=box, width=width, height=height, role="img", aria_label=label, class_=class_)


def ticks(low: float, high: float, max_ticks: int = 5) -> list[float]:
    """Round numbers from low to high, at most max_ticks (a few less if they do not fit)."""
    if high <= low:
        return [low]
    rough = (high - low) / max_ticks
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def by_network(epochs: Sequence[Epoch]) -> list[Sequence[Epoch]]:
    """The epochs of a training record, network by network: the epochs of each are numbered from 1."""
    starts = [k for k, each in enumerate(epochs) if each["epoch"] == 1] or [0]
    return [epochs[start:end] for start, end in pairwise([*starts, len(epochs)])]


def learning_curve(epochs: Sequence[Epoch]) -> Markup:
    """UAS and LAS on the dev set by epoch, with lines for each network."""
    values = [each[name] for each in epochs for name in ("UAS", "LAS")]
    last = max(each["epoch"] for each in epochs)
    axes = Axes((1, last), (math.floor(min(values)) - 1, math.ceil(max(values)) + 1))
    parts = axes.draw(ticks(1, last, 8), ticks(*axes.y_range), "epoch", "score on the dev set, %")
    for network in by_network(epochs):
        for name in ("UAS", "LAS"):
            points = [(round(axes.x(each["epoch"]), 1), round(axes.y(each[name]), 1)) for each in network]
            parts.append(tag("polyline", points=" ".join(f"{x:g},{y:g}" for x, y in points), class_=f"line {name}"))
            for (x, y), each in zip(points, network, strict=True):
                tooltip = tag("title", f"epoch {each['epoch']}: {name} {each[name]:.2f}")
                parts.append(tag("circle", tooltip, cx=x, cy=y, r=2.5, class_=f"dot {name}"))
        best = max(network, key=lambda each: each["LAS"])
        x, y = round(axes.x(best["epoch"]), 1), round(axes.y(best["LAS"]), 1)
        tooltip = tag("title", f"best epoch: {best['epoch']}, LAS {best['LAS']:.2f}")
        parts.append(tag("circle", tooltip, cx=x, cy=y, r=6, class_="best"))
    for k, name in enumerate(("UAS", "LAS")):
        x, y = WIDTH - RIGHT - 40, HEIGHT - FOOT - 12 - 16 * k
        parts += [line((x - 22, y - 4), (x - 4, y - 4), f"line {name}"), text(x, y, name, "tick")]
    return picture(parts, (WIDTH, HEIGHT), "UAS and LAS on the development set by epoch")


def reliability(found: Mapping[str, Any]) -> Markup:
    """Reliability diagram: LAS (y) by confidence (x); the area of a circle is its number of words."""
    axes = Axes((0, 104), (0, 108))  # room for the circles at 100
    parts = axes.draw(ticks(0, 100), ticks(0, 100), "confidence, %", "LAS, %")
    parts.append(line((axes.x(0), axes.y(0)), (axes.x(100), axes.y(100)), "ideal"))
    largest = max(each["words"] for each in found["bins"].values())
    for each in found["bins"].values():
        tooltip = tag(
            "title", f"{each['words']:,} words: confidence {each['confidence']:.1f} %, LAS {each['LAS']:.1f} %"
        )
        x, y = axes.x(each["confidence"]), axes.y(each["LAS"])
        radius = round(3 + 9 * math.sqrt(each["words"] / largest), 1)
        parts.append(tag("circle", tooltip, cx=round(x, 1), cy=round(y, 1), r=radius, class_="bubble"))
    return picture(parts, (WIDTH, HEIGHT), "LAS by the confidence of the parser")


def heat_map(relations: Sequence[str], matrix: NDArray[np.int64]) -> Markup:
    """Confusion matrix (R, R): gold relations in rows, the system's in columns.

    The darker a cell, the larger its share of the row. The diagonal, which is correct, has a color of its own, so that
    small shares elsewhere remain visible.
    """
    totals = np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = NAMES + CELL * len(relations) + 4
    parts = []
    for k, name in enumerate(relations):
        middle = NAMES + CELL * k + CELL / 2
        parts.append(text(NAMES - 6, middle + 4, name, "tick end"))
        turned = f"translate({middle + 4:g} {NAMES - 6}) rotate(-60)"
        parts.append(tag("text", name, transform=turned, class_="tick"))
    for (g, s), words in np.ndenumerate(matrix):
        share = float(words / totals[g, 0])
        cell = f"{relations[g]} labeled {relations[s]}" if g != s else f"{relations[g]}, correct"
        parts.append(
            tag(
                "rect",
                tag("title", f"{cell}: {words:,} words, {100 * share:.1f} %"),
                x=NAMES + CELL * s,
                y=NAMES + CELL * g,
                width=CELL - 1,
                height=CELL - 1,
                class_="cell none" if not words else "cell right" if g == s else "cell wrong",
                fill_opacity=f"{(share if g == s else min(1, 3 * share**0.6)) or 1:.2f}",
            )
        )
    label = "confusion matrix: gold relations in rows, the system's relations in columns"
    return tag("div", picture(parts, (side + 30, side), label, "heat"), class_="wide", tabindex="0")
