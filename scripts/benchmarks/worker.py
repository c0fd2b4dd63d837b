"""The process in which one measurement runs, pinned to some cores; it prints its result as one line of JSON."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.baselines import SYSTEMS
from benchmarks.compared import Parser, System
from benchmarks.launch import peak_megabytes, pin
from benchmarks.machine import cost_model
from benchmarks.presets import command
from benchmarks.scaling import reading, scaling_curves
from benchmarks.single_sentences import single_sentences
from benchmarks.spacy import pipeline_scores, pipeline_speed
from benchmarks.step_timing import time_steps
from clearparse.errors import ClearparseError
from clearparse.training.provenance import blas

SCRIPTS = Path(__file__).resolve().parents[1]
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")


def in_subprocess(
    task: str, *arguments: str, cores: int, environment: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Run one of TASKS in a new process pinned to `cores` cores and return its result. Raises ClearparseError."""
    return _run(["-m", "benchmarks.worker", task, str(cores), *arguments], cores, environment)


def whole_command(script: str, *arguments: str, cores: int) -> dict[str, float]:
    """Run one of the scripts, pinned to `cores` cores: see launch.main. Raises ClearparseError."""
    return _run(["-m", "benchmarks.launch", str(cores), *command(script, *arguments)], cores, {})


def _run(arguments: list[str], cores: int, environment: Mapping[str, str]) -> dict[str, Any]:
    threads = {f"{library}_NUM_THREADS": str(cores) for library in LIBRARIES}
    path = os.pathsep.join(filter(None, (str(SCRIPTS), os.environ.get("PYTHONPATH"))))
    variables = os.environ | threads | {"PYTHONPATH": path} | dict(environment)
    line = [sys.executable, *arguments]
    done = subprocess.run(line, env=variables, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise ClearparseError(f"{' '.join(line)}: exit status {done.returncode}")
    measured: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return measured


def train(name: str, quick: str, train_file: str, dev: str, output: str) -> dict[str, float]:
    """Train a system: seconds, CPU seconds of all its processes, and cores."""
    start = time.perf_counter()
    SYSTEMS[name].train(Path(train_file), Path(dev), Path(output), quick=quick == "quick")
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    cores = SYSTEMS[name].training_cores
    return {"training seconds": time.perf_counter() - start, "training CPU seconds": cpu, "training cores": cores}


def run(name: str, model: str, source: str, output: str) -> dict[str, float | str]:
    """Seconds of loading, of a file end to end (I/O included), and of parsing alone; words, peak memory, kernels."""
    system = SYSTEMS[name]
    system.load(Path(model))  # imports the libraries that the system needs, so that they are not timed
    loaded, seconds = _load(system, model)
    before = time.perf_counter()
    system.end_to_end(loaded, Path(source), Path(output))
    found: dict[str, float | str] = {"load seconds": seconds, "end to end": time.perf_counter() - before}
    found["peak MB"] = peak_megabytes()
    if isinstance(system, Parser):
        loaded, _ = _load(system, model)
        sentences = system.read(loaded, Path(source))
        before = time.perf_counter()
        system.parse(loaded, sentences)
        found["parser alone"] = time.perf_counter() - before
    return found | {"words": _count_words(Path(output)), "kernels": blas()}


def _count_words(path: Path) -> int:
    with open(path, "rb") as stream:
        return sum(line.split(b"\t", 1)[0].isdigit() for line in stream)


def _load(system: System, model: str) -> tuple[Any, float]:
    start = time.perf_counter()
    loaded = system.load(Path(model))
    return loaded, time.perf_counter() - start


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": train,
    "run": run,
    "kernels": lambda: {"kernels": blas()},
    "single sentences": single_sentences,
    "training steps": time_steps,
    "curves": scaling_curves,
    "reading": reading,
    "cost": cost_model,
    "pipeline scores": pipeline_scores,
    "pipeline speed": pipeline_speed,
}


def main() -> None:
    """Run one task on the first available cores and print its result."""
    task, cores, *arguments = sys.argv[1:]
    pin(int(cores))
    try:
        print(json.dumps(TASKS[task](*arguments)))
    except ClearparseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
