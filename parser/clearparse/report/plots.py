"""Plots of training and of hyperparameter searches; they need matplotlib (the extra `plot`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clearparse.io.files import PathLike, atomic_output
from clearparse.io.optional import require
from clearparse.report.charts import Epoch, by_network

COLORS = {"loss": "#444444", "UAS": "#c7702e", "LAS": "#1f6f8b"}
DISTINCT = 20  # times the smallest value of a hyperparameter, from which on its axis is logarithmic


def learning_curve(epochs: Sequence[Epoch], path: PathLike) -> None:
    """Training loss, and UAS and LAS on the dev set, by epoch, with the best epoch marked, as a PNG file.

    Each network has its own lines. Raises ClearparseError without matplotlib.
    """
    networks = by_network(epochs)
    with _Figure(2, path) as (loss, scores):
        for network in networks:
            _draw_network(loss, scores, network, legend=network is networks[0])
        loss.set(xlabel="epoch", ylabel="training loss per transition (nats)")
        loss.set_ylim(bottom=0)
        scores.set(xlabel="epoch", ylabel="score on the dev set (%)")
        scores.legend(loc="lower right")
        for axes in (loss, scores):
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
            axes.set_xlim(left=0.5)  # no tick at 0: epochs are numbered from 1


def _draw_network(loss: Any, scores: Any, network: Sequence[Epoch], *, legend: bool) -> None:
    x = [each["epoch"] for each in network]
    loss.plot(x, [each["loss"] for each in network], "o-", markersize=4, color=COLORS["loss"])
    for name in ("UAS", "LAS"):
        label = name if legend else None
        scores.plot(x, [each[name] for each in network], "o-", markersize=4, color=COLORS[name], label=label)
    best = max(network, key=lambda each: each["LAS"])
    label = f"best epoch: {best['epoch']}, LAS {best['LAS']:.2f}"
    scores.plot(best["epoch"], best["LAS"], "*", markersize=15, color="#b3261e", label=label, zorder=3)


def trials(tried: Sequence[dict[str, Any]], names: Sequence[str], path: PathLike) -> None:
    """LAS on the dev set by the value of each hyperparameter that was searched, as a PNG file."""
    with _Figure(len(names), path) as panels:
        for axes, name in zip(panels, names, strict=True):
            values = [trial["config"][name] for trial in tried]
            axes.plot(values, [trial["LAS"] for trial in tried], "o", color=COLORS["LAS"])
            axes.set(xlabel=name.replace("_", " "), ylabel="LAS on the dev set (%)")
            if min(values) > 0 and max(values) > DISTINCT * min(values):
                axes.set_xscale("log")


class _Figure:
    """A row of plots, saved when its block ends without an error."""

    def __init__(self, plots: int, path: PathLike) -> None:
        require("matplotlib", "plot", "a plot")
        self.plots, self.path = plots, path

    def __enter__(self) -> list[Any]:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot as plt

        size = (4 * self.plots, 3.4)  # inches; two plots are readable at a width of 700 pixels
        self.figure, panels = plt.subplots(
            1, self.plots, figsize=size, layout="constrained", squeeze=False, facecolor="white"
        )
        for axes in panels.flat:
            axes.set_facecolor("white")
            axes.grid(alpha=0.3)
            axes.margins(0.06)
        return list(panels.flat)

    def __exit__(self, kind: object, *_: object) -> None:
        from matplotlib import pyplot as plt

        if kind is None:
            with atomic_output(self.path, follow_links=False) as stream:
                self.figure.savefig(stream, format="png", dpi=150)
        plt.close(self.figure)
