"""What a command shows of its progress on the terminal."""

from __future__ import annotations

import sys


def shows_progress(*, quiet: bool = False) -> bool:
    """Are progress and summaries shown? Only if stderr is a terminal and the command is not quiet."""
    return not quiet and sys.stderr is not None and sys.stderr.isatty()


def rate(count: int, unit: str, seconds: float) -> str:
    """How much was done in which time: 1,200 words in 2.0 s (600 words/s)."""
    return f"{count:,} {unit} in {seconds:,.1f} s ({count / max(seconds, 1e-9):,.0f} {unit}/s)"
