"""What the benchmark is doing: a line on stderr for each task."""

from __future__ import annotations

import sys
import time
from typing import NamedTuple


class Progress(NamedTuple):
    """Says which task of a section begins, and when."""

    section: str

    def begins(self, task: str) -> None:
        """A task begins."""
        print(f"{time.strftime('%H:%M:%S')} {self.section}: {task}", file=sys.stderr, flush=True)
