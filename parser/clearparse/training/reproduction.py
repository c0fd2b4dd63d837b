"""`train --reproduce RECORD`: repeat a recorded training run and compare the models."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clearparse.config import Config, current_names
from clearparse.errors import ClearparseError, FileError
from clearparse.io.checksum import checksum
from clearparse.io.files import open_input, refuse_link
from clearparse.model.container import load_arrays
from clearparse.model.record_schema import RECORD, checked_record
from clearparse.training.provenance import difference, require_checksums, version_difference

COMMANDS = (["python", "scripts/train.py"], ["clearparse", "train"])  # how the command in a record begins
NOT_RECORDED = ("--resume", "--plot", "--quiet", "--jobs")  # without effect on the model
SHORT = {"q": False, "j": True}  # short forms of flags without effect; do they take a value?
MAX_BYTES = 1 << 26  # of a record
MAX_SHOWN = 200  # characters of an error in a record
NEWLY_CHOSEN = ("reproduce", "output", "jobs", "resume", "plot", "quiet")  # arguments not taken from the record


def recorded_command(argv: Sequence[str], invocation: Sequence[str] = COMMANDS[0]) -> str:
    """The command line for the record, without flags that do not affect the model.

    invocation: how the command was called, one of COMMANDS.
    """
    return shlex.join([*invocation, *_with_effect(argv)])


def _with_effect(argv: Sequence[str]) -> Iterator[str]:
    words = iter(argv)
    for word in words:
        if word.partition("=")[0] in NOT_RECORDED:
            if word == "--jobs":
                next(words, None)
            continue
        if word[:1] == "-" and word[1:2] in SHORT:
            flags = word[1:].lstrip("q")
            if flags == "j":
                next(words, None)
            elif flags and flags[0] != "j":  # -qo FILE
                yield f"-{flags}"
            continue
        yield word


@dataclass(frozen=True)
class RecordedRun:
    """A recorded training run to reproduce. outdated: the record lacks settings or uses deprecated names."""

    path: str
    record: dict[str, Any]
    outdated: bool = False

    @classmethod
    def read(cls, path: str) -> RecordedRun:
        """Read a record. Raises FileError if the file is not a training record of the train command."""
        with open_input(path) as file:
            text = file.read(MAX_BYTES)
        try:
            record = checked_record(json.loads(text), RECORD)
            if shlex.split(record["command"])[:2] not in COMMANDS:
                raise ClearparseError("its command is not one that trains a model")
        except (ValueError, RecursionError, ClearparseError) as error:
            reason = str(error) if isinstance(error, ClearparseError) else "not JSON"
            raise FileError(path, f"not a training record: {reason}") from error
        current = _in_current_names(record)
        return cls(path, current, outdated=current != record or "blas" not in record["versions"])

    @property
    def command(self) -> str:
        """The recorded command, which the reproduced model records again."""
        return str(self.record["command"])

    def arguments(
        self, parse: Callable[[Sequence[str]], argparse.Namespace], given: argparse.Namespace
    ) -> argparse.Namespace:
        """The arguments of the recorded command, except output, jobs and the like, which are those given now.

        Raises ClearparseError if any other argument is given.
        """
        defaults = vars(parse([]))
        for name, value in vars(given).items():
            if name not in NEWLY_CHOSEN and value != defaults[name]:
                raise ClearparseError(f"--reproduce takes --{name.replace('_', '-')} from the record: leave it out")
        arguments = self._recorded_arguments(parse)
        for name in NEWLY_CHOSEN:
            setattr(arguments, name, getattr(given, name))
        model = self._model
        if not given.output:
            arguments.output = str(model.with_name(f"{model.stem}-reproduced{model.suffix}"))
            refuse_link(arguments.output)
        if Path(arguments.output).resolve() == model.resolve():
            raise ClearparseError(f"--output {arguments.output} is the model to compare with: choose another name")
        return arguments

    def _recorded_arguments(self, parse: Callable[[Sequence[str]], argparse.Namespace]) -> argparse.Namespace:
        """The arguments of the recorded command. Raises FileError if it is invalid or asks for help."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                return parse(shlex.split(self.command)[2:])
        except SystemExit as error:
            raise FileError(self.path, "its command asks for help, it does not train a model") from error
        except ClearparseError as error:
            raise FileError(self.path, f"its command is invalid: {str(error)[:MAX_SHOWN]}") from error

    def config(self) -> Config:
        """The recorded settings. Raises FileError if one is unknown to this version, or out of range."""
        try:
            return Config.from_record(self.record["config"])
        except TypeError as error:
            message = str(error)[:MAX_SHOWN]
            raise FileError(
                self.path, f"this version of clearparse does not know its configuration: {message}"
            ) from error
        except ClearparseError as error:
            raise FileError(self.path, str(error)) from error

    def check(self, provenance: dict[str, Any]) -> None:
        """Warn on stderr if versions differ. Raises ClearparseError if the data have changed."""
        require_checksums(provenance)
        if found := difference({name: self.record.get(name) for name in provenance}, provenance):
            raise FileError(self.path, f"this training run cannot be reproduced: {found}")
        if (found := version_difference(self.record, provenance)) and sys.stderr is not None:
            print(f"warning: {found}: the bytes may differ", file=sys.stderr)

    def compare(self, output: Path) -> None:
        """Print that the reproduced model is identical. Raises FileError if it is not."""
        if checksum(output) == self.record["model_sha256"]:
            print(f"reproduce {output} is bit-identical to the model of {self.path}")
        elif self.outdated and _same_arrays(output, self._model):
            print(f"reproduce {output} has the parameters of {self._model}, bit by bit, but newer names in its record")
        else:
            raise FileError(output, f"not bit-identical to the model of {self.path}")

    @property
    def _model(self) -> Path:
        """The path of the recorded model, if it is still next to its record."""
        return Path(self.path).with_suffix("")


def _in_current_names(record: dict[str, Any]) -> dict[str, Any]:
    renamed = {"float16" if name == "half" else name: value for name, value in record.items()}
    if isinstance(record.get("config"), dict):
        renamed["config"] = {**asdict(Config()), **current_names(record["config"])}
    return renamed


def _same_arrays(path: Path, other: Path) -> bool:
    if not other.is_file():
        return False
    (arrays, _), (others, _) = load_arrays(path), load_arrays(other)
    return arrays.keys() == others.keys() and all(
        array.dtype == others[name].dtype and np.array_equal(array, others[name]) for name, array in arrays.items()
    )
