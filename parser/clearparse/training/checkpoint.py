"""A training that was stopped goes on from its checkpoint: a file, beside the model to be, of what is done so far.

It has parts, each some arrays and JSON values: every network that is trained, and the state of the one that is being
trained. A part that is there is not made again; so the run that goes on does what is left, and ends in the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from clearparse.errors import ClearparseError, FileError
from clearparse.features.vocabulary import Vocabulary
from clearparse.io.files import PathLike, remove_unfinished
from clearparse.model.container import Arrays, load_arrays, save_arrays
from clearparse.network.classifier import Parameters
from clearparse.stages.window import Window, WindowClassifier, compile_window
from clearparse.training.word_vectors import Vectors
from clearparse.version import __version__

KIND = "unfinished training"
SHARE = 0.05  # of the time goes into writing checkpoints, at most
TOLD = 3  # differences between two trainings that a message names

Made = TypeVar("Made")
Part = tuple[Arrays, Any]


@dataclass(frozen=True)
class Form(Generic[Made]):
    """How something is kept as arrays and JSON values."""

    pack: Callable[[Made], Part]
    unpack: Callable[[Arrays, Any], Made]


class Checkpoint:
    """What a training has done, in a file; without a path nothing is written.

    facts: what decides the training's result, as far as it is known before (see training_run.facts).
    """

    def __init__(self, path: PathLike | None = None, facts: Mapping[str, Any] | None = None) -> None:
        self.path = None if path is None else os.fspath(path)
        self.facts = facts or {}
        self._parts: dict[str, Part] = {}
        self._holds = False  # is any of them in the file?
        self._written, self._took = -float("inf"), 0.0

    def exists(self) -> bool:
        """Is there a file?"""
        return self.path is not None and os.path.exists(self.path)

    def read(self, say: Callable[[str, str], None]) -> None:
        """Take up what the file has. Raises FileError: no checkpoint, damaged, of another training."""
        assert self.path is not None
        arrays, about = load_arrays(self.path)
        try:
            if about["kind"] != KIND:
                raise FileError(self.path, f"this holds a {about['kind']}, not a checkpoint")
            if told := difference(about["facts"], self.facts):
                raise FileError(self.path, f"the checkpoint is of another training: {told}")
            if (version := about["facts"]["versions"]["clearparse"]) != __version__:
                raise FileError(self.path, f"the checkpoint is of clearparse {version}, which can go on from it")
            if told := other_versions(about["facts"], self.facts):
                say("warning", f"{told}: the bytes may differ from those of a training without a stop")
            self._parts = {name: ({}, values) for name, values in about["parts"].items()}
            for name, array in arrays.items():
                part, _, of = name.partition("/")
                self._parts[part][0][of] = array
            self._written, self._holds = time.monotonic(), bool(self._parts)
        except (KeyError, TypeError, AttributeError) as error:
            raise FileError(self.path, f"not a checkpoint that can be gone on from ({error!r})") from error

    def get(self, name: str) -> Part | None:
        """A part, if it is there."""
        return self._parts.get(name)

    def put(self, name: str, arrays: Arrays, values: Any) -> None:
        """Keep a part, in place of what had its name, and write the file. Raises FileError."""
        self._parts[name] = arrays, values
        self.write()

    def once(self, name: str, form: Form[Made], make: Callable[[], Made]) -> Made:
        """What was made before, or what make() gives, which is kept."""
        part = self.get(name)
        if part is not None:
            return form.unpack(*part)
        made = make()
        self.put(name, *form.pack(made))
        return made

    def due(self) -> bool:
        """Has so much time gone by that writing again would take no more than its share of it?"""
        return self.path is not None and time.monotonic() - self._written >= self._took / SHARE

    @contextlib.contextmanager
    def kept(self, resume: bool, say: Callable[[str, str], None]) -> Iterator[None]:
        """For the time of the training: taken up before it, if that is wanted, and removed behind it.

        say(what, message) hears how the training begins. Raises FileError: see read; or that no file can be written,
        which is better known now than after an hour. Ctrl-C is told what is left: KeyboardInterrupt.
        """
        found = self.exists()
        if self.path is not None:
            remove_unfinished(self.path)
        if resume and found:
            self.read(say)
            say("resume", f"goes on from {self.path}")
        elif resume:
            say("resume", f"there is no {self.path}: the training starts anew")
        elif found:
            say("note", f"the training starts anew; with --resume it would go on from {self.path}")
        if not found:
            self.write()
        try:
            yield
        except BaseException as error:
            if not (found or self._holds):
                self.remove()
            if isinstance(error, KeyboardInterrupt) and self._holds and not error.args:
                raise KeyboardInterrupt("stopped; the same command with --resume goes on") from error
            raise
        self.remove()

    def write(self) -> None:
        """Write the file, whole or not at all. Raises FileError."""
        if self.path is None:
            return
        start = time.monotonic()
        arrays = {f"{part}/{name}": array for part, (of, _) in self._parts.items() for name, array in of.items()}
        values = {name: value for name, (_, value) in self._parts.items()}
        save_arrays(self.path, arrays, {"kind": KIND, "facts": self.facts, "parts": values})
        self._written, self._holds = time.monotonic(), bool(self._parts)
        self._took = self._written - start

    def remove(self) -> None:
        """The training is over."""
        if self.path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path)


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What decides two trainings differently, in some words; nothing if they are the same.

    Versions of libraries are not looked at, nor where files lie: only what is in them.
    """
    then, here = _leaves(before), _leaves(json.loads(json.dumps(now)))
    told = [
        f"{name} is {here.get(name)}, it was {then.get(name)}"
        for name in dict.fromkeys((*then, *here))
        if then.get(name) != here.get(name)
    ]
    more = [f"and {len(told) - TOLD} more"] * (len(told) > TOLD)
    return "; ".join(told[:TOLD] + more)


def other_versions(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The versions with which two trainings are made differently, in some words; nothing if they are the same."""
    then, here = before["versions"], now["versions"]
    others = [name for name in here if then.get(name) != here[name]]
    return ", ".join(f"{name} is {here[name]}, it was {then.get(name)}" for name in others)


def _leaves(value: Any, name: str = "") -> dict[str, Any]:
    """The single values of nested JSON, by their names: `train 1 sha256`, `lr`."""
    if isinstance(value, dict):
        inner = [(key, of) for key, of in value.items() if key not in ("path", "versions")]
    elif isinstance(value, list):
        inner = [(str(i), of) for i, of in enumerate(value, 1)]
    else:
        return {name: value}
    below = "" if name == "config" else f"{name} "
    return {key: leaf for each, of in inner for key, leaf in _leaves(of, f"{below}{each}".strip()).items()}


def refuse_unknown_files(facts: Mapping[str, Any]) -> None:
    """Raises ClearparseError if the training reads what cannot be compared with what another read."""
    if any(name.endswith("sha256") and value is None for name, value in _leaves(facts).items()):
        raise ClearparseError("only a training that reads files can go on or be repeated: `-` is gone by then")


def _pack_labeller(classifier: WindowClassifier) -> Part:
    about = {
        "template": classifier.window.template.text,
        "symbols": classifier.vocabulary.symbols,
        "classes": classifier.classes,
    }
    return dict(classifier.params._asdict()), about


def _unpack_labeller(arrays: Arrays, about: Any) -> WindowClassifier:
    window = Window(compile_window(about["template"]), Vocabulary(about["symbols"]))
    return WindowClassifier(Parameters(**arrays), window, about["classes"])


def _pack_texts(texts: Sequence[bytes]) -> Part:
    return {"text": np.frombuffer(b"\n".join(texts), np.uint8)}, len(texts)


def _unpack_texts(arrays: Arrays, count: Any) -> list[bytes]:
    return arrays["text"].tobytes().split(b"\n") if count else []


def _pack_vectors(vectors: Vectors) -> Part:
    return {"values": vectors.values}, [vectors.words, vectors.forms, vectors.clusters]


def _unpack_vectors(arrays: Arrays, texts: Any) -> Vectors:
    words, forms, clusters = texts
    return Vectors(words, arrays["values"], forms, clusters)


LABELLER = Form(_pack_labeller, _unpack_labeller)
TEXTS = Form(_pack_texts, _unpack_texts)  # lines without line ends, such as the tags of words
VECTORS = Form(_pack_vectors, _unpack_vectors)
