"""`python scripts/download.py`: download a treebank of Universal Dependencies with its licence and README.

The files come from the treebank's repository at the tag of a release (https://universaldependencies.org). Running the
command again verifies the checksums and downloads only what is missing.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from clearparse.commands.command_line import CommandLine, invocation
from clearparse.download.treebank import TreebankFolder, file_prefix
from clearparse.errors import ClearparseError

SERVER = "https://raw.githubusercontent.com/UniversalDependencies"
RELEASE = "r2.16"  # May 2025
PARTS = ("train", "dev", "test")


def main(argv: list[str]) -> None:
    """Download a treebank. Raises ClearparseError: offline, no such treebank, a changed file."""
    options = _options(argv)
    prefix = file_prefix(options.treebank, options.code)
    folder = Path(options.output) / options.treebank
    url = f"{options.url.rstrip('/')}/{options.treebank}/{options.release}"
    treebank = TreebankFolder(folder, url, options.release)

    names = {part: f"{prefix}-ud-{part}.conllu" for part in options.parts}
    found = {part: name for part, name in names.items() if _obtain(treebank, name)}
    if not found:
        raise ClearparseError(f"{url}: there is no {' or '.join(names.values())}; check treebank and release")
    for part, name in names.items():
        if part not in found:
            print(f"{options.treebank} {options.release} has no {name}")
    _obtain(treebank, "LICENSE.txt")
    if not _obtain(treebank, "README.md"):
        _obtain(treebank, "README.txt")
    _print_licence(folder)
    _print_next_step({part: folder / name for part, name in found.items()})


def _obtain(treebank: TreebankFolder, name: str) -> bool:
    """Download or verify a file and print what was done; False if the server has no such file."""
    done = treebank.obtain(name)
    if done is not None:
        print(f"{treebank.folder / name}: {done}")
    return done is not None


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
