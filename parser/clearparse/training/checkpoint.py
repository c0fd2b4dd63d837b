"""Checkpoints: interrupted training resumes from a file next to the model, and gives a bit-identical model.

A checkpoint has named parts, each with arrays and JSON values: one for each finished result, and one for the state of
the network in training. A resumed training run loads the parts that exist and computes the others.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import PathLike, remove_unfinished
from clearparse.io.parallel import send_to_parent
from clearparse.model.container import Arrays, load_arrays, save_arrays
from clearparse.model.record_schema import PROVENANCE, checked_record
from clearparse.network.classifier import Parameters
from clearparse.stages.stored import StoredNetwork, check_parameters
from clearparse.stages.validation import check_texts
from clearparse.stages.window import WindowClassifier
from clearparse.training.provenance import Provenance, difference, version_difference
from clearparse.training.word_vectors import Vectors
from clearparse.version import __version__

KIND = "unfinished training"
# Errors of decoding parts that have the right checksum but were not written by training.
UNUSABLE = (ClearparseError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
MAX_MESSAGE_LENGTH = 200  # characters of such an error in a message
TIME_SHARE = 0.05  # of the training time may be spent on writing checkpoints

Value = TypeVar("Value")
Part = tuple[Arrays, Any]
LogLine = Callable[[str, str], None]


@dataclass(frozen=True)
class Codec(Generic[Value]):
    """How a value is encoded as arrays and JSON values, and decoded."""

    encode: Callable[[Value], Part]
    decode: Callable[[Arrays, Any], Value]


class Checkpoint:
    """The parts of an unfinished training run, in memory and, if there is a path, in a file.

    provenance: of the model (see provenance.provenance); a checkpoint with a different provenance is not resumed.
    """

    def __init__(self, path: PathLike | None = None, provenance: Provenance | None = None) -> None:
        self.path = None if path is None else os.fspath(path)
        self.provenance = provenance or {}
        self._parts: dict[str, Part] = {}
        self._lock = threading.Lock()  # parts arrive in several threads
        self._has_parts_on_disk = False
        self._written_at, self._seconds_to_write = -float("inf"), 0.0

    def exists(self) -> bool:
        """Return True if the file exists."""
        return self.path is not None and os.path.exists(self.path)

    def read(self, log: LogLine) -> None:
        """Load all parts from the file. Raises FileError if it is missing, damaged, or of another training run."""
        assert self.path is not None
        arrays, metadata = load_arrays(self.path)
        try:
            self._check(metadata, log)
            self._parts = {name: ({}, values) for name, values in metadata["parts"].items()}
            for full_name, array in arrays.items():
                part, _, name = full_name.partition("/")
                self._parts[part][0][name] = array
            self._written_at, self._has_parts_on_disk = time.monotonic(), bool(self._parts)
        except FileError:
            raise
        except UNUSABLE as error:
            raise FileError(self.path, f"not a checkpoint that can be resumed ({_shortened(error)})") from error

    def _check(self, metadata: Mapping[str, Any], log: LogLine) -> None:
        assert self.path is not None
        if metadata["kind"] != KIND:
            raise FileError(self.path, f"this is a {str(metadata['kind'])[:MAX_MESSAGE_LENGTH]}, not a checkpoint")
        before = checked_record(metadata["provenance"], PROVENANCE)
        if found := difference(before, self.provenance):
            raise FileError(self.path, f"the checkpoint belongs to another training run: {found}")
        if (version := before["versions"]["clearparse"]) != __version__:
            version = version[:MAX_MESSAGE_LENGTH]
            raise FileError(self.path, f"only clearparse {version}, which made the checkpoint, can resume from it")
        if found := version_difference(before, self.provenance):
            log("warning", f"{found}: the model may not be bit-identical to that of an uninterrupted run")

    def load(self, name: str) -> Part | None:
        """A part, or None if it is missing."""
        return self._parts.get(name)

    def parts(self) -> dict[str, Part]:
        """All parts by their names."""
        return dict(self._parts)

    def save(self, name: str, arrays: Arrays, values: Any) -> None:
        """Add or replace a part, and write the file. Raises FileError if it cannot be written."""
        with self._lock:
            self._parts[name] = arrays, values
            self.write()

    def receive(self, part: tuple[str, Arrays, Any]) -> None:
        """Save a part sent by a WorkerCheckpoint. Raises FileError if the file cannot be written."""
        self.save(*part)

    def get(self, name: str, codec: Codec[Value]) -> Value:
        """The decoded value of an existing part. Raises FileError if the part is invalid."""
        with self.reading(name):
            return codec.decode(*self._parts[name])

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Context manager for decoding a part: errors become a FileError that names the part."""
        try:
            yield
        except UNUSABLE as error:
            raise FileError(self.path or "checkpoint", f"its part {name!r} cannot be restored") from error

    def get_or_compute(self, name: str, codec: Codec[Value], compute: Callable[[], Value]) -> Value:
        """The decoded value of a part; if it is missing, it is computed and saved."""
        if name in self._parts:
            return self.get(name, codec)
        value = compute()
        self.save(name, *codec.encode(value))
        return value

    def due(self) -> bool:
        """Return True if the file can be written again without exceeding TIME_SHARE."""
        return self.path is not None and self._is_time()

    def _is_time(self) -> bool:
        return time.monotonic() - self._written_at >= self._seconds_to_write / TIME_SHARE

    @contextlib.contextmanager
    def kept(self, resume: bool, log: LogLine) -> Iterator[None]:
        """Context manager for a training run: reads the file if `resume`, and removes it when the run succeeds.

        The file is written at the start too, so that a full disk is noticed at once. If the run fails, the file stays
        if there is anything to resume from. Raises FileError as `read` does, and if a part does not fit the data.
        """
        found = self.exists()
        if self.path is not None:
            remove_unfinished(self.path)
        if resume and found:
            self.read(log)
            log("resume", f"continues from {self.path}")
        elif resume:
            log("resume", f"there is no {self.path}: training starts from the beginning")
        elif found:
            log("note", f"training starts from the beginning; --resume would continue from {self.path}")
        if not found:
            self.write()
        try:
            yield
        except BaseException as error:
            if not (found or self._has_parts_on_disk):
                self.remove()
            if isinstance(error, KeyboardInterrupt) and self._has_parts_on_disk and not error.args:
                raise KeyboardInterrupt("stopped; the same command with --resume continues") from error
            if resume and found and isinstance(error, UNUSABLE) and not isinstance(error, ClearparseError):
                message = f"cannot be resumed ({_shortened(error)}); without --resume, training starts again"
                raise FileError(str(self.path), message) from error
            raise
        self.remove()

    def write(self) -> None:
        """Write the file atomically. Raises FileError."""
        if self.path is None:
            return
        start = time.monotonic()
        arrays = {f"{part}/{name}": array for part, (of, _) in self._parts.items() for name, array in of.items()}
        values = {name: value for name, (_, value) in self._parts.items()}
        metadata = {"kind": KIND, "provenance": self.provenance, "parts": values}
        save_arrays(self.path, arrays, metadata, follow_links=False)
        self._written_at, self._has_parts_on_disk = time.monotonic(), bool(self._parts)
        if self._parts:  # the empty file at the start does not delay the first state
            self._seconds_to_write = self._written_at - start

    def remove(self) -> None:
        """Remove the file if it exists."""
        if self.path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path)


def _shortened(error: BaseException) -> str:
    """An error message on one short line."""
    return " ".join(ascii(error).split())[:MAX_MESSAGE_LENGTH]


class WorkerCheckpoint(Checkpoint):
    """The checkpoint of a worker process, which sends its parts to the parent's checkpoint (see receive).

    parts: the parts to start from.
    """

    def __init__(self, parts: Mapping[str, Part] | None = None) -> None:
        super().__init__()
        self._parts = dict(parts or {})

    def due(self) -> bool:
        """Return True if a part can be sent and written again without exceeding TIME_SHARE."""
        return self._is_time()

    def save(self, name: str, arrays: Arrays, values: Any) -> None:
        """Save a part in the parent process; returns when it is written. Raises FileError if it cannot be."""
        start = time.monotonic()
        send_to_parent((name, arrays, values))
        self._written_at = time.monotonic()
        self._seconds_to_write = self._written_at - start


def _encode_classifier(classifier: WindowClassifier) -> Part:
    stored = classifier.to_stored()
    return dict(stored.params._asdict()), stored.metadata


def _decode_classifier(arrays: Arrays, values: Any) -> WindowClassifier:
    stored = StoredNetwork(Parameters(**arrays), values)
    stored.check("network")
    check_parameters("network", stored.params)
    return WindowClassifier.from_stored(stored)


def _encode_lines(lines: Sequence[bytes]) -> Part:
    return {"text": np.frombuffer(b"\n".join(lines), np.uint8)}, len(lines)


def _decode_lines(arrays: Arrays, count: Any) -> list[bytes]:
    lines = arrays["text"].tobytes().split(b"\n") if count else []
    if len(lines) != count:
        raise ValueError("wrong number of lines")
    return lines


def _encode_vectors(vectors: Vectors) -> Part:
    return {"values": vectors.values}, [vectors.words, vectors.forms, vectors.clusters]


def _decode_vectors(arrays: Arrays, values: Any) -> Vectors:
    words, forms, clusters = values
    for names in (words, forms, clusters):
        check_texts(names, "words")
    vectors = arrays["values"]
    if vectors.ndim != 2 or vectors.dtype != np.float32 or len(vectors) != len(words) or not np.isfinite(vectors).all():
        raise ValueError("the vectors do not match the words")
    return Vectors(words, arrays["values"], forms, clusters)


CLASSIFIER = Codec(_encode_classifier, _decode_classifier)
LINES = Codec(_encode_lines, _decode_lines)  # strings without line breaks, such as the tags of words
VECTORS = Codec(_encode_vectors, _decode_vectors)
