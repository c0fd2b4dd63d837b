"""Files of teachers and of their unfinished training: tensors and JSON values in the container of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from clearparse.errors import FileError
from clearparse.model.container import load_arrays, save_arrays
from clearparse.stages.ensemble import Calibration
from teacher.annotation import Teacher
from teacher.encoder import WordPieces, encoder_folder, new_encoder
from teacher.examples import Symbols
from teacher.network import Network

KIND = "teacher"
UNFINISHED = "unfinished training of a teacher"


def save_state(path: Path, tensors: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write an unfinished training. Raises FileError."""
    save_arrays(path, _arrays(tensors), {"kind": UNFINISHED, **values}, follow_links=False)


def load_state(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors and values of an unfinished training. Raises FileError."""
    return _load(path, UNFINISHED)


def save_teacher(path: Path, teacher: Teacher, record: Mapping[str, Any]) -> None:
    """Write a trained teacher; record: of its training. Raises FileError."""
    about = {
        "kind": KIND,
        "encoder": teacher.encoder,
        "symbols": asdict(teacher.symbols),
        "most_pieces": teacher.most_pieces,
        "calibration": {"arcs": list(teacher.arcs), "tags": list(teacher.tags)},
        "record": record,
    }
    save_arrays(path, _arrays(teacher.network.state_dict()), about)


def load_teacher(path: Path, encoder: str | None = None) -> Teacher:
    """The teacher of a file; encoder: where its tokenizer is now, if elsewhere than in training. Raises FileError."""
    tensors, about = _load(path, KIND)
    name = encoder or about["encoder"]
    folder = encoder_folder(name)
    symbols = Symbols(**about["symbols"])
    network = Network(new_encoder(folder), symbols)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise FileError(path, f"its weights do not fit the encoder {name}") from error
    curves = {each: Calibration(*about["calibration"][each]) for each in ("arcs", "tags")}
    return Teacher(network, symbols, WordPieces(folder), name, about["most_pieces"], **curves)


def _arrays(tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}


def _load(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays, values = load_arrays(path)
    if values.get("kind") != kind:
        raise FileError(path, f"this is a {str(values.get('kind'))[:60]}, not a {kind}")
    return {name: torch.from_numpy(array) for name, array in arrays.items()}, values
