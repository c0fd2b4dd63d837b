"""The import name is clearparse, and a file called parser.py beside a user's script does not get in its way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import clearparse

SCRIPT = """
import parser
assert parser.MINE
import clearparse, clearparse.commands.train, clearparse.integrations.rows
assert clearparse.load
"""
SPACY = """
import parser, spacy
assert parser.MINE
nlp = spacy.blank("en")
nlp.add_pipe("clearparse")
print([token.dep_ for token in nlp("She sees the stars.")])
"""


def run_beside_parser(folder: Path, script: str) -> str:
    """What a script prints that lies beside a parser.py of the user's own."""
    (folder / "parser.py").write_text("MINE = True\n", encoding="utf-8")
    (folder / "use.py").write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, "use.py"], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_users_parser_py_does_not_break_clearparse(tmp_path: Path) -> None:
    run_beside_parser(tmp_path, SCRIPT)


@pytest.mark.full
def test_a_users_parser_py_does_not_break_the_spacy_component(tmp_path: Path) -> None:
    assert "nsubj" in run_beside_parser(tmp_path, SPACY)


def test_types_are_shipped() -> None:
    assert (Path(clearparse.__file__).parent / "py.typed").is_file()
