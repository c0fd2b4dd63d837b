"""Runs the programs in the documentation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def programs(page: str) -> list[str]:
    """The Python programs of a page of docs/, in order."""
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(program: str, folder: Path, *arguments: str, warnings: str = "error") -> str:
    """The output of a program, run in a folder with a link to data/. warnings: the value of Python's -W."""
    (folder / "data").symlink_to(CHECKOUT / "data")
    script = folder / "program.py"
    script.write_text(program, encoding="utf-8")
    path = os.pathsep.join([str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-W", warnings, script.name, *arguments],
        cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
