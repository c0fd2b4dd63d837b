"""Reading files with one-line errors, and writing them atomically.

A file whose name ends in ``.gz``, ``.bz2`` or ``.xz`` is compressed; ``-`` is standard input or output. A file whose
name the user did not give (MODEL.json, the files of an output folder) is never written through a symbolic link that
lies in its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, cast

from clearparse.errors import FileError
from clearparse.io.compression import DAMAGED, Compression, compression_of, not_text

PathLike = str | os.PathLike[str]

LINE_BYTES = 4 << 20
STDIN = "<stdin>"
STDOUT = "<stdout>"
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.tmp")  # names of files before they are renamed
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)  # POSIX has the one, Windows the other


def shown_name(path: PathLike) -> str:
    """The name of an input in error messages."""
    return STDIN if os.fspath(path) == "-" else os.fspath(path)


def open_input(path: PathLike) -> BinaryIO:
    """A stream of a file's bytes, decompressed as its name ends (``.gz``). ``-`` is standard input, left open.

    Raises FileError if the file is missing, a folder or unreadable; the stream raises it if the data are damaged.
    """
    name = shown_name(path)
    if name == STDIN:
        if sys.stdin is None:
            raise FileError(name, "standard input is closed")
        return cast(BinaryIO, io.BufferedReader(_Input(sys.stdin.buffer, name, owned=False)))
    if os.path.isdir(path):
        raise FileError(name, "this is a folder, not a file")
    stream = cast(BinaryIO, _translate(name, lambda: open(path, "rb")))  # noqa: SIM115 (closed by _Input)
    if compression := compression_of(name):
        return _open_compressed(name, stream, compression)
    return cast(BinaryIO, io.BufferedReader(_Input(stream, name)))


def check_text(start: bytes, path: PathLike) -> None:
    """Raises FileError if a file that begins with these bytes is not text: /dev/zero has no end."""
    if start.startswith(b"\0" * 4):
        raise FileError(shown_name(path), "not text: it begins with NUL bytes")


def read_lines(path: PathLike) -> Iterator[str]:
    """The lines of a text file; of those of more than LINE_BYTES, pieces.

    Bytes that are not UTF-8 become replacement characters. Raises FileError if it is missing, damaged or not text.
    """
    with open_input(path) as stream:
        line = stream.readline(LINE_BYTES)
        check_text(line, path)
        if found := not_text(line):
            raise FileError(shown_name(path), f"this is {found}")
        while line:
            yield line.decode("utf-8", errors="replace")
            line = stream.readline(LINE_BYTES)


def _open_compressed(name: str, stream: BinaryIO, compression: Compression) -> BinaryIO:
    if not cast(io.BufferedReader, stream).peek(1):
        stream.close()
        raise FileError(name, f"this file is empty, though its name ends in {os.path.splitext(name)[1]}")
    return cast(BinaryIO, io.BufferedReader(_Input(compression.reading(stream), name, also=stream)))


def _translate(name: str, call: Callable[[], Any]) -> Any:
    """call(), with its errors as a FileError that names the file."""
    try:
        return call()
    except EOFError as error:
        raise FileError(name, f"the {_kind(name)} data are truncated") from error
    except DAMAGED as error:
        raise FileError(name, f"damaged {_kind(name)} data ({error})") from error
    except FileNotFoundError as error:
        raise FileError(name, "no such file or folder") from error
    except OSError as error:
        if error.errno is None and compression_of(name):  # bz2 has no other error for damaged data
            raise FileError(name, f"damaged {_kind(name)} data ({error})") from error
        raise FileError(name, error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the name
        raise FileError(name, str(error)) from error


def _kind(name: str) -> str:
    compression = compression_of(name)
    return compression.name if compression else "compressed"


class _Input(io.RawIOBase):
    """A stream that raises FileError when reading fails."""

    def __init__(self, stream: BinaryIO, name: str, *, owned: bool = True, also: BinaryIO | None = None) -> None:
        self._stream, self._name, self._owned, self._also = stream, name, owned, also

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return cast(int, _translate(self._name, lambda: cast(io.BufferedReader, self._stream).readinto(buffer)))

    def close(self) -> None:
        if self._owned and not self.closed:
            self._stream.close()
        if self._also is not None:  # closing a decompressing stream does not close its file
            self._also.close()
        super().close()


class _Output(io.RawIOBase):
    """A stream that raises FileError when writing fails."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return cast(int, _translate(self._name, lambda: self._stream.write(data)))


@contextlib.contextmanager
def atomic_output(path: PathLike, *, follow_links: bool = True) -> Iterator[BinaryIO]:
    """A stream to a file that appears, whole, when the block ends without an exception; otherwise nothing changes.

    If the name ends in ``.gz``, ``.bz2`` or ``.xz`` the data are compressed, to the same bytes every time. Standard
    output (``-``), devices and pipes receive everything at the end of the block. follow_links: if there is a symbolic
    link of this name, write the file that it points to; choose False for a name that the user did not give, so that
    the link is replaced.
    Raises FileError if the file cannot be written.
    """
    name = STDOUT if os.fspath(path) == "-" else os.fspath(path)
    if os.path.isdir(path) and (follow_links or not os.path.islink(path)):
        raise FileError(name, "this is a folder, not a file")
    if name == STDOUT or (follow_links and _is_special(path)):
        with _spooled(path, name) as stream:
            yield stream
    else:
        with _replacing(os.path.realpath(path) if follow_links else _real_folder(path), name) as stream:
            yield stream


def _is_special(path: PathLike) -> bool:
    """Is this a device or a pipe, which a file must not replace?"""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _replacing(path: str, name: str) -> Iterator[BinaryIO]:
    """Write a new file in the same folder, then rename it to path."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileError(name, f"cannot be written: there is no folder {os.path.dirname(name)}")
    new = os.path.join(folder, f".{_name_hash(path)}{secrets.token_hex(4)}.tmp")
    raw = cast(BinaryIO, _translate(name, lambda: open(new, "xb")))  # noqa: SIM115 (closed below)
    try:
        try:
            with _compressed(raw, name) as stream:
                yield stream
            _translate(name, lambda: os.fsync(raw.fileno()))
        finally:
            with contextlib.suppress(OSError):  # all data are flushed, or another error is being raised
                raw.close()
        _translate(name, lambda: _replace(new, path))
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(new)
        raise
    _sync_folder(folder)


def remove_unfinished(path: PathLike) -> None:
    """Remove the unfinished copies of a file, or of all files in a folder, that killed processes have left.

    No other process may be writing them.
    """
    for each in {os.path.realpath(path), _real_folder(path)}:  # where copies of a link's target are, and of the link
        folder, prefix = (each, "") if os.path.isdir(each) else (os.path.dirname(each), f".{_name_hash(each)}")
        for name in filter(_UNFINISHED.fullmatch, os.listdir(folder)):
            if name.startswith(prefix):
                with contextlib.suppress(OSError):
                    os.remove(os.path.join(folder, name))


def _name_hash(path: str) -> str:
    """Eight hexadecimal digits that the unfinished copies of a file have in their names."""
    return hashlib.sha256(os.fsencode(os.path.basename(path))).hexdigest()[:8]


def _real_folder(path: PathLike) -> str:
    """The path with the links of its folder resolved, and the last name as it is."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def _replace(new: str, path: str) -> None:
    """Rename new to path, with the permissions of the file that it replaces; a link itself is replaced."""
    if os.path.exists(path) and not os.path.islink(path):
        shutil.copymode(path, new)
    os.replace(new, path)


def open_no_link(path: PathLike, mode: str) -> BinaryIO:
    """open(), in a binary mode, for a name that the user did not give. Raises FileError, also for a symbolic link."""
    return cast(BinaryIO, _translate(os.fspath(path), lambda: open(path, mode, opener=_open_no_link)))


def _open_no_link(path: str, flags: int) -> int:
    """An opener for open() that refuses symbolic links. Raises FileError for one, OSError as os.open does."""
    refuse_link(path)
    return os.open(path, flags | _NO_FOLLOW, 0o666)  # if a link has appeared since, that is an OSError


def refuse_link(path: PathLike) -> None:
    """Raises FileError if a name that the user did not give is a symbolic link."""
    if os.path.islink(path):
        raise FileError(path, "this is a symbolic link, which is not written through; remove it, or name another file")


def _sync_folder(folder: str) -> None:
    """Make a renaming survive a power failure, where the system can."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # some file systems refuse; the data of the file are safe already
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _compressed(raw: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """A stream to raw that compresses as the name ends; flushed when the block ends."""
    stream = cast(BinaryIO, _Output(raw, name))
    if compression := compression_of(name):
        with compression.writing(stream) as compressing:
            yield compressing
    else:
        yield stream
    _translate(name, raw.flush)


@contextlib.contextmanager
def _spooled(path: PathLike, name: str) -> Iterator[BinaryIO]:
    """Collect everything in a temporary file, and copy it at the end."""
    with tempfile.TemporaryFile() as collected:
        with _compressed(cast(BinaryIO, collected), name) as stream:
            yield stream
        collected.seek(0)
        if name != STDOUT:
            _translate(name, lambda: _copy_to_device(collected, path))
        elif sys.stdout is None:
            raise FileError(name, "standard output is closed")
        else:
            shutil.copyfileobj(collected, sys.stdout.buffer)  # BrokenPipeError is for the caller
            sys.stdout.buffer.flush()


def _copy_to_device(collected: IO[bytes], path: PathLike) -> None:
    with open(path, "wb") as device:
        shutil.copyfileobj(collected, device)
