"""What the benchmark is doing, on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm


class Progress:
    """Shows the current task of a section, and how many were done."""

    def __init__(self, section: str) -> None:
        self.section = section
        self.bar = tqdm(disable=None, unit="task")

    @contextmanager
    def of(self, task: str) -> Iterator[None]:
        """One task."""
        self.bar.set_description(f"{self.section}: {task}")
        yield
        self.bar.update()
