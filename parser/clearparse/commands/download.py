"""Fetch a treebank of Universal Dependencies: its train, dev and test files, its licence and its README.

Checksums of what arrived are kept in SHA256SUMS beside the files, so that running the command again checks
them and fetches only what is missing. (https://universaldependencies.org; the files come from the treebank's
repository at the tag of the release.)
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from clearparse.commands.command_line import CommandLine, invocation
from clearparse.download.transfer import fetch, sha256
from clearparse.download.ud_languages import CODES
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output

SERVER = "https://raw.githubusercontent.com/UniversalDependencies"
RELEASE = "r2.16"  # May 2025
PARTS = ("train", "dev", "test")
SUMS = "SHA256SUMS"


def main(argv: list[str]) -> None:
    """Fetch what the flags name. Raises ClearparseError: offline, no such treebank, a changed file."""
    options = _options(argv)
    prefix = _prefix(options.treebank, options.code)
    folder = Path(options.output) / options.treebank
    store = Store(folder, f"{options.url.rstrip('/')}/{options.treebank}/{options.release}", options.release)

    names = {part: f"{prefix}-ud-{part}.conllu" for part in options.parts}
    there = {part: name for part, name in names.items() if store.obtain(name)}
    if not there:
        raise ClearparseError(
            f"{store.address}: none of {', '.join(names.values())} is there; check treebank and release"
        )
    for part, name in names.items():
        if part not in there:
            print(f"{options.treebank} {options.release} has no {name}")
    store.obtain("LICENSE.txt")
    if not store.obtain("README.md"):
        store.obtain("README.txt")
    _print_licence(folder)
    _print_next_step({part: folder / name for part, name in there.items()})


class Store:
    """A folder of files from one address, with the checksum of each."""

    def __init__(self, folder: Path, address: str, release: str) -> None:
        """Read the checksums in the folder, if any. Raises FileError if they are of another release."""
        self.folder = folder
        self.address = address
        self.title = f"# {folder.name} {release}"
        self.sums: dict[str, str] = {}
        record = folder / SUMS
        if record.exists():
            title, *lines = record.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
            if title != self.title:
                raise FileError(record, f"begins with {title!r}, not {self.title!r}; give another --output")
            self.sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}

    def obtain(self, name: str) -> bool:
        """Have the file in the folder, checked or fetched, and say which; False if the server has none."""
        path = self.folder / name
        if name in self.sums and path.exists():
            if sha256(path) != self.sums[name]:
                raise FileError(path, f"not as it was downloaded ({SUMS} differs); move it away to fetch it again")
            print(f"{path}: already here, unchanged")
            return True
        if not fetch(f"{self.address}/{name}", path):
            return False
        self.sums[name] = sha256(path)
        with atomic_output(self.folder / SUMS, follow_links=False) as file:
            lines = [self.title, *(f"{digest}  {name}" for name, digest in sorted(self.sums.items()))]
            file.write("".join(f"{line}\n" for line in lines).encode())
        print(f"{path}: {path.stat().st_size:,} bytes")
        return True


def _options(argv: Sequence[str]) -> argparse.Namespace:
    cli = CommandLine("download.py", description="Fetch a treebank of Universal Dependencies.")
    cli.add_argument("treebank", help="as in UD_English-EWT; the list is at https://universaldependencies.org")
    cli.add_argument("--release", default=RELEASE, help="tag of the release (default: %(default)s)")
    cli.add_argument(
        "--output",
        default="data",
        metavar="DIR",
        help="the treebank becomes a folder in it (default: %(default)s)",
    )
    cli.add_argument(
        "--url",
        default=SERVER,
        metavar="BASE",
        help="another server with the same folders (default: %(default)s)",
    )
    cli.add_argument("--code", help="the language's code in the names of the files, for a language not known here")
    cli.add_argument(
        "--parts",
        nargs="+",
        default=PARTS,
        help="for a treebank whose files are cut otherwise: train-a dev ...",
    )
    options = cli.parse(argv)
    if not re.fullmatch(r"UD_\w+-\w+", options.treebank, re.ASCII):
        cli.error(f"{options.treebank!r} is not the name of a treebank, such as UD_English-EWT")
    if not re.fullmatch(r"[\w.-]+", options.release, re.ASCII):
        cli.error(f"{options.release!r} is not a release, such as {RELEASE}")
    if not re.match(r"https?://", options.url):
        cli.error("--url must begin with https:// or http://")
    if not all(re.fullmatch(r"[\w-]+", part, re.ASCII) for part in options.parts):
        cli.error("--parts are words such as train, dev, test, train-a")
    return options


def _prefix(treebank: str, code: str | None) -> str:
    """How the names of the treebank's files begin: en_ewt for UD_English-EWT."""
    language, _, name = treebank.removeprefix("UD_").rpartition("-")
    if code is None and language not in CODES:
        raise ClearparseError(f"{treebank}: the language {language} is not known here; give its code, as in --code en")
    return f"{code or CODES[language]}_{name.lower()}"


def _print_licence(folder: Path) -> None:
    """The licence, as UD's README files name it on a line of their own, and where to read it."""
    readmes = [path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("README.*")]
    names = re.findall(r"^License:\s*(.+)$", "\n".join(readmes), re.MULTILINE)
    text = folder / "LICENSE.txt"
    print(f"Licence of the treebank: {names[0].strip() if names else 'not named in its README'}")
    if text.exists():
        print(f"  read {text} before you pass on the treebank, or a model trained on it")


def _print_next_step(paths: dict[str, Path]) -> None:
    train = [path for part, path in paths.items() if part.startswith("train")]
    if not train:
        return
    words = [*invocation("train.py"), "--train", *map(str, train)]
    if "dev" in paths:
        words += ["--dev", str(paths["dev"])]
    print(f"Train on it:\n  {shlex.join(words)}")
