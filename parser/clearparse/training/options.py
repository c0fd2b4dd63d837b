"""Training options, and the configuration that results from a preset, given values and an initial model."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from os import PathLike
from typing import Any

from clearparse.config import MAX_SHOWN, PRESETS, TYPE_NAMES, Config, current_names
from clearparse.errors import ClearparseError, FileError
from clearparse.model.model import Model

FileName = str | PathLike[str]

KEPT_FROM_MODEL = ("template", "transition_system", "embedding_dim", "hidden_size", "min_count")  # by fine-tuning
MAX_PROCESSES = 1024  # processes or threads


@dataclass(frozen=True)
class Options:
    """Training options in addition to the Config (see recipe.train). command: for the training record."""

    preset: str = "fast"
    stages: str = "parser"
    raw_text: tuple[FileName, ...] = ()
    silver: tuple[FileName, ...] = ()
    vectors: FileName | None = None
    init: FileName | None = None
    output: FileName | None = None
    jobs: int = 1
    threads: int = 1
    float16: bool = False
    resume: bool = False
    quiet: bool = False
    command: str = "clearparse.train"

    def check(self) -> None:
        """Raise ClearparseError if an option is out of range, or two options exclude each other."""
        if self.stages not in ("parser", "all"):
            raise ClearparseError(f"stages is {self.stages!r}; it must be 'parser' or 'all'")
        for name, value in (("jobs", self.jobs), ("threads", self.threads)):
            if not isinstance(value, int) or not 1 <= value <= MAX_PROCESSES:
                raise ClearparseError(f"{name} is {value!r}; it must be a whole number from 1 to {MAX_PROCESSES:,}")
        if self.resume and self.output is None:
            raise ClearparseError("resume needs output: the checkpoint is next to it")

    def provenance(self) -> dict[str, Any]:
        """The options that affect the bytes of the model."""
        return {name: getattr(self, name) for name in ("preset", "stages", "float16", "threads")}


def file_names(names: FileName | Iterable[FileName]) -> tuple[FileName, ...]:
    """One file name or several as a tuple."""
    return (names,) if isinstance(names, str | PathLike) else tuple(names)


def config_from(preset: str, values: Mapping[str, Any]) -> Config:
    """The configuration of a preset with the given values. NumPy numbers are converted to Python's.

    Raises TypeError for a name that is not a field; ClearparseError for an unknown preset or a wrong value.
    """
    if preset not in PRESETS:
        raise ClearparseError(f"preset is {preset!r}; it must be {' or '.join(PRESETS)}")
    kinds: dict[str, type] = {each.name: each.metadata["type"] for each in fields(Config)}
    if unknown := values.keys() - kinds.keys():
        raise TypeError(f"unknown parameter {' and '.join(sorted(unknown))}; the parameters are {', '.join(kinds)}")
    return replace(PRESETS[preset], **{name: _plain(name, value, kinds[name]) for name, value in values.items()})


def config_like(model: Model, config: Config, options: Options) -> Config:
    """The configuration with the network shape of the model that is fine-tuned.

    Raises FileError if the model's record lacks its config; ClearparseError for an ensemble.
    """
    try:
        recorded = {"networks": 1, **current_names(model.record["config"])}  # early records have no "networks"
        config = replace(config, **{name: recorded[name] for name in KEPT_FROM_MODEL})
    except (KeyError, TypeError) as error:
        assert options.init is not None
        raise FileError(options.init, "cannot be fine-tuned: its training record lacks the configuration") from error
    if config.networks > 1 or recorded["networks"] != 1:
        raise ClearparseError("only a single network can be fine-tuned: networks must be 1")
    return config


def _plain(name: str, value: Any, kind: type) -> Any:
    """Convert a value to the type of its field. Raises ClearparseError if that is not possible."""
    try:
        if kind is str:
            if isinstance(value, str):
                return str(value)
            raise TypeError
        return operator.index(value) if kind is int else float(value)
    except (TypeError, ValueError, OverflowError):
        shown = repr(value)[:MAX_SHOWN]
        raise ClearparseError(f"{name} is {shown}; it must be {TYPE_NAMES[kind]}") from None
