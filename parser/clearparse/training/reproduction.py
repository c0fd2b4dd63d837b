"""`train.py --again RECORD`: a training as its record tells it, to be repeated and compared."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clearparse.config import Config
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import checksum, open_input
from clearparse.training.provenance import (
    difference,
    recorded_provenance,
    require_checksums,
    version_difference,
)

DOOR = ("python", "scripts/train.py")  # what the command of a record begins with
NO_MATTER = ("--resume", "--plot", "--jobs")  # options that do not change the model, the last with a value
OF_ITS_OWN = ("again", "output", "jobs", "resume", "plot")  # what does not change the model, so may be asked anew


def told(argv: Sequence[str]) -> str:
    """A command line as the record tells it: without what does not change the model."""
    kept, skip = list(DOOR), False
    for each in argv:
        name = each.partition("=")[0]
        if not skip and name not in NO_MATTER:
            kept.append(each)
        skip = each == "--jobs"
    return shlex.join(kept)


@dataclass(frozen=True)
class Original:
    """A training that was, by its record."""

    path: str
    record: dict[str, Any]

    @classmethod
    def read(cls, path: str) -> Original:
        """Raises FileError if there is no record there."""
        with open_input(path) as file:
            text = file.read()
        try:
            record = json.loads(text)
            whole = tuple(shlex.split(record["command"])[: len(DOOR)]) == DOOR and bool(record["model_sha256"])
        except (ValueError, KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise FileError(path, "not the record of a training, or one without the checksum of its model")
        return cls(path, record)

    @property
    def command(self) -> str:
        """As it was given; it is part of the model."""
        return str(self.record["command"])

    def arguments(self, cli: argparse.ArgumentParser, given: argparse.Namespace) -> argparse.Namespace:
        """Those of its command, with some of what is given now. Raises ClearparseError if anything else is given."""
        none = vars(cli.parse_args([]))
        for name, value in vars(given).items():
            if name not in OF_ITS_OWN and value != none[name]:
                raise ClearparseError(f"--again takes --{name.replace('_', '-')} from the record")
        arguments = cli.parse_args(shlex.split(self.command)[len(DOOR) :])
        for name in OF_ITS_OWN:
            setattr(arguments, name, getattr(given, name))
        model = Path(self.path).with_suffix("")
        arguments.output = given.output or str(model.with_name(f"{model.stem}-again{model.suffix}"))
        if Path(arguments.output).resolve() == model.resolve():
            raise ClearparseError(f"--output {arguments.output} is the model to compare with")
        return arguments

    def config(self) -> Config:
        """Raises FileError if another version made the record, with another configuration."""
        try:
            return Config(**self.record["config"])
        except (KeyError, TypeError) as error:
            raise FileError(self.path, f"this version of clearparse has not its configuration: {error}") from error

    def check(self, facts: dict[str, Any]) -> None:
        """Raises ClearparseError where the data are not what they were; warns of other versions."""
        require_checksums(facts)
        if told := difference(recorded_provenance(self.record, facts), facts):
            raise FileError(self.path, f"this training cannot be repeated: {told}")
        if told := version_difference(self.record, facts):
            print(f"warning: {told}: the bytes may differ", file=sys.stderr)

    def compare(self, output: Path) -> None:
        """Tells that the model made again is the same. Raises FileError if it is not."""
        if checksum(output) != self.record["model_sha256"]:
            raise FileError(output, f"not the same bytes as the model of {self.path}")
        print(f"again     the same bytes as the model of {self.path}")
