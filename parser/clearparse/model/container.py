"""A model is one file: named arrays and a dictionary of JSON values, in the safetensors format, without code.

The header's `__metadata__` has a single entry, "clearparse": JSON text with the version of this layout, the
version of clearparse that wrote the file, the dictionary, and a SHA-256 of dictionary and arrays. A single
entry, because safetensors writes several in no fixed order, and the same model must give the same bytes.
(https://huggingface.co/docs/safetensors)
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from clearparse.errors import FileError
from clearparse.io.files import atomic_output, open_input
from clearparse.version import __version__

FORMAT_VERSION = 1
KEY = "clearparse"
MOST_UNPACKED = 30  # times the size of a packed file; numbers that were trained cannot be packed to half of theirs
MOST_BYTES = 1 << 36  # where the size is not known beforehand
DAMAGED = "the model is cut short or damaged; copy or train it again"
DTYPES = frozenset(
    ["bool", "float16", "float32", "float64"] + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)

Path = str | PathLike[str]
Arrays = dict[str, NDArray[Any]]


def is_model_file(path: Path) -> bool:
    """Does the file begin as a model does, with its header's length in eight bytes? Raises FileError."""
    with open_input(path) as stream:
        return b"\0" in stream.read(8)  # no text has a NUL


def save_arrays(
    path: Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any], *, follow_links: bool = True
) -> None:
    """Write the arrays, of any shape, and JSON values to a model file that appears whole or not at all.

    Equal arguments give equal bytes. follow_links: see atomic_output. Raises FileError when the file cannot be
    written, TypeError for an array that is not of numbers, what `json.dumps` raises for a value that JSON does not
    have (NaN is one), and MemoryError.
    """
    plain = {name: _little_endian(name, array) for name, array in arrays.items()}
    head = {
        "format_version": FORMAT_VERSION,
        "clearparse_version": __version__,
        "sha256": _digest(plain, metadata),
        "metadata": metadata,
    }
    _reserve(3 * sum(array.nbytes for array in plain.values()))  # as many copies are made at once
    data = safetensors.numpy.save(plain, {KEY: _json(head)})
    with atomic_output(path, follow_links=follow_links) as file:
        file.write(data)


def _reserve(size: int) -> None:
    """Raises MemoryError if so many bytes cannot be had; safetensors, which is about to need them, would panic."""
    np.empty(size, np.uint8)


def load_arrays(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """The arrays, of any shape and writable, and the dictionary of a model file.

    The file is read at once and closed. Raises FileError when it is missing, cut short, damaged, not a model,
    or written in a newer format; nothing larger than the file is allocated, whatever its header claims.
    """
    data = _read(path)
    head = _head(path, data)
    try:
        arrays = safetensors.numpy.load(data)
        intact = head["sha256"] == _digest(arrays, head["metadata"])
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError):
        intact = False
    if not intact or not isinstance(head["metadata"], dict):
        raise FileError(path, DAMAGED)
    return arrays, head["metadata"]


def _read(path: Path) -> bytes:
    """The bytes of a model file, unpacked; not those of one that unpacks to far more than models do."""
    size = os.path.getsize(path) if os.path.isfile(path) else MOST_BYTES
    most, parts = min(MOST_UNPACKED * (size + (1 << 20)), MOST_BYTES), []
    with open_input(path) as file:
        while most >= 0 and (part := file.read(1 << 20)):
            parts.append(part)
            most -= len(part)
    if most < 0:
        raise FileError(path, "not a clearparse model: there is far more in it than in any")
    return b"".join(parts)


def _head(path: Path, data: bytes) -> dict[str, Any]:
    """What clearparse wrote into the header of the file, its version checked."""
    size = int.from_bytes(data[:8], "little")
    if data[8:9] != b"{":
        raise FileError(path, "not a clearparse model")
    if size > len(data) - 8:
        raise FileError(path, DAMAGED)
    try:
        head: dict[str, Any] = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][KEY])
        version, writer = head["format_version"], _short(head["clearparse_version"])
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise FileError(path, "not a clearparse model, or its header is damaged") from error
    if version != FORMAT_VERSION:
        raise FileError(
            path,
            f"model format {_short(version)}, written by clearparse {writer}; clearparse {__version__} reads format "
            f"{FORMAT_VERSION}: pip install --upgrade clearparse",
        )
    return head


def _short(value: object) -> str:
    """A value of a file as a message shows it: on one line, not too long."""
    text = ascii(value)[:30]
    return text.strip("'")


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The array as the file holds it: rows first, least significant byte first."""
    if array.dtype.newbyteorder("=").name not in DTYPES:
        raise TypeError(f"array {name!r} has dtype {array.dtype}, which a model file cannot hold")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _digest(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any]) -> str:
    """SHA-256 of the dictionary and of the names, dtypes, shapes and numbers of little-endian arrays."""
    digest = hashlib.sha256(_json(metadata).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.name} {array.shape}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _json(value: object) -> str:
    """JSON in one spelling, ASCII only: a file name that is not valid Unicode survives it."""
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
