"""A folder of treebank files from one address, with their checksums in SHA256SUMS beside them."""

from __future__ import annotations

from pathlib import Path

from clearparse.download.transfer import fetch, sha256
from clearparse.download.ud_languages import CODES
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output

SUMS = "SHA256SUMS"


class TreebankFolder:
    """Files are downloaded once; later they are only compared with their checksums."""

    def __init__(self, folder: Path, address: str, release: str, *, quiet: bool = False) -> None:
        """Read the checksums in the folder, if any. quiet: show no progress bars.

        Raises FileError if the checksums are of another release.
        """
        self.folder = folder
        self.address = address
        self.quiet = quiet
        self.title = f"# {folder.name} {release}"
        self.sums: dict[str, str] = {}
        record = folder / SUMS
        if record.exists():
            title, *lines = record.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
            if title != self.title:
                raise FileError(record, f"begins with {title!r}, not {self.title!r}; choose another --output")
            self.sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}

    def obtain(self, name: str) -> str | None:
        """Download or check a file; what was done, or None if the server does not have it.

        Raises ClearparseError: no connection, or the file has changed since it was downloaded.
        """
        path = self.folder / name
        if name in self.sums and path.exists():
            if sha256(path) != self.sums[name]:
                raise FileError(path, f"differs from its checksum in {SUMS}; move it away to download it again")
            return "already downloaded, unchanged"
        if not fetch(f"{self.address}/{name}", path, quiet=self.quiet):
            return None
        self._check_content(path)
        self.sums[name] = sha256(path)
        with atomic_output(self.folder / SUMS, follow_links=False) as file:
            lines = [self.title, *(f"{digest}  {name}" for name, digest in sorted(self.sums.items()))]
            file.write("".join(f"{line}\n" for line in lines).encode())
        return f"{path.stat().st_size:,} bytes"

    def _check_content(self, path: Path) -> None:
        """Raises FileError, and removes the file, if it is a web page, such as that of a login, and not a treebank."""
        with open(path, "rb") as file:
            start = file.read(1000).lstrip().lower()
        if path.suffix == ".conllu" and start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
            path.unlink()
            raise FileError(path, "the server sent a web page, not a treebank (does the network need a login?)")


def file_prefix(treebank: str, code: str | None) -> str:
    """How the names of a treebank's files begin: en_ewt for UD_English-EWT. code: that of its language.

    Raises ClearparseError if there is no code for the language.
    """
    language, _, name = treebank.removeprefix("UD_").rpartition("-")
    if code is None and language not in CODES:
        raise ClearparseError(
            f"{treebank}: unknown language {language}; give its code to the download command, as in --code en"
        )
    return f"{code or CODES[language]}_{name.lower()}"
