"""Compressed files: the end of a name says how. All formats are those of the standard library."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple, cast

try:
    import bz2
    import lzma
except ImportError:  # a Python that was built without these libraries
    _OPTIONAL = False
else:
    _OPTIONAL = True


class Compression(NamedTuple):
    """A format of compressed data. name: in error messages."""

    name: str
    reading: Callable[[BinaryIO], BinaryIO]  # a stream of the decompressed data of a stream
    writing: Callable[[BinaryIO], BinaryIO]  # a stream that compresses to a stream, to the same bytes every time


def _gzip_writer(raw: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0))


def _opener(file: Callable[..., Any], mode: str) -> Callable[[BinaryIO], BinaryIO]:
    return lambda raw: cast(BinaryIO, file(raw, mode))


COMPRESSIONS = {
    ".gz": Compression("gzip", lambda raw: cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb")), _gzip_writer)
}
DAMAGED: tuple[type[Exception], ...] = (gzip.BadGzipFile, zlib.error)  # errors about the data, besides EOFError
if _OPTIONAL:
    COMPRESSIONS |= {
        ".bz2": Compression("bzip2", _opener(bz2.BZ2File, "rb"), _opener(bz2.BZ2File, "wb")),
        ".xz": Compression("xz", _opener(lzma.LZMAFile, "rb"), _opener(lzma.LZMAFile, "wb")),
    }
    DAMAGED += (lzma.LZMAError,)

_BEGINNINGS = {
    b"PK\x03\x04": "a zip archive, which is not read: unpack it, and name the files in it",
    b"\x1f\x8b": "gzip data, but the name does not end in .gz: rename the file",
    b"BZh": "bzip2 data, but the name does not end in .bz2: rename the file",
    b"\xfd7zXZ\x00": "xz data, but the name does not end in .xz: rename the file",
    b"\xff\xfe": "UTF-16 text: convert it to UTF-8",
    b"\xfe\xff": "UTF-16 text: convert it to UTF-8",
}


def compression_of(name: str) -> Compression | None:
    """The format of a file with this name; None if it is not compressed."""
    return next((each for extension, each in COMPRESSIONS.items() if name.endswith(extension)), None)


def not_text(data: bytes) -> str | None:
    """What a file that begins with these bytes is and what to do, if it is not UTF-8 text in a known way."""
    return next((found for beginning, found in _BEGINNINGS.items() if data.startswith(beginning)), None)
