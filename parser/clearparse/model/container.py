"""The container of a model: one safetensors file of named arrays and JSON values, no code.

The header's `__metadata__` has a single entry, "clearparse": JSON text with the format version, the version of
clearparse that wrote the file, the values, and the SHA-256 of values and arrays. safetensors writes several entries in
random order, and equal models must have equal bytes; hence a single one. (https://huggingface.co/docs/safetensors)
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import FileError
from clearparse.io.files import PathLike, atomic_output, open_input
from clearparse.version import __version__

FORMAT_VERSION = 1
KEY = "clearparse"
MAX_COMPRESSION_RATIO = 30  # trained parameters do not even compress to half their size
MAX_BYTES = 1 << 36  # if the size is unknown
BEFORE_VALUES, AFTER_VALUES = ',"metadata":', ',"sha256":'  # what stands around the values in the entry
NO_MODEL = "not a clearparse model"
DAMAGED = "the model is truncated or damaged; copy or train it again"
DTYPES = {  # by their names in safetensors
    "BOOL": "bool",
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}

Arrays = dict[str, NDArray[Any]]
Bytes = NDArray[np.uint8]


def is_model_file(path: PathLike) -> bool:
    """Return True if the file begins like a safetensors file, whose first 8 bytes have a NUL. Raises FileError."""
    with open_input(path) as stream:
        return b"\0" in stream.read(8)  # no text has a NUL


def save_arrays(
    path: PathLike, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any], *, follow_links: bool = True
) -> None:
    """Write the arrays, of any shape, and JSON values to a model file, atomically.

    Equal arguments give equal bytes. follow_links: see atomic_output. Raises FileError when the file cannot be
    written, TypeError for an array that is not of numbers, what `json.dumps` raises for a value that JSON does not
    have (NaN is one), and MemoryError.
    """
    import safetensors.numpy  # here: reading does not need it

    plain = {name: _little_endian(name, array) for name, array in arrays.items()}
    head = {
        "format_version": FORMAT_VERSION,
        "clearparse_version": __version__,
        "sha256": _digest(plain, _json(metadata)),
        "metadata": metadata,
    }
    _reserve(3 * sum(array.nbytes for array in plain.values()))  # as many copies are made at once
    data = safetensors.numpy.save(plain, {KEY: _json(head)})
    with atomic_output(path, follow_links=follow_links) as file:
        file.write(data)


def _reserve(size: int) -> None:
    """Raises MemoryError if so many bytes are not available; safetensors, which needs them next, would panic."""
    np.empty(size, np.uint8)


def load_arrays(path: PathLike) -> tuple[Arrays, dict[str, Any]]:
    """The arrays of a model file, writable and of any shape, and its JSON values.

    The file is read at once and closed. Raises FileError if it is missing, truncated, damaged, not a model, or of a
    newer format. Nothing larger than the file is allocated, whatever its header claims.
    """
    data = _read(path)
    header, body = _header(path, data)
    text, head = _entry(path, header)
    try:
        arrays, metadata = _arrays(header, body), head["metadata"]
        values = text[text.index(BEFORE_VALUES) + len(BEFORE_VALUES) : text.rindex(AFTER_VALUES)]
        intact = isinstance(metadata, dict) and head["sha256"] == _digest(arrays, values)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise FileError(path, DAMAGED) from error
    if not intact:
        raise FileError(path, DAMAGED)
    return arrays, metadata


def _read(path: PathLike) -> Bytes:
    """The bytes of a model file, decompressed. Raises FileError if there are far more than in any model."""
    size = os.path.getsize(path) if os.path.isfile(path) else 0
    most = min(MAX_COMPRESSION_RATIO * (size + (1 << 20)), MAX_BYTES) if size else MAX_BYTES
    with open_input(path) as file:
        if cast(io.BufferedReader, file).peek(9)[8:9] != b"{":  # /dev/zero has no end
            raise FileError(path, NO_MODEL)
        data = np.empty(min(size, most), np.uint8)  # NumPy asks for huge pages: there are few page faults
        data = data[: cast(io.BufferedReader, file).readinto(data.data)]
        parts, remaining = [data.data], most - len(data)
        while remaining >= 0 and (part := file.read(1 << 20)):  # of a compressed file, or one of unknown size
            parts.append(memoryview(part))
            remaining -= len(part)
    if remaining < 0:
        raise FileError(path, f"{NO_MODEL}: it decompresses to far more than any model")
    return data if len(parts) == 1 else np.frombuffer(bytearray().join(parts), np.uint8)


def _header(path: PathLike, data: Bytes) -> tuple[dict[str, Any], Bytes]:
    """The header of a safetensors file, and the bytes after it. Raises FileError."""
    size = int.from_bytes(data[:8].tobytes(), "little")
    if size > len(data) - 8:
        raise FileError(path, DAMAGED)
    try:
        header = json.loads(str(data[8 : 8 + size].data, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"{NO_MODEL}, or its header is damaged") from error
    return header, data[8 + size :]


def _entry(path: PathLike, header: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The entry of clearparse in the header, as text and as its values; checks the format version. Raises FileError."""
    try:
        text: str = header["__metadata__"][KEY]
        head: dict[str, Any] = json.loads(text, parse_float=_finite, parse_constant=_finite)
        version, writer = head["format_version"], _short(head["clearparse_version"])
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise FileError(path, f"{NO_MODEL}, or its header is damaged") from error
    if version != FORMAT_VERSION:
        raise FileError(
            path,
            f"model format {_short(version)}, written by clearparse {writer}; clearparse {__version__} reads format "
            f"{FORMAT_VERSION}: pip install --upgrade clearparse",
        )
    return text, head


def _finite(number: str) -> float:
    """The value of a number in JSON. Raises ValueError for NaN and infinity, which could not be saved again."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is not a finite number")
    return value


def _arrays(header: dict[str, Any], body: Bytes) -> Arrays:
    """The arrays that a header lists: views of the bytes after it, which they fill one after the other.

    Raises ValueError if they do not; KeyError, TypeError or OverflowError if the header is not one of safetensors.
    """
    listed = {name: entry for name, entry in header.items() if name != "__metadata__"}
    arrays, end = {}, 0
    for name, entry in sorted(listed.items(), key=lambda item: item[1]["data_offsets"]):
        (begin, stop), shape, dtype = entry["data_offsets"], entry["shape"], np.dtype(DTYPES[entry["dtype"]])
        if any(type(size) is not int or size < 0 for size in (begin, stop, *shape)) or not begin == end <= stop:
            raise ValueError(f"the place or the shape of array {name!r} is wrong")
        arrays[name], end = body[begin:stop].view(dtype.newbyteorder("<")).reshape(shape), stop
    if end != len(body):
        raise ValueError("the arrays do not fill the file")
    return arrays


def _short(value: object) -> str:
    """A value of a file as an error message shows it: on one line and short."""
    text = ascii(value)[:30]
    return text.strip("'")


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The array as the file stores it: C order, little-endian."""
    if array.dtype.newbyteorder("=").name not in DTYPES.values():
        raise TypeError(f"array {name!r} has dtype {array.dtype}, which a model file cannot hold")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _digest(arrays: Mapping[str, NDArray[Any]], values: str) -> str:
    """SHA-256 of the values in canonical JSON and of the names, dtypes, shapes and contents of little-endian arrays."""
    digest = hashlib.sha256(values.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.name} {array.shape}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _json(value: object) -> str:
    """JSON in canonical form, ASCII only: a file name that is not valid Unicode survives."""
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
