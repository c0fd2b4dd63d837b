"""Independent steps of training in several processes."""

from __future__ import annotations

import os
from functools import partial

import numpy as np
import pytest

from clearparse.errors import ClearparseError
from clearparse.training.checkpoint import LINES, Checkpoint
from clearparse.training.log import QUIET, Log
from clearparse.training.parallel_steps import Step, run_steps


def save(name: str, checkpoint: Checkpoint, log: Log) -> tuple[list[bytes], int]:
    """A step that saves its name, and returns what the checkpoint then has and the process."""
    return checkpoint.get_or_compute(name, LINES, lambda: [name.encode()]), os.getpid()


def fail(checkpoint: Checkpoint, log: Log) -> None:
    raise ClearparseError("no data")


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_are_in_order_and_parts_in_the_checkpoint(jobs: int) -> None:
    checkpoint = Checkpoint()
    checkpoint.save("b", {"text": np.frombuffer(b"before", np.uint8)}, 1)
    steps: dict[str, Step] = {name: partial(save, name) for name in "abc"}
    results = run_steps(steps, jobs, checkpoint, QUIET)
    assert [found for found, _ in results] == [[b"a"], [b"before"], [b"c"]]
    assert [checkpoint.get(name, LINES) for name in "abc"] == [[b"a"], [b"before"], [b"c"]]
    assert (os.getpid() in {process for _, process in results}) == (jobs == 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_step_is_raised_here(jobs: int) -> None:
    with pytest.raises(ClearparseError, match="no data"):
        run_steps({"a": partial(save, "a"), "b": fail}, jobs, Checkpoint(), QUIET)


def test_nothing_to_do() -> None:
    assert run_steps({}, 2, Checkpoint(), QUIET) == []
