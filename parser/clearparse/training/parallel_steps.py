"""Steps of training that do not depend on each other, run in several processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from clearparse.io.parallel import map_in_order
from clearparse.training.checkpoint import Checkpoint, Part, WorkerCheckpoint
from clearparse.training.log import QUIET, Log


class Step(Protocol):
    """A step of training. It saves its networks in a checkpoint, which may have some of them already."""

    def __call__(self, *, checkpoint: Checkpoint, log: Log) -> Any:
        """Run the step."""


def run_steps(steps: Mapping[str, Step], jobs: int, checkpoint: Checkpoint, log: Log) -> list[Any]:
    """Run all steps, `jobs` at a time, and return their results in order; with one job, in this process.

    What the steps save is in `checkpoint`. Their names are logged when they end.
    """
    if jobs == 1 or len(steps) < 2:
        return [step(checkpoint=checkpoint, log=log) for step in steps.values()]
    in_worker = _InWorker(steps, checkpoint.parts())
    results = map_in_order(in_worker, steps, min(jobs, len(steps)), checkpoint.receive)
    found = []
    with log.progress(len(steps), unit=" steps") as bar:
        for name, result in zip(steps, results, strict=True):
            found.append(result)
            log("", name)
            bar.update()
    return found


@dataclass(frozen=True)
class _InWorker:
    """Runs one of the steps in a worker process, given its name; parts: of the checkpoint."""

    steps: Mapping[str, Step]
    parts: Mapping[str, Part]

    def __call__(self, name: str) -> Any:
        return self.steps[name](checkpoint=WorkerCheckpoint(self.parts), log=QUIET)
