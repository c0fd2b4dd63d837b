"""Work in several processes: order, shared arrays, errors, and what happens when a process is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing import resource_tracker, util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearparse.errors import ClearparseError, FileError
from clearparse.io.parallel import KILLED, map_in_order
from clearparse.io.progress import ProgressBar

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX systems")
SLOW_WORK = f"""
import os, sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_parallel import with_a_bar
from clearparse.io.parallel import map_in_order
if __name__ == "__main__":
    for pid in map_in_order(with_a_bar, [0.0, 0.0, 600.0, 600.0], jobs=2):
        print(pid, flush=True)
"""


@dataclass(frozen=True)
class Add:
    """A function with arrays, as a model has them."""

    table: np.ndarray[Any, Any]
    empty: np.ndarray[Any, Any]

    def __call__(self, i: int) -> tuple[float, bool, bool]:
        time.sleep(0.02 * (i % 3))  # later items finish earlier
        aligned = self.table.ctypes.data % 64 == 0
        return float(self.table[i]), aligned, self.table.flags.writeable


def fail(item: int) -> int:
    if item == 3:
        raise FileError("a.conllu", "is bad", item)
    return item


def with_a_bar(seconds: float) -> int:
    """The process id, once a progress bar has been shown for so long."""
    with ProgressBar(total=1, disable=True):
        time.sleep(seconds)
    time.sleep(0.5)  # so that each of two processes takes one item
    return os.getpid()


def test_results_come_in_order_from_mapped_arrays() -> None:
    add = Add(np.arange(20.0), np.empty(0))
    assert list(map_in_order(add, range(20), jobs=2)) == [(float(i), True, False) for i in range(20)]


def test_items_are_read_as_they_are_needed() -> None:
    """At most two items per process are read ahead: memory stays bounded however many there are."""
    taken: list[int] = []
    results = map_in_order(abs, (taken.append(i) or i for i in range(1000)), jobs=1)  # type: ignore[func-returns-value]
    assert next(results) == 0
    assert len(taken) == 2
    results.close()  # type: ignore[attr-defined]  # a generator


def test_an_exception_of_the_function_is_raised_here() -> None:
    results = map_in_order(fail, range(10), jobs=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(FileError, match="^a.conllu:3: is bad$") as caught:
        next(results)
    assert "in fail" in str(caught.value.__cause__)  # the traceback of the other process


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot block a signal")
def test_ctrl_c_while_a_process_starts(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Another thread may receive the signal, although the one that starts the process blocks it."""
    resource_tracker.ensure_running()  # it is a process too
    start_process, ended, started = util.spawnv_passfds, threading.Event(), []

    def interrupted(*arguments: Any) -> int:
        started.append(start_process(*arguments))
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)  # the handler is called before the new process is told what to do
        return started[0]

    monkeypatch.setattr(util, "spawnv_passfds", interrupted)
    other = threading.Thread(target=ended.wait)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(map_in_order(abs, [1], 1))
    finally:
        ended.set()
        other.join()
    with contextlib.suppress(ChildProcessError):  # it has been waited for
        os.waitpid(started[0], 0)
    assert capfd.readouterr().err == ""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_killed_process_is_one_line() -> None:
    with pytest.raises(ClearparseError) as caught:
        list(map_in_order(os._exit, [1], jobs=1))
    assert str(caught.value) == KILLED


@POSIX
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_processes_end_with_their_parent(name: str, tmp_path: Path) -> None:
    """Though each has ten minutes of work left, and without a word on stderr about semaphores."""
    script = tmp_path / "slow.py"
    script.write_text(SLOW_WORK, encoding="utf-8")
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = {int(process.stdout.readline()) for _ in range(2)}
        assert len(pids) == 2
        process.send_signal(getattr(signal, name))
        _, complaints = process.communicate(timeout=20)  # at its end, too, no process holds stderr any more
    assert "semaphore" not in complaints
    assert not any(is_running(pid) for pid in pids)


def is_running(pid: int) -> bool:
    """Is there such a process? One that has ended and that nobody has waited for is none."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
