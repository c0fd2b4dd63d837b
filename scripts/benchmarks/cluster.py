"""What a cluster costs: the same files by the plain command and by Dask's workers, in turn, on the same cores.

Two clocks: the wall's, and the processors' time of all processes together, which other programs on the machine do not
prolong. What it takes to begin and to end a cluster is told apart, from a corpus of one sentence.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.child import elsewhere
from benchmarks.comparison import size_of
from benchmarks.machine import name
from benchmarks.texts import write_enlarged, write_head

ENGINES = ("processes", "dask")


@dataclass(frozen=True)
class Run:
    """A whole command, start and end included. seconds: by the clock on the wall; processor: of all processes."""

    seconds: float
    processor: float


def measure(
    model: Path, source: Path, folder: Path, *, shards: int, copies: int, jobs: int, runs: int
) -> dict[str, Any]:
    """Runs of both engines on a corpus, and on one of one sentence.

    folder: for the shards, each the source so many times, and for what is made of them. Raises ClearparseError.
    """
    paths, one = [folder / f"{k}.conllu" for k in range(shards)], folder / "one-sentence.conllu"
    for path in paths:
        write_enlarged(source, copies, path)
    write_head(source, 1, one)
    words = shards * copies * size_of(source)[0]
    corpus: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    start: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    for engine in tqdm([*ENGINES] * runs, unit="run", disable=None):
        start[engine].append(_run(model, [one], folder / "parsed", engine, jobs))
        corpus[engine].append(_run(model, paths, folder / "parsed", engine, jobs))
    return {"machine": name(), "words": words, "shards": shards, "cores": jobs, "corpus": corpus, "start": start}


def _run(model: Path, paths: Sequence[Path], output: Path, engine: str, jobs: int) -> Run:
    """One command. The folder goes again: what is done already would not be done again."""
    line = ["--model", model, "--engine", engine, "--jobs", jobs, "--output", f"{output}/", *paths]
    try:
        cost = elsewhere("parse.py", *map(str, line), cores=jobs)
    finally:
        shutil.rmtree(output, ignore_errors=True)
    return Run(cost["seconds"], cost["processor seconds"])


def told(found: dict[str, Any]) -> Iterator[str]:
    """What was measured, a few lines: medians, and all runs."""
    words, cores = found["words"], found["cores"]
    yield f"{words:,} words in {found['shards']} files, {cores} cores of {found['machine']}"
    plain, dask = (found["corpus"][engine] for engine in ENGINES)
    for engine, runs in zip(ENGINES, (plain, dask), strict=True):
        wall, processor = words / _median(runs, "seconds") / cores, words / _median(runs, "processor")
        times = ", ".join(f"{run.seconds:.1f} ({run.processor:.1f})" for run in runs)
        yield f"{engine:<10} {wall:>9,.0f} words/s and core, {processor:>9,.0f} a second of processor time"
        yield f"{'':<10} runs of {times} s"
    for clock, what in (("seconds", "words/s and core"), ("processor", "words a second of processor time")):
        yield f"dask is at {100 * _median(plain, clock) / _median(dask, clock):.1f} % of the plain command in {what}"
    begun = [f"{engine} {_median(found['start'][engine], 'seconds'):.1f} s" for engine in ENGINES]
    yield f"a corpus of one sentence: {', '.join(begun)}"


def _median(runs: Sequence[Run], clock: str) -> float:
    return float(statistics.median(getattr(run, clock) for run in runs))
