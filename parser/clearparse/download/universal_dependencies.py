"""Treebanks of Universal Dependencies (https://universaldependencies.org): their files, and their license.

They are downloaded from the treebank's repository at the tag of a release.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clearparse.download.treebank import TreebankFolder, file_prefix
from clearparse.errors import ClearparseError

SERVER = "https://raw.githubusercontent.com/UniversalDependencies"
RELEASE = "r2.16"  # May 2025
PARTS = ("train", "dev", "test")
_NAME = re.compile(r"UD_\w+-\w+", re.ASCII)

LogLine = Callable[[str], None]
Paths = dict[str, Path]  # of files, by the part of the treebank: train, dev, test


def is_treebank(name: str) -> bool:
    """Is it like the name of a treebank, such as UD_English-EWT? Such a name is safe in a path and an address."""
    return bool(_NAME.fullmatch(name))


def download(
    treebank: str,
    folder: Path,
    log: LogLine,
    *,
    release: str = RELEASE,
    code: str | None = None,
    parts: Sequence[str] = PARTS,
    server: str = SERVER,
    quiet: bool = False,
) -> Paths:
    """Download a treebank into its folder, or check files that were downloaded before; the paths of its parts.

    log: called with a line for each file. code: of the language in the names of files. quiet: show no progress bars.
    Raises ClearparseError: no connection, no such treebank, a changed file.
    """
    prefix = file_prefix(treebank, code)
    address = f"{server.rstrip('/')}/{treebank}/{release}"
    files = TreebankFolder(folder, address, release, quiet=quiet)
    names = {part: f"{prefix}-ud-{part}.conllu" for part in parts}
    found = {part: folder / name for part, name in names.items() if _obtain(files, name, log)}
    if not found:
        raise ClearparseError(f"{address}: no {' or '.join(names.values())}; check treebank and release")
    for part, name in names.items():
        if part not in found:
            log(f"{treebank} {release} has no {name}")
    _obtain(files, "LICENSE.txt", log)
    if not _obtain(files, "README.md", log):
        _obtain(files, "README.txt", log)
    return found


def downloaded(folder: Path) -> Paths:
    """The parts of a treebank whose folder is complete, which the README shows: it is downloaded last; else none."""
    if not any(folder.glob("README.*")):
        return {}
    found = {path.stem.partition("-ud-")[2]: path for path in sorted(folder.glob("*-ud-*.conllu"))}
    return {part: path for part, path in found.items() if part.startswith(PARTS)}


def license_notice(folder: Path) -> Iterator[str]:
    """The license, which UD's README files name on a line of its own, and where to read it."""
    readmes = [path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("README.*")]
    names = re.findall(r"^License:\s*(.+)$", "\n".join(readmes), re.MULTILINE)
    text = folder / "LICENSE.txt"
    yield f"License of the treebank: {names[0].strip() if names else 'not named in its README'}"
    if text.exists():
        yield f"  read {text} before you share the treebank or a model trained on it"


def _obtain(files: TreebankFolder, name: str, log: LogLine) -> bool:
    """Download or check a file; False if the server does not have it. Raises ClearparseError."""
    outcome = files.obtain(name)
    if outcome:
        log(f"{files.folder / name}: {outcome}")
    return outcome is not None
