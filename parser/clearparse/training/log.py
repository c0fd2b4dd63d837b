"""The training log: lines on standard output, and a progress bar if that is a terminal."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from clearparse.drawing.printable import printable_lines
from clearparse.io.progress import ProgressBar, progress_bar


@dataclass(frozen=True)
class Log:
    """Writes lines and makes progress bars; a quiet log does neither. Worker processes may have a copy."""

    quiet: bool = False

    def __call__(self, topic: str, message: str) -> None:
        """Write a line: the topic in a column of its own, then the message."""
        self.line(f"{topic:<10}{message}")

    def line(self, text: str) -> None:
        """Write a line above the progress bar."""
        if not self.quiet:
            line = f"{printable_lines(text)}\n"
            ProgressBar.write(line, end="")  # in one write: worker processes have the same output
            sys.stdout.flush()

    def progress(self, words: int, description: str = "", unit: str = " words") -> ProgressBar:
        """A progress bar over a number of words or other units, shown only on a terminal."""
        return progress_bar(unit=unit, total=words, description=description, quiet=self.quiet)


QUIET = Log(quiet=True)
