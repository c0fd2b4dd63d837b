"""Checksums of files, by which a training record names its data."""

from __future__ import annotations

import hashlib
import os

from clearparse.io.files import PathLike, open_input


def checksum(path: PathLike) -> str | None:
    """The SHA-256 of a file, decompressed as its name ends.

    None for standard input, pipes and devices: they can be read once only, or have no end.
    """
    if os.fspath(path) == "-" or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)):
        return None
    digest = hashlib.sha256()
    with open_input(path) as stream:
        while data := stream.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()
