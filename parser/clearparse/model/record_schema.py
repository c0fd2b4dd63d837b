"""The schema of training records: of the one in a model, of MODEL.json beside it, and of a checkpoint's provenance.

Records are untrusted: they are validated when read, so that each value has the expected type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from clearparse.errors import ClearparseError

MAX_TEXT_LENGTH = 4096  # characters of a text, such as a path
MAX_COMMAND_LENGTH = 1 << 20
MAX_NUMBER = 1 << 53  # training writes no larger whole numbers
DIGEST = re.compile(r"[0-9a-f]{0,64}")  # the SHA-256 of a file

Check = Callable[[Any], bool]

PROVENANCE = ("config", "train", "dev", "versions")
RECORD = ("command", *PROVENANCE, "model_sha256")


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT_LENGTH


def _command(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_COMMAND_LENGTH


def _digest(value: Any) -> bool:
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and abs(value) < MAX_NUMBER) or (isinstance(value, float) and math.isfinite(value))


def _count(value: Any) -> bool:
    return isinstance(value, int) and _number(value) and value >= 0


def _score(value: Any) -> bool:
    return value is None or _number(value)


def _setting(value: Any) -> bool:
    return _number(value) or _text(value)


def _stages(value: Any) -> bool:
    return value in ("parser", "all")


def _each(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _values(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(_text(name) and check(each) for name, each in value.items())


def _fields(fields: Mapping[str, Check], required: Iterable[str]) -> Check:
    """A mapping with at least the required fields; fields that are not named may hold anything."""

    def check(value: Any) -> bool:
        if not isinstance(value, dict) or not value.keys() >= set(required):
            return False
        return all(fields[name](each) for name, each in value.items() if name in fields)

    return check


_FILE = _fields({"path": _text, "sentences": _count, "sha256": lambda value: value is None or _digest(value)}, ["path"])
_SCORES = ("UAS", "LAS", "CLAS", "loss")
_EPOCH = _fields({"epoch": _count, **dict.fromkeys(_SCORES, _score)}, ["epoch"])

SCHEMA: dict[str, Check] = {
    "command": _command,
    "preset": _text,
    "stages": _stages,
    "float16": _flag,
    "half": _flag,  # the former name of float16
    "threads": _count,
    "config": _values(_setting),
    "template": _digest,
    "init": _each(_FILE),
    "train": _each(_FILE),
    "raw_text": _each(_FILE),
    "vectors": _each(_FILE),
    "silver": _each(_FILE),
    "dev": _FILE,
    "versions": _values(_text),
    "dev_scores": _EPOCH,
    "epochs": _each(_EPOCH),
    "stopped": _text,
    "model_sha256": _digest,
}


def checked_record(record: Any, required: Iterable[str] = ()) -> dict[str, Any]:
    """Return the record unchanged. Raises ClearparseError if it is invalid or lacks a required field.

    Fields that are not in the schema may hold anything.
    """
    if not isinstance(record, dict):
        raise ClearparseError("the training record is not a dictionary")
    if missing := [name for name in required if name not in record]:
        raise ClearparseError(f"the training record has no {' and no '.join(missing)}")
    if wrong := [name for name, check in SCHEMA.items() if name in record and not check(record[name])]:
        raise ClearparseError(f"the training record has an invalid value for {' and '.join(wrong)}")
    return record
