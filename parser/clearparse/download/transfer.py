"""One file from a web server, whole or not at all, going on where an earlier try was cut off.

What has arrived waits in NAME.part, with the server's name for that version of the file (its ETag) in
NAME.part.etag; the rest is asked for only if the version is still the same (RFC 9110, sections 13.1.5 and
14). It is written out here because the usual libraries (pooch, requests) do not resume.
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

from tqdm import tqdm

from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output
from clearparse.version import __version__

CHUNK = 1 << 16  # bytes
TIMEOUT = 30.0  # seconds without a byte
PAUSES = (1.0, 4.0, 10.0)  # seconds before the second, third and fourth try
PASSING = frozenset([429, 500, 502, 503, 504])  # HTTP states that may be over soon

NETWORK_ERRORS = (OSError, http.client.HTTPException)


class _CutOffError(Exception):
    """The transfer stopped before its end, and another try may go on with it."""


def fetch(url: str, path: Path) -> bool:
    """Bring the file at `url` to `path`, creating its folder; False, and nothing created, if there is none.

    Shows a progress bar where stderr is a terminal. A transfer cut off is taken up again three times, and by
    the next call. Raises ClearparseError when the server cannot be reached, refuses, or keeps cutting off,
    OSError when the disk is full.
    """
    pauses = iter(PAUSES)
    while True:
        try:
            there = _transfer(url, path)
            break
        except _CutOffError as error:
            pause = next(pauses, None)
            if pause is None:
                raise ClearparseError(f"{url}: {error}; run the command again to go on from there") from error
            time.sleep(pause)
    if there:
        _publish(path)
    return there


def sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits. Raises FileError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error


def _transfer(url: str, path: Path) -> bool:
    """Complete NAME.part; False if the server has no such file."""
    part, tag = _part(path), _tag(path)
    response = _open(url, part, tag)
    if response is None:
        return False
    with response:
        offset = part.stat().st_size if response.status == http.client.PARTIAL_CONTENT else 0
        size = _full_size(response, offset)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not offset:
            tag.write_text(response.headers.get("ETag", ""), encoding="utf-8")
        with open(part, "ab" if offset else "wb") as file, _bar(path.name, size, offset) as bar:
            for chunk in _chunks(response):
                file.write(chunk)
                bar.update(len(chunk))
            arrived = file.tell()
    if size is not None and arrived != size:
        raise _CutOffError(f"{arrived:,} of {size:,} bytes arrived")
    return True


def _open(url: str, part: Path, tag: Path) -> Any:
    """The server's answer with the missing bytes, or with all of them; None if it has no such file."""
    request = urllib.request.Request(url, headers={"User-Agent": f"clearparse/{__version__}"})
    version = tag.read_text(encoding="utf-8") if tag.exists() and part.exists() else ""
    if version:
        request.add_header("Range", f"bytes={part.stat().st_size}-")
        request.add_header("If-Range", version)
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:  # it holds the connection
            if error.code in (http.client.NOT_FOUND, http.client.GONE):
                return None
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                tag.unlink()  # nothing is missing, or the part is of something else: begin anew
            elif error.code not in PASSING:
                raise ClearparseError(f"{url}: the server answers {error.code} {error.reason}") from error
            raise _CutOffError(f"the server answers {error.code} {error.reason}") from error
    except (http.client.RemoteDisconnected, ConnectionResetError, TimeoutError) as error:
        raise _CutOffError(f"the server does not answer ({error})") from error
    except NETWORK_ERRORS as error:
        reason = getattr(error, "reason", error)
        raise ClearparseError(f"{url}: the server cannot be reached ({reason})") from error


def _full_size(response: Any, offset: int) -> int | None:
    """The size of the whole file in bytes, if the server says."""
    if response.status != http.client.PARTIAL_CONTENT:
        length = response.headers.get("Content-Length", "")
        return int(length) if length.isdecimal() else None
    span, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    if span.partition("-")[0] != str(offset):
        raise ClearparseError(f"{response.url}: the server sent another part than the one asked for")
    return int(total) if total.isdecimal() else None


def _chunks(response: Any) -> Iterator[bytes]:
    """The bytes of the answer as they come; the network's errors are told apart from the disk's."""
    while True:
        try:
            chunk = response.read(CHUNK)
        except NETWORK_ERRORS as error:
            raise _CutOffError(f"the connection broke ({error})") from error
        if not chunk:
            return
        yield chunk


def _publish(path: Path) -> None:
    """Let the complete file appear under its name."""
    with open(_part(path), "rb") as arrived, atomic_output(path) as file:
        shutil.copyfileobj(arrived, file)
    _part(path).unlink()
    _tag(path).unlink()


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _tag(path: Path) -> Path:
    return path.with_name(path.name + ".part.etag")


def _bar(name: str, size: int | None, offset: int) -> Any:
    return tqdm(desc=name, total=size, initial=offset, unit="B", unit_scale=True, disable=None)
