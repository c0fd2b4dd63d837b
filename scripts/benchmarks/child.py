"""What is measured runs here: a process of its own, on some cores alone, that prints its findings as a line of JSON."""

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

from benchmarks.curves import curves, reading, whole_command
from benchmarks.machine import MAXRSS_UNIT, cost_model
from benchmarks.peers import PEERS, Peer
from benchmarks.spacy import pipeline_scores, pipeline_speed
from benchmarks.steps import steps
from clearparse.errors import ClearparseError

SCRIPTS = Path(__file__).resolve().parents[1]
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")


def elsewhere(task: str, *arguments: str, cores: int) -> dict[str, Any]:
    """Run a task of this module in a new process on so many cores; what it measured. Raises ClearparseError."""
    threads = {f"{library}_NUM_THREADS": str(cores) for library in LIBRARIES}
    path = os.pathsep.join(filter(None, (str(SCRIPTS), os.environ.get("PYTHONPATH"))))
    environment = os.environ | threads | {"PYTHONPATH": path}
    command = [sys.executable, "-m", "benchmarks.child", task, str(cores), *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise ClearparseError(f"{' '.join(command)}: exit status {done.returncode}")
    measured: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return measured


def train(name: str, quick: str, train_file: str, dev: str, output: str) -> dict[str, float]:
    """Train a peer; how long that takes."""
    start = time.perf_counter()
    PEERS[name].train(Path(train_file), Path(dev), Path(output), quick=quick == "quick")
    return {"training seconds": time.perf_counter() - start}


def run(name: str, model: str, source: str, output: str) -> dict[str, float]:
    """Seconds of loading, of a file to a file, and of parsing alone, each with a model just loaded; peak memory."""
    peer = PEERS[name]
    peer.load(Path(model))  # libraries that a peer needs are imported here
    loaded, seconds = _load(peer, model)
    before = time.perf_counter()
    peer.text_to_text(loaded, Path(source), Path(output))
    text_to_text = time.perf_counter() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
    loaded, _ = _load(peer, model)
    sentences = peer.read(loaded, Path(source))
    before = time.perf_counter()
    peer.parse(loaded, sentences)
    alone = time.perf_counter() - before
    return {"load seconds": seconds, "text to text": text_to_text, "parser alone": alone, "peak MB": peak / 1e6}


def _load(peer: Peer, model: str) -> tuple[Any, float]:
    start = time.perf_counter()
    loaded = peer.load(Path(model))
    return loaded, time.perf_counter() - start


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": train,
    "run": run,
    "steps": steps,
    "curves": curves,
    "reading": reading,
    "parse.py": whole_command,
    "cost": cost_model,
    "pipeline scores": pipeline_scores,
    "pipeline speed": pipeline_speed,
}


def main() -> None:
    """Do one task on the first cores there are, and print what it measured."""
    task, cores, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    try:
        print(json.dumps(TASKS[task](*arguments)))
    except ClearparseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
