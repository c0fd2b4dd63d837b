"""What a cluster costs: the same files by the plain command and by Dask's workers, in turn, on the same cores."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from parser.benchmark.child import elsewhere
from parser.benchmark.comparison import size_of
from parser.benchmark.machine import name
from parser.benchmark.texts import write_enlarged

ENGINES = ("processes", "dask")


def measure(
    model: Path, source: Path, folder: Path, *, shards: int, copies: int, jobs: int, runs: int
) -> dict[str, Any]:
    """Words a second and core of both, medians of some runs of the whole command, start and end included.

    folder: for the shards, each the source so many times, and for what is made of them. Raises ClearparseError.
    """
    paths = [folder / f"{k}.conllu" for k in range(shards)]
    for path in paths:
        write_enlarged(source, copies, path)
    words = shards * copies * size_of(source)[0]
    seconds: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for engine in tqdm([*ENGINES] * runs, unit="run", disable=None):
        output = folder / "parsed" if engine == "dask" else folder / "parsed.conllu"
        line = ["--model", model, "--engine", engine, "--jobs", jobs, "--output", output, *paths]
        seconds[engine].append(elsewhere("parse.py", *map(str, line), cores=jobs)["seconds"])
    speed = {engine: words / statistics.median(took) / jobs for engine, took in seconds.items()}
    return {"machine": name(), "words": words, "shards": shards, "cores": jobs, "seconds": seconds, "speed": speed}


def told(found: dict[str, Any]) -> Iterator[str]:
    """What was measured, a few lines."""
    yield f"{found['words']:,} words in {found['shards']} files, {found['cores']} cores of {found['machine']}"
    for engine, speed in found["speed"].items():
        runs = ", ".join(f"{took:.1f}" for took in found["seconds"][engine])
        yield f"{engine:<10} {speed:>9,.0f} words/s and core  (runs of {runs} s)"
    yield f"dask is at {100 * found['speed']['dask'] / found['speed']['processes']:.1f} % of the plain command"
