"""Files are read with errors of one line, and written whole or not at all.
A name that ends in ``.gz`` is compressed; ``-`` is standard input or output."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, cast

from clearparse.errors import FileError

PathLike = str | os.PathLike[str]

STDIN = "<stdin>"
STDOUT = "<stdout>"
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.tmp")  # names of files that have not yet taken their place


def shown_name(path: PathLike) -> str:
    """The name of an input as error messages give it."""
    return STDIN if os.fspath(path) == "-" else os.fspath(path)


def open_input(path: PathLike) -> BinaryIO:
    """The bytes of a file, decompressed if its name ends in ``.gz``; ``-`` is standard input, which stays open.

    Raises FileError if the file is missing, a folder or unreadable, and while reading if its data are damaged.
    """
    name = shown_name(path)
    if name == STDIN:
        if sys.stdin is None:
            raise FileError(name, "standard input is closed")
        return cast(BinaryIO, io.BufferedReader(_Input(sys.stdin.buffer, name, owned=False)))
    if os.path.isdir(path):
        raise FileError(name, "this is a folder, not a file")
    stream = cast(BinaryIO, _translate(name, lambda: open(path, "rb")))  # noqa: SIM115 (closed by _Input)
    if name.endswith(".gz"):
        return _open_gzip(name, stream)
    return cast(BinaryIO, io.BufferedReader(_Input(stream, name)))


def _open_gzip(name: str, stream: BinaryIO) -> BinaryIO:
    if not cast(io.BufferedReader, stream).peek(1):
        stream.close()
        raise FileError(name, "an empty file, not gzip data as its name says")
    unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb"))
    return cast(BinaryIO, io.BufferedReader(_Input(unpacked, name, also=stream)))


def _translate(name: str, act: Callable[[], Any]) -> Any:
    """What act() returns; its errors become a FileError that names the file."""
    try:
        return act()
    except EOFError as error:
        raise FileError(name, "the gzip data end too early: the file is cut off") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileError(name, f"damaged gzip data ({error})") from error
    except FileNotFoundError as error:
        raise FileError(name, "no such file or folder") from error
    except OSError as error:
        raise FileError(name, error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the name
        raise FileError(name, str(error)) from error


class _Input(io.RawIOBase):
    """A stream whose reading errors are FileErrors."""

    def __init__(self, stream: BinaryIO, name: str, *, owned: bool = True, also: BinaryIO | None = None) -> None:
        self._stream, self._name, self._owned, self._also = stream, name, owned, also

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return cast(int, _translate(self._name, lambda: cast(io.BufferedReader, self._stream).readinto(buffer)))

    def close(self) -> None:
        if self._owned and not self.closed:
            self._stream.close()
        if self._also is not None:  # a GzipFile leaves the file below it open
            self._also.close()
        super().close()


class _Output(io.RawIOBase):
    """A stream whose writing errors are FileErrors."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return cast(int, _translate(self._name, lambda: self._stream.write(data)))


def checksum(path: PathLike) -> str | None:
    """The SHA-256 of a file (unpacked, if it ends in .gz); None for standard input, which is gone by now."""
    if os.fspath(path) == "-":
        return None
    digest = hashlib.sha256()
    with open_input(path) as stream:
        while data := stream.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


@contextlib.contextmanager
def atomic_output(path: PathLike) -> Iterator[BinaryIO]:
    """A stream to a file that appears, whole, when the block ends without an exception, and else not at all.

    A name that ends in ``.gz`` is compressed, the same bytes every time. ``-`` (standard output), devices and
    pipes get everything at the end. Raises FileError if the file cannot be written.
    """
    name = STDOUT if os.fspath(path) == "-" else os.fspath(path)
    if os.path.isdir(path):
        raise FileError(name, "this is a folder, not a file")
    if name == STDOUT or _is_special(path):
        with _spooled(path, name) as stream:
            yield stream
    else:
        with _replacing(os.path.realpath(path), name) as stream:
            yield stream


def _is_special(path: PathLike) -> bool:
    """Is this a device or a pipe, which must not be replaced by a file?"""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _replacing(path: str, name: str) -> Iterator[BinaryIO]:
    """Write a new file beside the old one, then put it in its place."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileError(name, f"cannot be written: there is no folder {os.path.dirname(name)}")
    new = os.path.join(folder, f".{_mark(path)}{secrets.token_hex(4)}.tmp")
    raw = cast(BinaryIO, _translate(name, lambda: open(new, "xb")))  # noqa: SIM115 (closed below)
    try:
        try:
            with _packed(raw, name) as stream:
                yield stream
            _translate(name, lambda: os.fsync(raw.fileno()))
        finally:
            with contextlib.suppress(OSError):  # all is flushed by now, or there is an error already
                raw.close()
        _translate(name, lambda: _take_place(new, path))
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(new)
        raise
    _sync_folder(folder)


def remove_unfinished(path: PathLike) -> None:
    """Remove what processes that were killed left, unfinished, of a file, or of all files of a folder.

    No other process may be writing there.
    """
    path = os.path.realpath(path)
    folder, mark = (path, "") if os.path.isdir(path) else (os.path.dirname(path), f".{_mark(path)}")
    for name in filter(_UNFINISHED.fullmatch, os.listdir(folder)):
        if name.startswith(mark):
            with contextlib.suppress(OSError):
                os.remove(os.path.join(folder, name))


def _mark(path: str) -> str:
    """Eight digits by which unfinished files of one name are known."""
    return hashlib.sha256(os.fsencode(os.path.basename(path))).hexdigest()[:8]


def _take_place(new: str, path: str) -> None:
    if os.path.exists(path):
        shutil.copymode(path, new)
    os.replace(new, path)


def _sync_folder(folder: str) -> None:
    """Make the new name itself safe against a power cut, where the system can."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # some file systems refuse; the file's own bytes are safe by then
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _packed(raw: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """A stream onto raw, compressing if the name says so; everything has reached raw when the block ends."""
    stream = cast(BinaryIO, _Output(raw, name))
    if name.endswith(".gz"):
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream, mtime=0) as packing:
            yield cast(BinaryIO, packing)
    else:
        yield stream
    _translate(name, raw.flush)


@contextlib.contextmanager
def _spooled(path: PathLike, name: str) -> Iterator[BinaryIO]:
    """Collect in a temporary file, and copy when all is there."""
    with tempfile.TemporaryFile() as collected:
        with _packed(cast(BinaryIO, collected), name) as stream:
            yield stream
        collected.seek(0)
        if name != STDOUT:
            _translate(name, lambda: _copy_to_device(collected, path))
        elif sys.stdout is None:
            raise FileError(name, "standard output is closed")
        else:
            shutil.copyfileobj(collected, sys.stdout.buffer)  # a reader that went away is the caller's affair
            sys.stdout.buffer.flush()


def _copy_to_device(collected: IO[bytes], path: PathLike) -> None:
    with open(path, "wb") as device:
        shutil.copyfileobj(collected, device)
