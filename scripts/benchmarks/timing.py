"""Scores systems, and times them in alternating runs, each in a separate process."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.compared import System
from benchmarks.plan import Plan, model_bytes, trained
from benchmarks.progress import Progress
from benchmarks.scoring import official_scores
from benchmarks.worker import in_subprocess

Run = dict[str, Any]  # what worker.run returns
SCOPES = ("end to end", "parser alone")


def scores(
    plan: Plan, systems: Mapping[str, System], source: Path, names: Sequence[str], progress: Progress, folder: Path
) -> dict[str, dict[str, Any]]:
    """What is known of each system: conditions, training, size, and scores of its parse of `source`, dev's words."""
    found = {}
    for name, system in systems.items():
        progress.begins(f"training {name}")
        model, training = trained(plan, system)
        progress.begins(f"scoring {name}")
        once(plan, system, source, folder / "dev.conllu")
        found[name] = {
            "conditions": system.conditions,
            "timed on 1 part of": system.part,
            **training,
            **official_scores(plan.dev, folder / "dev.conllu", names),
            "model MB": model_bytes(model) / 1e6,
        }
    return found


def once(plan: Plan, system: System, source: Path, output: Path) -> Run:
    """Run a system on a file."""
    arguments = [system.name, str(trained(plan, system)[0]), str(source), str(output)]
    return in_subprocess("run", *arguments, cores=plan.cores, environment=system.environment)


def alternating(
    plan: Plan, systems: Mapping[str, System], source_of: Callable[[System], Path], progress: Progress, folder: Path
) -> dict[str, dict[str, Any]]:
    """Medians of alternating runs of each system, with the words per second of each run."""
    runs: dict[str, list[Run]] = {name: [] for name in systems}
    for number in range(plan.runs):
        for name, system in systems.items():
            progress.begins(f"{name}, run {number + 1} of {plan.runs}")
            runs[name].append(once(plan, system, source_of(system), folder / "parsed.conllu"))
    return {name: summary(each) for name, each in runs.items()}


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Medians of some runs, and the words per second of each."""
    found: dict[str, Any] = {key: statistics.median(run[key] for run in runs) for key in ("load seconds", "peak MB")}
    found |= {"words": runs[0]["words"], "kernels": runs[0]["kernels"]}
    for scope in SCOPES:
        if scope in runs[0]:
            speeds = [run["words"] / run[scope] for run in runs]
            found |= {f"{scope}, words/s": statistics.median(speeds), f"{scope}, each run": speeds}
    return found
