"""The process in which one measurement runs, pinned to some cores; it prints its result as one line of JSON."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.baselines import PARSERS, ComparedParser
from benchmarks.machine import MAXRSS_UNIT, cost_model
from benchmarks.scaling import reading, scaling_curves, whole_command
from benchmarks.spacy import pipeline_scores, pipeline_speed
from benchmarks.step_timing import time_steps
from clearparse.errors import ClearparseError

SCRIPTS = Path(__file__).resolve().parents[1]
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")


def in_subprocess(task: str, *arguments: str, cores: int) -> dict[str, Any]:
    """Run one of TASKS in a new process pinned to `cores` cores and return its result. Raises ClearparseError."""
    threads = {f"{library}_NUM_THREADS": str(cores) for library in LIBRARIES}
    path = os.pathsep.join(filter(None, (str(SCRIPTS), os.environ.get("PYTHONPATH"))))
    environment = os.environ | threads | {"PYTHONPATH": path}
    command = [sys.executable, "-m", "benchmarks.worker", task, str(cores), *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise ClearparseError(f"{' '.join(command)}: exit status {done.returncode}")
    measured: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return measured


def train(name: str, quick: str, train_file: str, dev: str, output: str) -> dict[str, float]:
    """Train a parser and time it."""
    start = time.perf_counter()
    PARSERS[name].train(Path(train_file), Path(dev), Path(output), quick=quick == "quick")
    return {"training seconds": time.perf_counter() - start}


def run(name: str, model: str, source: str, output: str) -> dict[str, float]:
    """Seconds of loading, of a file end to end (I/O included), and of parsing alone; peak memory."""
    parser = PARSERS[name]
    parser.load(Path(model))  # imports the libraries that the parser needs, so that they are not timed
    loaded, seconds = _load(parser, model)
    before = time.perf_counter()
    parser.end_to_end(loaded, Path(source), Path(output))
    end_to_end = time.perf_counter() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
    loaded, _ = _load(parser, model)
    sentences = parser.read(loaded, Path(source))
    before = time.perf_counter()
    parser.parse(loaded, sentences)
    alone = time.perf_counter() - before
    return {"load seconds": seconds, "end to end": end_to_end, "parser alone": alone, "peak MB": peak / 1e6}


def _load(parser: ComparedParser, model: str) -> tuple[Any, float]:
    start = time.perf_counter()
    loaded = parser.load(Path(model))
    return loaded, time.perf_counter() - start


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": train,
    "run": run,
    "training steps": time_steps,
    "curves": scaling_curves,
    "reading": reading,
    "parse.py": whole_command,
    "cost": cost_model,
    "pipeline scores": pipeline_scores,
    "pipeline speed": pipeline_speed,
}


def main() -> None:
    """Run one task on the first available cores and print its result."""
    task, cores, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    try:
        print(json.dumps(TASKS[task](*arguments)))
    except ClearparseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
