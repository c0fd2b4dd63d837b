"""Pictures of trainings, where matplotlib is installed (the extra `plot`)."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from os import PathLike
from typing import Any

from clearparse.errors import ClearparseError
from clearparse.io.files import atomic_output

Path = str | PathLike[str]


def can_plot() -> bool:
    """Is matplotlib installed?"""
    return importlib.util.find_spec("matplotlib") is not None


def learning_curve(epochs: Sequence[dict[str, Any]], path: Path) -> None:
    """Loss, and dev UAS and LAS, by epoch, as a PNG. Raises ClearparseError without matplotlib."""
    with _Figure(2, path) as axes:
        x = [each["epoch"] for each in epochs]
        axes[0].plot(x, [each["loss"] for each in epochs], "o-")
        axes[0].set(xlabel="epoch", ylabel="loss of training", ylim=0)
        for name in ("UAS", "LAS"):
            axes[1].plot(x, [each[name] for each in epochs], "o-", label=name)
        axes[1].set(xlabel="epoch", ylabel="on dev")
        axes[1].legend()


def trials(tried: Sequence[dict[str, Any]], names: Sequence[str], path: Path) -> None:
    """Dev LAS by each field of the configuration that was tried, as a PNG."""
    with _Figure(len(names), path) as axes:
        for axis, name in zip(axes, names, strict=True):
            axis.plot([trial["config"][name] for trial in tried], [trial["LAS"] for trial in tried], "o")
            axis.set(xlabel=name, ylabel="dev LAS")


class _Figure:
    """A row of plots that is saved when its block ends well."""

    def __init__(self, plots: int, path: Path) -> None:
        if not can_plot():
            raise ClearparseError("pictures need matplotlib: pip install 'clearparse[plot]'")
        self.plots, self.path = plots, path

    def __enter__(self) -> list[Any]:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot as plt

        size = (4.5 * self.plots, 3.5)
        self.figure, axes = plt.subplots(1, self.plots, figsize=size, layout="constrained", squeeze=False)
        for axis in axes.flat:
            axis.grid(alpha=0.3)
        return list(axes.flat)

    def __exit__(self, kind: object, *_: object) -> None:
        from matplotlib import pyplot as plt

        if kind is None:
            with atomic_output(self.path, follow_links=False) as stream:
                self.figure.savefig(stream, format="png", dpi=120)
        plt.close(self.figure)
