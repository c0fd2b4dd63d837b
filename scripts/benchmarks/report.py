"""What was measured, as a table for the terminal and as pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROWS: tuple[tuple[str, str, str], ...] = (  # key, heading, format
    ("training seconds", "training, s", ",.0f"),
    ("UAS", "UAS", ".2f"),
    ("LAS", "LAS", ".2f"),
    ("load seconds", "loading, s", ".2f"),
    ("text to text, words/s", "text to text, words/s", ",.0f"),
    ("text to text, sentences/s", "  sentences/s", ",.0f"),
    ("parser alone, words/s", "parser alone, words/s", ",.0f"),
    ("parser alone, sentences/s", "  sentences/s", ",.0f"),
    ("peak MB", "peak memory, MB", ",.0f"),
    ("model MB", "model, MB", ",.1f"),
)


def table(results: dict[str, Any]) -> Iterator[str]:
    """The lines of the report."""
    conditions, parsers = results["conditions"], results["parsers"]
    files = conditions["files"]
    yield f"{conditions['machine']}; {conditions['cores']} core(s), medians of {conditions['runs']} run(s) in turn"
    for name, text in (("train", "trained on"), ("dev", "scored on"), ("input", "speed on")):
        yield f"{text:<11}{files[name]['path']} ({files[name]['words']:,} words)"
    yield "gold tokens; gold tags, of which each sees those named; greedy where no beam is named; punctuation counted"
    if conditions["quick"]:
        yield "a quick trial: hardly trained, run once, not to be quoted"
    yield from (f"skipped    {name}: {module} is not installed" for name, module in results["skipped"].items())
    yield ""
    yield from _columns([["", *parsers], ["sees", *(parser["sees"] for parser in parsers.values())], *_rows(parsers)])
    yield ""
    step = results["training step"]
    yield f"a training step of `fast`, {step['batch']:,} configurations, {step['slots']} slots"
    for name, milliseconds in step["milliseconds"].items():
        yield f"  {name:<18}{milliseconds:8.1f} ms   {step['times as long'][name]:5.2f} times as long as distinct pairs"
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
    yield "what parsing with `fast` costs, and what this machine allows"
    for name, value in cost.items():
        yield f"  {name:<32}{value:14,.{2 if value < 1000 else 0}f}"
    yield f"  measured: {measured:,.0f} words/s, {100 * measured / cost['limit words/s']:.0f} % of the limit"


def _curves(curves: dict[str, Any]) -> Iterator[str]:
    for name in ("sentence length", "batch", "hidden units", "one sentence of 5,000 words"):
        yield ""
        yield f"microseconds a word by {name}, parser alone"
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


def draw(results: dict[str, Any], folder: Path) -> list[Path]:
    """Speed against LAS, and the curves, as PNG and SVG; the files made."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    made = []
    pictures: dict[str, Callable[[Any, dict[str, Any]], None]] = {"speed": _draw_speed}
    if "curves" in results:
        pictures["scaling"] = _draw_curves
    for name, paint in pictures.items():
        figure = plt.figure(figsize=(8, 5) if name == "speed" else (12, 7), layout="constrained")
        paint(figure, results)
        for ending in ("png", "svg"):
            made.append(folder / f"{name}.{ending}")
            figure.savefig(made[-1], dpi=120, metadata={"Date": None} if ending == "svg" else None)
        plt.close(figure)
    return made


def _draw_speed(figure: Any, results: dict[str, Any]) -> None:
    axes = figure.add_subplot(
        xscale="log",
        xlabel="words a second, text to text, one core",
        ylabel="LAS on dev, gold tags",
        title="Speed against accuracy",
    )
    for name, parser in results["parsers"].items():
        if parser["LAS"] is None:
            continue
        ours = name.startswith("clearparse")
        x, y = parser["text to text, words/s"], parser["LAS"]
        axes.scatter(x, y, s=60, color="tab:red" if ours else "tab:gray")
        axes.annotate(f"{name}\n{x:,.0f}", (x, y), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9)
    axes.margins(0.15, 0.2)
    axes.grid(alpha=0.3)


def _draw_curves(figure: Any, results: dict[str, Any]) -> None:
    curves = results["curves"]
    plots = figure.subplots(2, 3).flat
    for axes, name in zip(plots, ("sentence length", "batch", "hidden units"), strict=False):
        x = [int(x) for x in curves[name]]
        axes.plot(x, [1e6 / y for y in curves[name].values()], "o-")
        axes.set(xscale="log", ylim=0, xlabel=name, ylabel="words/s, parser alone", title=f"by {name}")
        axes.set_xticks(x, [f"{n:,}" for n in x], fontsize=8)
        axes.set_xticks([], minor=True)
    plots = list(figure.axes)[3:]
    sizes = curves["corpus size"]
    words = [int(size) for size in sizes]
    plots[0].plot(words, [cost["peak MB"] for cost in sizes.values()], "o-")
    plots[0].set(xscale="log", ylim=0, xlabel="words in the input", ylabel="peak MB of parse.py", title="memory")
    plots[1].bar(list(curves["cores"]), list(curves["cores"].values()), width=0.5)
    plots[1].set(xlabel="cores", ylabel="words/s of parse.py --jobs", title="cores")
    treebanks = curves["treebank size"]
    words = [int(size) for size in treebanks]
    plots[2].plot(words, [found["training seconds"] for found in treebanks.values()], "o-")
    plots[2].set(xlabel="words of training data", ylabel="seconds of training", ylim=0, title="training `fast`")
    for axes in figure.axes:
        axes.grid(alpha=0.3)
