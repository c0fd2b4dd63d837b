"""Plots of a benchmark: accuracy against speed, and how parsing scales. The extra `plot` has matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.tables import AVX2_ONLY

CLEARPARSE, BASELINE = "#b3261e", "#5f6368"
# Where the label of a parser stands, in points from its dot; the default is above it.
LABELS = {"clearparse fast": (10, -4, "left"), "clearparse accurate": (-10, -4, "right")}
CURVES = {
    "sentence length": "words per sentence",
    "batch": "sentences per batch",
    "hidden units": "hidden units",
    "distinct words": "distinct words among 200,000",
}


def draw(results: dict[str, Any], folder: Path) -> list[Path]:
    """Draw speed.png and scaling.png, each if its sections were measured; returns their paths."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    sections, made = results["sections"], []
    for name, (needs, size, paint) in PLOTS.items():
        if not all(each in sections for each in needs):
            continue
        figure = plt.figure(figsize=size, layout="constrained")
        paint(figure, sections)
        made.append(folder / f"{name}.png")
        figure.savefig(made[-1], dpi=120)
        plt.close(figure)
    return made


def _draw_speed(figure: Any, sections: dict[str, Any]) -> None:
    """LAS against words per second, one dot per system: given gold tags, and given raw text."""
    left, right = figure.subplots(1, 2)
    parsers = {name: (found["end to end, words/s"], found["LAS"]) for name, found in sections["gold"].items()}
    _dots(left, parsers, "CoNLL-U to CoNLL-U", "gold tags")
    pipelines = {
        name: (found["treebank text"]["end to end, words/s"], found["LAS"]) for name, found in sections["raw"].items()
    }
    _dots(right, pipelines, "raw text to CoNLL-U", "raw text")


def _dots(axes: Any, systems: dict[str, tuple[float, float | None]], scope: str, given: str) -> None:
    axes.set(xscale="log", xlabel=f"words per second, {scope}, one core", ylabel=f"LAS on dev, {given} (%)")
    scored = {name: (x, y) for name, (x, y) in systems.items() if y is not None and not name.endswith(AVX2_ONLY)}
    for name, (x, y) in scored.items():
        color = CLEARPARSE if name.startswith("clearparse") else BASELINE
        dx, dy, side = LABELS.get(name, (0, 9, "center"))
        axes.scatter(x, y, s=60, color=color)
        axes.annotate(name, (x, y), xytext=(dx, dy), textcoords="offset points", ha=side, color=color, fontsize=8)
    speeds = [x for x, _ in scored.values()]
    left, right = min(speeds, default=1) / 3, 4 * max(speeds, default=1)
    axes.set_xlim(left, right)
    _label_ticks(axes, [tick for power in range(2, 6) for n in (1, 3) if left <= (tick := n * 10**power) <= right])
    axes.margins(y=0.2)
    axes.grid(alpha=0.3)


def _draw_scaling(figure: Any, sections: dict[str, Any]) -> None:
    """A panel for each curve: words per second; the peak memory of the whole command; training time."""
    panels = list(figure.subplots(2, 3).flat)
    for axes, (name, label) in zip(panels, CURVES.items(), strict=False):
        x = [int(x) for x in sections["curves"][name]]
        axes.plot(x, [1e3 / y for y in sections["curves"][name].values()], "o-", color=CLEARPARSE)
        axes.set(xscale="log", xlabel=label, ylabel="thousand words per second")
        _label_ticks(axes, x[:: 1 + (len(x) > 6)])
    sizes, treebanks = ({int(x): found for x, found in sections[name].items()} for name in ("sizes", "treebanks"))
    panels[4].plot(list(sizes), [found["peak MB"] for found in sizes.values()], "o-", color=CLEARPARSE)
    panels[4].set(xscale="log", xlabel="words in the input", ylabel="peak memory of parse.py, MB")
    _label_ticks(panels[4], list(sizes))
    seconds = [found["training CPU seconds"] for _, found in sorted(treebanks.items())]
    panels[5].plot(sorted(treebanks), seconds, "o-", color=CLEARPARSE)
    panels[5].set(xscale="log", xlabel="words in the treebank", ylabel="CPU seconds of training fast")
    _label_ticks(panels[5], sorted(treebanks))
    for axes in panels:
        axes.grid(alpha=0.3)
        axes.set_ylim(0, 1.1 * max(max(line.get_ydata()) for line in axes.lines))


def _label_ticks(axes: Any, ticks: list[int]) -> None:
    """Plain numbers as the only ticks of a logarithmic x axis."""
    axes.set_xticks(ticks, [_short(tick, max(ticks)) for tick in ticks])
    axes.set_xticks([], minor=True)


def _short(number: int, largest: int) -> str:
    """1,500,000 as 1.5 M, 20,000 as 20 k, 500 as 500; 5,000 as 5 k only beside larger numbers."""
    if number >= 1_000_000:
        return f"{number / 1e6:.2g} M"
    return f"{number / 1000:.3g} k" if number >= 1_000 and largest >= 10_000 else f"{number:,}"


Paint = Callable[[Any, dict[str, Any]], None]
# name: the sections it needs, its size in inches, and what draws it
PLOTS: dict[str, tuple[tuple[str, ...], tuple[float, float], Paint]] = {
    "speed": (("gold", "raw"), (12, 4.5), _draw_speed),
    "scaling": (("curves", "sizes", "treebanks"), (14, 7), _draw_scaling),
}
