"""The files of a treebank of Universal Dependencies in a folder, with their checksums."""

from __future__ import annotations

from pathlib import Path

from clearparse.download.transfer import fetch, sha256
from clearparse.download.ud_languages import CODES
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output

SUMS = "SHA256SUMS"


def file_prefix(treebank: str, code: str | None) -> str:
    """The first part of the names of a treebank's files: en_ewt for UD_English-EWT. code: of the language.

    Raises ClearparseError if there is no code and the language is unknown.
    """
    language, _, name = treebank.removeprefix("UD_").rpartition("-")
    if code is None and language not in CODES:
        raise ClearparseError(f"{treebank}: the code of the language {language} is unknown; give it, as in --code en")
    return f"{code or CODES[language]}_{name.lower()}"


class TreebankFolder:
    """Downloaded files in a folder. Their checksums are in SHA256SUMS, in the format of sha256sum."""

    def __init__(self, folder: Path, url: str, release: str) -> None:
        """Read the checksums in the folder, if any. Raises FileError if they are those of another release."""
        self.folder, self.url = folder, url
        self._title = f"# {folder.name} {release}"
        self._sums: dict[str, str] = {}
        record = folder / SUMS
        if record.exists():
            title, *lines = record.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
            if title != self._title:
                raise FileError(record, f"begins with {title!r}, not {self._title!r}; give another --output")
            self._sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}

    def obtain(self, name: str) -> str | None:
        """Download a file, or verify an earlier download; what was done, or None if the server has no such file.

        Raises FileError if the file has changed since, ClearparseError and OSError as fetch does.
        """
        path = self.folder / name
        if name in self._sums and path.exists():
            if sha256(path) != self._sums[name]:
                raise FileError(path, f"changed since its download ({SUMS} differs); move it to download it again")
            return "already here, unchanged"
        if not fetch(f"{self.url}/{name}", path):
            return None
        self._sums[name] = sha256(path)
        with atomic_output(self.folder / SUMS, follow_links=False) as file:
            lines = [self._title, *(f"{digest}  {name}" for name, digest in sorted(self._sums.items()))]
            file.write("".join(f"{line}\n" for line in lines).encode())
        return f"{path.stat().st_size:,} bytes"
