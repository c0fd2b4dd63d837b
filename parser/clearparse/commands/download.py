"""`python scripts/download.py`: download a treebank of Universal Dependencies.

That is its train, dev and test files, its licence and its README, from the treebank's repository at the tag of the
release (https://universaldependencies.org). Checksums are kept in SHA256SUMS beside the files: running the command
again checks the files and downloads only missing ones.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clearparse.commands.command_line import CommandLine, invocation
from clearparse.download.treebank import TreebankFolder, file_prefix
from clearparse.errors import ClearparseError

SERVER = "https://raw.githubusercontent.com/UniversalDependencies"
RELEASE = "r2.16"  # May 2025
PARTS = ("train", "dev", "test")


def main(argv: list[str]) -> None:
    """Download what the arguments name. Raises ClearparseError: no connection, no such treebank, a changed file."""
    options = _arguments(argv)
    prefix = file_prefix(options.treebank, options.code)
    address = f"{options.url.rstrip('/')}/{options.treebank}/{options.release}"
    folder = TreebankFolder(Path(options.output) / options.treebank, address, options.release)
    log = Log(quiet=options.quiet)

    names = {part: f"{prefix}-ud-{part}.conllu" for part in options.parts}
    found = {part: name for part, name in names.items() if _obtain(folder, name, log)}
    if not found:
        raise ClearparseError(f"{address}: no {' or '.join(names.values())}; check treebank and release")
    for part, name in names.items():
        if part not in found:
            log(f"{options.treebank} {options.release} has no {name}")
    _obtain(folder, "LICENSE.txt", log)
    if not _obtain(folder, "README.md", log):
        _obtain(folder, "README.txt", log)
    for line in (*_licence(folder.folder), *_next_step({part: folder.folder / name for part, name in found.items()})):
        log(line)


@dataclass(frozen=True)
class Log:
    """Prints lines unless quiet."""

    quiet: bool

    def __call__(self, line: str) -> None:
        if not self.quiet:
            print(line)


def _obtain(folder: TreebankFolder, name: str, log: Log) -> bool:
    """Download or check a file; False if the server does not have it. Raises ClearparseError."""
    outcome = folder.obtain(name)
    if outcome:
        log(f"{folder.folder / name}: {outcome}")
    return outcome is not None


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, of which all are safe in a path or address. Raises UsageError."""
    cli = _command_line()
    options = cli.parse(argv)
    if not re.fullmatch(r"UD_\w+-\w+", options.treebank, re.ASCII):
        cli.error(f"{options.treebank!r} is not the name of a treebank, such as UD_English-EWT")
    if not re.fullmatch(r"[\w.-]+", options.release, re.ASCII):
        cli.error(f"{options.release!r} is not a release, such as {RELEASE}")
    if options.code is not None and not re.fullmatch(r"[a-z]{2,8}", options.code):
        cli.error(f"--code {options.code!r} is not a language code, such as en")
    if not re.match(r"https?://", options.url):
        cli.error("--url must begin with https:// or http://")
    if not all(re.fullmatch(r"[\w-]+", part, re.ASCII) for part in options.parts):
        cli.error("--parts takes names such as train, dev, test, train-a")
    return options


def _command_line() -> CommandLine:
    cli = CommandLine(
        "download.py", usage="TREEBANK [options]", description="Download a treebank of Universal Dependencies."
    )
    cli.option(
        "treebank",
        metavar="TREEBANK",
        help="name, such as UD_English-EWT; the list is at https://universaldependencies.org",
    )
    cli.option(
        "-o", "--output", default="data", metavar="DIR", help="folder for the treebank's folder (default: %(default)s)"
    )
    cli.option("--release", default=RELEASE, metavar="TAG", help="release of UD (default: %(default)s)")
    cli.option("--code", metavar="CODE", help="language code in the file names, for a language unknown here")
    cli.option(
        "--parts",
        nargs="+",
        default=PARTS,
        metavar="NAME",
        help="files of the treebank, such as train-a dev (default: train dev test)",
    )
    cli.option("--url", default=SERVER, metavar="URL", help="server with the same folders (default: UD's on GitHub)")
    cli.option("-q", "--quiet", action="store_true", help="print nothing but errors")
    return cli


def _licence(folder: Path) -> Iterator[str]:
    """The licence, which UD's README files name on a line of its own, and where to read it."""
    readmes = [path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("README.*")]
    names = re.findall(r"^License:\s*(.+)$", "\n".join(readmes), re.MULTILINE)
    text = folder / "LICENSE.txt"
    yield f"Licence of the treebank: {names[0].strip() if names else 'not named in its README'}"
    if text.exists():
        yield f"  read {text} before you share the treebank or a model trained on it"


def _next_step(paths: dict[str, Path]) -> Iterator[str]:
    """The command that trains on the files."""
    train = [path for part, path in paths.items() if part.startswith("train")]
    if not train:
        return
    words = [*invocation("train.py"), "--train", *map(str, train)]
    if "dev" in paths:
        words += ["--dev", str(paths["dev"])]
    yield f"Train on it:\n  {shlex.join(words)}"
