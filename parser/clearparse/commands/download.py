"""`python scripts/download.py`: download a treebank of Universal Dependencies.

That is its train, dev and test files, its license and its README, from the treebank's repository at the tag of the
release (https://universaldependencies.org). Checksums are kept in SHA256SUMS beside the files: running the command
again checks the files and downloads only missing ones.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from clearparse.commands.command_line import CommandLine, invocation
from clearparse.download.universal_dependencies import (
    PARTS,
    RELEASE,
    SERVER,
    Paths,
    download,
    is_treebank,
    license_notice,
)


def main(argv: list[str]) -> None:
    """Download what the arguments name. Raises ClearparseError: no connection, no such treebank, a changed file."""
    options = _arguments(argv)
    folder = Path(options.output) / options.treebank

    def log(line: str) -> None:
        if not options.quiet:
            print(line)

    found = download(
        options.treebank,
        folder,
        log,
        release=options.release,
        code=options.code,
        parts=options.parts,
        server=options.url,
        quiet=options.quiet,
    )
    for line in (*license_notice(folder), *_next_step(found)):
        log(line)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, of which all are safe in a path or address. Raises UsageError."""
    cli = _command_line()
    options = cli.parse(argv)
    if not is_treebank(options.treebank):
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
        "-o",
        "--output",
        default="data",
        metavar="DIR",
        help="where to create the treebank's folder (default: %(default)s)",
    )
    cli.option("--release", default=RELEASE, metavar="TAG", help="release of UD (default: %(default)s)")
    cli.option(
        "--code", metavar="CODE", help="language code in file names, for a language that clearparse does not know"
    )
    cli.option(
        "--parts",
        nargs="+",
        default=PARTS,
        metavar="NAME",
        help="files of the treebank, such as train-a dev (default: train dev test)",
    )
    cli.option("--url", default=SERVER, metavar="URL", help="server that mirrors UD's repositories (default: GitHub)")
    cli.option("-q", "--quiet", action="store_true", help="print nothing but errors")
    return cli


def _next_step(paths: Paths) -> Iterator[str]:
    """The command that trains on the files."""
    train = [path for part, path in paths.items() if part.startswith("train")]
    if not train:
        return
    words = [*invocation("train.py"), "--train", *map(str, train)]
    if "dev" in paths:
        words += ["--dev", str(paths["dev"])]
    yield f"Train on it:\n  {shlex.join(words)}"
