"""What a benchmark compares on which data, and the models that it trains and keeps."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.compared import System
from benchmarks.worker import in_subprocess
from clearparse.io.checksum import checksum
from clearparse.io.files import atomic_output
from clearparse.io.resources import CHECKOUT
from clearparse.treebank.conllu import read_blocks

PACKAGE = CHECKOUT / "parser" / "clearparse"
# A change in one of these changes the models that clearparse trains.
LEARNING = ("config.py", "features", "network", "stages", "training", "transition", "treebank")


@dataclass(frozen=True)
class Plan:
    """What to compare on which data. text: running text to time pipelines on, with a paragraph in each line."""

    train: Path
    dev: Path
    source: Path  # CoNLL-U, timed
    output: Path  # folder for results and models
    text: Path | None = None
    cores: int = 1
    runs: int = 5
    quick: bool = False


def model_path(plan: Plan, system: System) -> Path:
    """Path of a model, keyed by data and options, and for clearparse by the code that trains it."""
    key = hashlib.sha256(f"{checksum(plan.train)} {checksum(plan.dev)} {plan.quick} {system.recipe}".encode())
    if system.is_clearparse:
        for path in sorted(path for each in LEARNING for path in sources(PACKAGE / each)):
            key.update(path.read_bytes())
    return plan.output / "trained" / key.hexdigest()[:12] / system.file


def sources(path: Path) -> list[Path]:
    """The source files of a module or a package."""
    return [path] if path.is_file() else list(path.rglob("*.py"))


def trained(plan: Plan, system: System) -> tuple[Path, dict[str, Any]]:
    """Path of a trained model, and how long its training took, or an empty record if it came trained.

    It is trained unless it exists with its record, which is written last. Raises ClearparseError.
    """
    if system.bundled:
        return system.bundled, {}
    model = model_path(plan, system)
    record = model.with_name(f"{model.name}.training.json")
    if not record.is_file():
        model.parent.mkdir(parents=True, exist_ok=True)
        quickness = "quick" if plan.quick else "whole"
        arguments = (system.name, quickness, str(plan.train), str(plan.dev), str(model))
        took = in_subprocess("train", *arguments, cores=system.training_cores)
        with atomic_output(record) as stream:
            stream.write(json.dumps(took).encode() + b"\n")
    measured: dict[str, Any] = json.loads(record.read_bytes())
    return model, measured


def model_bytes(model: Path) -> int:
    """Size of a model, which is a file or a folder."""
    return sum(path.stat().st_size for path in ([model] if model.is_file() else model.rglob("*")) if path.is_file())


@functools.cache
def words_in(path: Path) -> int:
    """Number of words in a CoNLL-U file."""
    return sum(len(block.fields) for block in read_blocks(path, trees=False))
