"""Plots of a benchmark: accuracy against speed, and how parsing scales. The extra `plot` has matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CLEARPARSE, BASELINE = "#b3261e", "#5f6368"
# Where the label of a parser stands, in points from its dot; the default is above it.
LABELS = {"clearparse fast": (10, -4, "left"), "clearparse accurate": (-10, -4, "right")}


def draw(results: dict[str, Any], folder: Path) -> list[Path]:
    """Draw speed.png, and scaling.png if there are scaling curves; returns their paths."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plots: dict[str, tuple[tuple[float, float], Callable[[Any, dict[str, Any]], None]]] = {
        "speed": ((8, 4.5), _draw_speed)
    }
    if "curves" in results:
        plots["scaling"] = ((10, 7), _draw_scaling)
    made = []
    for name, (size, paint) in plots.items():
        figure = plt.figure(figsize=size, layout="constrained")
        paint(figure, results)
        made.append(folder / f"{name}.png")
        figure.savefig(made[-1], dpi=120)
        plt.close(figure)
    return made


def _draw_speed(figure: Any, results: dict[str, Any]) -> None:
    """LAS against words per second, one dot per parser."""
    axes = figure.add_subplot(
        xscale="log", xlabel="words per second, CoNLL-U to CoNLL-U, one core", ylabel="LAS on dev, gold tags (%)"
    )
    scored = {name: parser for name, parser in results["parsers"].items() if parser["LAS"] is not None}
    for name, parser in scored.items():
        x, y = parser["end to end, words/s"], parser["LAS"]
        color = CLEARPARSE if name.startswith("clearparse") else BASELINE
        dx, dy, side = LABELS.get(name, (0, 9, "center"))
        axes.scatter(x, y, s=60, color=color)
        axes.annotate(name, (x, y), xytext=(dx, dy), textcoords="offset points", ha=side, color=color)
    _label_ticks(axes, [5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000])
    speeds = [parser["end to end, words/s"] for parser in scored.values()]
    axes.set_xlim(min(speeds, default=1) / 2, 3 * max(speeds, default=1))
    axes.margins(y=0.2)
    axes.grid(alpha=0.3)


def _draw_scaling(figure: Any, results: dict[str, Any]) -> None:
    """One panel for each curve that was measured: words per second, and the peak memory of the whole command."""
    curves = results["curves"]
    speeds = [name for name in ("sentence length", "batch", "hidden units") if name in curves]
    panels = figure.subplots(2, 2).flat
    for axes, name in zip(panels, speeds, strict=False):
        x = [int(x) for x in curves[name]]
        axes.plot(x, [1e3 / y for y in curves[name].values()], "o-", color=CLEARPARSE)
        axes.set(xscale="log", xlabel=LONG_NAMES[name], ylabel="thousand words per second")
        _label_ticks(axes, x[:: 1 + (len(x) > 7)])
    if "corpus size" in curves:
        axes = figure.axes[3]
        words = [int(size) for size in curves["corpus size"]]
        axes.plot(words, [cost["peak MB"] for cost in curves["corpus size"].values()], "o-", color=CLEARPARSE)
        axes.set(xscale="log", xlabel="words in the input", ylabel="peak memory of parse.py, MB")
        _label_ticks(axes, words)
    for axes in figure.axes:
        axes.grid(alpha=0.3)
        axes.set_visible(bool(axes.lines))
        axes.set_ylim(0, 1.1 * max((max(line.get_ydata()) for line in axes.lines), default=1))


LONG_NAMES = {
    "sentence length": "words per sentence",
    "batch": "sentences per batch",
    "hidden units": "hidden units",
}


def _label_ticks(axes: Any, ticks: list[int]) -> None:
    """Plain numbers as the only ticks of a logarithmic x axis."""
    axes.set_xticks(ticks, [_short(tick, max(ticks)) for tick in ticks])
    axes.set_xticks([], minor=True)


def _short(number: int, largest: int) -> str:
    """1,500,000 as 1.5 M, 20,000 as 20 k, 500 as 500; 5,000 as 5 k only beside larger numbers."""
    if number >= 1_000_000:
        return f"{number / 1e6:.2g} M"
    return f"{number / 1000:.3g} k" if number >= 1_000 and largest >= 10_000 else f"{number:,}"
