"""Download a file over HTTP; it is written atomically, and an interrupted download resumes.

The bytes received so far are in NAME.part, and the file's version (its ETag) in NAME.part.etag; the rest is requested
only if the version is still the same (RFC 9110, sections 13.1.5 and 14).

Why not pooch 1.9? It does not resume (of a connection cut at 9 of 10 MB it transfers 19 MB), it requests a file that
the server does not have four times, in 6 s (a treebank without training data is normal), and it brings 7 packages.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output, open_no_link
from clearparse.io.progress import progress_bar
from clearparse.version import __version__

CHUNK = 1 << 16  # bytes
TIMEOUT = 30.0  # seconds without data
DELAYS = (1.0, 4.0, 10.0)  # seconds before the second, third and fourth attempt
TEMPORARY = frozenset([429, 500, 502, 503, 504])  # HTTP status codes after which another attempt may succeed

NETWORK_ERRORS = (OSError, http.client.HTTPException)


class _TransferError(Exception):
    """The transfer was interrupted; another attempt can resume it."""


def fetch(url: str, path: Path, *, quiet: bool = False) -> bool:
    """Download `url` to `path`, creating its folder; False, and nothing created, if the server has no such file.

    Shows a progress bar if stderr is a terminal, unless quiet. An interrupted transfer is resumed up to three times,
    and by the next call. Raises ClearparseError if the server cannot be reached, refuses, or keeps failing, OSError if
    the disk is full.
    """
    delays = iter(DELAYS)
    while True:
        try:
            found = _transfer(url, path, quiet=quiet)
            break
        except _TransferError as error:
            delay = next(delays, None)
            if delay is None:
                raise ClearparseError(f"{url}: {error}; run the command again to resume") from error
            time.sleep(delay)
    if found:
        _publish(path)
    return found


def sha256(path: Path) -> str:
    """The SHA-256 of a file as it is on the disk, 64 hexadecimal digits. Raises FileError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error


def _transfer(url: str, path: Path, *, quiet: bool) -> bool:
    """Download what is missing of NAME.part; False if the server has no such file."""
    part, tag = _part(path), _tag(path)
    response = _open(url, part, tag)
    if response is None:
        return False
    with response:
        offset = part.stat().st_size if response.status == http.client.PARTIAL_CONTENT else 0
        size = _full_size(response, offset)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not offset:
            with open_no_link(tag, "wb") as file:
                file.write(response.headers.get("ETag", "").encode())
        bar = progress_bar(unit="B", total=size, done=offset, description=path.name, quiet=quiet)
        with open_no_link(part, "ab" if offset else "wb") as file, bar:
            for chunk in _chunks(response):
                file.write(chunk)
                bar.update(len(chunk))
            received = file.tell()
    if size is not None and received != size:
        raise _TransferError(f"received {received:,} of {size:,} bytes")
    return True


def _open(url: str, part: Path, tag: Path) -> Any:
    """The response with the missing bytes, or with all of them; None if the server has no such file."""
    request = urllib.request.Request(url, headers={"User-Agent": f"clearparse/{__version__}"})
    version = tag.read_text(encoding="utf-8") if tag.exists() and part.exists() else ""
    if version:
        request.add_header("Range", f"bytes={part.stat().st_size}-")
        request.add_header("If-Range", version)
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:  # which holds the connection
            if error.code in (http.client.NOT_FOUND, http.client.GONE):
                return None
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                tag.unlink()  # nothing is missing, or the part is of another file: start again
            elif error.code not in TEMPORARY:
                raise ClearparseError(f"{url}: the server answered {error.code} {error.reason}") from error
            raise _TransferError(f"the server answered {error.code} {error.reason}") from error
    except (http.client.RemoteDisconnected, ConnectionResetError, TimeoutError) as error:
        raise _TransferError(f"the server does not answer ({error})") from error
    except NETWORK_ERRORS as error:
        reason = getattr(error, "reason", error)
        raise ClearparseError(f"{url}: the server cannot be reached ({reason})") from error


def _full_size(response: Any, offset: int) -> int | None:
    """The size of the whole file in bytes, if the response says it."""
    if response.status != http.client.PARTIAL_CONTENT:
        length = response.headers.get("Content-Length", "")
        return int(length) if length.isdecimal() else None
    span, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    if span.partition("-")[0] != str(offset):
        raise ClearparseError(f"{response.url}: the server sent a different range than requested")
    return int(total) if total.isdecimal() else None


def _chunks(response: Any) -> Iterator[bytes]:
    """The body of the response. Errors of the network become _TransferError; those of the disk do not."""
    while True:
        try:
            chunk = response.read(CHUNK)
        except NETWORK_ERRORS as error:
            raise _TransferError(f"the connection was lost ({error})") from error
        if not chunk:
            return
        yield chunk


def _publish(path: Path) -> None:
    """Copy the complete file to its name, atomically, and remove the parts."""
    with open(_part(path), "rb") as complete, atomic_output(path, follow_links=False) as file:
        shutil.copyfileobj(complete, file)
    _part(path).unlink()
    _tag(path).unlink()


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _tag(path: Path) -> Path:
    return path.with_name(path.name + ".part.etag")
