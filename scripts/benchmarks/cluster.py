"""The overhead of a cluster: the same files parsed by processes and by Dask workers, alternating, on the same cores.

It reports wall-clock time and the CPU time of all processes; the latter is less affected by other programs. Starting
and stopping a cluster is measured separately, on a corpus of one sentence.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.corpora import write_enlarged, write_head
from benchmarks.machine import describe_machine
from benchmarks.plan import words_in
from benchmarks.worker import whole_command

ENGINES = ("processes", "dask")


@dataclass(frozen=True)
class Run:
    """One whole command. seconds: wall-clock time; cpu_seconds: CPU time of all its processes."""

    seconds: float
    cpu_seconds: float


def measure(
    model: Path, source: Path, folder: Path, *, shards: int, copies: int, jobs: int, runs: int
) -> dict[str, Any]:
    """Run both engines on a corpus and on a corpus of one sentence.

    folder: for the shards (each holds `copies` copies of the source) and the output. Raises ClearparseError.
    """
    paths, one = [folder / f"{k}.conllu" for k in range(shards)], folder / "one-sentence.conllu"
    for path in paths:
        write_enlarged(source, copies, path)
    write_head(source, 1, one)
    words = shards * copies * words_in(source)
    corpus: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    start: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    for engine in tqdm([*ENGINES] * runs, unit="run", disable=None):
        start[engine].append(_run(model, [one], folder / "parsed", engine, jobs))
        corpus[engine].append(_run(model, paths, folder / "parsed", engine, jobs))
    return {
        "machine": describe_machine(),
        "words": words,
        "shards": shards,
        "cores": jobs,
        "corpus": corpus,
        "start": start,
    }


def _run(model: Path, paths: Sequence[Path], output: Path, engine: str, jobs: int) -> Run:
    """Run one command and remove its output, since files that are already parsed would be skipped."""
    line = ["--model", model, "--engine", engine, "--jobs", jobs, "--output", f"{output}/", *paths]
    try:
        cost = whole_command("parse.py", *map(str, line), cores=jobs)
    finally:
        shutil.rmtree(output, ignore_errors=True)
    return Run(cost["seconds"], cost["CPU seconds"])


def format_results(found: dict[str, Any]) -> Iterator[str]:
    """Format the results: medians, and all runs."""
    words, cores = found["words"], found["cores"]
    yield f"{words:,} words in {found['shards']} files, {cores} cores of {found['machine']}"
    plain, dask = (found["corpus"][engine] for engine in ENGINES)
    for engine, runs in zip(ENGINES, (plain, dask), strict=True):
        wall, cpu = words / _median(runs, "seconds") / cores, words / _median(runs, "cpu_seconds")
        times = ", ".join(f"{run.seconds:.1f} ({run.cpu_seconds:.1f})" for run in runs)
        yield f"{engine:<10} {wall:>9,.0f} words/s per core, {cpu:>9,.0f} words per CPU second"
        yield f"{'':<10} runs: {times} s (CPU seconds)"
    for clock, what in (("seconds", "words/s per core"), ("cpu_seconds", "words per CPU second")):
        yield f"dask reaches {100 * _median(plain, clock) / _median(dask, clock):.1f} % of processes in {what}"
    begun = [f"{engine} {_median(found['start'][engine], 'seconds'):.1f} s" for engine in ENGINES]
    yield f"a corpus of one sentence: {', '.join(begun)}"


def _median(runs: Sequence[Run], clock: str) -> float:
    return float(statistics.median(getattr(run, clock) for run in runs))
